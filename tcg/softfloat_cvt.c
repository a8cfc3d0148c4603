/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons, minimum and maximum, conversions. The arithmetic is in softfloat.c. */
#include "softfloat_internal.h"

/* --- Comparison */

enum { REL_LT, REL_EQ, REL_GT, REL_UN };

static int num_cmp(const SfNum *x, const SfNum *y)
{
    int m;

    if (x->kind == SFK_ZERO && y->kind == SFK_ZERO)
        return REL_EQ;
    if (x->kind == SFK_ZERO)
        return y->sign ? REL_GT : REL_LT;
    if (y->kind == SFK_ZERO || x->sign != y->sign)
        return x->sign ? REL_LT : REL_GT;
    if (x->kind != y->kind)
        m = x->kind == SFK_INF ? 1 : -1;
    else if (x->kind == SFK_INF)
        m = 0;
    else if (x->exp != y->exp)
        m = x->exp > y->exp ? 1 : -1;
    else
        m = x->sig == y->sig ? 0 : x->sig > y->sig ? 1 : -1;
    if (!m)
        return REL_EQ;
    return (m > 0) ^ x->sign ? REL_GT : REL_LT;
}

static int relation(SfEnv *e, SfFmt f, SfBits a, SfBits b, bool signalling)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b);

    if (x.kind == SFK_NAN || y.kind == SFK_NAN) {
        if (signalling || sf_is_snan(f, a) || sf_is_snan(f, b))
            e->flags |= FPF_INVALID;
        return REL_UN;
    }
    return num_cmp(&x, &y);
}

bool sf_cmp(SfEnv *e, SfFmt f, SfBits a, SfBits b, IrCond c, bool signalling)
{
    int r = relation(e, f, a, b, signalling);

    switch (c) {
    case COND_EQ: return r == REL_EQ;
    case COND_NE: return r != REL_EQ;
    case COND_LT: return r == REL_LT;
    case COND_LE: return r == REL_LT || r == REL_EQ;
    case COND_GT: return r == REL_GT;
    case COND_GE: return r == REL_GT || r == REL_EQ;
    case COND_UN: return r == REL_UN;
    case COND_OR: return r != REL_UN;
    case COND_ALWAYS: return true;
    default: return false;
    }
}

uint32_t sf_cmp_nzcv(SfEnv *e, SfFmt f, SfBits a, SfBits b, bool signalling)
{
    static const uint16_t nzcv[] = { [REL_LT] = 0x8000, [REL_EQ] = 0x4100, [REL_GT] = 0x0100, [REL_UN] = 0x0101 };
    return nzcv[relation(e, f, a, b, signalling)];
}

static SfBits nan_min_max(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind)
{
    bool snan = sf_is_snan(f, a) || sf_is_snan(f, b), both = sf_is_nan(f, a) && sf_is_nan(f, b);
    uint32_t old = e->flags;
    SfBits r;

    if (!both && (kind == FMINMAX_NUM2019 || (kind == FMINMAX_NUM && !snan))) {
        e->flags |= snan ? FPF_INVALID : 0;
        SfBits other = sf_is_nan(f, a) ? b : a;
        return e->flush_inputs && sf_unpack(e, f, other).kind == SFK_ZERO ? other & sf_sign_bit(f) : other;
    }
    r = sf_pick_nan(e, f, f, (SfBits[]){ a, b }, 2);
    if (kind == FMINMAX_VMX)
        e->flags = old;
    return r;
}

static SfBits min_max(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind, bool max)
{
    SfNum x = sf_unpack(e, f, a), y = sf_unpack(e, f, b);
    bool take_a;

    a &= sf_mask(sf_width(f));
    b &= sf_mask(sf_width(f));
    if (x.kind == SFK_NAN || y.kind == SFK_NAN)
        return nan_min_max(e, f, a, b, kind);
    if (x.kind == SFK_ZERO && y.kind == SFK_ZERO)
        return sf_zero(f, max ? x.sign && y.sign : x.sign || y.sign);
    take_a = num_cmp(&x, &y) == (max ? REL_GT : REL_LT);
    if ((take_a ? x : y).kind == SFK_ZERO)      /* a flushed subnormal */
        return sf_zero(f, (take_a ? x : y).sign);
    return take_a ? a : b;
}

SfBits sf_min(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind) { return min_max(e, f, a, b, kind, false); }
SfBits sf_max(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind) { return min_max(e, f, a, b, kind, true); }

/* --- Conversion */

SfBits sf_cvt(SfEnv *e, SfFmt to, SfFmt from, SfBits a)
{
    SfNum x = sf_unpack(e, from, a);
    bool alt = to == SF16 && e->half_alt;

    switch (x.kind) {
    case SFK_NAN:
        if (alt) {                              /* Arm ARM FPConvert: a zero, invalid */
            e->flags |= FPF_INVALID;
            return sf_zero(to, x.sign);
        }
        return sf_pick_nan(e, to, from, &a, 1);
    case SFK_INF:
        if (alt) {
            e->flags |= FPF_INVALID;
            return sf_zero(to, x.sign) | 0x7fff;
        }
        return sf_inf(to, x.sign);
    case SFK_ZERO: return sf_zero(to, x.sign);
    default: return sf_round_pack(e, to, x);
    }
}

