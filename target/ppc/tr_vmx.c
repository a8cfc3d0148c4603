/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec. Guest lane i of n is IR lane n-1-i (cpu.h), so lane-wise ops map one to one and the ones that name
 * positions are mirrored. AltiVec Technology Programming Environments Manual, chapter 6.
 */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"
#include "ppc/vmx.decode.h"

enum { OFF_VSAT = offsetof(PpcCpu, vsat) };

static IrVal v2(Tr *t, IrOp op, IrLane e, IrVal a, IrVal b) { return ir_v2(t->u, op, IR_V128, e, 0, a, b); }
static IrVal dup8(Tr *t, IrVal w) { return ir_vconv(t->u, IR_vdup, IR_V128, IR_I32, E8, 0, 0, w); }
static IrVal bytes(Tr *t, uint8_t v) { return ir_const(t->u, IR_V128, 0x0101010101010101ull * v); }

/* vector of two different halves */
static IrVal halves(Tr *t, uint64_t high, uint64_t low_half)
{
    return v2(t, IR_vpair, E64, ir_const(t->u, IR_V128, low_half), ir_const(t->u, IR_V128, high));
}

static IrVal aligned(Tr *t, int ra, int rb, int size)
{
    return wide(t, op2(t, IR_and, low(t, ea_x(t, ra, rb)), imm(t, -size)));
}

bool tr_lvx(Tr *t, const OpVMEM *a)
{
    put_v(t, a->vd, ir_load(t->u, IR_V128, MEM_128 | MEM_BE, aligned(t, a->ra, a->rb, 16), 0));
    return true;
}

bool tr_stvx(Tr *t, const OpVMEM *a)
{
    ir_store(t->u, MEM_128 | MEM_BE, aligned(t, a->ra, a->rb, 16), 0, get_v(t, a->vd));
    return true;
}

/* lvebx and its kin leave the other lanes undefined: the whole aligned vector is loaded. */
bool tr_lve(Tr *t, const OpVMEM *a, int mem) { return tr_lvx(t, a); }

bool tr_stve(Tr *t, const OpVMEM *a, int mem)
{
    int size = 1 << mem;
    IrVal ea = aligned(t, a->ra, a->rb, size);
    IrVal byte = op2(t, IR_sub, imm(t, 16 - size), op2(t, IR_and, low(t, ea), imm(t, 15)));
    IrVal index = v2(t, IR_vadd, E8, dup8(t, byte), halves(t, 0, 0x0706050403020100ull));
    IrVal v = v2(t, IR_vperm, E8, get_v(t, a->vd), index);
    ir_store(t->u, mem | MEM_BE, ea, 0, ir_vconv(t->u, IR_vlow, IR_I32, IR_V128, E32, 0, 0, v));
    return true;
}

bool tr_lvs(Tr *t, const OpVMEM *a, int right)
{
    IrVal sh = op2(t, IR_and, low(t, ea_x(t, a->ra, a->rb)), imm(t, 15));
    if (right)
        sh = op2(t, IR_sub, imm(t, 16), sh);
    put_v(t, a->vd, v2(t, IR_vadd, E8, halves(t, 0x0001020304050607ull, 0x08090a0b0c0d0e0full), dup8(t, sh)));
    return true;
}

bool tr_dst(Tr *t, const OpDST *a) { return true; }      /* a prefetch stream: a hint */
bool tr_dss(Tr *t, const OpNONE *a) { return true; }     /* its end */

bool tr_mfvscr(Tr *t, const OpVT *a)
{
    IrVal v = ir_call(t->u, H_get_vsat, 0, NULL);
    put_v(t, a->vd, ir_vconv(t->u, IR_vzext, IR_V128, IR_I32, E32, 0, 0, v));
    return true;
}

bool tr_mtvscr(Tr *t, const OpVB *a)
{
    scalar_mode(t);                                     /* the vector unit's begins with NJ as it is then */
    IrVal v = ir_vconv(t->u, IR_vlow, IR_I32, IR_V128, E32, 0, 0, get_v(t, a->vb));
    IrVal sat = op2(t, IR_and, v, imm(t, 1));
    ir_st_env(t->u, MEM_128, OFF_VSAT, ir_vconv(t->u, IR_vzext, IR_V128, IR_I32, E32, 0, 0, sat));
    ir_st_env(t->u, MEM_32, offsetof(PpcCpu, vscr_nj), ir_extract(t->u, IR_I32, v, 16, 1));
    return true;
}

bool tr_v2(Tr *t, const OpVX *a, int op, int e)
{
    put_v(t, a->vd, v2(t, op, e, get_v(t, a->va), get_v(t, a->vb)));
    return true;
}

bool tr_vnor(Tr *t, const OpVX *a)
{
    put_v(t, a->vd, ir_v1(t->u, IR_vnot, IR_V128, E64, 0, v2(t, IR_vor, E64, get_v(t, a->va), get_v(t, a->vb))));
    return true;
}

void saturated(Tr *t, IrVal where)
{
    ir_st_env(t->u, MEM_128, OFF_VSAT, v2(t, IR_vor, E64, ir_ld_env(t->u, IR_V128, MEM_128, OFF_VSAT), where));
}

