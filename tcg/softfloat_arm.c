/* SPDX-License-Identifier: Apache-2.0 */
/* Arm's reciprocal estimates and Newton steps. Source: Arm ARM, shared/functions/float pseudocode
 * FPRecipEstimate, FPRSqrtEstimate, FPRecpX, FPRecipStepFused, FPRSqrtStepFused, FPMulX. */
#include "softfloat_internal.h"

static uint32_t recip_estimate(uint32_t a)      /* 256..511 to 256..511 */
{
    a = a * 2 + 1;
    return ((1u << 19) / a + 1) / 2;
}

static uint32_t rsqrt_estimate(uint32_t a)      /* 128..511 to 256..511 */
{
    uint32_t b = 512;

    a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (b + 1) / 2;
}

uint32_t sf_arm_urecpe(uint32_t a)
{
    return a >> 31 ? recip_estimate(a >> 23) << 23 : ~0u;
}

uint32_t sf_arm_ursqrte(uint32_t a)
{
    return a >> 30 ? rsqrt_estimate(a >> 23) << 23 : ~0u;
}

/* The fraction left-aligned in 52 bits, as the pseudocode has it. */
static uint64_t frac52(SfFmt f, SfBits a)
{
    return (uint64_t)(a & sf_mask(sf_format[f].frac)) << (52 - sf_format[f].frac);
}

static SfBits pack52(SfFmt f, bool sign, int exp, uint64_t frac)
{
    return sf_zero(f, sign) | (SfBits)exp << sf_format[f].frac | frac >> (52 - sf_format[f].frac);
}

SfBits sf_arm_recpe(SfEnv *e, SfFmt f, SfBits a)
{
    SfNum x = sf_unpack(e, f, a);
    int bias = sf_format[f].bias, exp = (int)(a >> sf_format[f].frac & sf_mask(sf_format[f].ebits));
    uint64_t fr = frac52(f, a);

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, &a, 1);
    if (x.kind == SFK_INF)
        return sf_zero(f, x.sign);
    if (x.kind == SFK_ZERO) {
        e->flags |= FPF_DIVZERO;
        return sf_inf(f, x.sign);
    }
    if (x.exp < -(bias + 1)) {
        bool to_inf = e->round == FP_RNE || e->round == FP_RNA || e->round == (x.sign ? FP_RDN : FP_RUP);
        e->flags |= FPF_OVERFLOW | FPF_INEXACT;
        return to_inf ? sf_inf(f, x.sign) : sf_inf(f, x.sign) - 1;
    }
    if (e->flush_outputs && f != SF16 && x.exp >= bias - 1) {
        e->flags |= FPF_UNDERFLOW;
        return sf_zero(f, x.sign);
    }
    if (exp == 0) {
        exp = fr >> 51 ? 0 : -1;
        fr = fr << (exp ? 2 : 1) & (uint64_t)sf_mask(52);
    }
    int rexp = 2 * bias - 1 - exp;
    fr = (uint64_t)(recip_estimate(256 | (uint32_t)(fr >> 44)) & 255) << 44;
    if (rexp <= 0) {
        fr = (fr | 1ull << 52) >> (1 - rexp);
        rexp = 0;
    }
    return pack52(f, x.sign, rexp, fr);
}

SfBits sf_arm_rsqrte(SfEnv *e, SfFmt f, SfBits a)
{
    SfNum x = sf_unpack(e, f, a);

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, &a, 1);
    if (x.kind == SFK_ZERO) {
        e->flags |= FPF_DIVZERO;
        return sf_inf(f, x.sign);
    }
    if (x.sign)
        return sf_invalid(e, f);
    if (x.kind == SFK_INF)
        return sf_zero(f, false);
    int bias = sf_format[f].bias, exp = x.exp + bias;
    uint32_t top = (uint32_t)(x.sig >> 119);    /* 256..511: leading one and eight bits */
    uint32_t r = rsqrt_estimate(exp & 1 ? top >> 1 : top);
    return pack52(f, false, (3 * bias - 1 - exp) / 2, (uint64_t)(r & 255) << 44);
}

SfBits sf_arm_recpx(SfEnv *e, SfFmt f, SfBits a)
{
    SfNum x = sf_unpack(e, f, a);
    SfBits ones = sf_mask(sf_format[f].ebits), exp = a >> sf_format[f].frac & ones;

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, &a, 1);
    return sf_zero(f, x.sign) | (exp ? ~exp & ones : ones - 1) << sf_format[f].frac;
}

/* k - a*b, times 2^scale, k an exact constant. */
static SfBits step(SfEnv *e, SfFmt f, SfBits a, SfBits b, SfNum k, int scale)
{
    SfNum x, y;

    a ^= sf_sign_bit(f);
    x = sf_unpack(e, f, a);
    y = sf_unpack(e, f, b);
    if (x.kind == SFK_NAN || y.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, (SfBits[]){ a, b }, 2);
    if ((x.kind == SFK_INF && y.kind == SFK_ZERO) || (x.kind == SFK_ZERO && y.kind == SFK_INF)) {
        k.exp += scale;
        return sf_round_pack(e, f, k);
    }
    return sf_fma_finish(e, f, x, y, k, 0, scale);
}

SfBits sf_arm_recps(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    return step(e, f, a, b, (SfNum){ SFK_FINITE, false, 1, sf_bit(127) }, 0);
}

SfBits sf_arm_rsqrts(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    return step(e, f, a, b, (SfNum){ SFK_FINITE, false, 1, (SfBits)3 << 126 }, -1);
}

SfBits sf_arm_mulx(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    SfEnv t = *e;
    SfNum x = sf_unpack(&t, f, a), y = sf_unpack(&t, f, b);

    if ((x.kind == SFK_INF && y.kind == SFK_ZERO) || (x.kind == SFK_ZERO && y.kind == SFK_INF)) {
        e->flags = t.flags;
        return sf_zero(f, x.sign ^ y.sign) | (sf_one(f) + sf_bit(sf_format[f].frac));
    }
    return sf_mul(e, f, a, b);
}
