/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec floating point: round to nearest, no flags; with VSCR.NJ set, subnormal operands and results are zeros of
 * their sign. AltiVec Technology Programming Environments Manual 3.2.
 */
#include <fenv.h>
#include <math.h>
#include <string.h>
#include "target/ppc/help.h"
#include "tcg/softfloat.h"

static const FpRules rules = { .nan = NAN_FIRST, .tiny_before_rounding = true };
enum { SIGN = 0x80000000u, INF = 0x7f800000, QUIET = 0x400000 };

static bool is_nan(uint32_t v) { return (v & ~SIGN) > INF; }
static uint32_t flush(const CpuState *cpu, uint32_t v)
{
    return ((const PpcCpu *)cpu)->vscr_nj && !(v & INF) ? v & SIGN : v;
}
static SfEnv nearest(void) { return (SfEnv){ .round = FP_RNE, .rules = &rules }; }
/* Results that are tiny before rounding are flushed. */
static SfEnv arithmetic(const CpuState *cpu)
{
    return (SfEnv){ .round = FP_RNE, .rules = &rules, .flush_outputs = ((const PpcCpu *)cpu)->vscr_nj };
}

typedef uint32_t (*Fn1)(CpuState *, uint32_t);
typedef uint32_t (*Fn2)(CpuState *, uint32_t, uint32_t);

static void each1(CpuState *cpu, void *out, const void *b, Fn1 f)
{
    PpcVec y = *(const PpcVec *)b;
    for (int i = 0; i < 4; i++)
        y.w[i] = f(cpu, flush(cpu, y.w[i]));
    *(PpcVec *)out = y;
}

static void each2(CpuState *cpu, void *out, const void *a, const void *b, Fn2 f)
{
    PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b;
    for (int i = 0; i < 4; i++)
        x.w[i] = f(cpu, flush(cpu, x.w[i]), flush(cpu, y.w[i]));
    *(PpcVec *)out = x;
}

/* The host's arithmetic serves while the rounding mode is nearest, operands are normal or zero and the result is well inside the normal
 * range. */
static float as_float(uint32_t v) { float f; memcpy(&f, &v, 4); return f; }
static uint32_t as_bits(float f) { uint32_t v; memcpy(&v, &f, 4); return v; }
static bool plain(uint32_t v) { return (v >> 23 & 255) - 1 < 254 || !(v << 1); }
static bool inside(uint32_t v) { return (v >> 23 & 255) - 2 < 252; }

static uint32_t add(CpuState *cpu, uint32_t a, uint32_t b)
{
    uint32_t r = as_bits(as_float(a) + as_float(b));
    if (cpu->fp_round == FP_RNE && plain(a) && plain(b) && inside(r))
        return r;
    SfEnv e = arithmetic(cpu);
    return sf_add(&e, SF32, a, b);
}

static uint32_t sub(CpuState *cpu, uint32_t a, uint32_t b)
{
    uint32_t r = as_bits(as_float(a) - as_float(b));
    if (cpu->fp_round == FP_RNE && plain(a) && plain(b) && inside(r))
        return r;
    SfEnv e = arithmetic(cpu);
    return sf_sub(&e, SF32, a, b);
}

static uint32_t min(CpuState *cpu, uint32_t a, uint32_t b) { SfEnv e = nearest(); return sf_min(&e, SF32, a, b, FMINMAX_VMX); }
static uint32_t max(CpuState *cpu, uint32_t a, uint32_t b) { SfEnv e = nearest(); return sf_max(&e, SF32, a, b, FMINMAX_VMX); }
static bool holds(uint32_t a, uint32_t b, IrCond c) { SfEnv e = nearest(); return sf_cmp(&e, SF32, a, b, c, false); }
static uint32_t eq(CpuState *cpu, uint32_t a, uint32_t b) { return -(uint32_t)holds(a, b, COND_EQ); }
static uint32_t ge(CpuState *cpu, uint32_t a, uint32_t b) { return -(uint32_t)holds(a, b, COND_GE); }
static uint32_t gt(CpuState *cpu, uint32_t a, uint32_t b) { return -(uint32_t)holds(a, b, COND_GT); }
/* vcmpbfp: bit 0 (the manual's) when a > b, bit 1 when a < -b; both for unordered */
static uint32_t bounds(CpuState *cpu, uint32_t a, uint32_t b)
{
    return (holds(a, b, COND_LE) ? 0 : 0x80000000u) | (holds(a, b ^ SIGN, COND_GE) ? 0 : 0x40000000u);
}

void h_vaddfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, add); }
void h_vsubfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, sub); }
void h_vminfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, min); }
void h_vmaxfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, max); }
void h_vcmpeqfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, eq); }
void h_vcmpgefp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, ge); }
void h_vcmpgtfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, gt); }
void h_vcmpbfp(CpuState *cpu, void *out, const void *a, const void *b) { each2(cpu, out, a, b, bounds); }

