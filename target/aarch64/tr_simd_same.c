/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD three-register same type, integer: vector and scalar forms. */
#include "tr_simd.h"
#include "help_simd.h"

enum { HA_SHADD, HA_UHADD, HA_SRHADD, HA_URHADD, HA_SHSUB, HA_UHSUB };
enum { SAT_SADD, SAT_UADD, SAT_SSUB, SAT_USUB };

#include "aarch64/simd_same.decode.h"
#include "aarch64/simd_same.decode.inc"

bool ok_v3s_not_d(const OpV3 *a) { return a->size != 3; }
bool ok_v3s_full_d(const OpV3 *a) { return a->size != 3 || a->q; }
bool ok_v3s_hs(const OpV3 *a) { return a->size == 1 || a->size == 2; }
bool ok_v3s_hs_s(const OpS3 *a) { return a->size == 1 || a->size == 2; }

bool tr_v3s_lanes(Tr *t, const OpV3 *a, int op)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v2(t, op, w, a->size, 0, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w)));
    return true;
}

bool tr_v3s_lanes_d(Tr *t, const OpD3 *a, int op)
{
    simd_wr(t, a->rd, W_D, v2(t, op, W_D, E64, 0, simd_rd(t, a->rn, W_D), simd_rd(t, a->rm, W_D)));
    return true;
}

bool tr_v3s_logic(Tr *t, const OpL3 *a, int op)
{
    Width w = vec_width(a->q);
    IrVal n = simd_rd(t, a->rn, w);
    bool move = a->rn == a->rm && op == IR_vor;
    simd_wr(t, a->rd, w, move ? n : v2(t, op, w, E64, 0, n, simd_rd(t, a->rm, w)));
    return true;
}

/* BSL selects by rd, BIT and BIF by rm (insert if true, if false). */
bool tr_v3s_bitsel(Tr *t, const OpL3 *a, int kind)
{
    Width w = vec_width(a->q);
    IrVal d = simd_rd(t, a->rd, w), n = simd_rd(t, a->rn, w), m = simd_rd(t, a->rm, w);
    IrVal r = kind == 0 ? v3(t, IR_vbsl, w, E64, d, n, m)
            : kind == 1 ? v3(t, IR_vbsl, w, E64, m, n, d)
            :             v3(t, IR_vbsl, w, E64, m, d, n);
    simd_wr(t, a->rd, w, r);
    return true;
}

/* Halving forms without a wider type: a + b = 2(a & b) + (a ^ b) = 2(a | b) - (a ^ b); a - b = (a ^ b) - 2(~a & b). */
bool tr_v3s_havg(Tr *t, const OpV3 *a, int kind)
{
    Width w = vec_width(a->q);
    IrLane e = a->size;
    IrVal n = simd_rd(t, a->rn, w), m = simd_rd(t, a->rm, w);
    if (kind == HA_URHADD && e <= E16) {
        simd_wr(t, a->rd, w, v2(t, IR_vavgu, w, e, 0, n, m));
        return true;
    }
    bool is_signed = kind == HA_SHADD || kind == HA_SRHADD || kind == HA_SHSUB;
    IrVal half = v1(t, is_signed ? IR_vsari : IR_vshri, w, e, 1, v2(t, IR_vxor, w, E64, 0, n, m));
    IrVal r;
    if (kind == HA_SHADD || kind == HA_UHADD)
        r = v2(t, IR_vadd, w, e, 0, half, v2(t, IR_vand, w, E64, 0, n, m));
    else if (kind == HA_SRHADD || kind == HA_URHADD)
        r = v2(t, IR_vsub, w, e, 0, v2(t, IR_vor, w, E64, 0, n, m), half);
    else
        r = v2(t, IR_vsub, w, e, 0, half, v2(t, IR_vandc, w, E64, 0, m, n));
    simd_wr(t, a->rd, w, r);
    return true;
}

