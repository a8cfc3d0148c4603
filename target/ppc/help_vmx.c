/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec helpers: integer forms without an IR op. Lanes: index 0 is the least significant here, the guest's last. */
#include "target/ppc/help.h"

static void saturate(CpuState *cpu) { ((PpcCpu *)cpu)->vsat.d[0] = 1; }

static int64_t clamp(CpuState *cpu, int64_t v, int64_t lo, int64_t hi)
{
    if (v >= lo && v <= hi)
        return v;
    saturate(cpu);
    return v < lo ? lo : hi;
}

/* One lane-wise operation: lanes of out := expr of x, y (and z). */
#define LANES2(name, field, n, expr) \
    void h_##name(CpuState *cpu, void *out, const void *a, const void *b) \
    { \
        PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b, r; \
        for (int i = 0; i < n; i++) \
            r.field[i] = expr; \
        *(PpcVec *)out = r; \
    }
LANES2(vaddcuw, w, 4, (uint32_t)(x.w[i] + y.w[i]) < x.w[i])
LANES2(vsubcuw, w, 4, x.w[i] >= y.w[i])
LANES2(vavguw, w, 4, ((uint64_t)x.w[i] + y.w[i] + 1) >> 1)
LANES2(vavgsb, sb, 16, (x.sb[i] + y.sb[i] + 1) >> 1)
LANES2(vavgsh, sh, 8, (x.sh[i] + y.sh[i] + 1) >> 1)
LANES2(vavgsw, sw, 4, ((int64_t)x.sw[i] + y.sw[i] + 1) >> 1)
/* even and odd count guest lanes: even ones are the higher of each pair */
LANES2(vmuleub, h, 8, x.b[2 * i + 1] * y.b[2 * i + 1])
LANES2(vmuleuh, w, 4, (uint32_t)x.h[2 * i + 1] * y.h[2 * i + 1])
LANES2(vmulesb, sh, 8, x.sb[2 * i + 1] * y.sb[2 * i + 1])
LANES2(vmulesh, sw, 4, x.sh[2 * i + 1] * y.sh[2 * i + 1])
LANES2(vmuloub, h, 8, x.b[2 * i] * y.b[2 * i])
LANES2(vmulouh, w, 4, (uint32_t)x.h[2 * i] * y.h[2 * i])
LANES2(vmulosb, sh, 8, x.sb[2 * i] * y.sb[2 * i])
LANES2(vmulosh, sw, 4, x.sh[2 * i] * y.sh[2 * i])
/* packs: va in the upper half */
LANES2(vpkuhus, b, 16, clamp(cpu, (i < 8 ? y : x).h[i & 7], 0, UINT8_MAX))
LANES2(vpkuwus, h, 8, clamp(cpu, (i < 4 ? y : x).w[i & 3], 0, UINT16_MAX))
LANES2(vpkshus, b, 16, clamp(cpu, (i < 8 ? y : x).sh[i & 7], 0, UINT8_MAX))
LANES2(vpkswus, h, 8, clamp(cpu, (i < 4 ? y : x).sw[i & 3], 0, UINT16_MAX))
LANES2(vpkshss, sb, 16, clamp(cpu, (i < 8 ? y : x).sh[i & 7], INT8_MIN, INT8_MAX))
LANES2(vpkswss, sh, 8, clamp(cpu, (i < 4 ? y : x).sw[i & 3], INT16_MIN, INT16_MAX))
static uint16_t pixel(uint32_t v) { return (v >> 9 & 0xfc00) | (v >> 6 & 0x3e0) | (v >> 3 & 0x1f); }
LANES2(vpkpx, h, 8, pixel((i < 4 ? y : x).w[i & 3]))
/* sums across */
LANES2(vsum4ubs, w, 4, clamp(cpu, (uint64_t)y.w[i] + x.b[4 * i] + x.b[4 * i + 1] + x.b[4 * i + 2] + x.b[4 * i + 3], 0, UINT32_MAX))
LANES2(vsum4sbs, sw, 4, clamp(cpu, (int64_t)y.sw[i] + x.sb[4 * i] + x.sb[4 * i + 1] + x.sb[4 * i + 2] + x.sb[4 * i + 3], INT32_MIN, INT32_MAX))
LANES2(vsum4shs, sw, 4, clamp(cpu, (int64_t)y.sw[i] + x.sh[2 * i] + x.sh[2 * i + 1], INT32_MIN, INT32_MAX))
LANES2(vsum2sws, sw, 4, i & 1 ? 0 : clamp(cpu, (int64_t)y.sw[i] + x.sw[i] + x.sw[i + 1], INT32_MIN, INT32_MAX))
LANES2(vsumsws, sw, 4, i ? 0 : clamp(cpu, (int64_t)y.sw[0] + x.sw[0] + x.sw[1] + x.sw[2] + x.sw[3], INT32_MIN, INT32_MAX))
/* 128-bit shifts: counts in the last guest byte */
typedef unsigned __int128 Wide;
static PpcVec shifted(PpcVec v, int n, bool left)
{
    Wide w = (Wide)v.d[1] << 64 | v.d[0];
    w = left ? w << n : w >> n;
    return (PpcVec){ .d = { (uint64_t)w, (uint64_t)(w >> 64) } };
}
LANES2(vsl, d, 2, shifted(x, y.b[0] & 7, true).d[i])
LANES2(vsr, d, 2, shifted(x, y.b[0] & 7, false).d[i])
LANES2(vslo, d, 2, shifted(x, y.b[0] & 0x78, true).d[i])
LANES2(vsro, d, 2, shifted(x, y.b[0] & 0x78, false).d[i])