/* Saturating: SAT is set where the wrapping result differs. */
bool tr_vsat(Tr *t, const OpVX *a, int op, int wrapping, int e)
{
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb), r = v2(t, op, e, x, y);
    saturated(t, v2(t, IR_vxor, E64, r, v2(t, wrapping, e, x, y)));
    put_v(t, a->vd, r);
    return true;
}

bool tr_vrl(Tr *t, const OpVX *a, int e)
{
    IrVal x = get_v(t, a->va), n = get_v(t, a->vb), back = ir_v1(t->u, IR_vneg, IR_V128, e, 0, n);
    put_v(t, a->vd, v2(t, IR_vor, E64, v2(t, IR_vshl, e, x, n), v2(t, IR_vshr, e, x, back)));
    return true;
}

bool tr_vmrg(Tr *t, const OpVX *a, int op, int e)
{
    put_v(t, a->vd, v2(t, op, e, get_v(t, a->vb), get_v(t, a->va)));
    return true;
}

/* Packing modulo keeps the even IR lanes of half the size, vb below va. */
bool tr_vpkm(Tr *t, const OpVX *a, int e)
{
    put_v(t, a->vd, v2(t, IR_vuzp1, e, get_v(t, a->vb), get_v(t, a->va)));
    return true;
}

bool tr_vhelp2(Tr *t, const OpVX *a, int h)
{
    put_v(t, a->vd, ir_call(t->u, h, 2, (IrVal[]){ get_v(t, a->va), get_v(t, a->vb) }));
    return true;
}

bool tr_vhelp1(Tr *t, const OpVDB *a, int h)
{
    put_v(t, a->vd, ir_call(t->u, h, 1, (IrVal[]){ get_v(t, a->vb) }));
    return true;
}

bool tr_vhelp3(Tr *t, const OpVA *a, int h)
{
    put_v(t, a->vd, ir_call(t->u, h, 3, (IrVal[]){ get_v(t, a->va), get_v(t, a->vb), get_v(t, a->vc) }));
    return true;
}

bool tr_vupk(Tr *t, const OpVDB *a, int high, int e)
{
    put_v(t, a->vd, ir_v1(t->u, IR_vwidens, IR_V128, e, high, get_v(t, a->vb)));
    return true;
}

bool tr_vsplt(Tr *t, const OpVUI *a, int e)
{
    int lanes = 16 >> e, lane = lanes - 1 - (a->uim & (lanes - 1));
    IrVal v = ir_vconv(t->u, IR_vget, IR_I32, IR_V128, e, lane, 0, get_v(t, a->vb));
    put_v(t, a->vd, ir_vconv(t->u, IR_vdup, IR_V128, IR_I32, e, 0, 0, v));
    return true;
}

bool tr_vsplti(Tr *t, const OpVSI *a, int e)
{
    put_v(t, a->vd, ir_vconv(t->u, IR_vdup, IR_V128, IR_I32, e, 0, 0, imm(t, a->sim)));
    return true;
}

/* CR6: LT when all lanes are true, EQ when none is. */
void record_vector(Tr *t, IrVal r)
{
    IrVal all = ir_v1(t->u, IR_vtestz, IR_V128, E64, 0, ir_v1(t->u, IR_vnot, IR_V128, E64, 0, r));
    IrVal none = ir_v1(t->u, IR_vtestz, IR_V128, E64, 0, r);
    ir_put(t->u, R_CR0 + 6, op2(t, IR_or, op2(t, IR_shl, all, imm(t, 3)), op2(t, IR_shl, none, imm(t, 1))));
    forget_compare(t);
}

bool tr_vcmp(Tr *t, const OpVC *a, int cond, int e)
{
    IrVal r = ir_vcmp(t->u, IR_V128, e, cond, get_v(t, a->va), get_v(t, a->vb));
    put_v(t, a->vd, r);
    if (a->rc)
        record_vector(t, r);
    return true;
}

/* Guest byte k of va:vb is IR byte 15-k of va, 31-k of vb; indexes outside a vector give 0. */
bool tr_vperm(Tr *t, const OpVA *a)
{
    IrVal k = v2(t, IR_vand, E64, get_v(t, a->vc), bytes(t, 31));
    IrVal from_a = v2(t, IR_vperm, E8, get_v(t, a->va), v2(t, IR_vsub, E8, bytes(t, 15), k));
    IrVal from_b = v2(t, IR_vperm, E8, get_v(t, a->vb), v2(t, IR_vsub, E8, bytes(t, 31), k));
    put_v(t, a->vd, v2(t, IR_vor, E64, from_a, from_b));
    return true;
}

bool tr_vsel(Tr *t, const OpVA *a)
{
    put_v(t, a->vd, ir_v3(t->u, IR_vbsl, IR_V128, E64, 0, get_v(t, a->vc), get_v(t, a->vb), get_v(t, a->va)));
    return true;
}

bool tr_vmladduhm(Tr *t, const OpVA *a)
{
    put_v(t, a->vd, v2(t, IR_vadd, E16, v2(t, IR_vmul, E16, get_v(t, a->va), get_v(t, a->vb)), get_v(t, a->vc)));
    return true;
}

bool tr_vsldoi(Tr *t, const OpVSLD *a)
{
    IrVal v = get_v(t, a->va);
    if (a->shb)
        v = ir_v2(t->u, IR_vext, IR_V128, E8, 16 - a->shb, get_v(t, a->vb), v);
    put_v(t, a->vd, v);
    return true;
}
