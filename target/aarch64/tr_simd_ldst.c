/* SPDX-License-Identifier: Apache-2.0 */
/* Advanced SIMD loads and stores of structures: LD1..LD4, ST1..ST4 (multiple, one lane), LD1R..LD4R.
 * Every access of a load comes before the first register write, so a fault leaves the registers alone. */
#include "tr_simd.h"

#include "aarch64/simd_ldst.decode.h"
#include "aarch64/simd_ldst.decode.inc"

bool ok_vl_full_d(const OpM *a) { return a->size != 3 || a->q; }
bool ok_vl_full_dp(const OpMP *a) { return a->size != 3 || a->q; }

/* Doublewords are scale 2 with size = 01. */
static IrLane lane_size(int scale, int idx) { return scale == 2 && (idx & 1) ? E64 : (IrLane)scale; }
static bool lane_valid(int scale, int idx)
{
    static const uint8_t must_be_zero[] = { 0, 1, 2 };
    return scale < 3 && ((idx & must_be_zero[scale]) == 0 && !(scale == 2 && (idx & 5) == 5));
}
bool ok_vl_lane(const OpL *a) { return lane_valid(a->scale, a->idx); }
bool ok_vl_lane_p(const OpLP *a) { return lane_valid(a->scale, a->idx); }

static IrVal base(Tr *t, int rn) { return mem_addr(t, get_x_sp(t, rn)); }

static void post(Tr *t, int rn, int rm, int bytes)
{
    put_x_sp(t, rn, ir_op2(t->u, IR_add, IR_I64, get_x_sp(t, rn), rm == 31 ? imm_x(t, bytes) : get_x(t, rm)));
}

static IrVal load_q(Tr *t, IrVal addr, int off) { return ir_load(t->u, IR_V128, MEM_128, addr, off); }
static IrVal load_d(Tr *t, IrVal addr, int off) { return vzext64(t, ir_load(t->u, IR_V64, MEM_64, addr, off)); }

/* --- three-way interleave by byte permutation: byte i of register r is byte 3 * lane(i) + r of the structure array */
static int array_byte(IrLane e, int r, int i) { return (3 * (i >> e) + r) * (1 << e) + (i & ((1 << e) - 1)); }

/* vperm pattern for the 16 bytes pos[], keeping those in [16 * part, 16 * part + 16) */
static IrVal perm_const(Tr *t, const int *pos, int part)
{
    uint64_t half[2] = { 0, 0 };
    for (int i = 0; i < 16; i++) {
        int at = pos[i] - 16 * part;
        half[i >> 3] |= (uint64_t)(at >= 0 && at < 16 ? at : 0x80) << 8 * (i & 7);
    }
    return simd_const128(t, half[0], half[1]);
}

/* Bytes pos[] of the concatenation of src[0..n): n permutations merged. pos < 0 gives 0. */
static IrVal gather(Tr *t, const IrVal *src, int n, const int *pos)
{
    IrVal r = 0;
    for (int k = 0; k < n; k++) {
        bool used = false;
        for (int i = 0; i < 16; i++)
            used |= pos[i] >= 0 && pos[i] >> 4 == k;
        if (!used)
            continue;
        IrVal p = v2(t, IR_vperm, W_Q, E8, 0, src[k], perm_const(t, pos, k));
        r = r ? v2(t, IR_vor, W_Q, E64, 0, r, p) : p;
    }
    return r;
}

static void deinterleave3(Tr *t, int q, IrLane e, const IrVal *m, IrVal *v)
{
    int pos[16];
    for (int r = 0; r < 3; r++) {
        for (int i = 0; i < 16; i++)
            pos[i] = i < (q ? 16 : 8) ? array_byte(e, r, i) : -1;
        v[r] = gather(t, m, q ? 3 : 2, pos);
    }
}

/* The reverse: byte j of the array is byte of register (j / lane) % 3. */
static void interleave3(Tr *t, int q, IrLane e, const IrVal *v, IrVal *m)
{
    int pos[16];
    for (int k = 0; k < (q ? 3 : 2); k++) {
        for (int i = 0; i < 16; i++) {
            int j = 16 * k + i, lane = j >> e;
            bool in = j < (q ? 48 : 24);
            pos[i] = in ? 16 * (lane % 3) + (lane / 3 << e) + (j & ((1 << e) - 1)) : -1;
        }
        m[k] = gather(t, v, 3, pos);
    }
}