#define LANES3(name, field, n, expr) \
    void h_##name(CpuState *cpu, void *out, const void *a, const void *b, const void *c) \
    { \
        PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b, z = *(const PpcVec *)c, r; \
        for (int i = 0; i < n; i++) \
            r.field[i] = expr; \
        *(PpcVec *)out = r; \
    }
LANES3(vmhaddshs, sh, 8, clamp(cpu, (x.sh[i] * y.sh[i] >> 15) + z.sh[i], INT16_MIN, INT16_MAX))
LANES3(vmhraddshs, sh, 8, clamp(cpu, ((x.sh[i] * y.sh[i] + 0x4000) >> 15) + z.sh[i], INT16_MIN, INT16_MAX))
static uint32_t dot_ub(const PpcVec *x, const PpcVec *y, int i)
{
    uint32_t s = 0;
    for (int k = 4 * i; k < 4 * i + 4; k++)
        s += x->b[k] * y->b[k];
    return s;
}
static uint32_t dot_mb(const PpcVec *x, const PpcVec *y, int i)
{
    uint32_t s = 0;
    for (int k = 4 * i; k < 4 * i + 4; k++)
        s += x->sb[k] * y->b[k];
    return s;
}
static int64_t dot_sh(const PpcVec *x, const PpcVec *y, int i)
{
    return (int64_t)x->sh[2 * i] * y->sh[2 * i] + (int64_t)x->sh[2 * i + 1] * y->sh[2 * i + 1];
}
static uint64_t dot_uh(const PpcVec *x, const PpcVec *y, int i)
{
    return (uint64_t)x->h[2 * i] * y->h[2 * i] + (uint64_t)x->h[2 * i + 1] * y->h[2 * i + 1];
}
LANES3(vmsumubm, w, 4, z.w[i] + dot_ub(&x, &y, i))
LANES3(vmsummbm, w, 4, z.w[i] + dot_mb(&x, &y, i))
LANES3(vmsumuhm, w, 4, z.w[i] + (uint32_t)dot_uh(&x, &y, i))
LANES3(vmsumuhs, w, 4, clamp(cpu, z.w[i] + dot_uh(&x, &y, i), 0, UINT32_MAX))
LANES3(vmsumshm, w, 4, z.w[i] + (uint32_t)dot_sh(&x, &y, i))
LANES3(vmsumshs, sw, 4, clamp(cpu, z.sw[i] + dot_sh(&x, &y, i), INT32_MIN, INT32_MAX))

/* vupkhpx, vupklpx: 1-5-5-5 pixels to words, the first bit sign-extended to a byte */
static void unpack_pixels(void *out, const void *b, int from)
{
    PpcVec y = *(const PpcVec *)b, r;
    for (int i = 0; i < 4; i++) {
        uint16_t p = y.h[from + i];
        r.w[i] = (p & 0x8000 ? 0xff000000u : 0) | (p >> 10 & 31) << 16 | (p >> 5 & 31) << 8 | (p & 31);
    }
    *(PpcVec *)out = r;
}
void h_vupkhpx(CpuState *cpu, void *out, const void *b) { unpack_pixels(out, b, 4); }
void h_vupklpx(CpuState *cpu, void *out, const void *b) { unpack_pixels(out, b, 0); }
