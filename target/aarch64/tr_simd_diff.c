/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD: three-register different types (long, wide, narrow), and integer by-element forms. */
#include "tr_simd.h"
#include "help_simd.h"

typedef enum MulLong {
    ML_SMULL, ML_UMULL, ML_SMLAL, ML_UMLAL, ML_SMLSL, ML_UMLSL, ML_SQDMULL, ML_SQDMLAL, ML_SQDMLSL
} MulLong;
typedef enum ElemMul { EL_MUL, EL_MLA, EL_MLS, EL_DMULH, EL_RDMULH, EL_RDMLAH, EL_RDMLSH } ElemMul;

#include "aarch64/simd_diff.decode.h"
#include "aarch64/simd_diff.decode.inc"

bool ok_vd_not_d(const OpW3 *a) { return a->size != 3; }
bool ok_vd_hs(const OpW3 *a) { return a->size == 1 || a->size == 2; }
bool ok_vd_hs_s(const OpSW3 *a) { return a->size == 1 || a->size == 2; }

static IrVal widen(Tr *t, bool is_unsigned, IrLane e, int half, IrVal v)
{
    return v1(t, is_unsigned ? IR_vwidenu : IR_vwidens, W_Q, e, half, v);
}

bool tr_vd_addl(Tr *t, const OpW3 *a, int kind)         /* bit 0: unsigned; bit 1: subtract */
{
    IrVal n = widen(t, kind & 1, a->size, a->q, vq(t, a->rn)), m = widen(t, kind & 1, a->size, a->q, vq(t, a->rm));
    put_v(t, a->rd, v2(t, kind & 2 ? IR_vsub : IR_vadd, W_Q, a->size + 1, 0, n, m));
    return true;
}

bool tr_vd_addw(Tr *t, const OpW3 *a, int kind)
{
    IrVal m = widen(t, kind & 1, a->size, a->q, vq(t, a->rm));
    put_v(t, a->rd, v2(t, kind & 2 ? IR_vsub : IR_vadd, W_Q, a->size + 1, 0, vq(t, a->rn), m));
    return true;
}

bool tr_vd_addhn(Tr *t, const OpW3 *a, int kind)        /* bit 0: round; bit 1: subtract */
{
    IrLane d = a->size + 1;
    int bits = lane_bits(a->size);
    IrVal s = v2(t, kind & 2 ? IR_vsub : IR_vadd, W_Q, d, 0, vq(t, a->rn), vq(t, a->rm));
    if (kind & 1)
        s = v2(t, IR_vadd, W_Q, d, 0, s, vk_lane(t, W_Q, d, 1ull << (bits - 1)));
    simd_wr_half(t, a->rd, a->q, v1(t, IR_vnarrow, W_Q, d, 0, v1(t, IR_vshri, W_Q, d, bits, s)));
    return true;
}

bool tr_vd_abdl(Tr *t, const OpW3 *a, int kind)         /* bit 0: unsigned; bit 1: accumulate */
{
    IrLane e = a->size;
    IrVal n = vq(t, a->rn), m = vq(t, a->rm);
    IrVal hi = v2(t, kind & 1 ? IR_vumax : IR_vsmax, W_Q, e, 0, n, m);
    IrVal lo = v2(t, kind & 1 ? IR_vumin : IR_vsmin, W_Q, e, 0, n, m);
    IrVal r = widen(t, true, e, a->q, v2(t, IR_vsub, W_Q, e, 0, hi, lo));
    if (kind & 2)
        r = v2(t, IR_vadd, W_Q, e + 1, 0, vq(t, a->rd), r);
    put_v(t, a->rd, r);
    return true;
}

/* The long multiplies on the chosen half. mask_w: W_Q, or the width of the scalar result. */
static void mull(Tr *t, MulLong k, int half, Width w, IrLane e, int rd, IrVal n, IrVal m)
{
    IrLane d = e + 1;
    bool is_unsigned = k == ML_UMULL || k == ML_UMLAL || k == ML_UMLSL;
    IrVal p = v2(t, is_unsigned ? IR_vmullu : IR_vmulls, W_Q, e, half, n, m);
    p = simd_as_w(t, w, p);
    if (k >= ML_SQDMULL)
        p = simd_sat_op(t, IR_vsadd, IR_vadd, w, d, p, p);
    if (k == ML_SMLAL || k == ML_UMLAL)
        p = v2(t, IR_vadd, w, d, 0, simd_rd(t, rd, w), p);
    else if (k == ML_SMLSL || k == ML_UMLSL)
        p = v2(t, IR_vsub, w, d, 0, simd_rd(t, rd, w), p);
    else if (k == ML_SQDMLAL)
        p = simd_sat_op(t, IR_vsadd, IR_vadd, w, d, simd_rd(t, rd, w), p);
    else if (k == ML_SQDMLSL)
        p = simd_sat_op(t, IR_vssub, IR_vsub, w, d, simd_rd(t, rd, w), p);
    simd_wr(t, rd, w, p);
}