static void do_sat(Tr *t, int kind, Width w, IrLane e, int rd, int rn, int rm)
{
    static const uint16_t op[][2] = {
        { IR_vsadd, IR_vadd }, { IR_vuadd, IR_vadd }, { IR_vssub, IR_vsub }, { IR_vusub, IR_vsub },
    };
    simd_wr(t, rd, w, simd_sat_op(t, op[kind][0], op[kind][1], w, e, simd_rd(t, rn, w), simd_rd(t, rm, w)));
}
bool tr_v3s_sat(Tr *t, const OpV3 *a, int kind)
{
    do_sat(t, kind, vec_width(a->q), a->size, a->rd, a->rn, a->rm);
    return true;
}
bool tr_v3s_sat_s(Tr *t, const OpS3 *a, int kind)
{
    do_sat(t, kind, a->size, a->size, a->rd, a->rn, a->rm);
    return true;
}

static void do_cmp(Tr *t, int cond, Width w, IrLane e, int rd, int rn, int rm)
{
    IrVal n = simd_rd(t, rn, w), m = simd_rd(t, rm, w);
    if (cond == COND_TSTNZ)
        n = rn == rm ? n : v2(t, IR_vand, w, E64, 0, n, m), m = vk(t, w, 0), cond = COND_NE;
    simd_wr(t, rd, w, vcmp(t, cond, w, e, n, m));
}
bool tr_v3s_cmp(Tr *t, const OpV3 *a, int cond)
{
    do_cmp(t, cond, vec_width(a->q), a->size, a->rd, a->rn, a->rm);
    return true;
}
bool tr_v3s_cmp_s(Tr *t, const OpD3 *a, int cond)
{
    do_cmp(t, cond, W_D, E64, a->rd, a->rn, a->rm);
    return true;
}

/* SSHL and USHL on words and doublewords: both directions computed, the sign of the count picks.
 * Counts at or beyond the width give 0 (or the sign), which the modulo shifts do not: masked apart. */
static IrVal shl_inline(Tr *t, bool is_signed, Width w, IrLane e, IrVal n, IrVal m)
{
    int bits = lane_bits(e);
    IrVal s = v1(t, IR_vsari, w, e, bits - 8, v1(t, IR_vshli, w, e, bits - 8, m));
    IrVal zero = vk(t, w, 0), back = vcmp(t, COND_LT, w, e, s, zero);
    IrVal ns = v1(t, IR_vneg, w, e, 0, s), limit = vk_lane(t, w, e, bits);
    IrVal left = v2(t, IR_vand, w, E64, 0, v2(t, IR_vshl, w, e, 0, n, s), vcmp(t, COND_GT, w, e, limit, s));
    IrVal right, fits = vcmp(t, COND_GT, w, e, limit, ns);
    if (is_signed) {
        /* all ones = width - 1, modulo */
        IrVal count = v2(t, IR_vor, w, E64, 0, ns, v1(t, IR_vnot, w, e, 0, fits));
        right = v2(t, IR_vsar, w, e, 0, n, count);
    } else {
        right = v2(t, IR_vand, w, E64, 0, v2(t, IR_vshr, w, e, 0, n, ns), fits);
    }
    return v3(t, IR_vbsl, w, E64, back, right, left);
}

static void do_shl(Tr *t, int kind, Width w, IrLane e, int rd, int rn, int rm)
{
    if ((kind == SHL_S || kind == SHL_U) && e >= E32) {
        simd_wr(t, rd, w, shl_inline(t, kind == SHL_S, w, e, simd_rd(t, rn, w), simd_rd(t, rm, w)));
        return;
    }
    IrVal r = simd_help2(t, H_simd_shl, kind, w, e, 0, vq(t, rn), vq(t, rm));
    ir_put(t->u, R_V0 + rd, r);
}
bool tr_v3s_shl(Tr *t, const OpV3 *a, int kind)
{
    do_shl(t, kind, vec_width(a->q), a->size, a->rd, a->rn, a->rm);
    return true;
}
bool tr_v3s_shl_s(Tr *t, const OpS3 *a, int kind)
{
    do_shl(t, kind, a->size, a->size, a->rd, a->rn, a->rm);
    return true;
}
bool tr_v3s_shl_d(Tr *t, const OpD3 *a, int kind)
{
    do_shl(t, kind, W_D, E64, a->rd, a->rn, a->rm);
    return true;
}

