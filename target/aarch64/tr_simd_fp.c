/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD floating point: vector and scalar forms of every group. */
#include "tr_simd.h"
#include "help_simd.h"
#include "tcg/softfloat.h"

enum { EF_MLA, EF_MLS, EF_MUL, EF_MULX };

#include "aarch64/simd_fp.decode.h"
#include "aarch64/simd_fp.decode.inc"

bool ok_vf_full_3(const OpV3 *a) { return a->q || !a->dbl; }
bool ok_vf_full_2(const OpV2 *a) { return a->q || !a->dbl; }
bool ok_vf_full_cm(const OpCM *a) { return a->q || !a->dbl; }
bool ok_vf_full_ca(const OpCA *a) { return a->q || !a->dbl; }

static IrLane f_lane(int dbl) { return dbl ? E64 : E32; }
static Width f_width(int dbl) { return dbl ? W_D : W_S; }

/* One vector FP op. cond is vfcmp's. */
static IrVal vf(Tr *t, IrOp op, Width w, IrLane e, FpRound round, int aux, IrCond cond, IrVal a, IrVal b, IrVal c)
{
    IrInsn *i = ir_emit(t->u, op, w_type(w));
    i->lane = e, i->round = round, i->aux = aux, i->cond = cond;
    i->arg[0] = a, i->arg[1] = b, i->arg[2] = c;
    i->nargs = c ? 3 : b ? 2 : 1;
    return t->u->n - 1;
}
static IrVal vf2(Tr *t, IrOp op, Width w, IrLane e, int aux, IrVal a, IrVal b)
{
    return vf(t, op, w, e, FP_DYN, aux, 0, a, b, 0);
}

static bool put(Tr *t, int rd, Width w, IrVal v)
{
    simd_wr(t, rd, w, simd_trunc(t, w, v));
    return true;
}

/* One scalar FP op (an IR_f* row) on the low element of each operand. */
static IrVal scalar_of(Tr *t, int dbl, IrVal v) { return v_low(t, fp_type(dbl), v); }
static bool sf(Tr *t, IrOp op, int dbl, int aux, int rd, IrVal a, IrVal b)
{
    put_f(t, dbl, rd, ir_fp(t->u, op, fp_type(dbl), FP_DYN, aux, scalar_of(t, dbl, a), scalar_of(t, dbl, b), 0));
    return true;
}
static IrOp scalar_op(int vop)
{
    static const uint16_t t[][2] = {
        { IR_vfadd, IR_fadd }, { IR_vfsub, IR_fsub }, { IR_vfmul, IR_fmul }, { IR_vfmin, IR_fmin },
        { IR_vfmax, IR_fmax },
    };
    int i = 0;
    while (t[i][0] != vop)
        i++;
    return (IrOp)t[i][1];
}

/* --- three same */
static bool arith(Tr *t, Width w, int dbl, int op, int aux, int rd, int rn, int rm)
{
    return put(t, rd, w, vf2(t, op, w, f_lane(dbl), aux, simd_rd(t, rn, w), simd_rd(t, rm, w)));
}
bool tr_vf_arith(Tr *t, const OpV3 *a, int op) { return arith(t, vec_width(a->q), a->dbl, op, 0, a->rd, a->rn, a->rm); }
bool tr_vf_minmax(Tr *t, const OpV3 *a, int op, int kind)
{
    return arith(t, vec_width(a->q), a->dbl, op, kind, a->rd, a->rn, a->rm);
}

/* FMLS negates the first factor, NaNs included. */
static IrVal mla(Tr *t, Width w, IrLane e, bool sub, IrVal n, IrVal m, IrVal d)
{
    return vf(t, IR_vfma, w, e, FP_DYN, 0, 0, sub ? v1(t, IR_vfneg, w, e, 0, n) : n, m, d);
}
bool tr_vf_mla(Tr *t, const OpV3 *a, int sub)
{
    Width w = vec_width(a->q);
    return put(
        t, a->rd, w, mla(t, w, f_lane(a->dbl), sub, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w), simd_rd(t, a->rd, w)));
}

