/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec's estimates of 2^x and log2 x, whose error the manual bounds (1/16, 1/32); ours are rounded values. With
 * VSCR.NJ set, subnormal operands and results are zeros of their sign. The rest of the floating point is tr_vfp.c's.
 * AltiVec Technology Programming Environments Manual 3.2.
 */
#include <math.h>
#include <string.h>
#include "target/ppc/help.h"

enum { SIGN = 0x80000000u, INF = 0x7f800000, QUIET = 0x400000 };

static bool is_nan(uint32_t v) { return (v & ~SIGN) > INF; }
static uint32_t flush(const CpuState *cpu, uint32_t v)
{
    return ((const PpcCpu *)cpu)->vscr_nj && !(v & INF) ? v & SIGN : v;
}
static float as_float(uint32_t v) { float f; memcpy(&f, &v, 4); return f; }
static uint32_t as_bits(float f) { uint32_t v; memcpy(&v, &f, 4); return v; }

static uint32_t estimate(CpuState *cpu, uint32_t v, float (*f)(float))
{
    if (is_nan(v))
        return v | QUIET;
    uint32_t r = as_bits(f(as_float(v)));
    return is_nan(r) ? 0x7fc00000 : flush(cpu, r);
}

static void each(CpuState *cpu, void *out, const void *b, float (*f)(float))
{
    PpcVec y = *(const PpcVec *)b;
    for (int i = 0; i < 4; i++)
        y.w[i] = estimate(cpu, flush(cpu, y.w[i]), f);
    *(PpcVec *)out = y;
}

void h_vexptefp(CpuState *cpu, void *out, const void *b) { each(cpu, out, b, exp2f); }
void h_vlogefp(CpuState *cpu, void *out, const void *b) { each(cpu, out, b, log2f); }
