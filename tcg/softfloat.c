/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE arithmetic on unpacked numbers: unpack, one exact or sticky operation, round once.
 * Conversions and comparisons are in softfloat_cvt.c. */
#include "softfloat_internal.h"

const SfFormat sf_format[4] = {
    [SF16] = { 10, 5, 15 }, [SF32] = { 23, 8, 127 }, [SF64] = { 52, 11, 1023 }, [SF128] = { 112, 15, 16383 },
};

static SfBits frac_of(SfFmt f, SfBits a) { return a & sf_mask(sf_format[f].frac); }
static int exp_of(SfFmt f, SfBits a) { return (int)(a >> sf_format[f].frac & sf_mask(sf_format[f].ebits)); }

bool sf_is_nan(SfFmt f, SfBits a)
{
    return exp_of(f, a) == (int)sf_mask(sf_format[f].ebits) && frac_of(f, a);
}

bool sf_is_snan(SfFmt f, SfBits a)
{
    return sf_is_nan(f, a) && !(a >> (sf_format[f].frac - 1) & 1);
}

int sf_class(SfFmt f, SfBits a)
{
    if (sf_is_nan(f, a))
        return sf_is_snan(f, a) ? SF_CLASS_SNAN : SF_CLASS_QNAN;
    if (exp_of(f, a) == (int)sf_mask(sf_format[f].ebits))
        return SF_CLASS_INF;
    if (exp_of(f, a))
        return SF_CLASS_NORMAL;
    return frac_of(f, a) ? SF_CLASS_SUBNORMAL : SF_CLASS_ZERO;
}

SfBits sf_default_nan(const SfEnv *e, SfFmt f)
{
    return sf_inf(f, e->rules->default_nan_negative) | sf_bit(sf_format[f].frac - 1);
}

SfBits sf_invalid(SfEnv *e, SfFmt f)
{
    e->flags |= FPF_INVALID;
    return sf_default_nan(e, f);
}

SfNum sf_unpack(SfEnv *e, SfFmt f, SfBits a)
{
    const SfFormat *t = &sf_format[f];
    SfNum n = { .sign = a >> (sf_width(f) - 1) & 1 };
    int ex = exp_of(f, a);
    SfBits fr = frac_of(f, a);
    bool alt = f == SF16 && e->half_alt;

    if (ex == (int)sf_mask(t->ebits) && !alt) {
        n.kind = fr ? SFK_NAN : SFK_INF;
    } else if (ex) {
        n.kind = SFK_FINITE;
        n.exp = ex - t->bias;
        n.sig = (fr | sf_bit(t->frac)) << (127 - t->frac);
    } else if (!fr) {
        n.kind = SFK_ZERO;
    } else if (e->flush_inputs && f != SF16) {
        e->flags |= FPF_DENORM;
        n.kind = SFK_ZERO;
    } else {
        int z = sf_clz(fr);
        n.kind = SFK_FINITE;
        n.sig = fr << z;
        n.exp = 1 - t->bias - t->frac + (127 - z);
    }
    return n;
}

/* sig rounded at bit `at` (a multiple of 2^at); carry reports a wrap to 2^128. */
static SfBits round_at(SfBits sig, int at, bool sign, FpRound r, bool *carry, bool *inexact)
{
    SfBits rem = sig & sf_mask(at), half = sf_bit(at - 1), up = 0;

    *carry = false;
    *inexact = rem != 0;
    if (!rem)
        return sig;
    sig &= ~sf_mask(at);
    switch (r) {
    case FP_RTZ: break;
    case FP_RDN: up = sign; break;
    case FP_RUP: up = !sign; break;
    case FP_RNA: up = rem >= half; break;
    case FP_RODD: sig |= sf_bit(at); break;
    default: up = rem > half || (rem == half && (sig >> at & 1)); break;
    }
    if (up) {
        sig += sf_bit(at);
        *carry = sig < sf_bit(at);
    }
    return sig;
}

static SfBits overflow(SfEnv *e, SfFmt f, bool sign)
{
    bool to_inf = e->round == FP_RNE || e->round == FP_RNA || e->round == (sign ? FP_RDN : FP_RUP);

    if (f == SF16 && e->half_alt) {             /* Arm: the alternative format saturates, invalid only */
        e->flags |= FPF_INVALID;
        return sf_zero(f, sign) | 0x7fff;
    }
    e->flags |= FPF_OVERFLOW | FPF_INEXACT;
    return to_inf ? sf_inf(f, sign) : sf_inf(f, sign) - 1;
}

