/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec floating point: the IR's vector ops. They round to nearest whatever FPSCR says, flush subnormals while
 * VSCR.NJ is set, and raise no flags, while the host has one FP for both units: it serves one at a time
 * (PpcCpu.fp_aside). A unit that uses either looks once which, but not in programs without AltiVec arithmetic: the
 * first of it sets a bit of the units' key. AltiVec Technology Programming
 * Environments Manual 3.2. */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"
#include "ppc/vmx.decode.h"

typedef enum Mode { MODE_UNKNOWN, MODE_SCALAR, MODE_VECTOR } Mode;
static Mode mode_of(const Tr *t) { return (Mode)(t->scratch[T_KNOWN] >> KNOWN_MODE & 3); }

static IrVal env(Tr *t, uint32_t off) { return ir_ld_env(t->u, IR_I32, MEM_32, off); }
static void put_env(Tr *t, uint32_t off, IrVal v) { ir_st_env(t->u, MEM_32, off, v); }
static void set_flags(Tr *t, IrVal v) { ir_emit(t->u, IR_fpflags_put, IR_VOID)->arg[0] = v; }
static void set_round(Tr *t, IrVal v) { ir_emit(t->u, IR_fpround_put, IR_VOID)->arg[0] = v; }

/* Code that runs unless the host's FP serves `mode`, up to the label that this returns. */
static int unless(Tr *t, IrCond serves)
{
    int same = ir_label_new(t->u);
    ir_brcond(t->u, serves, env(t, offsetof(PpcCpu, fp_aside)), imm(t, 0), same);
    return same;
}

static void serves(Tr *t, Mode mode, int label)
{
    ir_label(t->u, label);
    new_block(t);
    t->scratch[T_KNOWN] |= (uint64_t)mode << KNOWN_MODE;
}

void scalar_mode(Tr *t)
{
    if (!(t->u->flags & PPC_TB_VECTOR_FP) || mode_of(t) == MODE_SCALAR)
        return;
    int same = unless(t, COND_EQ);
    set_flags(t, op2(t, IR_and, env(t, offsetof(PpcCpu, fp_aside)), imm(t, FP_ASIDE - 1)));
    IrVal rn = op2(t, IR_and, env(t, offsetof(PpcCpu, fpscr)), imm(t, FPSCR_RN));
    /* RN 0 1 2 3: FP_RNE FP_RTZ FP_RUP FP_RDN */
    set_round(t, op2(t, IR_xor, rn, op2(t, IR_shr, rn, imm(t, 1))));
    put_env(t, offsetof(PpcCpu, fp_aside), imm(t, 0));
    serves(t, MODE_SCALAR, same);
}

/* False: the unit ends here, to go on with the bit set. */
static bool vector_mode(Tr *t)
{
    if (!(t->u->flags & PPC_TB_VECTOR_FP)) {
        put_env(t, offsetof(PpcCpu, head.tb_flags),
            op2(t, IR_or, env(t, offsetof(PpcCpu, head.tb_flags)), imm(t, PPC_TB_VECTOR_FP)));
        tr_raise(t, EX_ICACHE, 0);
        return false;
    }
    if (mode_of(t) == MODE_VECTOR)
        return true;
    int same = unless(t, COND_NE);
    IrVal flags = ir_emit(t->u, IR_fpflags_get, IR_I32) - t->u->insn;
    put_env(t, offsetof(PpcCpu, fp_aside), op2(t, IR_or, flags, imm(t, FP_ASIDE)));
    set_round(t, op2(t, IR_shl, env(t, offsetof(PpcCpu, vscr_nj)), imm(t, 3)));     /* FP_FLUSH */
    serves(t, MODE_VECTOR, same);
    return true;
}

static IrVal vf(Tr *t, IrOp op, FpRound r, int aux, IrVal a, IrVal b, IrVal c)
{
    return ir_vfp(t->u, op, IR_V128, E32, r, aux, a, b, c);
}
static IrVal v2(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_v2(t->u, op, IR_V128, E32, 0, a, b); }
static IrVal all(Tr *t, uint32_t v) { return ir_const(t->u, IR_V128, (int64_t)((uint64_t)v << 32 | v)); }
static IrVal power_of_2(Tr *t, int n) { return all(t, (uint32_t)(127 + n) << 23); }