/* --- two and four ways by unzip and zip. V64 arrays are held as V128 halves: w of the data is W_Q throughout. */
static void deinterleave2(Tr *t, IrLane e, IrVal a, IrVal b, IrVal *even, IrVal *odd)
{
    *even = v2(t, IR_vuzp1, W_Q, e, 0, a, b);
    *odd = v2(t, IR_vuzp2, W_Q, e, 0, a, b);
}

static void deinterleave4(Tr *t, IrLane e, const IrVal *m, IrVal *v)
{
    IrVal e0, o0, e1, o1;
    deinterleave2(t, e, m[0], m[1], &e0, &o0);
    deinterleave2(t, e, m[2], m[3], &e1, &o1);
    deinterleave2(t, e, e0, e1, &v[0], &v[2]);
    deinterleave2(t, e, o0, o1, &v[1], &v[3]);
}

static void interleave2(Tr *t, IrLane e, IrVal a, IrVal b, IrVal *lo, IrVal *hi)
{
    *lo = v2(t, IR_vzip1, W_Q, e, 0, a, b);
    *hi = v2(t, IR_vzip2, W_Q, e, 0, a, b);
}

static void interleave4(Tr *t, IrLane e, const IrVal *v, IrVal *m)
{
    IrVal a_lo, a_hi, b_lo, b_hi;
    interleave2(t, e, v[0], v[2], &a_lo, &a_hi);
    interleave2(t, e, v[1], v[3], &b_lo, &b_hi);
    interleave2(t, e, a_lo, b_lo, &m[0], &m[1]);
    interleave2(t, e, a_hi, b_hi, &m[2], &m[3]);
}

/* The array of n structures' registers in memory order: whole 16-byte pieces, the last one may be 8 bytes. */
static void load_array(Tr *t, IrVal addr, int bytes, IrVal *m)
{
    for (int off = 0; off < bytes; off += 16)
        m[off / 16] = bytes - off >= 16 ? load_q(t, addr, off) : load_d(t, addr, off);
}
static void store_array(Tr *t, IrVal addr, int bytes, const IrVal *m)
{
    for (int off = 0; off < bytes; off += 16) {
        if (bytes - off >= 16)
            ir_store(t->u, MEM_128, addr, off, m[off / 16]);
        else
            ir_store(t->u, MEM_64, addr, off, vlow64(t, m[off / 16]));
    }
}

/* kind: structure size * 8 + registers */
static void do_ld_multi(Tr *t, int kind, int q, IrLane e, int rn, int rt)
{
    int ways = kind >> 3, regs = kind & 7, each = q ? 16 : 8;
    IrVal addr = base(t, rn), m[4] = { 0 }, v[4];
    if (ways == 1) {
        for (int i = 0; i < regs; i++)
            v[i] = q ? load_q(t, addr, 16 * i) : load_d(t, addr, 8 * i);
    } else {
        load_array(t, addr, each * regs, m);
        if (ways == 2)
            deinterleave2(t, e, m[0], q ? m[1] : m[0], &v[0], &v[1]);
        else if (ways == 3)
            deinterleave3(t, q, e, m, v);
        else if (q)
            deinterleave4(t, e, m, v);
        else
            deinterleave4(t, e, (IrVal[]){ m[0], m[1], m[0], m[1] }, v);
    }
    for (int i = 0; i < regs; i++) {
        if (q || ways == 1)
            put_v(t, (rt + i) & 31, v[i]);
        else
            simd_wr_low(t, (rt + i) & 31, v[i]);
    }
}

static void do_st_multi(Tr *t, int kind, int q, IrLane e, int rn, int rt)
{
    int ways = kind >> 3, regs = kind & 7, each = q ? 16 : 8;
    IrVal addr = base(t, rn), m[4] = { 0 }, v[4];
    for (int i = 0; i < regs; i++)
        v[i] = vq(t, (rt + i) & 31);
    if (ways == 1) {
        for (int i = 0; i < regs; i++)
            ir_store(t->u, q ? MEM_128 : MEM_64, addr, each * i, q ? v[i] : vlow64(t, v[i]));
        return;
    }
    if (ways == 2)
        interleave2(t, e, v[0], v[1], &m[0], &m[1]);
    else if (ways == 3)
        interleave3(t, q, e, v, m);
    else
        interleave4(t, e, v, m);            /* the low halves' structures are the first two pieces */
    store_array(t, addr, each * regs, m);
}