SfBits sf_round_pack(SfEnv *e, SfFmt f, SfNum n)
{
    const SfFormat *t = &sf_format[f];
    int at = 127 - t->frac, emin = 1 - t->bias, emax = t->bias, z = sf_clz(n.sig);
    bool carry, inexact, tiny, unbounded;
    SfBits sig = n.sig << z;
    int ex = n.exp - z;

    if (f == SF16 && e->half_alt)
        emax++;
    tiny = ex < emin;
    if (tiny) {
        if (e->flush_outputs && f != SF16) {
            e->flags |= FPF_UNDERFLOW;
            return sf_zero(f, n.sign);
        }
        if (ex == emin - 1 && !e->rules->tiny_before_rounding) {
            round_at(sig, at, n.sign, e->round, &carry, &unbounded);
            tiny = !carry;
        }
        sig = sf_shr_jam(sig, emin - ex);
        ex = emin;
    }
    sig = round_at(sig, at, n.sign, e->round, &carry, &inexact);
    if (carry) {
        sig = sf_bit(127);
        ex++;
    }
    if (ex > emax)
        return overflow(e, f, n.sign);
    if (inexact)
        e->flags |= FPF_INEXACT | (tiny ? FPF_UNDERFLOW : 0);
    SfBits frac = sig >> at & sf_mask(t->frac);
    SfBits exf = sig >> 127 ? (SfBits)(ex + t->bias) : 0;      /* no leading bit: subnormal or zero */
    return sf_zero(f, n.sign) | exf << t->frac | frac;
}

/* A NaN of format f as a quiet NaN of format to, payload kept at the top. */
static SfBits nan_to(SfFmt to, SfFmt f, SfBits a)
{
    SfBits fr = frac_of(f, a) << (128 - sf_format[f].frac) >> (128 - sf_format[to].frac);
    return sf_inf(to, a >> (sf_width(f) - 1) & 1) | sf_bit(sf_format[to].frac - 1) | fr;
}

SfBits sf_pick_nan(SfEnv *e, SfFmt to, SfFmt f, const SfBits *in, int n)
{
    int first = -1, snan = -1;

    for (int i = n - 1; i >= 0; i--) {
        if (sf_is_nan(f, in[i]))
            first = i;
        if (sf_is_snan(f, in[i]))
            snan = i;
    }
    if (snan >= 0)
        e->flags |= FPF_INVALID;
    if (e->default_nan || e->rules->nan == NAN_CANON)
        return sf_default_nan(e, to);
    if (e->rules->nan == NAN_SNAN_FIRST && snan >= 0)
        first = snan;
    return nan_to(to, f, in[first]);
}

static SfBits pick2(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    return sf_pick_nan(e, f, f, (SfBits[]){ a, b }, 2);
}

/* --- a * b as 256 bits, bit 255 or 254 of (hi, lo) set. */
typedef struct Wide { SfBits hi, lo; } Wide;

static Wide mul_wide(SfBits a, SfBits b)
{
    uint64_t a1 = a >> 64, a0 = a, b1 = b >> 64, b0 = b;
    SfBits p00 = (SfBits)a0 * b0, p01 = (SfBits)a0 * b1, p10 = (SfBits)a1 * b0, p11 = (SfBits)a1 * b1;
    SfBits mid = (p00 >> 64) + (uint64_t)p01 + (uint64_t)p10;
    return (Wide){ p11 + (p01 >> 64) + (p10 >> 64) + (mid >> 64), mid << 64 | (uint64_t)p00 };
}

static Wide wide_shl(Wide w, int n)
{
    if (n == 0)
        return w;
    if (n >= 128)
        return (Wide){ w.lo << (n - 128), 0 };
    return (Wide){ w.hi << n | w.lo >> (128 - n), w.lo << n };
}

static Wide wide_shr_jam(Wide w, int n)
{
    if (n == 0)
        return w;
    if (n >= 256)
        return (Wide){ 0, (w.hi | w.lo) != 0 };
    if (n >= 128)
        return (Wide){ 0, sf_shr_jam(w.hi, n - 128) | (w.lo != 0) };
    return (Wide){ w.hi >> n, w.hi << (128 - n) | w.lo >> n | ((w.lo & sf_mask(n)) != 0) };
}

static int wide_clz(Wide w) { return w.hi ? sf_clz(w.hi) : 128 + sf_clz(w.lo); }
static bool wide_less(Wide a, Wide b) { return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo); }
static Wide wide_sub(Wide a, Wide b) { return (Wide){ a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo }; }

/* Sum of two non-zero magnitudes of 255 bits (bit 254 set) at exponents *ex and ey, signs sx and sy. */
static Wide wide_sum(Wide x, int *ex, bool *sx, Wide y, int ey, bool sy)
{
    if (*ex >= ey) {
        y = wide_shr_jam(y, *ex - ey > 300 ? 300 : *ex - ey);
    } else {
        x = wide_shr_jam(x, ey - *ex > 300 ? 300 : ey - *ex);
        *ex = ey;
    }
    if (*sx == sy) {
        SfBits lo = x.lo + y.lo;
        return (Wide){ x.hi + y.hi + (lo < x.lo), lo };
    }
    if (wide_less(x, y)) {
        *sx = sy;
        return wide_sub(y, x);
    }
    return wide_sub(x, y);
}