static IrVal compare(Tr *t, IrCond c, IrVal a, IrVal b)
{
    IrVal v = vf(t, IR_vfcmp, FP_DYN, 0, a, b, 0);
    t->u->insn[v].cond = (uint8_t)c;
    return v;
}

bool tr_vfarith(Tr *t, const OpVX *a, int op)
{
    if (vector_mode(t))
        put_v(t, a->vd,
            vf(t, op, FP_DYN, op == IR_vfmin || op == IR_vfmax ? FMINMAX_VMX : 0, get_v(t, a->va), get_v(t, a->vb), 0));
    return true;
}

bool tr_vfma(Tr *t, const OpVA *a, int neg)
{
    if (vector_mode(t))
        put_v(t, a->vd, vf(t, IR_vfma, FP_DYN, neg, get_v(t, a->va), get_v(t, a->vc), get_v(t, a->vb)));
    return true;
}

bool tr_vfround(Tr *t, const OpVDB *a, int round)
{
    if (vector_mode(t))
        put_v(t, a->vd, vf(t, IR_vfround, (FpRound)round, 0, get_v(t, a->vb), 0, 0));
    return true;
}

/* The manual bounds the error of estimates (1/4096); ours are rounded values. */
bool tr_vfrecip(Tr *t, const OpVDB *a, int root)
{
    if (!vector_mode(t))
        return true;
    IrVal v = get_v(t, a->vb);
    if (root)
        v = vf(t, IR_vfsqrt, FP_DYN, 0, v, 0, 0);
    put_v(t, a->vd, vf(t, IR_vfdiv, FP_DYN, 0, power_of_2(t, 0), v, 0));
    return true;
}

bool tr_vfcmp(Tr *t, const OpVC *a, int cond)
{
    if (!vector_mode(t))
        return true;
    IrVal r = compare(t, cond, get_v(t, a->va), get_v(t, a->vb));
    put_v(t, a->vd, r);
    if (a->rc)
        record_vector(t, r);
    return true;
}

/* Bit 0 (the manual's) of a lane when a > b, bit 1 when a < -b; both for unordered. CR6: EQ when every lane is in
 * bounds, LT never. */
bool tr_vfbounds(Tr *t, const OpVC *a)
{
    if (!vector_mode(t))
        return true;
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb);
    IrVal above = v2(t, IR_vandc, all(t, 1u << 31), compare(t, COND_LE, x, y));
    IrVal below = v2(t, IR_vandc, all(t, 1u << 30), compare(t, COND_GE, x, ir_v1(t->u, IR_vfneg, IR_V128, E32, 0, y)));
    IrVal r = v2(t, IR_vor, above, below);
    put_v(t, a->vd, r);
    if (a->rc) {
        ir_put(t->u, R_CR0 + 6, op2(t, IR_shl, ir_v1(t->u, IR_vtestz, IR_V128, E64, 0, r), imm(t, 1)));
        forget_compare(t);
    }
    return true;
}

/* Integers times 2^-uim: the conversion rounds, scaling is exact. */
bool tr_vffromint(Tr *t, const OpVUI *a, int op)
{
    if (!vector_mode(t))
        return true;
    IrVal v = vf(t, op, FP_DYN, 0, get_v(t, a->vb), 0, 0);
    put_v(t, a->vd, a->uim ? vf(t, IR_vfmul, FP_DYN, 0, v, power_of_2(t, -a->uim), 0) : v);
    return true;
}

/* Saturates and sets SAT; a NaN gives 0 and leaves SAT. */
bool tr_vftoint(Tr *t, const OpVUI *a, int op)
{
    if (!vector_mode(t))
        return true;
    IrVal v = get_v(t, a->vb);
    if (a->uim)
        v = vf(t, IR_vfmul, FP_DYN, 0, v, power_of_2(t, a->uim), 0);
    bool is_signed = op == IR_vfcvt_fi;
    IrVal high = compare(t, COND_GE, v, power_of_2(t, is_signed ? 31 : 32));
    /* -2^31, -1 */
    IrVal low = is_signed ? compare(t, COND_LT, v, all(t, 0xcf000000)) : compare(t, COND_LE, v, all(t, 0xbf800000));
    saturated(t, v2(t, IR_vor, high, low));
    put_v(t, a->vd, vf(t, op, FP_RTZ, 0, v, 0, 0));
    return true;
}