bool tr_v3s_abd(Tr *t, const OpV3 *a, int kind)          /* bit 0: unsigned; bit 1: accumulate */
{
    Width w = vec_width(a->q);
    IrLane e = a->size;
    IrVal n = simd_rd(t, a->rn, w), m = simd_rd(t, a->rm, w);
    IrVal hi = v2(t, kind & 1 ? IR_vumax : IR_vsmax, w, e, 0, n, m);
    IrVal lo = v2(t, kind & 1 ? IR_vumin : IR_vsmin, w, e, 0, n, m);
    IrVal r = v2(t, IR_vsub, w, e, 0, hi, lo);
    if (kind & 2)
        r = v2(t, IR_vadd, w, e, 0, simd_rd(t, a->rd, w), r);
    simd_wr(t, a->rd, w, r);
    return true;
}

bool tr_v3s_pmul(Tr *t, const OpL3 *a)
{
    IrVal r = simd_help2(t, H_simd_int2, I2_PMUL, vec_width(a->q), E8, 0, vq(t, a->rn), vq(t, a->rm));
    ir_put(t->u, R_V0 + a->rd, r);
    return true;
}

bool tr_v3s_mla(Tr *t, const OpV3 *a, int op)
{
    Width w = vec_width(a->q);
    IrVal p = v2(t, IR_vmul, w, a->size, 0, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w));
    simd_wr(t, a->rd, w, v2(t, op, w, a->size, 0, simd_rd(t, a->rd, w), p));
    return true;
}

bool tr_v3s_pairs(Tr *t, const OpV3 *a, int op)
{
    Width w = vec_width(a->q);
    IrLane e = a->size;
    IrVal n = simd_rd(t, a->rn, w), m = a->rn == a->rm ? n : simd_rd(t, a->rm, w);
    if (n == m && e <= E16) {                   /* neighbours meet in the even lanes */
        IrVal both = v2(t, op, w, e, 0, n, v1(t, IR_vshri, w, e + 1, lane_bits(e), n));
        simd_wr(t, a->rd, w, v2(t, IR_vuzp1, w, e, 0, both, both));
        return true;
    }
    simd_wr(t, a->rd, w, v2(t, op, w, e, 0, v2(t, IR_vuzp1, w, e, 0, n, m), v2(t, IR_vuzp2, w, e, 0, n, m)));
    return true;
}

bool tr_v3s_dmulh(Tr *t, const OpV3 *a, int round)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, simd_dmulh(t, round, w, a->size, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w)));
    return true;
}
bool tr_v3s_dmulh_s(Tr *t, const OpS3 *a, int round)
{
    Width w = a->size;
    simd_wr(t, a->rd, w, simd_dmulh(t, round, w, a->size, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w)));
    return true;
}

static void do_rdmla(Tr *t, int sub, Width w, IrLane e, int rd, int rn, int rm)
{
    IrVal r = simd_help3(t, H_simd_int3, sub ? I3_RDMLSH : I3_RDMLAH, w, e, 0, vq(t, rn), vq(t, rm), vq(t, rd));
    ir_put(t->u, R_V0 + rd, r);
}
bool tr_v3s_rdmla(Tr *t, const OpV3 *a, int sub)
{
    do_rdmla(t, sub, vec_width(a->q), a->size, a->rd, a->rn, a->rm);
    return true;
}
bool tr_v3s_rdmla_s(Tr *t, const OpS3 *a, int sub)
{
    do_rdmla(t, sub, a->size, a->size, a->rd, a->rn, a->rm);
    return true;
}

bool tr_v3s_dot(Tr *t, const OpL3 *a, int mull)
{
    simd_wr(t, a->rd, vec_width(a->q), simd_dot(t, mull, a->q, vq(t, a->rn), vq(t, a->rm), vq(t, a->rd)));
    return true;
}