static SfBits pack_wide(SfEnv *e, SfFmt f, Wide w, int exp255, bool sign)
{
    int z = wide_clz(w);
    Wide n = wide_shl(w, z);
    return sf_round_pack(e, f, (SfNum){ SFK_FINITE, sign, exp255 - z, n.hi | (n.lo != 0) });
}

SfBits sf_fma_finish(SfEnv *e, SfFmt to, SfNum a, SfNum b, SfNum c, int neg, int scale)
{
    bool ps = a.sign ^ b.sign ^ !!(neg & FMA_NEG_PRODUCT), cs = c.sign ^ !!(neg & FMA_NEG_ADDEND);
    bool zero = a.kind == SFK_ZERO || b.kind == SFK_ZERO, down = e->round == FP_RDN;
    SfBits r;

    if (a.kind == SFK_INF || b.kind == SFK_INF) {
        if (c.kind == SFK_INF && cs != ps)
            return sf_invalid(e, to);
        r = sf_inf(to, ps);
    } else if (c.kind == SFK_INF) {
        r = sf_inf(to, cs);
    } else if (zero && c.kind == SFK_ZERO) {
        r = sf_zero(to, ps == cs ? ps : down);
    } else if (zero) {
        c.sign = cs;
        c.exp += scale;
        r = sf_round_pack(e, to, c);
    } else {
        Wide p = wide_shr_jam(mul_wide(a.sig, b.sig), 1);      /* exact: low bits of sig are zero */
        int ex = a.exp + b.exp + 2;                            /* weight of bit 255 */
        if (!(p.hi >> 126))
            p = wide_shl(p, 1), ex--;
        if (c.kind != SFK_ZERO)
            p = wide_sum(p, &ex, &ps, (Wide){ c.sig >> 1, 0 }, c.exp + 1, cs);
        r = p.hi | p.lo ? pack_wide(e, to, p, ex + scale, ps) : sf_zero(to, down);
    }
    return neg & FMA_NEG_RESULT ? r ^ sf_sign_bit(to) : r;
}

SfBits sf_fma_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a, SfBits b, SfBits c, int neg)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b), z = sf_unpack(e, f, c);
    bool inf_zero = (x.kind == SFK_INF && y.kind == SFK_ZERO) || (x.kind == SFK_ZERO && y.kind == SFK_INF);
    const FpRules *ru = e->rules;

    if (x.kind == SFK_NAN || y.kind == SFK_NAN || z.kind == SFK_NAN) {
        if (inf_zero && ru->nan != NAN_X86) {
            if (ru->fma_inf_zero_nan_default && !sf_is_snan(f, c))
                return sf_invalid(e, to);
            e->flags |= FPF_INVALID;
        }
        if (ru->fma_addend_first)
            return sf_pick_nan(e, to, f, (SfBits[]){ c, a, b }, 3);
        if (ru->nan == NAN_FIRST)               /* PowerPC: A, B (addend), C */
            return sf_pick_nan(e, to, f, (SfBits[]){ a, c, b }, 3);
        return sf_pick_nan(e, to, f, (SfBits[]){ a, b, c }, 3);
    }
    if (inf_zero)
        return sf_invalid(e, to);
    return sf_fma_finish(e, to, x, y, z, neg, 0);
}

SfBits sf_fma(SfEnv *e, SfFmt f, SfBits a, SfBits b, SfBits c, int neg)
{
    return sf_fma_to(e, f, f, a, b, c, neg);
}

static SfBits add_sub(SfEnv *e, SfFmt f, SfBits a, SfBits b, bool sub)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b);

    if (x.kind == SFK_NAN || y.kind == SFK_NAN)
        return pick2(e, f, a, b);
    y.sign ^= sub;
    if (x.kind == SFK_INF || y.kind == SFK_INF) {
        if (x.kind == y.kind && x.sign != y.sign)
            return sf_invalid(e, f);
        return sf_inf(f, x.kind == SFK_INF ? x.sign : y.sign);
    }
    if (x.kind == SFK_ZERO && y.kind == SFK_ZERO)
        return sf_zero(f, x.sign == y.sign ? x.sign : e->round == FP_RDN);
    if (x.kind == SFK_ZERO || y.kind == SFK_ZERO)
        return sf_round_pack(e, f, x.kind == SFK_ZERO ? y : x);
    if (x.exp < y.exp || (x.exp == y.exp && x.sig < y.sig)) {
        SfNum t = x;
        x = y;
        y = t;
    }
    SfBits s = sf_shr_jam(y.sig >> 1, x.exp - y.exp);
    x.sig = x.sign == y.sign ? (x.sig >> 1) + s : (x.sig >> 1) - s;
    x.exp++;
    return x.sig ? sf_round_pack(e, f, x) : sf_zero(f, e->round == FP_RDN);
}