bool tr_vf_pairs(Tr *t, const OpV3 *a, int op, int aux)
{
    Width w = vec_width(a->q);
    IrLane e = f_lane(a->dbl);
    IrVal n = simd_rd(t, a->rn, w), m = simd_rd(t, a->rm, w);
    return put(t, a->rd, w, vf2(t, op, w, e, aux, v2(t, IR_vuzp1, w, e, 0, n, m), v2(t, IR_vuzp2, w, e, 0, n, m)));
}

static bool help2(Tr *t, Width w, int dbl, int fn, int rd, int rn, IrVal m)
{
    put_v(t, rd, simd_help2(t, H_simd_fp2, fn, w, f_lane(dbl), 0, vq(t, rn), m));
    return true;
}
bool tr_vf_help2(Tr *t, const OpV3 *a, int fn)
{
    return help2(t, vec_width(a->q), a->dbl, fn, a->rd, a->rn, vq(t, a->rm));
}
bool tr_vf_help2_s(Tr *t, const OpS3 *a, int fn)
{
    return help2(t, f_width(a->dbl), a->dbl, fn, a->rd, a->rn, vq(t, a->rm));
}

static bool abd(Tr *t, Width w, int dbl, int rd, int rn, int rm)
{
    IrVal d = vf2(t, IR_vfsub, w, f_lane(dbl), 0, simd_rd(t, rn, w), simd_rd(t, rm, w));
    return put(t, rd, w, v1(t, IR_vfabs, w, f_lane(dbl), 0, d));
}
bool tr_vf_abd(Tr *t, const OpV3 *a) { return abd(t, vec_width(a->q), a->dbl, a->rd, a->rn, a->rm); }
bool tr_vf_abd_s(Tr *t, const OpS3 *a)
{
    IrType type = fp_type(a->dbl);
    IrVal d = ir_fp(t->u, IR_fsub, type, FP_DYN, 0, get_f(t, a->dbl, a->rn), get_f(t, a->dbl, a->rm), 0);
    put_f(t, a->dbl, a->rd, ir_op1(t->u, IR_fabs, type, d));
    return true;
}

/* Ordered comparisons signal on every NaN, equality on signalling ones only. */
static bool cmp(Tr *t, Width w, int dbl, int cond, bool absolute, int rd, IrVal n, IrVal m)
{
    IrLane e = f_lane(dbl);
    if (absolute)
        n = v1(t, IR_vfabs, w, e, 0, n), m = v1(t, IR_vfabs, w, e, 0, m);
    return put(t, rd, w, vf(t, IR_vfcmp, w, e, FP_DYN, cond != COND_EQ, cond, n, m, 0));
}
static bool cmp_scalar(Tr *t, int dbl, int cond, bool absolute, int rd, IrVal n, IrVal m)
{
    IrType type = fp_type(dbl);
    n = scalar_of(t, dbl, n), m = scalar_of(t, dbl, m);
    if (absolute)
        n = ir_op1(t->u, IR_fabs, type, n), m = ir_op1(t->u, IR_fabs, type, m);
    IrVal mask = ir_op1(t->u, IR_neg, IR_I32, ir_fcmp(t->u, cond, type, cond != COND_EQ, n, m));
    if (dbl)
        put_dbits(t, rd, ir_op1(t->u, IR_sext32, IR_I64, mask));
    else
        put_sbits(t, rd, mask);
    return true;
}
bool tr_vf_cmp(Tr *t, const OpV3 *a, int cond)
{
    Width w = vec_width(a->q);
    return cmp(t, w, a->dbl, cond, false, a->rd, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w));
}
bool tr_vf_cmp_s(Tr *t, const OpS3 *a, int cond)
{
    return cmp_scalar(t, a->dbl, cond, false, a->rd, vq(t, a->rn), vq(t, a->rm));
}
bool tr_vf_cmpabs(Tr *t, const OpV3 *a, int cond)
{
    Width w = vec_width(a->q);
    return cmp(t, w, a->dbl, cond, true, a->rd, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w));
}
bool tr_vf_cmpabs_s(Tr *t, const OpS3 *a, int cond)
{
    return cmp_scalar(t, a->dbl, cond, true, a->rd, vq(t, a->rn), vq(t, a->rm));
}
bool tr_vf_cmp0(Tr *t, const OpV2 *a, int cond)
{
    Width w = vec_width(a->q);
    return cmp(t, w, a->dbl, cond, false, a->rd, simd_rd(t, a->rn, w), vk(t, w, 0));
}
bool tr_vf_cmp0_s(Tr *t, const OpS2 *a, int cond)
{
    return cmp_scalar(t, a->dbl, cond, false, a->rd, vq(t, a->rn), vk(t, W_Q, 0));
}