bool tr_vl_ld_multi(Tr *t, const OpM *a, int kind)
{
    do_ld_multi(t, kind, a->q, a->size, a->rn, a->rt);
    return true;
}
bool tr_vl_ld_multi_p(Tr *t, const OpMP *a, int kind)
{
    do_ld_multi(t, kind, a->q, a->size, a->rn, a->rt);
    post(t, a->rn, a->rm, (kind & 7) * (a->q ? 16 : 8));
    return true;
}
bool tr_vl_st_multi(Tr *t, const OpM *a, int kind)
{
    do_st_multi(t, kind, a->q, a->size, a->rn, a->rt);
    return true;
}
bool tr_vl_st_multi_p(Tr *t, const OpMP *a, int kind)
{
    do_st_multi(t, kind, a->q, a->size, a->rn, a->rt);
    post(t, a->rn, a->rm, (kind & 7) * (a->q ? 16 : 8));
    return true;
}

/* --- one lane of 1..4 registers */
static void ld_lane(Tr *t, int n, IrLane e, int idx, int rn, int rt)
{
    IrVal addr = base(t, rn), v[4];
    for (int i = 0; i < n; i++)
        v[i] = ir_load(t->u, simd_elem_type(e), e, addr, i << e);
    for (int i = 0; i < n; i++)
        put_v(t, (rt + i) & 31, ir_vset(t->u, IR_V128, e, idx, vq(t, (rt + i) & 31), v[i]));
}

static void st_lane(Tr *t, int n, IrLane e, int idx, int rn, int rt)
{
    IrVal addr = base(t, rn);
    for (int i = 0; i < n; i++)
        ir_store(t->u, e, addr, i << e,
            ir_vconv(t->u, IR_vget, simd_elem_type(e), IR_V128, e, idx, 0, vq(t, (rt + i) & 31)));
}

bool tr_vl_ld_lane(Tr *t, const OpL *a, int n)
{
    IrLane e = lane_size(a->scale, a->idx);
    ld_lane(t, n, e, a->idx >> e, a->rn, a->rt);
    return true;
}
bool tr_vl_ld_lane_p(Tr *t, const OpLP *a, int n)
{
    IrLane e = lane_size(a->scale, a->idx);
    ld_lane(t, n, e, a->idx >> e, a->rn, a->rt);
    post(t, a->rn, a->rm, n << e);
    return true;
}
bool tr_vl_st_lane(Tr *t, const OpL *a, int n)
{
    IrLane e = lane_size(a->scale, a->idx);
    st_lane(t, n, e, a->idx >> e, a->rn, a->rt);
    return true;
}
bool tr_vl_st_lane_p(Tr *t, const OpLP *a, int n)
{
    IrLane e = lane_size(a->scale, a->idx);
    st_lane(t, n, e, a->idx >> e, a->rn, a->rt);
    post(t, a->rn, a->rm, n << e);
    return true;
}

static void do_rep(Tr *t, int n, int q, IrLane e, int rn, int rt)
{
    Width w = vec_width(q);
    IrVal addr = base(t, rn), v[4];
    for (int i = 0; i < n; i++)
        v[i] = ir_load(t->u, simd_elem_type(e), e, addr, i << e);
    for (int i = 0; i < n; i++)
        simd_wr(t, (rt + i) & 31, w, ir_vconv(t->u, IR_vdup, w_type(w), simd_elem_type(e), e, 0, 0, v[i]));
}
bool tr_vl_ld_rep(Tr *t, const OpM *a, int n)
{
    do_rep(t, n, a->q, a->size, a->rn, a->rt);
    return true;
}
bool tr_vl_ld_rep_p(Tr *t, const OpMP *a, int n)
{
    do_rep(t, n, a->q, a->size, a->rn, a->rt);
    post(t, a->rn, a->rm, n << a->size);
    return true;
}

