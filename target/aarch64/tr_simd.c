/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD: the dispatcher over the encoding groups and what the groups share. */
#include "tr_simd.h"
#include "help_simd.h"

uint64_t simd_lanes(IrLane e, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    return e == E64 ? v : (v & ((1ull << lane_bits(e)) - 1)) * ones[e];
}

IrVal simd_const128(Tr *t, uint64_t lo, uint64_t hi)
{
    IrVal l = ir_const(t->u, IR_V128, (int64_t)lo);
    return lo == hi ? l : vpair(t, l, ir_const(t->u, IR_V128, (int64_t)hi));
}

IrVal simd_trunc(Tr *t, Width w, IrVal v)
{
    if (w >= W_D)
        return v;
    return v2(t, IR_vand, W_D, E64, 0, v, vk(t, W_D, (1ull << (8 << w)) - 1));
}

IrVal simd_rd(Tr *t, int r, Width w)
{
    IrVal v = vq(t, r);
    return w == W_Q ? v : simd_trunc(t, w, vlow64(t, v));
}

void simd_wr(Tr *t, int r, Width w, IrVal v)
{
    ir_put(t->u, R_V0 + r, w == W_Q ? v : vzext64(t, v));
}

void simd_wr_low(Tr *t, int r, IrVal v128)
{
    ir_put(t->u, R_V0 + r, vzext64(t, vlow64(t, v128)));
}

void simd_wr_half(Tr *t, int r, int q, IrVal v128)
{
    if (q)
        ir_put(t->u, R_V0 + r, vpair(t, vq(t, r), v128));
    else
        simd_wr_low(t, r, v128);
}

IrVal simd_as_q(Tr *t, Width w, IrVal v) { return w == W_Q ? v : vzext64(t, v); }
IrVal simd_as_w(Tr *t, Width w, IrVal v128) { return w == W_Q ? v128 : simd_trunc(t, w, vlow64(t, v128)); }

void simd_qc(Tr *t, Width w, IrVal v)
{
    or_qc(t, simd_as_q(t, w, v));
}

IrVal simd_dup_elem(Tr *t, int r, IrLane e, int idx)
{
    IrVal v = vq(t, r);
    if (idx)
        v = v2(t, IR_vext, W_Q, E8, idx << e, v, v);
    return ir_vconv(t->u, IR_vdup, IR_V128, IR_V128, e, 0, 0, v);
}

IrVal simd_sat_op(Tr *t, IrOp sat, IrOp wrap, Width w, IrLane e, IrVal a, IrVal b)
{
    IrVal s = v2(t, sat, w, e, 0, a, b), p = v2(t, wrap, w, e, 0, a, b);
    simd_qc(t, w, simd_trunc(t, w, v2(t, IR_vxor, w, E64, 0, s, p)));
    return simd_trunc(t, w, s);
}

/* High half of 2ab (+ half an ulp): only min * min overflows, and it wraps to min, which no other product gives. */
IrVal simd_dmulh(Tr *t, bool round, Width w, IrLane e, IrVal a, IrVal b)
{
    IrLane d = e + 1;
    int bits = lane_bits(e);
    IrVal half[2];
    a = simd_as_q(t, w, a), b = simd_as_q(t, w, b);
    for (int i = 0; i < (w == W_Q ? 2 : 1); i++) {
        IrVal p = v2(t, IR_vmulls, W_Q, e, i, a, b);
        p = v2(t, IR_vadd, W_Q, d, 0, p, p);
        if (round)
            p = v2(t, IR_vadd, W_Q, d, 0, p, vk_lane(t, W_Q, d, 1ull << (bits - 1)));
        half[i] = v1(t, IR_vnarrow, W_Q, d, 0, v1(t, IR_vshri, W_Q, d, bits, p));
    }
    IrVal r = w == W_Q ? vpair(t, half[0], half[1]) : vlow64(t, half[0]);
    IrVal over = vcmp(t, COND_EQ, w, e, r, vk_lane(t, w, e, 1ull << (bits - 1)));
    simd_qc(t, w, over);
    return simd_trunc(t, w, v2(t, IR_vxor, w, E64, 0, r, over));
}

