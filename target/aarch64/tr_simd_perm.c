/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD copy, permute, extract and table lookup. */
#include "tr_simd.h"

#include "aarch64/simd_perm.decode.h"
#include "aarch64/simd_perm.decode.inc"

/* imm5: the lowest set bit is the lane size, the bits above it the index. */
static IrLane imm5_lane(int imm5) { return imm5 & 1 ? E8 : imm5 & 2 ? E16 : imm5 & 4 ? E32 : E64; }
static int imm5_index(int imm5) { return imm5 >> (imm5_lane(imm5) + 1); }

bool ok_vp_any(const OpCS *a) { return (a->imm5 & 15) != 0; }
bool ok_vp_bh(const OpCS *a) { return (a->imm5 & 3) != 0; }
bool ok_vp_bhs(const OpCS *a) { return (a->imm5 & 7) != 0; }
bool ok_vp_only_d(const OpCS *a) { return (a->imm5 & 15) == 8; }
bool ok_vp_dup(const OpC2 *a) { return (a->imm5 & 7) != 0 || (a->q && (a->imm5 & 8)); }
bool ok_vp_ins(const OpCI *a) { return (a->imm5 & 15) != 0; }
bool ok_vp_full_d(const OpZ3 *a) { return a->size != 3 || a->q; }
bool ok_vp_ext(const OpX3 *a) { return a->imm4 < 8 || a->q; }

static IrVal get_as(Tr *t, IrType type, int r, IrLane e, int idx, bool is_signed)
{
    return ir_vconv(t->u, IR_vget, type, IR_V128, e, idx, is_signed, vq(t, r));
}
/* Element as I32 (I64 for doublewords), extended. */
static IrVal get_elem(Tr *t, int r, IrLane e, int idx, bool is_signed)
{
    return get_as(t, e == E64 ? IR_I64 : IR_I32, r, e, idx, is_signed);
}

bool tr_vp_dup_e(Tr *t, const OpC2 *a)
{
    Width w = vec_width(a->q);
    IrVal v = simd_dup_elem(t, a->rn, imm5_lane(a->imm5), imm5_index(a->imm5));
    simd_wr(t, a->rd, w, simd_as_w(t, w, v));
    return true;
}

bool tr_vp_dup_g(Tr *t, const OpC2 *a)
{
    Width w = vec_width(a->q);
    IrLane e = imm5_lane(a->imm5);
    IrVal v = e == E64 ? get_x(t, a->rn) : get_w(t, a->rn);
    simd_wr(t, a->rd, w, ir_vconv(t->u, IR_vdup, w_type(w), e == E64 ? IR_I64 : IR_I32, e, 0, 0, v));
    return true;
}

bool tr_vp_dup_s(Tr *t, const OpCS *a)
{
    IrLane e = imm5_lane(a->imm5);
    put_v(t, a->rd, v_zext(t, simd_elem_type(e), get_as(t, simd_elem_type(e), a->rn, e, imm5_index(a->imm5), false)));
    return true;
}

bool tr_vp_smov_w(Tr *t, const OpCS *a)
{
    put_w(t, a->rd, get_elem(t, a->rn, imm5_lane(a->imm5), imm5_index(a->imm5), true));
    return true;
}

bool tr_vp_smov_x(Tr *t, const OpCS *a)
{
    IrVal v = get_elem(t, a->rn, imm5_lane(a->imm5), imm5_index(a->imm5), true);
    put_x(t, a->rd, ir_op1(t->u, IR_sext32, IR_I64, v));
    return true;
}

bool tr_vp_umov(Tr *t, const OpCS *a)
{
    IrLane e = imm5_lane(a->imm5);
    put_r(t, e == E64, a->rd, get_elem(t, a->rn, e, imm5_index(a->imm5), false));
    return true;
}

bool tr_vp_ins_g(Tr *t, const OpCS *a)
{
    IrLane e = imm5_lane(a->imm5);
    put_v(t, a->rd, ir_vset(t->u, IR_V128, e, imm5_index(a->imm5), vq(t, a->rd), get_r(t, e == E64, a->rn)));
    return true;
}

bool tr_vp_ins_e(Tr *t, const OpCI *a)
{
    IrLane e = imm5_lane(a->imm5);
    int to = imm5_index(a->imm5), from = a->imm4 >> e;
    IrVal d = vq(t, a->rd);
    if (e == E64 && to == 1 && from == 0)
        put_v(t, a->rd, vpair(t, d, vq(t, a->rn)));
    else
        put_v(t, a->rd, ir_vset(t->u, IR_V128, e, to, d, get_as(t, simd_elem_type(e), a->rn, e, from, false)));
    return true;
}

bool tr_vp_ext(Tr *t, const OpX3 *a)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v2(t, IR_vext, w, E8, a->imm4, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w)));
    return true;
}

bool tr_vp_zip(Tr *t, const OpZ3 *a, int op)
{
    Width w = vec_width(a->q);
    simd_wr(t, a->rd, w, v2(t, op, w, a->size, 0, simd_rd(t, a->rn, w), simd_rd(t, a->rm, w)));
    return true;
}

/* Each table register sees the index less 16 times its number: indexes outside its 16 bytes give 0. */
bool tr_vp_tbl(Tr *t, const OpT3 *a, int keep)
{
    IrVal idx = vq(t, a->rm), r = 0;
    for (int i = 0; i <= a->len; i++) {
        IrVal at = i ? v2(t, IR_vsub, W_Q, E8, 0, idx, vk_lane(t, W_Q, E8, 16 * i)) : idx;
        IrVal part = v2(t, IR_vperm, W_Q, E8, 0, vq(t, (a->rn + i) & 31), at);
        r = i ? v2(t, IR_vor, W_Q, E64, 0, r, part) : part;
    }
    if (keep) {
        IrVal in = vcmp(t, COND_LTU, W_Q, E8, idx, vk_lane(t, W_Q, E8, 16 * (a->len + 1)));
        r = v3(t, IR_vbsl, W_Q, E64, in, r, vq(t, a->rd));
    }
    simd_wr(t, a->rd, vec_width(a->q), simd_as_w(t, vec_width(a->q), r));
    return true;
}

