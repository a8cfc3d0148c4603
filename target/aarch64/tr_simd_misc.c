/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD two-register miscellaneous, across lanes and scalar pairwise: integer. */
#include "tr_simd.h"
#include "help_simd.h"

enum { XT_N, XT_SS = IR_vnarrow_ss, XT_SU = IR_vnarrow_su, XT_UU = IR_vnarrow_uu };

#include "aarch64/simd_misc.decode.h"
#include "aarch64/simd_misc.decode.inc"

bool ok_vm_not_d(const OpV2 *a) { return a->size != 3; }
bool ok_vm_full_d(const OpV2 *a) { return a->size != 3 || a->q; }
bool ok_vm_only_b(const OpV2 *a) { return a->size == 0; }
bool ok_vm_bh(const OpV2 *a) { return a->size <= 1; }
bool ok_vm_s_not_d(const OpS2 *a) { return a->size != 3; }
bool ok_vm_across(const OpV2 *a) { return a->size <= 1 || (a->size == 2 && a->q); }

bool tr_vm_rev(Tr *t, const OpV2 *a, int group)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v1(t, IR_vrevl, w, a->size, group, simd_rd(t, a->rn, w)));
    return true;
}

/* Sums of neighbours, in lanes of twice the size. */
static IrVal addlp(Tr *t, bool is_unsigned, Width w, IrLane e, IrVal v)
{
    int bits = lane_bits(e);
    IrLane d = e + 1;
    IrVal even = is_unsigned ? v2(t, IR_vand, w, E64, 0, v, vk_lane(t, w, d, (1ull << bits) - 1))
                             : v1(t, IR_vsari, w, d, bits, v1(t, IR_vshli, w, d, bits, v));
    return v2(t, IR_vadd, w, d, 0, even, v1(t, is_unsigned ? IR_vshri : IR_vsari, w, d, bits, v));
}

bool tr_vm_addlp(Tr *t, const OpV2 *a, int kind)        /* bit 0: unsigned; bit 1: accumulate */
{
    Width w = vec_width(a->q);
    IrVal r = addlp(t, kind & 1, w, a->size, simd_rd(t, a->rn, w));
    if (kind & 2)
        r = v2(t, IR_vadd, w, a->size + 1, 0, simd_rd(t, a->rd, w), r);
    simd_wr(t, a->rd, w, r);
    return true;
}

bool tr_vm_usq(Tr *t, const OpV2 *a, int fn)
{
    put_v(t, a->rd, simd_help2(t, H_simd_int2, fn, vec_width(a->q), a->size, 0, vq(t, a->rd), vq(t, a->rn)));
    return true;
}
bool tr_vm_usq_s(Tr *t, const OpS2 *a, int fn)
{
    put_v(t, a->rd, simd_help2(t, H_simd_int2, fn, a->size, a->size, 0, vq(t, a->rd), vq(t, a->rn)));
    return true;
}

bool tr_vm_bits(Tr *t, const OpV2 *a, int fn)
{
    put_v(t, a->rd, simd_help1(t, H_simd_int1, fn, vec_width(a->q), a->size, 0, vq(t, a->rn)));
    return true;
}
bool tr_vm_est(Tr *t, const OpB2 *a, int fn)
{
    put_v(t, a->rd, simd_help1(t, H_simd_int1, fn, vec_width(a->q), E32, 0, vq(t, a->rn)));
    return true;
}

bool tr_vm_cnt(Tr *t, const OpB2 *a)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v1(t, IR_vpopcnt, w, E8, 0, simd_rd(t, a->rn, w)));
    return true;
}

bool tr_vm_not(Tr *t, const OpB2 *a)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v1(t, IR_vnot, w, E8, 0, simd_rd(t, a->rn, w)));
    return true;
}

/* Each nibble is reversed by table and changes places with its neighbour. */
bool tr_vm_rbit(Tr *t, const OpB2 *a)
{
    IrVal n = vq(t, a->rn), low = vk_lane(t, W_Q, E8, 15);
    IrVal to_high = simd_const128(t, 0xe060a020c0408000, 0xf070b030d0509010);
    IrVal to_low = simd_const128(t, 0x0e060a020c040800, 0x0f070b030d050901);
    IrVal lo = v2(t, IR_vperm, W_Q, E8, 0, to_high, v2(t, IR_vand, W_Q, E64, 0, n, low));
    IrVal hi = v2(t, IR_vperm, W_Q, E8, 0, to_low, v2(t, IR_vand, W_Q, E64, 0, v1(t, IR_vshri, W_Q, E16, 4, n), low));
    IrVal r = v2(t, IR_vor, W_Q, E64, 0, lo, hi);
    simd_wr(t, a->rd, vec_width(a->q), simd_as_w(t, vec_width(a->q), r));
    return true;
}