IrVal simd_sat_narrow(Tr *t, IrOp op, IrLane e, IrVal v128)
{
    IrVal r = v1(t, op, W_Q, e + 1, 0, v128);
    IrVal back = v1(t, op == IR_vnarrow_ss ? IR_vwidens : IR_vwidenu, W_Q, e, 0, r);
    simd_qc(t, W_Q, v2(t, IR_vxor, W_Q, E64, 0, back, v128));
    return r;
}

IrVal simd_dot(Tr *t, IrOp mull, int q, IrVal n, IrVal m, IrVal acc)
{
    IrVal half[2];
    bool is_signed = mull == IR_vmulls;
    for (int i = 0; i < (q ? 2 : 1); i++) {
        IrVal p = v2(t, mull, W_Q, E8, i, n, m);            /* 8 products of 16 bits: sums of two fit 32 */
        IrVal odd = v1(t, is_signed ? IR_vsari : IR_vshri, W_Q, E32, 16, p);
        IrVal even = is_signed ? v1(t, IR_vsari, W_Q, E32, 16, v1(t, IR_vshli, W_Q, E32, 16, p))
                               : v2(t, IR_vand, W_Q, E64, 0, p, vk_lane(t, W_Q, E32, 0xffff));
        half[i] = v2(t, IR_vadd, W_Q, E32, 0, odd, even);
    }
    IrVal lo = half[0], hi = q ? half[1] : half[0];
    IrVal sum = v2(t, IR_vadd, W_Q, E32, 0, v2(t, IR_vuzp1, W_Q, E32, 0, lo, hi), v2(t, IR_vuzp2, W_Q, E32, 0, lo, hi));
    return simd_as_w(t, vec_width(q), v2(t, IR_vadd, W_Q, E32, 0, acc, sum));
}

static IrVal desc(Tr *t, int fn, Width w, IrLane e, int imm)
{
    return ir_const(
        t->u, IR_I32, e << SIMD_DESC_LANE | w << SIMD_DESC_WIDTH | fn << SIMD_DESC_FN | imm << SIMD_DESC_IMM);
}
IrVal simd_help1(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a)
{
    return ir_call(t->u, helper, 2, (IrVal[]){ a, desc(t, fn, w, e, imm) });
}
IrVal simd_help2(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a, IrVal b)
{
    return ir_call(t->u, helper, 3, (IrVal[]){ a, b, desc(t, fn, w, e, imm) });
}
IrVal simd_help3(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a, IrVal b, IrVal c)
{
    return ir_call(t->u, helper, 4, (IrVal[]){ a, b, c, desc(t, fn, w, e, imm) });
}

/* Groups by bits 28..24 and the row selectors 21, 23, 10, 11 (Arm ARM C4.1.96, the table "Data Processing --
 * Scalar Floating-Point and Advanced SIMD"). Integer rows are tried before FP rows of the same group. */
bool a64_simd(Tr *t, uint32_t insn)
{
    if ((insn & 0x0a000000) == 0x08000000)
        return decode_simd_ldst(t, insn);
    unsigned top = insn >> 28 & 15;
    if ((insn & 0x0e000000) != 0x0e000000 || (insn >> 31))
        return false;
    if ((insn >> 24 & 15) == 15) {
        if (insn & 1 << 10)
            return !(insn & 1 << 23) && (decode_simd_shift(t, insn));
        return decode_simd_diff(t, insn) || decode_simd_fp(t, insn);
    }
    if (top == 5 && decode_simd_crypto(t, insn))
        return true;
    if (insn & 1 << 10)
        return decode_simd_same(t, insn) || decode_simd_perm(t, insn) || decode_simd_fp(t, insn);
    return decode_simd_misc(t, insn) || decode_simd_diff(t, insn) || decode_simd_perm(t, insn) ||
        decode_simd_fp(t, insn) || decode_simd_crypto(t, insn);
}