SfBits sf_add(SfEnv *e, SfFmt f, SfBits a, SfBits b) { return add_sub(e, f, a, b, false); }
SfBits sf_sub(SfEnv *e, SfFmt f, SfBits a, SfBits b) { return add_sub(e, f, a, b, true); }

SfBits sf_mul(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b);
    bool s = x.sign ^ y.sign;

    if (x.kind == SFK_NAN || y.kind == SFK_NAN)
        return pick2(e, f, a, b);
    if (x.kind == SFK_INF || y.kind == SFK_INF)
        return x.kind == SFK_ZERO || y.kind == SFK_ZERO ? sf_invalid(e, f) : sf_inf(f, s);
    if (x.kind == SFK_ZERO || y.kind == SFK_ZERO)
        return sf_zero(f, s);
    Wide p = mul_wide(x.sig, y.sig);
    return sf_round_pack(e, f, (SfNum){ SFK_FINITE, s, x.exp + y.exp + 1, p.hi | (p.lo != 0) });
}

/* Quotient of two significands times 2^127, sticky in bit 0; below 2^127 when n < d. */
static SfBits div_sig(SfFmt f, SfBits n, SfBits d)
{
    if (f != SF128) {                           /* divisors have at most 64 significant bits */
        SfBits q = (n >> 1) / (d >> 64), r = (n >> 1) % (d >> 64);
        return q << 64 | (r != 0);
    }
    SfBits q = 0;
    n >>= 1;                                    /* one bit of head-room; the low bits of both are zero */
    d >>= 1;
    for (int i = 0; i < 120; i++) {
        q <<= 1;
        if (n >= d) {
            n -= d;
            q |= 1;
        }
        n <<= 1;
    }
    return q << 8 | (n != 0);
}

SfBits sf_div_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a, SfBits b)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b);
    bool s = x.sign ^ y.sign;

    if (x.kind == SFK_NAN || y.kind == SFK_NAN)
        return sf_pick_nan(e, to, f, (SfBits[]){ a, b }, 2);
    if (x.kind == y.kind && x.kind != SFK_FINITE)
        return sf_invalid(e, to);
    if (x.kind == SFK_INF)
        return sf_inf(to, s);
    if (y.kind == SFK_INF || x.kind == SFK_ZERO)
        return sf_zero(to, s);
    if (y.kind == SFK_ZERO) {
        e->flags |= FPF_DIVZERO;
        return sf_inf(to, s);
    }
    return sf_round_pack(e, to, (SfNum){ SFK_FINITE, s, x.exp - y.exp, div_sig(f, x.sig, y.sig) });
}

SfBits sf_div(SfEnv *e, SfFmt f, SfBits a, SfBits b) { return sf_div_to(e, f, f, a, b); }

/* Square root digit by digit: `bits` result bits of sqrt(n / 2^126), sticky below. */
static SfBits sqrt_sig(SfBits n, int bits)
{
    SfBits rem = 0, root = 0;

    for (int i = 0; i < bits; i++) {
        rem = rem << 2 | n >> 126;
        n <<= 2;
        SfBits t = root << 2 | 1;
        root <<= 1;
        if (rem >= t) {
            rem -= t;
            root |= 1;
        }
    }
    return root << (128 - bits) | (rem != 0 || n != 0);
}

SfBits sf_sqrt_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a)
{
    SfNum x = sf_unpack(e, f, a);

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, to, f, &a, 1);
    if (x.kind == SFK_ZERO)
        return sf_zero(to, x.sign);
    if (x.sign)
        return sf_invalid(e, to);
    if (x.kind == SFK_INF)
        return sf_inf(to, false);
    SfBits n = x.exp & 1 ? x.sig : x.sig >> 1;
    return sf_round_pack(
        e, to, (SfNum){ SFK_FINITE, false, (x.exp - (x.exp & 1)) / 2, sqrt_sig(n, sf_format[f].frac + 4) });
}

SfBits sf_sqrt(SfEnv *e, SfFmt f, SfBits a) { return sf_sqrt_to(e, f, f, a); }

SfBits sf_scalbn(SfEnv *e, SfFmt f, SfBits a, int64_t n)
{
    SfNum x = sf_unpack(e, f, a);

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, &a, 1);
    if (x.kind == SFK_INF)
        return sf_inf(f, x.sign);
    if (x.kind == SFK_ZERO)
        return sf_zero(f, x.sign);
    x.exp += n > 70000 ? 70000 : n < -70000 ? -70000 : (int)n;
    return sf_round_pack(e, f, x);
}