/* --- two-register miscellaneous */
static bool unary(Tr *t, Width w, int dbl, int op, FpRound round, int aux, int rd, int rn)
{
    return put(t, rd, w, vf(t, op, w, f_lane(dbl), round, aux, 0, simd_rd(t, rn, w), 0, 0));
}
bool tr_vf_rint(Tr *t, const OpV2 *a, int round, int exact)
{
    return unary(t, vec_width(a->q), a->dbl, IR_vfround, round, exact, a->rd, a->rn);
}
bool tr_vf_sqrt(Tr *t, const OpV2 *a) { return unary(t, vec_width(a->q), a->dbl, IR_vfsqrt, FP_DYN, 0, a->rd, a->rn); }
bool tr_vf_toint(Tr *t, const OpV2 *a, int op, int round)
{
    return unary(t, vec_width(a->q), a->dbl, op, round, 0, a->rd, a->rn);
}
bool tr_vf_toint_s(Tr *t, const OpS2 *a, int op, int round)
{
    IrType to = sf_type(a->dbl);
    IrVal v = ir_fcvt(
        t->u, op == IR_vfcvt_fi ? IR_fcvt_fi : IR_fcvt_fu, to, fp_type(a->dbl), round, 0, get_f(t, a->dbl, a->rn));
    put_v(t, a->rd, v_zext(t, to, v));
    return true;
}
bool tr_vf_fromint(Tr *t, const OpV2 *a, int op)
{
    return unary(t, vec_width(a->q), a->dbl, op, FP_DYN, 0, a->rd, a->rn);
}
bool tr_vf_fromint_s(Tr *t, const OpS2 *a, int op)
{
    IrType from = sf_type(a->dbl);
    IrVal v = v_low(t, from, vq(t, a->rn));
    put_f(t, a->dbl, a->rd,
        ir_fcvt(t->u, op == IR_vfcvt_if ? IR_fcvt_if : IR_fcvt_uf, fp_type(a->dbl), from, FP_DYN, 0, v));
    return true;
}

bool tr_vf_sign(Tr *t, const OpV2 *a, int op)
{
    Width w = vec_width(a->q);
    return put(t, a->rd, w, v1(t, op, w, f_lane(a->dbl), 0, simd_rd(t, a->rn, w)));
}

static bool help1(Tr *t, Width w, IrLane e, int fn, int imm, int rd, int rn)
{
    put_v(t, rd, simd_help1(t, H_simd_fp1, fn, w, e, imm, vq(t, rn)));
    return true;
}
bool tr_vf_help1(Tr *t, const OpV2 *a, int fn)
{
    return help1(t, vec_width(a->q), f_lane(a->dbl), fn, 0, a->rd, a->rn);
}
bool tr_vf_help1_s(Tr *t, const OpS2 *a, int fn)
{
    return help1(t, f_width(a->dbl), f_lane(a->dbl), fn, 0, a->rd, a->rn);
}

bool tr_vf_rintn(Tr *t, const OpV2 *a, int bits, int round)
{
    return help1(t, vec_width(a->q), f_lane(a->dbl), F1_FRINT, bits | round, a->rd, a->rn);     /* FP_* are below 32 */
}

