/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD shift by immediate (with fixed-point conversions) and modified immediate. */
#include "tr_simd.h"
#include "help_simd.h"

enum { MI_MOV, MI_MVN, MI_ORR, MI_BIC };
enum { QL_S, QL_U, QL_SU };                         /* SQSHL, UQSHL, SQSHLU */
enum {
    QN_SS,
    QN_SU,
    QN_UU,
    QN_ROUND = 4,
    QN_SSR = QN_SS | QN_ROUND,
    QN_SUR = QN_SU | QN_ROUND,
    QN_UUR = QN_UU | QN_ROUND
};

#include "aarch64/simd_shift.decode.h"
#include "aarch64/simd_shift.decode.inc"

/* immh:immb holds the lane in its top bit: right shifts are 2 * bits - imm, left shifts imm - bits. */
static IrLane imm_lane(int imm) { return imm >= 64 ? E64 : imm >= 32 ? E32 : imm >= 16 ? E16 : E8; }
static int right_by(int imm) { return 2 * lane_bits(imm_lane(imm)) - imm; }
static int left_by(int imm) { return imm - lane_bits(imm_lane(imm)); }

bool ok_vs_any(const OpVI *a) { return a->imm >= 8 && (a->imm < 64 || a->q); }
bool ok_vs_narrow(const OpVI *a) { return a->imm >= 8 && a->imm < 64; }
bool ok_vs_fp(const OpVI *a) { return a->imm >= 32 && (a->imm < 64 || a->q); }
bool ok_vs_s_any(const OpSI *a) { return a->imm >= 8; }
bool ok_vs_s_d(const OpSI *a) { return a->imm >= 64; }
bool ok_vs_s_narrow(const OpSI *a) { return a->imm >= 8 && a->imm < 64; }
bool ok_vs_s_fp(const OpSI *a) { return a->imm >= 32; }

/* AdvSIMDExpandImm for the rows that share a translator (op = 0, or op = 1 as MVNI / BIC). */
static uint64_t expand_imm(int cmode, unsigned abc)
{
    if (cmode < 8)
        return simd_lanes(E32, (uint64_t)abc << 8 * (cmode >> 1));
    if (cmode < 12)
        return simd_lanes(E16, (uint64_t)abc << 8 * (cmode >> 1 & 1));
    if (cmode < 14)
        return simd_lanes(E32, cmode & 1 ? abc << 16 | 0xffff : abc << 8 | 0xff);
    return simd_lanes(E8, abc);
}

bool tr_vs_modimm(Tr *t, const OpMI *a, int kind)
{
    Width w = vec_width(a->q);
    uint64_t imm = expand_imm(a->cmode, a->abc);
    if (kind == MI_MOV || kind == MI_MVN)
        simd_wr(t, a->rd, w, vk(t, w, kind == MI_MVN ? ~imm : imm));
    else
        simd_wr(t, a->rd, w, v2(t, kind == MI_ORR ? IR_vor : IR_vandc, w, E64, 0, simd_rd(t, a->rd, w), vk(t, w, imm)));
    return true;
}

bool tr_vs_modimm_d(Tr *t, const OpMD *a, int q)
{
    uint64_t imm = 0;
    for (int i = 0; i < 8; i++)
        if (a->abc >> i & 1)
            imm |= 0xffull << 8 * i;
    simd_wr(t, a->rd, vec_width(q), vk(t, vec_width(q), imm));
    return true;
}

bool tr_vs_fmov_s(Tr *t, const OpMF *a)         /* VFPExpandImm, 32 bits */
{
    uint32_t m = a->abc, v = (m >> 7) << 31 | (m & 0x40 ? 0x1f : 0x20) << 25 | (m & 0x3f) << 19;
    simd_wr(t, a->rd, vec_width(a->q), vk(t, vec_width(a->q), simd_lanes(E32, v)));
    return true;
}

bool tr_vs_fmov_d(Tr *t, const OpMD *a)
{
    uint64_t m = a->abc, v = (m >> 7) << 63 | (m & 0x40 ? 0xffull : 0x100ull) << 54 | (m & 0x3f) << 48;
    put_v(t, a->rd, vk(t, W_Q, v));
    return true;
}

