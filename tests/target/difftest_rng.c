/* SPDX-License-Identifier: Apache-2.0 */
/* Random operands that find bugs: values at the edges more often than not. */
#include "difftest.h"

uint64_t rng_next(Rng *r)
{
    uint64_t x = r->s += 0x9e3779b97f4a7c15;            /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

uint64_t rng_int(Rng *r)
{
    uint64_t v = rng_next(r);
    switch (rng_below(r, 8)) {
    case 0:  return (uint64_t)((int64_t)rng_below(r, 5) - 2);
    case 1:  return 1ull << (v & 63);
    case 2:  return (1ull << (v & 63)) - 1;
    case 3:  return (uint64_t)(int32_t)v;
    case 4:  return (uint32_t)v;
    case 5:  return v & 1 ? 0x8000000000000000 : (uint64_t)(int64_t)INT32_MIN;
    default: return v >> (rng_next(r) & 63 & -(v & 1));
    }
}

uint64_t rng_fp(Rng *r, int bits)
{
    int mant = bits == 64 ? 52 : bits == 32 ? 23 : 10, ebits = bits - 1 - mant;
    uint64_t emax = (1ull << ebits) - 1, bias = emax >> 1, m = rng_next(r), frac = m & ((1ull << mant) - 1), e;
    uint64_t sign = (rng_next(r) & 1) << (bits - 1);
    uint64_t quiet = 1ull << (mant - 1);
    switch (rng_below(r, 12)) {
    case 0:  e = 0; frac = 0; break;                                    /* zero */
    case 1:  e = emax; frac = 0; break;                                 /* infinity */
    case 2:  e = emax; frac |= quiet; break;
    case 3:  e = emax; frac = (frac & (quiet - 1)) | 1; break;          /* signalling */
    case 4:  e = 0; frac >>= m >> 58; break;                            /* subnormal */
    case 5:  e = rng_below(r, 3); frac &= -(m >> 63); break;            /* near the smallest normal */
    /* near the largest */
    case 6:  e = emax - 1 - rng_below(r, 2); frac |= -(m >> 63) & ((1ull << mant) - 1); break;
    case 7:  e = bias; frac = 1ull << rng_below(r, mant); break;
    /* halfway, integer range */
    case 8:  e = bias + rng_below(r, bits == 16 ? 16 : 65); frac &= ~0ull << rng_below(r, mant); break;
    case 9:  e = bias - 2 + rng_below(r, 5); break;
    case 10: e = bias + mant - 2 + rng_below(r, 5); e = e > emax ? emax - 1 : e; break;
    default: e = rng_next(r) & emax; break;
    }
    return sign | e << mant | (frac & ((1ull << mant) - 1));
}
