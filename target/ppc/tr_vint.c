/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec integer instructions that are several IR ops: products and sums across lanes, averages, carries, saturating
 * packs. Of each pair of lanes the guest's even one is the higher, its odd one the lower (cpu.h). AltiVec Technology
 * Programming Environments Manual, chapter 6.
 */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"
#include "ppc/vmx.decode.h"

static IrVal v2(Tr *t, IrOp op, IrLane e, IrVal a, IrVal b) { return ir_v2(t->u, op, IR_V128, e, 0, a, b); }
static IrVal shift(Tr *t, IrOp op, IrLane e, int n, IrVal v) { return ir_v1(t->u, op, IR_V128, e, n, v); }

/* The higher or lower half of each lane (e), extended to the lane. */
static IrVal high_half(Tr *t, IrLane e, bool sign, IrVal v)
{
    return shift(t, sign ? IR_vsari : IR_vshri, e, 4 << e, v);
}
static IrVal low_half(Tr *t, IrLane e, bool sign, IrVal v)
{
    return high_half(t, e, sign, shift(t, IR_vshli, e, 4 << e, v));
}
static IrVal half(Tr *t, IrLane e, bool sign, bool high, IrVal v)
{
    return high ? high_half(t, e, sign, v) : low_half(t, e, sign, v);
}

static IrVal half_sum(Tr *t, IrLane e, bool sign, IrVal v)
{
    return v2(t, IR_vadd, e, high_half(t, e, sign, v), low_half(t, e, sign, v));
}

/* how: which halves are signed, va's and vb's */
enum { SIGNED_A = VI_SIGNED_A, SIGNED_B = VI_SIGNED_B };
static IrVal product(Tr *t, IrLane e, int how, bool high, IrVal a, IrVal b)
{
    return v2(t, IR_vmul, e, half(t, e, how & SIGNED_A, high, a), half(t, e, how & SIGNED_B, high, b));
}

bool tr_vmule(Tr *t, const OpVX *a, int how, int e)
{
    put_v(t, a->vd, product(t, e, how, true, get_v(t, a->va), get_v(t, a->vb)));
    return true;
}
bool tr_vmulo(Tr *t, const OpVX *a, int how, int e)
{
    put_v(t, a->vd, product(t, e, how, false, get_v(t, a->va), get_v(t, a->vb)));
    return true;
}

/* vc plus the products of the lanes within each word; of bytes they fit a halfword. */
bool tr_vmsum(Tr *t, const OpVA *a, int how, int e)
{
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb), p[2], sum = get_v(t, a->vc);
    for (int i = 0; i < 2; i++) {
        p[i] = product(t, e, how, i, x, y);
        if (e == E16)
            p[i] = half_sum(t, E32, how & SIGNED_A, p[i]);
        sum = v2(t, IR_vadd, E32, sum, p[i]);
    }
    put_v(t, a->vd, sum);
    return true;
}

/* Saturating word sums of vb and the lanes (half of e) of va. */
bool tr_vsum(Tr *t, const OpVX *a, int sign, int e)
{
    IrVal s = half_sum(t, e, sign, get_v(t, a->va)), y = get_v(t, a->vb);
    if (e == E16)
        s = half_sum(t, E32, sign, s);
    IrVal r = v2(t, sign ? IR_vsadd : IR_vuadd, E32, y, s);
    saturated(t, v2(t, IR_vxor, E64, r, v2(t, IR_vadd, E32, y, s)));
    put_v(t, a->vd, r);
    return true;
}

/* Signed averages of bytes and halfwords are unsigned ones with the signs turned; of words x | y less half of what
 * differs. */
bool tr_vavg(Tr *t, const OpVX *a, int sign, int e)
{
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb);
    if (e == E32) {
        IrVal differ = shift(t, sign ? IR_vsari : IR_vshri, E32, 1, v2(t, IR_vxor, E64, x, y));
        put_v(t, a->vd, v2(t, IR_vsub, E32, v2(t, IR_vor, E64, x, y), differ));
        return true;
    }
    IrVal turn = ir_const(t->u, IR_V128, (int64_t)(e == E8 ? 0x8080808080808080 : 0x8000800080008000));
    IrVal mean = v2(t, IR_vavgu, e, v2(t, IR_vxor, E64, x, turn), v2(t, IR_vxor, E64, y, turn));
    put_v(t, a->vd, v2(t, IR_vxor, E64, mean, turn));
    return true;
}

/* Carry out of va + vb; no borrow of va - vb. */
bool tr_vcarry(Tr *t, const OpVX *a, int minus)
{
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb);
    IrVal c = minus ? ir_vcmp(t->u, IR_V128, E32, COND_GEU, x, y)
                    : ir_vcmp(t->u, IR_V128, E32, COND_LTU, v2(t, IR_vadd, E32, x, y), x);
    put_v(t, a->vd, shift(t, IR_vshri, E32, 31, c));
    return true;
}

/* Saturating packs, of lanes e. SAT is set where a lane of the result, extended, differs from what it was. */
bool tr_vpks(Tr *t, const OpVX *a, int op, int e)
{
    IrVal x = get_v(t, a->va), y = get_v(t, a->vb);
    IrOp back = op == IR_vnarrow_ss ? IR_vwidens : IR_vwidenu;
    IrVal r = v2(t, IR_vpair, E64, ir_v1(t->u, op, IR_V128, e, 0, y), ir_v1(t->u, op, IR_V128, e, 0, x));
    IrVal low_lanes = ir_v1(t->u, back, IR_V128, e - 1, 0, r), high_lanes = ir_v1(t->u, back, IR_V128, e - 1, 1, r);
    saturated(t, v2(t, IR_vor, E64, v2(t, IR_vxor, E64, low_lanes, y), v2(t, IR_vxor, E64, high_lanes, x)));
    put_v(t, a->vd, r);
    return true;
}