/* kind bit 0: unsigned; bit 1: accumulate; bit 2: round (add back the last bit shifted out) */
static void do_shr(Tr *t, int kind, Width w, int imm, int rd, int rn)
{
    IrLane e = imm_lane(imm);
    int n = right_by(imm);
    IrVal v = simd_rd(t, rn, w), r = v1(t, kind & 1 ? IR_vshri : IR_vsari, w, e, n, v);
    if (kind & 4) {
        IrVal last = v2(t, IR_vand, w, E64, 0, v1(t, IR_vshri, w, e, n - 1, v), vk_lane(t, w, e, 1));
        r = v2(t, IR_vadd, w, e, 0, r, last);
    }
    if (kind & 2)
        r = v2(t, IR_vadd, w, e, 0, simd_rd(t, rd, w), r);
    simd_wr(t, rd, w, r);
}
bool tr_vs_shr(Tr *t, const OpVI *a, int kind)
{
    do_shr(t, kind, vec_width(a->q), a->imm, a->rd, a->rn);
    return true;
}
bool tr_vs_shr_s(Tr *t, const OpSI *a, int kind)
{
    do_shr(t, kind, W_D, a->imm, a->rd, a->rn);
    return true;
}

/* Insert: v, which is zero where keep is set, and rd there. */
static void insert(Tr *t, Width w, IrLane e, int rd, uint64_t keep, IrVal v)
{
    simd_wr(
        t, rd, w, v2(t, IR_vor, w, E64, 0, v2(t, IR_vand, w, E64, 0, simd_rd(t, rd, w), vk_lane(t, w, e, keep)), v));
}
static void do_sri(Tr *t, Width w, int imm, int rd, int rn)
{
    IrLane e = imm_lane(imm);
    int n = right_by(imm);
    uint64_t ones = ~0ull >> (64 - lane_bits(e)), moved = n == 64 ? 0 : ones >> n;
    insert(t, w, e, rd, ~moved, v1(t, IR_vshri, w, e, n, simd_rd(t, rn, w)));
}
bool tr_vs_sri(Tr *t, const OpVI *a) { do_sri(t, vec_width(a->q), a->imm, a->rd, a->rn); return true; }
bool tr_vs_sri_s(Tr *t, const OpSI *a) { do_sri(t, W_D, a->imm, a->rd, a->rn); return true; }

static void do_shli(Tr *t, bool ins, Width w, int imm, int rd, int rn)
{
    IrLane e = imm_lane(imm);
    int n = left_by(imm);
    IrVal v = v1(t, IR_vshli, w, e, n, simd_rd(t, rn, w));
    if (ins && n)
        insert(t, w, e, rd, (1ull << n) - 1, v);
    else
        simd_wr(t, rd, w, v);
}
bool tr_vs_shli(Tr *t, const OpVI *a) { do_shli(t, false, vec_width(a->q), a->imm, a->rd, a->rn); return true; }
bool tr_vs_shli_s(Tr *t, const OpSI *a) { do_shli(t, false, W_D, a->imm, a->rd, a->rn); return true; }
bool tr_vs_sli(Tr *t, const OpVI *a) { do_shli(t, true, vec_width(a->q), a->imm, a->rd, a->rn); return true; }
bool tr_vs_sli_s(Tr *t, const OpSI *a) { do_shli(t, true, W_D, a->imm, a->rd, a->rn); return true; }

/* Shifted back and compared: lanes that lost bits saturate. SQSHLU: negative lanes give 0. */
static void do_qshl(Tr *t, int kind, Width w, int imm, int rd, int rn)
{
    IrLane e = imm_lane(imm);
    int n = left_by(imm), bits = lane_bits(e);
    IrVal v = simd_rd(t, rn, w), left = v1(t, IR_vshli, w, e, n, v);
    IrVal back = v1(t, kind == QL_S ? IR_vsari : IR_vshri, w, e, n, left);
    IrVal fits = vcmp(t, COND_EQ, w, e, back, v), limit;
    IrVal negative = kind == QL_U ? 0 : v1(t, IR_vsari, w, e, bits - 1, v);
    if (kind == QL_S) {
        limit = v2(t, IR_vxor, w, E64, 0, negative, vk_lane(t, w, e, ~0ull >> (65 - bits)));
    } else if (kind == QL_U) {
        limit = vk(t, w, ~0ull);
    } else {
        limit = v1(t, IR_vnot, w, E64, 0, negative);
        fits = v2(t, IR_vandc, w, E64, 0, fits, negative);
    }
    simd_qc(t, w, v1(t, IR_vnot, w, E64, 0, fits));
    simd_wr(t, rd, w, simd_trunc(t, w, v3(t, IR_vbsl, w, E64, fits, left, limit)));
}
bool tr_vs_qshl(Tr *t, const OpVI *a, int kind)
{
    do_qshl(t, kind, vec_width(a->q), a->imm, a->rd, a->rn);
    return true;
}
bool tr_vs_qshl_s(Tr *t, const OpSI *a, int kind)
{
    do_qshl(t, kind, (Width)imm_lane(a->imm), a->imm, a->rd, a->rn);
    return true;
}