/* a * c + b; NaNs are looked for in the order a, b, c */
static uint32_t fused(CpuState *cpu, uint32_t a, uint32_t b, uint32_t c, int neg)
{
    if (cpu->fp_round == FP_RNE && plain(a) && plain(b) && plain(c)) {
        uint32_t r = as_bits(fmaf(as_float(a), as_float(c), as_float(neg & FMA_NEG_ADDEND ? b ^ SIGN : b)));
        if (inside(r))
            return neg & FMA_NEG_RESULT ? r ^ SIGN : r;
    }
    const uint32_t v[] = { a, b, c };
    for (int i = 0; i < 3; i++)
        if (is_nan(v[i]))
            return v[i] | QUIET;
    SfEnv e = arithmetic(cpu);
    return sf_fma(&e, SF32, a, c, b, neg);
}

static void multiply_add(CpuState *cpu, void *out, const void *a, const void *b, const void *c, int neg)
{
    PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b, z = *(const PpcVec *)c;
    for (int i = 0; i < 4; i++)
        x.w[i] = fused(cpu, flush(cpu, x.w[i]), flush(cpu, y.w[i]), flush(cpu, z.w[i]), neg);
    *(PpcVec *)out = x;
}
void h_vmaddfp(CpuState *cpu, void *out, const void *a, const void *b, const void *c) { multiply_add(cpu, out, a, b, c, 0); }
void h_vnmsubfp(CpuState *cpu, void *out, const void *a, const void *b, const void *c)
{
    multiply_add(cpu, out, a, b, c, FMA_NEG_ADDEND | FMA_NEG_RESULT);
}

/* Estimates: the manual bounds their error (1/4096, 1/16, 1/32); ours are the rounded values. Translated code calls under the
 * guest's rounding mode, and has its own back afterwards. */
static uint32_t estimate(CpuState *cpu, uint32_t v, float (*f)(float))
{
    if (is_nan(v))
        return v | QUIET;
    fesetround(FE_TONEAREST);
    uint32_t r = as_bits(f(as_float(v)));
    return is_nan(r) ? 0x7fc00000 : flush(cpu, r);
}
static float reciprocal(float f) { return 1 / f; }
static float root(float f) { return f == 0 ? 1 / f : (float)(1 / sqrt(f)); }
static uint32_t re(CpuState *cpu, uint32_t v) { return estimate(cpu, v, reciprocal); }
static uint32_t rsqrte(CpuState *cpu, uint32_t v) { return estimate(cpu, v, root); }
static uint32_t expte(CpuState *cpu, uint32_t v) { return estimate(cpu, v, exp2f); }
static uint32_t loge(CpuState *cpu, uint32_t v) { return estimate(cpu, v, log2f); }
static uint32_t rounded(uint32_t v, FpRound how) { SfEnv e = nearest(); e.round = how; return sf_round_int(&e, SF32, v, false); }
static uint32_t rfin(CpuState *cpu, uint32_t v) { return rounded(v, FP_RNE); }
static uint32_t rfiz(CpuState *cpu, uint32_t v) { return rounded(v, FP_RTZ); }
static uint32_t rfip(CpuState *cpu, uint32_t v) { return rounded(v, FP_RUP); }
static uint32_t rfim(CpuState *cpu, uint32_t v) { return rounded(v, FP_RDN); }

void h_vrefp(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, re); }
void h_vrsqrtefp(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, rsqrte); }
void h_vexptefp(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, expte); }
void h_vlogefp(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, loge); }
void h_vrfin(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, rfin); }
void h_vrfiz(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, rfiz); }
void h_vrfip(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, rfip); }
void h_vrfim(CpuState *cpu, void *out, const void *b) { each1(cpu, out, b, rfim); }

static void from_int(void *out, const void *b, int scale, bool is_signed)
{
    PpcVec y = *(const PpcVec *)b;
    for (int i = 0; i < 4; i++) {
        SfEnv e = nearest();
        y.w[i] = sf_from_fixed(&e, SF32, is_signed ? (uint64_t)(int64_t)y.sw[i] : y.w[i], 32, is_signed, scale);
    }
    *(PpcVec *)out = y;
}
void h_vcfux(CpuState *cpu, void *out, const void *b, uint32_t uim) { from_int(out, b, uim, false); }
void h_vcfsx(CpuState *cpu, void *out, const void *b, uint32_t uim) { from_int(out, b, uim, true); }

/* Saturates and sets SAT; a NaN gives 0 and leaves SAT. */
static void to_int(CpuState *cpu, void *out, const void *b, int scale, bool is_signed)
{
    PpcVec y = *(const PpcVec *)b;
    for (int i = 0; i < 4; i++) {
        SfEnv e = nearest();
        bool nan = is_nan(y.w[i]);
        e.round = FP_RTZ;
        y.w[i] = sf_to_fixed(&e, SF32, flush(cpu, y.w[i]), 32, is_signed, 0, scale);
        if (e.flags & FPF_INVALID && !nan)
            ((PpcCpu *)cpu)->vsat.d[0] = 1;
    }
    *(PpcVec *)out = y;
}
void h_vctuxs(CpuState *cpu, void *out, const void *b, uint32_t uim) { to_int(cpu, out, b, uim, false); }
void h_vctsxs(CpuState *cpu, void *out, const void *b, uint32_t uim) { to_int(cpu, out, b, uim, true); }