/* --- conversions between widths: the low or high half of the register */
static bool narrow_help(Tr *t, int fn, int q, int rd, int rn)
{
    simd_wr_half(t, rd, q, simd_help1(t, H_simd_fp1, fn, W_Q, E64, 0, vq(t, rn)));
    return true;
}
static bool widen_help(Tr *t, int fn, int q, int rd, int rn)
{
    put_v(t, rd, simd_help1(t, H_simd_fp1, fn, W_Q, E64, q, vq(t, rn)));
    return true;
}
bool tr_vf_narrow_h(Tr *t, const OpN2 *a) { return narrow_help(t, F1_CVTN_SH, a->q, a->rd, a->rn); }
bool tr_vf_widen_h(Tr *t, const OpN2 *a) { return widen_help(t, F1_CVTL_HS, a->q, a->rd, a->rn); }
bool tr_vf_cvtxn(Tr *t, const OpN2 *a) { return narrow_help(t, F1_CVTXN, a->q, a->rd, a->rn); }
bool tr_vf_cvtxn_s(Tr *t, const OpR2 *a)
{
    IrVal r = simd_help1(t, H_simd_fp1, F1_CVTXN, W_D, E64, 0, vq(t, a->rn));
    return put(t, a->rd, W_S, vlow64(t, r));
}

static IrVal lane_f(Tr *t, IrType type, IrLane e, int i, IrVal v)
{
    return ir_vconv(t->u, IR_vget, type, IR_V128, e, i, 0, v);
}
static IrVal as_vec(Tr *t, IrType type, IrVal v) { return ir_vconv(t->u, IR_vzext, IR_V128, type, E64, 0, 0, v); }

bool tr_vf_narrow_s(Tr *t, const OpN2 *a)
{
    IrVal n = vq(t, a->rn), v[2];
    for (int i = 0; i < 2; i++)
        v[i] = as_vec(t, IR_F32, ir_fcvt(t->u, IR_fcvt_ff, IR_F32, IR_F64, FP_DYN, 0, lane_f(t, IR_F64, E64, i, n)));
    simd_wr_half(t, a->rd, a->q, v2(t, IR_vzip1, W_Q, E32, 0, v[0], v[1]));
    return true;
}

bool tr_vf_widen_s(Tr *t, const OpN2 *a)
{
    IrVal n = vq(t, a->rn), v[2];
    for (int i = 0; i < 2; i++)
        v[i] = as_vec(
            t, IR_F64, ir_fcvt(t->u, IR_fcvt_ff, IR_F64, IR_F32, FP_DYN, 0, lane_f(t, IR_F32, E32, 2 * a->q + i, n)));
    put_v(t, a->rd, vpair(t, v[0], v[1]));
    return true;
}

/* --- reductions. Across: (0, 1) and (2, 3), then those two, the order that decides which NaN comes out. */
static IrVal upper_lane(Tr *t, IrVal v64) { return v1(t, IR_vshri, W_D, E64, 32, v64); }
bool tr_vf_across(Tr *t, const OpR2 *a, int op, int kind)
{
    IrVal n = vq(t, a->rn);
    IrVal even = vlow64(t, v2(t, IR_vuzp1, W_Q, E32, 0, n, n)), odd = vlow64(t, v2(t, IR_vuzp2, W_Q, E32, 0, n, n));
    IrVal p = vf2(t, op, W_D, E32, kind, even, odd);
    return put(t, a->rd, W_S, vf2(t, op, W_S, E32, kind, simd_trunc(t, W_S, p), upper_lane(t, p)));
}
bool tr_vf_pair_s(Tr *t, const OpS2 *a, int op, int aux)
{
    IrVal n = vq(t, a->rn);
    return sf(t, scalar_op(op), a->dbl, aux, a->rd, n, v2(t, IR_vext, W_Q, E8, a->dbl ? 8 : 4, n, n));
}

