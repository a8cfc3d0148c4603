/* SPDX-License-Identifier: Apache-2.0 */
/* Integer vector ops by value, lane by lane: plain and slow, the reference for host backends. */
#include <string.h>
#include "eval.h"

static uint64_t lane_get(const IrValue *v, int e, int n)
{
    switch (e) {
    case E8:  return v->b[n];
    case E16: return v->h[n];
    case E32: return v->s[n];
    default:  return v->u[n];
    }
}

static void lane_set(IrValue *v, int e, int n, uint64_t x)
{
    switch (e) {
    case E8:  v->b[n] = (uint8_t)x; break;
    case E16: v->h[n] = (uint16_t)x; break;
    case E32: v->s[n] = (uint32_t)x; break;
    default:  v->u[n] = x;
    }
}

static inline int bits_of(int e) { return 8 << e; }
static inline uint64_t lane_mask(int e) { return ~0ull >> (64 - bits_of(e)); }
static inline int64_t lane_sext(int e, uint64_t x)
{
    int s = 64 - bits_of(e);
    return (int64_t)(x << s) >> s;
}
static inline int64_t smax_of(int e) { return (int64_t)(lane_mask(e) >> 1); }
static inline int64_t smin_of(int e) { return -smax_of(e) - 1; }
static inline int nlanes(const IrInsn *i) { return (i->type == IR_V64 ? 8 : 16) >> i->lane; }

static uint64_t clamp(__int128 x, int64_t lo, uint64_t hi)
{
    return x < lo ? (uint64_t)lo : x > (__int128)hi ? hi : (uint64_t)x;
}

static uint64_t lane_unary(const IrInsn *i, uint64_t a)
{
    int e = i->lane, n = (int)i->imm, w = bits_of(e);
    switch (i->op) {
    case IR_vneg: return -a;
    case IR_vabs: return lane_sext(e, a) < 0 ? -a : a;
    case IR_vnot: return ~a;
    case IR_vshli: return a << n;
    case IR_vshri: return n < w ? a >> n : 0;
    case IR_vsari: return (uint64_t)(lane_sext(e, a) >> (n < w ? n : w - 1));
    default: return (unsigned)__builtin_popcountll(a);      /* vpopcnt */
    }
}

static uint64_t lane_binary(const IrInsn *i, uint64_t a, uint64_t b)
{
    int e = i->lane, s = (int)(b & (uint64_t)(bits_of(e) - 1));
    int64_t sa = lane_sext(e, a), sb = lane_sext(e, b);
    switch (i->op) {
    case IR_vadd: return a + b;
    case IR_vsub: return a - b;
    case IR_vmul: return a * b;
    case IR_vand: return a & b;
    case IR_vor: return a | b;
    case IR_vxor: return a ^ b;
    case IR_vandc: return a & ~b;
    case IR_vorc: return a | ~b;
    case IR_vshl: return a << s;
    case IR_vshr: return a >> s;
    case IR_vsar: return (uint64_t)(sa >> s);
    case IR_vcmp: return eval_cond((IrCond)i->cond, IR_I64, i->cond >= COND_LTU ? a : (uint64_t)sa,
                                   i->cond >= COND_LTU ? b : (uint64_t)sb) ? ~0ull : 0;
    case IR_vsmin: return (uint64_t)(sa < sb ? sa : sb);
    case IR_vsmax: return (uint64_t)(sa > sb ? sa : sb);
    case IR_vumin: return a < b ? a : b;
    case IR_vumax: return a > b ? a : b;
    case IR_vsadd: return clamp((__int128)sa + sb, smin_of(e), (uint64_t)smax_of(e));
    case IR_vssub: return clamp((__int128)sa - sb, smin_of(e), (uint64_t)smax_of(e));
    case IR_vuadd: return clamp((__int128)a + b, 0, lane_mask(e));
    case IR_vusub: return a > b ? a - b : 0;
    default: return (a + b + 1) >> 1;                       /* vavgu: E8 E16 */
    }
}

static void interleave(IrValue *r, const IrInsn *i, const IrValue *a, const IrValue *b)
{
    int e = i->lane, n = nlanes(i);
    for (int k = 0; k < n; k++) {
        const IrValue *from = k & 1 ? b : a;
        int at;
        switch (i->op) {
        case IR_vzip1: at = k / 2; break;
        case IR_vzip2: at = n / 2 + k / 2; break;
        case IR_vtrn1: at = k & ~1; break;
        case IR_vtrn2: at = k | 1; break;
        default:                                            /* vuzp1, vuzp2 */
            from = k < n / 2 ? a : b;
            at = 2 * (k % (n / 2)) + (i->op == IR_vuzp2);
        }
        lane_set(r, e, k, lane_get(from, e, at));
    }
}

static void bytes_op(IrValue *r, const IrInsn *i, const IrValue *a, const IrValue *b)
{
    int n = i->type == IR_V64 ? 8 : 16, imm = (int)i->imm, lane = 1 << i->lane;
    for (int k = 0; k < n; k++) {
        if (i->op == IR_vext)
            r->b[k] = k + imm < n ? a->b[k + imm] : b->b[k + imm - n];
        else if (i->op == IR_vperm)
            r->b[k] = b->b[k] < n ? a->b[b->b[k]] : 0;
        else                                                /* vrevl */
            r->b[k] = a->b[((k ^ (imm - 1)) & ~(lane - 1)) | (k & (lane - 1))];
    }
}