/* SQABS: |min| wraps to min, the largest unsigned value, so an unsigned minimum saturates. SQNEG: 0 - x. */
static void do_satneg(Tr *t, int neg, Width w, IrLane e, int rd, int rn)
{
    IrVal n = simd_rd(t, rn, w);
    if (neg) {
        simd_wr(t, rd, w, simd_sat_op(t, IR_vssub, IR_vsub, w, e, vk(t, w, 0), n));
        return;
    }
    IrVal r = v1(t, IR_vabs, w, e, 0, n);
    IrVal over = vcmp(t, COND_EQ, w, e, r, vk_lane(t, w, e, 1ull << (lane_bits(e) - 1)));
    simd_qc(t, w, over);
    simd_wr(t, rd, w, v2(t, IR_vxor, w, E64, 0, r, over));
}
bool tr_vm_satneg(Tr *t, const OpV2 *a, int neg)
{
    do_satneg(t, neg, vec_width(a->q), a->size, a->rd, a->rn);
    return true;
}
bool tr_vm_satneg_s(Tr *t, const OpS2 *a, int neg)
{
    do_satneg(t, neg, a->size, a->size, a->rd, a->rn);
    return true;
}

bool tr_vm_cmp0(Tr *t, const OpV2 *a, int cond)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, vcmp(t, cond, w, a->size, simd_rd(t, a->rn, w), vk(t, w, 0)));
    return true;
}
bool tr_vm_cmp0_s(Tr *t, const OpD2 *a, int cond)
{
    simd_wr(t, a->rd, W_D, vcmp(t, cond, W_D, E64, simd_rd(t, a->rn, W_D), vk(t, W_D, 0)));
    return true;
}

bool tr_vm_unary(Tr *t, const OpV2 *a, int op)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v1(t, op, w, a->size, 0, simd_rd(t, a->rn, w)));
    return true;
}
bool tr_vm_unary_s(Tr *t, const OpD2 *a, int op)
{
    simd_wr(t, a->rd, W_D, v1(t, op, W_D, E64, 0, simd_rd(t, a->rn, W_D)));
    return true;
}

bool tr_vm_xtn(Tr *t, const OpV2 *a, int kind)
{
    IrVal n = vq(t, a->rn);
    IrVal r = kind == XT_N ? v1(t, IR_vnarrow, W_Q, a->size + 1, 0, n) : simd_sat_narrow(t, kind, a->size, n);
    simd_wr_half(t, a->rd, a->q, r);
    return true;
}
bool tr_vm_xtn_s(Tr *t, const OpS2 *a, int kind)
{
    IrVal n = simd_as_q(t, W_D, simd_rd(t, a->rn, a->size + 1));
    simd_wr_low(t, a->rd, simd_sat_narrow(t, kind, a->size, n));
    return true;
}

bool tr_vm_shll(Tr *t, const OpV2 *a)
{
    IrVal w = v1(t, IR_vwidenu, W_Q, a->size, a->q, vq(t, a->rn));
    put_v(t, a->rd, v1(t, IR_vshli, W_Q, a->size + 1, lane_bits(a->size), w));
    return true;
}

/* Lane 0 of a reduction by halves; the lanes above are garbage. */
static IrVal reduce(Tr *t, IrOp op, int q, IrLane e, IrVal v)
{
    if (q)
        v = v2(t, op, W_Q, e, 0, v, v2(t, IR_vext, W_Q, E8, 8, v, v));
    v = vlow64(t, v);
    for (int bytes = 4; bytes >= 1 << e; bytes >>= 1)
        v = v2(t, op, W_D, e, 0, v, v1(t, IR_vshri, W_D, E64, bytes * 8, v));
    return v;
}

/* The unsigned sum of all bytes: halfword sums of pairs cannot carry into each other, so that a multiplication adds
 * them. */
static IrVal sum_bytes(Tr *t, int q, IrVal v128)
{
    IrVal p = addlp(t, true, W_Q, E8, v128);
    if (q)
        p = v2(t, IR_vadd, W_Q, E16, 0, p, v2(t, IR_vext, W_Q, E8, 8, p, p));
    IrVal x = ir_op2(t->u, IR_mul, IR_I64, v_low(t, IR_I64, p), imm_x(t, 0x0001000100010001));
    return ir_op2(t->u, IR_shr, IR_I64, x, imm_x(t, 48));
}

bool tr_vm_across(Tr *t, const OpV2 *a, int op)
{
    if (op == IR_vadd && a->size == 0)
        put_sbits(t, a->rd,
            ir_op1(t->u, IR_zext8, IR_I32, ir_op1(t->u, IR_trunc32, IR_I32, sum_bytes(t, a->q, vq(t, a->rn)))));
    else
        simd_wr(t, a->rd, W_D, simd_trunc(t, a->size, reduce(t, op, a->q, a->size, vq(t, a->rn))));
    return true;
}

bool tr_vm_addlv(Tr *t, const OpV2 *a, int is_unsigned)
{
    IrVal n = vq(t, a->rn);
    if (is_unsigned && a->size == 0) {
        put_dbits(t, a->rd, sum_bytes(t, a->q, n));
        return true;
    }
    IrVal p = addlp(t, is_unsigned, W_Q, a->size, n);
    simd_wr(t, a->rd, W_D, simd_trunc(t, a->size + 1, reduce(t, IR_vadd, a->q, a->size + 1, p)));
    return true;
}

bool tr_vm_addp_s(Tr *t, const OpD2 *a)
{
    IrVal n = vq(t, a->rn);
    simd_wr_low(t, a->rd, v2(t, IR_vadd, W_Q, E64, 0, n, v2(t, IR_vext, W_Q, E8, 8, n, n)));
    return true;
}