SfBits sf_integral(const SfNum *n, FpRound r, bool *inexact)
{
    int sh = 127 - n->exp;
    SfBits ip = sh >= 128 ? 0 : n->sig >> sh;
    SfBits rem = sh >= 128 ? n->sig : n->sig & sf_mask(sh);
    SfBits half = sh > 128 ? ~(SfBits)0 : sf_bit(sh - 1);
    bool up;

    if (sh > 128)
        rem = 1;                                /* below a half */
    *inexact = rem != 0;
    if (!rem)
        return ip;
    switch (r) {
    case FP_RTZ: up = false; break;
    case FP_RDN: up = n->sign; break;
    case FP_RUP: up = !n->sign; break;
    case FP_RNA: up = rem >= half; break;
    case FP_RODD: up = !(ip & 1); break;
    default: up = rem > half || (rem == half && (ip & 1)); break;
    }
    return ip + up;
}

SfBits sf_round_int(SfEnv *e, SfFmt f, SfBits a, bool raise_inexact)
{
    SfNum x = sf_unpack(e, f, a);
    bool inexact;

    if (x.kind == SFK_NAN)
        return sf_pick_nan(e, f, f, &a, 1);
    if (x.kind == SFK_ZERO)
        return sf_zero(f, x.sign);
    if (x.kind == SFK_INF || x.exp >= sf_format[f].frac)
        return a & sf_mask(sf_width(f));
    SfBits m = sf_integral(&x, e->round, &inexact);
    if (inexact && raise_inexact)
        e->flags |= FPF_INEXACT;
    if (!m)
        return sf_zero(f, x.sign);
    return sf_round_pack(e, f, (SfNum){ SFK_FINITE, x.sign, 127, m });
}

static uint64_t int_max(int width, bool is_signed) { return ~0ull >> (64 - width + is_signed); }
static uint64_t int_min(int width, bool is_signed) { return is_signed ? 1ull << (width - 1) : 0; }

/* FJCVTZS: the integer modulo 2^32, invalid when it did not fit. */
static uint64_t wrap_js(SfEnv *e, const SfNum *x)
{
    bool inexact = false;
    SfBits m = 0;

    if (x->kind == SFK_ZERO)
        return 0;
    if (x->kind == SFK_FINITE && x->exp < 127)
        m = sf_integral(x, FP_RTZ, &inexact);   /* from 2^127 on the low 32 bits are zero */
    bool fits = x->kind == SFK_FINITE && x->exp < 127 && m <= (SfBits)0x7fffffff + x->sign;
    if (!fits)
        e->flags |= FPF_INVALID;
    else if (inexact)
        e->flags |= FPF_INEXACT;
    return (uint32_t)(x->sign ? -m : m);
}

uint64_t sf_to_fixed(SfEnv *e, SfFmt f, SfBits a, int width, bool is_signed, int aux, int fbits)
{
    SfNum x = sf_unpack(e, f, a);
    uint64_t lo = int_min(width, is_signed), hi = int_max(width, is_signed);
    bool inexact = false;
    SfBits m = sf_bit(127), limit;

    if (aux & CVT_WRAP_JS)
        return wrap_js(e, &x);
    if (x.kind == SFK_NAN) {
        e->flags |= FPF_INVALID;
        return aux & CVT_NAN_MAX ? hi : aux & CVT_NAN_MIN ? lo : 0;
    }
    if (x.kind == SFK_ZERO)
        return 0;
    x.exp += fbits;
    if (x.kind == SFK_FINITE && x.exp < 100)
        m = sf_integral(&x, e->round, &inexact);
    limit = x.sign ? (is_signed ? (SfBits)lo : 0) : (SfBits)hi;
    if (m > limit) {
        e->flags |= FPF_INVALID;
        return x.sign ? lo : hi;
    }
    if (inexact)
        e->flags |= FPF_INEXACT;
    return (uint64_t)(x.sign ? -m : m) & int_max(width, false);
}

uint64_t sf_to_int(SfEnv *e, SfFmt f, SfBits a, int width, bool is_signed, int aux)
{
    return sf_to_fixed(e, f, a, width, is_signed, aux, 0);
}

SfBits sf_from_fixed(SfEnv *e, SfFmt f, uint64_t v, int width, bool is_signed, int fbits)
{
    bool sign = is_signed && v >> (width - 1) & 1;

    v &= int_max(width, false);
    if (sign)
        v = -v & int_max(width, false);
    if (!v)
        return 0;
    return sf_round_pack(e, f, (SfNum){ SFK_FINITE, sign, 127 - fbits, v });
}

SfBits sf_from_int(SfEnv *e, SfFmt f, uint64_t v, int width, bool is_signed)
{
    return sf_from_fixed(e, f, v, width, is_signed, 0);
}
