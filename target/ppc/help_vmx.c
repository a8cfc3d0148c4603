/* SPDX-License-Identifier: Apache-2.0 */
/* AltiVec helpers: integer forms without an IR op. The lane-wise ones are rows of vmx_lanes.def; here is what they are
 * made of. */
#include "target/ppc/help.h"

static void saturate(CpuState *cpu) { ((PpcCpu *)cpu)->vsat.d[0] = 1; }

static int64_t clamp(CpuState *cpu, int64_t v, int64_t lo, int64_t hi)
{
    if (v >= lo && v <= hi)
        return v;
    saturate(cpu);
    return v < lo ? lo : hi;
}

static uint16_t pixel(uint32_t v) { return (v >> 9 & 0xfc00) | (v >> 6 & 0x3e0) | (v >> 3 & 0x1f); }
typedef unsigned __int128 Wide;
static PpcVec shifted(PpcVec v, int n, bool left)
{
    Wide w = (Wide)v.d[1] << 64 | v.d[0];
    w = left ? w << n : w >> n;
    return (PpcVec){ .d = { (uint64_t)w, (uint64_t)(w >> 64) } };
}

static int64_t dot_sh(const PpcVec *x, const PpcVec *y, int i)
{
    return (int64_t)x->sh[2 * i] * y->sh[2 * i] + (int64_t)x->sh[2 * i + 1] * y->sh[2 * i + 1];
}
static uint64_t dot_uh(const PpcVec *x, const PpcVec *y, int i)
{
    return (uint64_t)x->h[2 * i] * y->h[2 * i] + (uint64_t)x->h[2 * i + 1] * y->h[2 * i + 1];
}

#define LANES2(name, field, n, expr) \
    void h_##name(CpuState *cpu, void *out, const void *a, const void *b) \
    { \
        PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b, r; \
        for (int i = 0; i < n; i++) \
            r.field[i] = expr; \
        *(PpcVec *)out = r; \
    }
#define LANES3(name, field, n, expr) \
    void h_##name(CpuState *cpu, void *out, const void *a, const void *b, const void *c) \
    { \
        PpcVec x = *(const PpcVec *)a, y = *(const PpcVec *)b, z = *(const PpcVec *)c, r; \
        for (int i = 0; i < n; i++) \
            r.field[i] = expr; \
        *(PpcVec *)out = r; \
    }
#include "target/ppc/vmx_lanes.def"
#undef LANES2
#undef LANES3

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
