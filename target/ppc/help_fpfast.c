/* SPDX-License-Identifier: Apache-2.0 */
/* FR, FI and FPRF of an ordinary operation by the host's arithmetic: rounding to nearest, nothing near the ends of the
 * exponent range. The rounding error is itself a floating-point number, or its sign one operation away (Dekker, Knuth;
 * for fma: Boldo and Muller, "Exact and approximated error of the FMA", 2011). help_fp.c
 * does the rest. */
#include <math.h>
#include <string.h>
#include "target/ppc/help_fp.h"

/* A result and the sign of (exact - value). */
typedef struct Rounded { double value, error; } Rounded;

static double as_double(uint64_t v) { double d; memcpy(&d, &v, 8); return d; }
static uint64_t as_bits(double d) { uint64_t v; memcpy(&v, &d, 8); return v; }

/* Zero, or of an exponent that keeps products, quotients and their errors normal. */
static bool ordinary(uint64_t v)
{
    uint32_t exp = v >> 52 & 2047;
    return exp - 723 < 600 || !(v << 1);
}

static Rounded two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (Rounded){ s, (a - (s - t)) + (b - t) };
}

static Rounded sum_of_product(double a, double c, double b)
{
    double r = fma(a, c, b), p = a * c;
    Rounded x = two_sum(b, fma(a, c, -p)), y = two_sum(p, x.value);
    double high = (y.value - r) + y.error, error = high + x.error;
    return (Rounded){ r, error };
}

static bool rounded(uint32_t op, double a, double b, double c, Rounded *out)
{
    double r;
    switch (op & PPC_FP_KIND) {
    case PPC_FADD: *out = two_sum(a, b); return true;
    case PPC_FSUB: *out = two_sum(a, -b); return true;
    case PPC_FMUL: r = a * c; *out = (Rounded){ r, fma(a, c, -r) }; return true;
    case PPC_FDIV: r = a / b; *out = (Rounded){ r, b < 0 ? -fma(-r, b, a) : fma(-r, b, a) }; return b != 0;
    case PPC_FSQRT: r = sqrt(b); *out = (Rounded){ r, fma(-r, r, b) }; return b >= 0;
    case PPC_FRSP: *out = (Rounded){ b, 0 }; return true;
    case PPC_FMA: *out = sum_of_product(a, c, op >> PPC_FP_NEG_SHIFT & FMA_NEG_ADDEND ? -b : b); return true;
    default: return false;
    }
}

/* Rounding twice goes wrong when the first result is halfway between two singles and has an error. */
static bool narrow(Rounded *x)
{
    double r = (float)x->value, error = x->value - r;
    if ((as_bits(x->value) & 0x1fffffff) == 0x10000000 && x->error != 0)
        return false;
    *x = (Rounded){ r, error != 0 ? error : x->error };
    return true;
}

bool ppc_fp_status_fast(uint32_t op, uint64_t a, uint64_t b, uint64_t c, uint32_t *status)
{
    Rounded x;
    bool single = op & PPC_FP_SINGLE || (op & PPC_FP_KIND) == PPC_FRSP;
    if (!ordinary(a) || !ordinary(b) || !ordinary(c) || !rounded(op, as_double(a), as_double(b), as_double(c), &x))
        return false;
    double size = fabs(x.value);
    if (single && !narrow(&x))
        return false;
    if (size != 0 && !(single ? size > 0x1p-125 && size < 0x1p127 : size > 0x1p-900 && size < 0x1p900))
        return false;
    bool negative = signbit(x.value) != (op >> PPC_FP_NEG_SHIFT & FMA_NEG_RESULT ? 1 : 0);
    uint32_t class = size == 0 ? (negative ? 0x12 : 0x02) : negative ? 0x08 : 0x04;
    bool up = x.error != 0 && (x.error < 0) == (x.value > 0);
    *status = (x.error != 0 ? FPSCR_FI : 0) | (up ? FPSCR_FR : 0) | class << FPSCR_FPRF_SHIFT;
    return true;
}