/* --- by element */
static bool elem(Tr *t, int k, Width w, IrLane e, int rd, int rn, int rm, int idx)
{
    IrVal m = simd_dup_elem(t, rm, e, idx), n = simd_rd(t, rn, w);
    if (k == EF_MULX)
        return help2(t, w, e == E64, F2_MULX, rd, rn, m);
    m = simd_as_w(t, w, m);
    if (k == EF_MUL)
        return put(t, rd, w, vf2(t, IR_vfmul, w, e, 0, n, m));
    return put(t, rd, w, mla(t, w, e, k == EF_MLS, n, m, simd_rd(t, rd, w)));
}
bool tr_vf_elem_s(Tr *t, const OpES *a, int k) { return elem(t, k, vec_width(a->q), E32, a->rd, a->rn, a->rm, a->is); }
bool tr_vf_elem_d(Tr *t, const OpEDS *a, int k) { return elem(t, k, W_Q, E64, a->rd, a->rn, a->rm, a->id); }
static bool elem_scalar(Tr *t, int k, int dbl, int rd, int rn, int rm, int idx)
{
    if (k == EF_MULX)
        return elem(t, k, f_width(dbl), f_lane(dbl), rd, rn, rm, idx);
    IrType type = fp_type(dbl);
    IrVal m = ir_vconv(t->u, IR_vget, type, IR_V128, f_lane(dbl), idx, 0, vq(t, rm)), n = get_f(t, dbl, rn), r;
    if (k == EF_MUL)
        r = ir_fp(t->u, IR_fmul, type, FP_DYN, 0, n, m, 0);
    else
        r = ir_fp(
            t->u, IR_fma, type, FP_DYN, 0, k == EF_MLS ? ir_op1(t->u, IR_fneg, type, n) : n, m, get_f(t, dbl, rd));
    put_f(t, dbl, rd, r);
    return true;
}
bool tr_vf_elem_ss(Tr *t, const OpESS *a, int k) { return elem_scalar(t, k, 0, a->rd, a->rn, a->rm, a->is); }
bool tr_vf_elem_sd(Tr *t, const OpEDS *a, int k) { return elem_scalar(t, k, 1, a->rd, a->rn, a->rm, a->id); }

/* --- complex numbers: (even, odd) lanes are (real, imaginary) */
static IrVal swap_pairs(Tr *t, Width w, IrLane e, IrVal v)
{
    return e == E64 ? v2(t, IR_vext, W_Q, E8, 8, v, v) : v1(t, IR_vrevl, w, E32, 8, v);
}
static IrVal flip(Tr *t, Width w, IrLane e, bool even, bool odd, IrVal v)
{
    uint64_t sign64 = 1ull << 63;
    IrVal mask = e == E64 ? simd_const128(t, even ? sign64 : 0, odd ? sign64 : 0)
                          : vk(t, w, (odd ? sign64 : 0) | (even ? 1ull << 31 : 0));
    return even || odd ? v2(t, IR_vxor, w, E64, 0, v, mask) : v;
}

bool tr_vf_cadd(Tr *t, const OpCA *a)          /* rot1: 0 is 90 degrees, 1 is 270 */
{
    Width w = vec_width(a->q);
    IrLane e = f_lane(a->dbl);
    IrVal m = flip(t, w, e, !a->rot1, a->rot1, swap_pairs(t, w, e, simd_rd(t, a->rm, w)));
    return put(t, a->rd, w, vf2(t, IR_vfadd, w, e, 0, simd_rd(t, a->rn, w), m));
}

static bool cmla(Tr *t, Width w, IrLane e, int rot, int rd, int rn, IrVal m)
{
    IrVal n = simd_rd(t, rn, w);
    if (rot & 1)
        m = swap_pairs(t, w, e, m);
    m = flip(t, w, e, rot == 1 || rot == 2, rot >= 2, m);
    n = v2(t, rot & 1 ? IR_vtrn2 : IR_vtrn1, w, e, 0, n, n);
    return put(t, rd, w, mla(t, w, e, false, n, m, simd_rd(t, rd, w)));
}
bool tr_vf_cmla(Tr *t, const OpCM *a)
{
    Width w = vec_width(a->q);
    return cmla(t, w, f_lane(a->dbl), a->rot2, a->rd, a->rn, simd_rd(t, a->rm, w));
}
bool tr_vf_cmla_e(Tr *t, const OpCE *a)
{
    return cmla(t, W_Q, E32, a->rote, a->rd, a->rn, simd_dup_elem(t, a->rm, E64, a->id));
}
