/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point Advanced SIMD helpers: estimates, steps, half precision, fixed point. The arithmetic is softfloat's;
 * this file walks the lanes and keeps the guest's flags. */
#include "tr_simd.h"
#include "help.h"
#include "help_simd.h"

static IrLane lane_of(uint32_t d) { return d >> SIMD_DESC_LANE & 15; }
static int lanes_of(uint32_t d) { return (1 << (d >> SIMD_DESC_WIDTH & 15)) >> lane_of(d); }
static int fn_of(uint32_t d) { return d >> SIMD_DESC_FN & 255; }
static int imm_of(uint32_t d) { return d >> SIMD_DESC_IMM & 255; }
static uint64_t get(const A64Vec *v, IrLane e, int i) { return e == E64 ? v->d[i] : v->s[i]; }
static void set(A64Vec *v, IrLane e, int i, uint64_t x) { if (e == E64) v->d[i] = x; else v->s[i] = x; }

/* FPRoundIntN: like a conversion to an N-bit integer whose failures give the most negative one. */
static uint64_t round_int_n(SfEnv *e, SfFmt f, int imm, uint64_t v)
{
    int bits = imm & ~31;
    SfEnv probe = *e;
    if ((imm & 31) != FP_DYN)
        e->round = probe.round = imm & 31;
    uint64_t r = sf_round_int(&probe, f, v, true);
    int frac = f == SF64 ? 52 : 23, bias = f == SF64 ? 1023 : 127;
    uint64_t sign = 1ull << (f == SF64 ? 63 : 31), limit = (uint64_t)(bias + bits - 1) << frac;
    if ((r & (sign - 1)) < limit || r == (sign | limit)) {
        e->flags = probe.flags;
        return r;
    }
    e->flags |= FPF_INVALID | (probe.flags & FPF_DENORM);
    return sign | limit;
}

static uint64_t fp1(SfEnv *e, SfFmt f, int fn, int imm, uint64_t v)
{
    switch (fn) {
    case F1_RECPE: return sf_arm_recpe(e, f, v);
    case F1_RSQRTE: return sf_arm_rsqrte(e, f, v);
    case F1_RECPX: return sf_arm_recpx(e, f, v);
    default: return round_int_n(e, f, imm, v);
    }
}

/* Conversions to lanes of another width. Narrowing results fill the low 64 bits; imm of a widening one
 * picks the half. */
static A64Vec convert(SfEnv *e, int fn, int half, const A64Vec *a)
{
    A64Vec r = { { 0 } };
    switch (fn) {
    case F1_CVTXN:
        e->round = FP_RODD;
        for (int i = 0; i < 2; i++)
            r.s[i] = sf_cvt(e, SF32, SF64, a->d[i]);
        break;
    case F1_CVTN_SH:
        for (int i = 0; i < 4; i++)
            r.h[i] = sf_cvt(e, SF16, SF32, a->s[i]);
        break;
    default:
        for (int i = 0; i < 4; i++)
            r.s[i] = sf_cvt(e, SF32, SF16, a->h[4 * half + i]);
    }
    return r;
}

void help_simd_fp1(CpuState *cpu, void *out, const void *a, uint32_t d)
{
    SfEnv e = a64_fp_enter((A64Cpu *)cpu);
    IrLane lane = lane_of(d);
    A64Vec r = { { 0 } }, src = *(const A64Vec *)a;
    int fn = fn_of(d), n = lanes_of(d);
    if (fn >= F1_CVTXN && fn <= F1_CVTN_SH) {
        if (n == 1)
            src.d[1] = 0;                           /* scalar FCVTXN */
        r = convert(&e, fn, imm_of(d), &src);
    } else {
        for (int i = 0; i < n; i++)
            set(&r, lane, i, fp1(&e, lane == E64 ? SF64 : SF32, fn, imm_of(d), get(&src, lane, i)));
    }
    a64_fp_leave((A64Cpu *)cpu, &e);
    *(A64Vec *)out = r;
}

void help_simd_fp2(CpuState *cpu, void *out, const void *a, const void *b, uint32_t d)
{
    static SfBits (*const fn[])(SfEnv *, SfFmt, SfBits, SfBits) = {
        [F2_RECPS] = sf_arm_recps, [F2_RSQRTS] = sf_arm_rsqrts, [F2_MULX] = sf_arm_mulx,
    };
    SfEnv e = a64_fp_enter((A64Cpu *)cpu);
    IrLane lane = lane_of(d);
    A64Vec r = { { 0 } };
    for (int i = 0; i < lanes_of(d); i++)
        set(&r, lane, i, fn[fn_of(d)](&e, lane == E64 ? SF64 : SF32, get(a, lane, i), get(b, lane, i)));
    a64_fp_leave((A64Cpu *)cpu, &e);
    *(A64Vec *)out = r;
}

void help_simd_fixed(CpuState *cpu, void *out, const void *a, uint32_t d)
{
    SfEnv e = a64_fp_enter((A64Cpu *)cpu);
    IrLane lane = lane_of(d);
    SfFmt f = lane == E64 ? SF64 : SF32;
    int fbits = imm_of(d), width = 8 << lane, fn = fn_of(d);
    e.round = FP_RTZ;
    A64Vec r = { { 0 } };
    for (int i = 0; i < lanes_of(d); i++) {
        uint64_t v = get(a, lane, i);
        set(&r, lane, i, sf_to_fixed(&e, f, v, width, fn == FX_FCVTZS, 0, fbits));
    }
    a64_fp_leave((A64Cpu *)cpu, &e);
    *(A64Vec *)out = r;
}