static uint64_t narrow_lane(IrOp op, int e, uint64_t a)
{
    int64_t sa = lane_sext(e, a);
    switch (op) {
    case IR_vnarrow_ss: return clamp(sa, smin_of(e - 1), (uint64_t)smax_of(e - 1));
    case IR_vnarrow_su: return clamp(sa, 0, lane_mask(e - 1));
    case IR_vnarrow_uu: return clamp((__int128)a, 0, lane_mask(e - 1));
    default: return a;
    }
}

static void widen_or_narrow(IrValue *r, const IrInsn *i, const IrValue *a, const IrValue *b)
{
    int e = i->lane, half = 8 >> e, from = i->imm ? half : 0;
    for (int k = 0; k < half; k++) {
        uint64_t x = lane_get(a, e, from + k), y = b ? lane_get(b, e, from + k) : 0;
        switch (i->op) {
        case IR_vwidens: lane_set(r, e + 1, k, (uint64_t)lane_sext(e, x)); break;
        case IR_vwidenu: lane_set(r, e + 1, k, x); break;
        case IR_vmulls:  lane_set(r, e + 1, k, (uint64_t)(lane_sext(e, x) * lane_sext(e, y))); break;
        default:         lane_set(r, e + 1, k, x * y); break;     /* vmullu */
        }
    }
}

static void narrow(IrValue *r, const IrInsn *i, const IrValue *a)
{
    int e = i->lane;
    for (int k = 0; k < 16 >> e; k++)
        lane_set(r, e - 1, k, narrow_lane((IrOp)i->op, e, lane_get(a, e, k)));
}

static void from_scalar(IrValue *r, const IrInsn *i, const IrValue *const *v)
{
    const IrValue *a = v[0];
    switch (i->op) {
    case IR_vpair: r->u[0] = a->u[0], r->u[1] = v[1]->u[0]; break;
    case IR_vdup:
        for (int k = 0; k < nlanes(i); k++)
            lane_set(r, i->lane, k, lane_get(a, i->lane, 0));
        break;
    case IR_vset:
        *r = *a;
        lane_set(r, i->lane, (int)i->imm, v[1]->u[0]);
        break;
    default:                                                /* vzext */
        r->u[0] = a->u[0];
    }
}

static void to_scalar(IrValue *r, const IrInsn *i, const IrValue *a)
{
    switch (i->op) {
    case IR_vlow:
        r->u[0] = i->type == IR_I32 || i->type == IR_F32 ? a->s[0] : a->u[0];
        break;
    case IR_vget:
        r->u[0] = lane_get(a, i->lane, (int)i->imm);
        if (i->aux & 1)
            r->u[0] = (uint64_t)lane_sext(i->lane, r->u[0]);
        if (i->type == IR_I32 || i->type == IR_F32)
            r->u[0] = (uint32_t)r->u[0];
        break;
    case IR_vmovmsk:
        for (int k = 0; k < nlanes(i); k++)
            r->u[0] |= (lane_get(a, i->lane, k) >> (bits_of(i->lane) - 1) & 1) << k;
        break;
    default:                                                /* vtestz */
        r->u[0] = !(a->u[0] | (i->type == IR_V64 ? 0 : a->u[1]));
    }
}

void eval_vec(IrValue *out, const IrInsn *i, const IrValue *const *v)
{
    const IrValue *a = v[0], *b = i->nargs > 1 ? v[1] : NULL;
    IrValue r = { .u = { 0, 0 } };
    switch (i->op) {
    case IR_vzext: case IR_vpair: case IR_vdup: case IR_vset: from_scalar(&r, i, v); break;
    case IR_vlow: case IR_vget: case IR_vmovmsk: case IR_vtestz: to_scalar(&r, i, a); break;
    case IR_vbsl:
        r.x = (a->x & b->x) | (~a->x & v[2]->x);
        break;
    case IR_vzip1: case IR_vzip2: case IR_vuzp1: case IR_vuzp2: case IR_vtrn1: case IR_vtrn2:
        interleave(&r, i, a, b);
        break;
    case IR_vext: case IR_vperm: case IR_vrevl: bytes_op(&r, i, a, b); break;
    case IR_vwidens: case IR_vwidenu: case IR_vmulls: case IR_vmullu: widen_or_narrow(&r, i, a, b); break;
    case IR_vnarrow: case IR_vnarrow_ss: case IR_vnarrow_su: case IR_vnarrow_uu: narrow(&r, i, a); break;
    case IR_vclmul: r.x = eval_clmul64(a->u[i->imm & 1], b->u[i->imm >> 1 & 1]); break;
    case IR_aesenc:
    case IR_aesdec:
    case IR_aesmc:
    case IR_aesimc:
    case IR_aesencmc:
    case IR_aesdecimc: eval_aes(&r, (IrOp)i->op, a); break;
    case IR_sha256h: case IR_sha256su0: case IR_sha256su1: case IR_sha1h: eval_sha(&r, i, v); break;
    default:
        for (int k = 0; k < nlanes(i); k++) {
            uint64_t x = lane_get(a, i->lane, k);
            lane_set(&r, i->lane, k, b ? lane_binary(i, x, lane_get(b, i->lane, k)) : lane_unary(i, x));
        }
    }
    if (i->type == IR_V64)
        r.u[1] = 0;
    *out = r;
}