/* The carry out of a rounding SHRN falls beyond the narrow result. */
bool tr_vs_shrn(Tr *t, const OpVI *a, int round)
{
    IrLane d = imm_lane(a->imm) + 1;
    int n = right_by(a->imm);
    IrVal v = vq(t, a->rn);
    if (round)
        v = v2(t, IR_vadd, W_Q, d, 0, v, vk_lane(t, W_Q, d, 1ull << (n - 1)));
    simd_wr_half(t, a->rd, a->q, v1(t, IR_vnarrow, W_Q, d, 0, v1(t, IR_vshri, W_Q, d, n, v)));
    return true;
}

static IrVal qshrn(Tr *t, int kind, int imm, IrVal v)
{
    static const uint16_t narrow[] = { IR_vnarrow_ss, IR_vnarrow_su, IR_vnarrow_uu };
    IrLane e = imm_lane(imm), d = e + 1;
    int n = right_by(imm);
    int op = narrow[kind & 3];
    IrVal r = v1(t, op == IR_vnarrow_uu ? IR_vshri : IR_vsari, W_Q, d, n, v);
    if (kind & QN_ROUND) {
        IrVal last = v2(t, IR_vand, W_Q, E64, 0, v1(t, IR_vshri, W_Q, d, n - 1, v), vk_lane(t, W_Q, d, 1));
        r = v2(t, IR_vadd, W_Q, d, 0, r, last);
    }
    return simd_sat_narrow(t, op, e, r);
}
bool tr_vs_qshrn(Tr *t, const OpVI *a, int kind)
{
    simd_wr_half(t, a->rd, a->q, qshrn(t, kind, a->imm, vq(t, a->rn)));
    return true;
}
bool tr_vs_qshrn_s(Tr *t, const OpSI *a, int kind)
{
    Width wide = (Width)(imm_lane(a->imm) + 1);
    simd_wr_low(t, a->rd, qshrn(t, kind, a->imm, simd_as_q(t, W_D, simd_rd(t, a->rn, wide))));
    return true;
}

bool tr_vs_shll_i(Tr *t, const OpVI *a, int op)
{
    IrLane e = imm_lane(a->imm);
    IrVal v = v1(t, op, W_Q, e, a->q, vq(t, a->rn));
    int n = left_by(a->imm);
    put_v(t, a->rd, n ? v1(t, IR_vshli, W_Q, e + 1, n, v) : v);
    return true;
}

/* v / 2^n: the division is exact (n is at most the width of the integer), so that only the conversion rounds. */
static bool from_fixed(Tr *t, bool is_signed, Width w, int imm, int rd, int rn)
{
    IrLane e = imm_lane(imm);
    int n = right_by(imm);
    uint64_t scale = e == E64 ? (uint64_t)(1023 - n) << 52 : (uint64_t)(127 - n) << 23;
    IrVal v = ir_vfp(t->u, is_signed ? IR_vfcvt_if : IR_vfcvt_uf, w_type(w), e, FP_DYN, 0, simd_rd(t, rn, w), 0, 0);
    v = ir_vfp(t->u, IR_vfmul, w_type(w), e, FP_DYN, 0, v, vk_lane(t, w, e, scale), 0);
    simd_wr(t, rd, w, simd_trunc(t, w, v));
    return true;
}
bool tr_vs_cvtf(Tr *t, const OpVI *a, int is_signed)
{
    return from_fixed(t, is_signed, vec_width(a->q), a->imm, a->rd, a->rn);
}
bool tr_vs_cvtf_s(Tr *t, const OpSI *a, int is_signed)
{
    return from_fixed(t, is_signed, (Width)imm_lane(a->imm), a->imm, a->rd, a->rn);
}

bool tr_vs_fcvtz(Tr *t, const OpVI *a, int is_signed)
{
    int to = is_signed ? FX_FCVTZS : FX_FCVTZU;
    put_v(t, a->rd, simd_help1(t, H_simd_fixed, to, vec_width(a->q), imm_lane(a->imm), right_by(a->imm), vq(t, a->rn)));
    return true;
}
bool tr_vs_fcvtz_s(Tr *t, const OpSI *a, int is_signed)
{
    IrLane e = imm_lane(a->imm);
    put_v(t, a->rd,
        simd_help1(t, H_simd_fixed, is_signed ? FX_FCVTZS : FX_FCVTZU, (Width)e, e, right_by(a->imm), vq(t, a->rn)));
    return true;
}