bool tr_vd_mull(Tr *t, const OpW3 *a, int k)
{
    mull(t, k, a->q, W_Q, a->size, a->rd, vq(t, a->rn), vq(t, a->rm));
    return true;
}
bool tr_vd_mull_s(Tr *t, const OpSW3 *a, int k)
{
    mull(t, k, 0, a->size + 1, a->size, a->rd, vq(t, a->rn), vq(t, a->rm));
    return true;
}
bool tr_vd_mull_eh(Tr *t, const OpEH *a, int k)
{
    mull(t, k, a->q, W_Q, E16, a->rd, vq(t, a->rn), simd_dup_elem(t, a->m4, E16, a->ih));
    return true;
}
bool tr_vd_mull_es(Tr *t, const OpES *a, int k)
{
    mull(t, k, a->q, W_Q, E32, a->rd, vq(t, a->rn), simd_dup_elem(t, a->rm, E32, a->is));
    return true;
}
bool tr_vd_mull_seh(Tr *t, const OpEHS *a, int k)
{
    mull(t, k, 0, W_S, E16, a->rd, vq(t, a->rn), simd_dup_elem(t, a->m4, E16, a->ih));
    return true;
}
bool tr_vd_mull_ses(Tr *t, const OpESS *a, int k)
{
    mull(t, k, 0, W_D, E32, a->rd, vq(t, a->rn), simd_dup_elem(t, a->rm, E32, a->is));
    return true;
}

bool tr_vd_pmull8(Tr *t, const OpP3 *a)
{
    put_v(t, a->rd, simd_help2(t, H_simd_int2, I2_PMULL8, W_Q, E8, a->q, vq(t, a->rn), vq(t, a->rm)));
    return true;
}

bool tr_vd_pmull64(Tr *t, const OpP3 *a)
{
    put_v(t, a->rd, v2(t, IR_vclmul, W_Q, E64, a->q ? 3 : 0, vq(t, a->rn), vq(t, a->rm)));
    return true;
}

static void mla_elem(Tr *t, ElemMul k, int q, IrLane e, int rd, int rn, IrVal m)
{
    Width w = vec_width(q);
    IrVal p = v2(t, IR_vmul, w, e, 0, simd_rd(t, rn, w), simd_as_w(t, w, m));
    if (k != EL_MUL)
        p = v2(t, k == EL_MLA ? IR_vadd : IR_vsub, w, e, 0, simd_rd(t, rd, w), p);
    simd_wr(t, rd, w, p);
}
bool tr_vd_mla_eh(Tr *t, const OpEH *a, int k)
{
    mla_elem(t, k, a->q, E16, a->rd, a->rn, simd_dup_elem(t, a->m4, E16, a->ih));
    return true;
}
bool tr_vd_mla_es(Tr *t, const OpES *a, int k)
{
    mla_elem(t, k, a->q, E32, a->rd, a->rn, simd_dup_elem(t, a->rm, E32, a->is));
    return true;
}

static void dmulh_elem(Tr *t, ElemMul k, Width w, IrLane e, int rd, int rn, IrVal m)
{
    if (k == EL_DMULH || k == EL_RDMULH)
        simd_wr(t, rd, w, simd_dmulh(t, k == EL_RDMULH, w, e, simd_rd(t, rn, w), simd_as_w(t, w, m)));
    else
        put_v(t, rd,
            simd_help3(t, H_simd_int3, k == EL_RDMLSH ? I3_RDMLSH : I3_RDMLAH, w, e, 0, vq(t, rn), m, vq(t, rd)));
}
bool tr_vd_dmulh_eh(Tr *t, const OpEH *a, int k)
{
    dmulh_elem(t, k, vec_width(a->q), E16, a->rd, a->rn, simd_dup_elem(t, a->m4, E16, a->ih));
    return true;
}
bool tr_vd_dmulh_es(Tr *t, const OpES *a, int k)
{
    dmulh_elem(t, k, vec_width(a->q), E32, a->rd, a->rn, simd_dup_elem(t, a->rm, E32, a->is));
    return true;
}
bool tr_vd_dmulh_seh(Tr *t, const OpEHS *a, int k)
{
    dmulh_elem(t, k, W_H, E16, a->rd, a->rn, simd_dup_elem(t, a->m4, E16, a->ih));
    return true;
}
bool tr_vd_dmulh_ses(Tr *t, const OpESS *a, int k)
{
    dmulh_elem(t, k, W_S, E32, a->rd, a->rn, simd_dup_elem(t, a->rm, E32, a->is));
    return true;
}

bool tr_vd_dot_es(Tr *t, const OpES *a, int mul)
{
    simd_wr(t, a->rd, vec_width(a->q),
            simd_dot(t, mul, a->q, vq(t, a->rn), simd_dup_elem(t, a->rm, E32, a->is), vq(t, a->rd)));
    return true;
}

