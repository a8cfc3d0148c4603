/* SPDX-License-Identifier: Apache-2.0 */
/* Integer Advanced SIMD helpers: what has no cheap form in IR. Lane by lane in 128-bit integers.
 * Source: Arm ARM, the pseudocode of each instruction. Results clear the register above the operand width. */
#include "tr_simd.h"
#include "help_simd.h"
#include "tcg/softfloat.h"

typedef __int128 Wide;
typedef struct Desc { IrLane e; int bits, bytes, fn, imm; } Desc;

static Desc unpack(uint32_t d)
{
    IrLane e = d >> SIMD_DESC_LANE & 15;
    return (Desc){ e, 8 << e, 1 << (d >> SIMD_DESC_WIDTH & 15), d >> SIMD_DESC_FN & 255, d >> SIMD_DESC_IMM & 255 };
}

static uint64_t lane_u(const A64Vec *v, IrLane e, int i)
{
    return e == E8 ? v->b[i] : e == E16 ? v->h[i] : e == E32 ? v->s[i] : v->d[i];
}
static int64_t lane_s(const A64Vec *v, IrLane e, int i)
{
    return e == E8 ? v->sb[i] : e == E16 ? v->sh[i] : e == E32 ? v->ss[i] : v->sd[i];
}
static void set(A64Vec *v, IrLane e, int i, uint64_t x)
{
    switch (e) {
    case E8: v->b[i] = x; break;
    case E16: v->h[i] = x; break;
    case E32: v->s[i] = x; break;
    default: v->d[i] = x;
    }
}

static void set_qc(CpuState *cpu) { ((A64Cpu *)cpu)->qc.d[0] = 1; }

static Wide clamp(Wide v, bool is_unsigned, int bits, bool *over)
{
    Wide one = 1, hi = (one << (is_unsigned ? bits : bits - 1)) - 1, lo = is_unsigned ? 0 : -hi - 1;
    Wide r = v > hi ? hi : v < lo ? lo : v;
    *over |= r != v;
    return r;
}

static Wide shift_lane(int fn, Wide v, int s, int bits, bool *over)
{
    bool is_unsigned = fn & 1, saturate = fn & 2, round = fn & 4;
    if (s < 0) {
        int n = -s > 65 ? 65 : -s;                      /* beyond: only the sign is left, and rounding gives 0 */
        return (v + (round ? (Wide)1 << (n - 1) : 0)) >> n;
    }
    if (s >= bits)
        return saturate && v ? clamp(v > 0 ? (Wide)1 << 100 : -((Wide)1 << 100), is_unsigned, bits, over) : 0;
    v *= (Wide)1 << s;
    return saturate ? clamp(v, is_unsigned, bits, over) : v;
}

void help_simd_shl(CpuState *cpu, void *out, const void *a, const void *b, uint32_t desc)
{
    Desc d = unpack(desc);
    A64Vec r = { { 0 } };
    bool over = false;
    for (int i = 0; i < d.bytes >> d.e; i++) {
        Wide v = d.fn & 1 ? (Wide)lane_u(a, d.e, i) : (Wide)lane_s(a, d.e, i);
        set(&r, d.e, i, (uint64_t)shift_lane(d.fn, v, (int8_t)lane_u(b, d.e, i), d.bits, &over));
    }
    if (over)
        set_qc(cpu);
    *(A64Vec *)out = r;
}

static uint64_t int1(int fn, IrLane e, const A64Vec *a, int i)
{
    int bits = 8 << e;
    uint64_t u = lane_u(a, e, i), s = (uint64_t)lane_s(a, e, i);
    switch (fn) {
    case I1_CLZ: return u ? __builtin_clzll(u) - (64 - bits) : bits;
    case I1_CLS: return __builtin_clrsbll((long long)s) - (64 - bits);
    case I1_URECPE: return sf_arm_urecpe(u);
    default: return sf_arm_ursqrte(u);
    }
}

void help_simd_int1(CpuState *cpu, void *out, const void *a, uint32_t desc)
{
    Desc d = unpack(desc);
    A64Vec r = { { 0 } };
    for (int i = 0; i < d.bytes >> d.e; i++)
        set(&r, d.e, i, int1(d.fn, d.e, a, i));
    *(A64Vec *)out = r;
}

static uint32_t clmul8(uint32_t a, uint32_t b)
{
    uint32_t r = 0;
    for (int i = 0; i < 8; i++)
        r ^= b >> i & 1 ? a << i : 0;
    return r;
}

void help_simd_int2(CpuState *cpu, void *out, const void *a, const void *b, uint32_t desc)
{
    Desc d = unpack(desc);
    A64Vec r = { { 0 } };
    bool over = false;
    if (d.fn == I2_PMULL8) {
        for (int i = 0; i < 8; i++)
            r.h[i] = clmul8(((const A64Vec *)a)->b[8 * d.imm + i], ((const A64Vec *)b)->b[8 * d.imm + i]);
        *(A64Vec *)out = r;
        return;
    }
    for (int i = 0; i < d.bytes >> d.e; i++) {
        if (d.fn == I2_PMUL)
            set(&r, d.e, i, clmul8(lane_u(a, d.e, i), lane_u(b, d.e, i)));
        else if (d.fn == I2_SUQADD)
            set(&r, d.e, i, clamp((Wide)lane_s(a, d.e, i) + lane_u(b, d.e, i), false, d.bits, &over));
        else
            set(&r, d.e, i, clamp((Wide)lane_u(a, d.e, i) + lane_s(b, d.e, i), true, d.bits, &over));
    }
    if (over)
        set_qc(cpu);
    *(A64Vec *)out = r;
}

/* SQRDMLAH, SQRDMLSH: c +- a * b, doubled and rounded, in one step. */
void help_simd_int3(CpuState *cpu, void *out, const void *a, const void *b, const void *c, uint32_t desc)
{
    Desc d = unpack(desc);
    A64Vec r = { { 0 } };
    bool over = false;
    for (int i = 0; i < d.bytes >> d.e; i++) {
        Wide p = 2 * (Wide)lane_s(a, d.e, i) * lane_s(b, d.e, i), acc = (Wide)lane_s(c, d.e, i) * ((Wide)1 << d.bits);
        acc += (d.fn == I3_RDMLSH ? -p : p) + ((Wide)1 << (d.bits - 1));
        set(&r, d.e, i, (uint64_t)clamp(acc >> d.bits, false, d.bits, &over));
    }
    if (over)
        set_qc(cpu);
    *(A64Vec *)out = r;
}
