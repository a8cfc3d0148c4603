/* SPDX-License-Identifier: Apache-2.0 */
/* The unpacked number shared by softfloat_*.c: every format widens into it without loss. */
#ifndef TCG_SOFTFLOAT_INTERNAL_H
#define TCG_SOFTFLOAT_INTERNAL_H

#include "softfloat.h"

typedef enum SfKind { SFK_ZERO, SFK_FINITE, SFK_INF, SFK_NAN } SfKind;

/* Finite: value = sig / 2^127 * 2^exp with bit 127 of sig set; bit 0 of an inexact sig is sticky. */
typedef struct SfNum { SfKind kind; bool sign; int exp; SfBits sig; } SfNum;

typedef struct SfFormat { int frac, ebits, bias; } SfFormat;
extern const SfFormat sf_format[4];

static inline SfBits sf_bit(int n) { return (SfBits)1 << n; }
static inline SfBits sf_mask(int n) { return n >= 128 ? ~(SfBits)0 : sf_bit(n) - 1; }
static inline int sf_width(SfFmt f) { return sf_format[f].frac + sf_format[f].ebits + 1; }
static inline SfBits sf_sign_bit(SfFmt f) { return sf_bit(sf_width(f) - 1); }
static inline SfBits sf_inf(SfFmt f, bool sign)
{
    return (sign ? sf_sign_bit(f) : 0) | sf_mask(sf_format[f].ebits) << sf_format[f].frac;
}
static inline SfBits sf_zero(SfFmt f, bool sign) { return sign ? sf_sign_bit(f) : 0; }
static inline SfBits sf_one(SfFmt f) { return (SfBits)sf_format[f].bias << sf_format[f].frac; }
static inline int sf_clz(SfBits v)
{
    return v >> 64 ? __builtin_clzll((uint64_t)(v >> 64)) : 64 + __builtin_clzll((uint64_t)v);
}
/* v >> n, bits lost OR-ed into bit 0. */
static inline SfBits sf_shr_jam(SfBits v, int n)
{
    if (n <= 0)
        return v;
    return n >= 128 ? v != 0 : v >> n | ((v & sf_mask(n)) != 0);
}

SfNum  sf_unpack(SfEnv *e, SfFmt f, SfBits a);          /* flushes inputs as e says */
/* Round to f and pack; n.sig may be any non-zero value: it is normalised here. */
SfBits sf_round_pack(SfEnv *e, SfFmt f, SfNum n);
/* The NaN result of an operation on n operands of format f listed in priority order (some is a NaN). */
SfBits sf_pick_nan(SfEnv *e, SfFmt to, SfFmt f, const SfBits *in, int n);
SfBits sf_invalid(SfEnv *e, SfFmt f);                   /* raises invalid, gives the default NaN */
/* Magnitude of a finite number with exp < 127 rounded to an integer. */
SfBits sf_integral(const SfNum *n, FpRound r, bool *inexact);
bool   sf_is_snan(SfFmt f, SfBits a);
/* Round-once a*b+c times 2^scale of numbers that are not NaN and have no invalid product. */
SfBits sf_fma_finish(SfEnv *e, SfFmt to, SfNum a, SfNum b, SfNum c, int neg, int scale);

#endif
