/* SPDX-License-Identifier: Apache-2.0 */
/* Softfloat against the host FPU: random and special operands, the four SSE rounding modes, results and
 * flags; binary128 against the compiler's library; the guests' NaN choices against a table. */
#include <fenv.h>
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg/softfloat.h"

static const FpRules x86 = { NAN_X86, true, false, false, false };
static uint64_t seed = 0x9e3779b97f4a7c15;
static int fails;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static uint64_t operand(SfFmt f)
{
    static const uint64_t special[] = { 0, 1, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
        0x3ff0000000000000, 0x3fefffffffffffff, 0x3fe0000000000000, 0x3ff8000000000000, 0x4000000000000000,
        0x41dfffffffc00000, 0x41e0000000000000, 0x43e0000000000000, 0x43efffffffffffff, 0x7fefffffffffffff,
        0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x7ffc123400000000, 0x36a0000000000000,
        0x3810000000000000, 0x380fffffe0000000, 0x47efffffefffffff };
    static const uint32_t special32[] = { 0, 1, 0x7fffff, 0x800000, 0x800001, 0x3f800000, 0x3f7fffff, 0x3f000000,
        0x3fc00000, 0x4effffff, 0x4f000000, 0x5f000000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fe01234,
        0x477fe000, 0x477ff000, 0x33000000, 0x38800000, 0x387fe000 };
    uint64_t r = rnd(), s = rnd(), k = rnd() % 8;
    int w = f == SF64 ? 64 : 32;
    uint64_t sign = (s & 1) << (w - 1);
    if (k == 0)
        return sign | (f == SF64 ? special[r % (sizeof special / 8)] : special32[r % (sizeof special32 / 4)]);
    if (k < 4) {                /* near one, so that operations interact; few fraction bits give ties */
        uint64_t e = f == SF64 ? (1023 - 30 + s % 60) << 52 : (uint64_t)(127 - 20 + s % 40) << 23;
        uint64_t m = f == SF64 ? r & 0xfffffffffffff : r & 0x7fffff;
        if (k == 3)
            m &= f == SF64 ? 0xffff000000000 : 0x7ff000;
        return sign | e | m;
    }
    if (k == 4) {               /* about the ends of the exponent range */
        uint64_t ends = (s & 2 ? 0x0008 + (s >> 8) % 0x10 : 0x7fe0) << 48, ends32 = s & 2 ? 0x700000 : 0x7e800000;
        return sign | (f == SF64 ? ends | (r & 0x1fffffffffffff) % 0x7ff0000000000 : ends32 + (r & 0x1fffff));
    }
    return f == SF64 ? r : (uint32_t)r;
}

static void compare(const char *what, int mode, uint64_t a, uint64_t b, uint64_t c, uint64_t got, uint32_t gf,
    uint64_t want, uint32_t wf)
{
    if (got == want && (gf & 31) == wf)
        return;
    if (fails++ < 30)
        printf("FAIL %s mode %d %016llx %016llx %016llx: %016llx/%x want %016llx/%x\n", what, mode,
            (unsigned long long)a, (unsigned long long)b, (unsigned long long)c, (unsigned long long)got, gf,
            (unsigned long long)want, wf);
}

/* got is evaluated before its flags. */
#define check(what, mode, a, b, c, got, gf, want, wf) \
    do { uint64_t got_ = (got); compare(what, mode, a, b, c, got_, gf, want, wf); } while (0)

static uint32_t host_flags(void)
{
    uint32_t m = _mm_getcsr();
    return (m & 1) | (m >> 1 & 2) | (m >> 1 & 4) | (m >> 1 & 8) | (m >> 1 & 16);
}

static const uint32_t csr[] = { [FP_RNE] = 0x1f80, [FP_RTZ] = 0x7f80, [FP_RDN] = 0x3f80, [FP_RUP] = 0x5f80 };
static double d_of(uint64_t v) { double d; memcpy(&d, &v, 8); return d; }
static float s_of(uint64_t v) { float d; memcpy(&d, &v, 4); return d; }
static uint64_t d_bits(double d) { uint64_t v; memcpy(&v, &d, 8); return v; }
static uint64_t s_bits(float d) { uint32_t v; memcpy(&v, &d, 4); return v; }

#define HOST2(name, insn, type, of, bits) \
    static uint64_t name(uint64_t a, uint64_t b) \
    { \
        type x = of(a), y = of(b); \
        __asm__ volatile(insn " %1, %0" : "+x"(x) : "x"(y)); \
        return bits(x); \
    }
HOST2(add_d, "addsd", double, d_of, d_bits)
HOST2(add_s, "addss", float, s_of, s_bits) HOST2(sub_d, "subsd", double, d_of, d_bits)
    HOST2(sub_s, "subss", float, s_of, s_bits) HOST2(mul_d, "mulsd", double, d_of, d_bits)
        HOST2(mul_s, "mulss", float, s_of, s_bits) HOST2(divide_d, "divsd", double, d_of, d_bits)
            HOST2(divide_s, "divss", float, s_of, s_bits) static uint64_t sqrt_d(uint64_t a, uint64_t b)
{
    double x = d_of(a);
    (void)b;
    __asm__ volatile("sqrtsd %0, %0" : "+x"(x));
    return d_bits(x);
}
static uint64_t sqrt_s(uint64_t a, uint64_t b)
{
    float x = s_of(a);
    (void)b;
    __asm__ volatile("sqrtss %0, %0" : "+x"(x));
    return s_bits(x);
}
static uint64_t rint_d(uint64_t a, uint64_t b)
{
    double x = d_of(a);
    (void)b;
    __asm__ volatile("roundsd $4, %0, %0" : "+x"(x));
    return d_bits(x);
}
static uint64_t rint_s(uint64_t a, uint64_t b)
{
    float x = s_of(a);
    (void)b;
    __asm__ volatile("roundss $4, %0, %0" : "+x"(x));
    return s_bits(x);
}

static SfBits sf_sqrt2(SfEnv *e, SfFmt f, SfBits a, SfBits b) { (void)b; return sf_sqrt(e, f, a); }
static SfBits sf_rint2(SfEnv *e, SfFmt f, SfBits a, SfBits b) { (void)b; return sf_round_int(e, f, a, true); }
/* fma(a, 1, b) rounds as a + b does: the wide path against the narrow one's oracle. */
static SfBits sf_add_by_fma(SfEnv *e, SfFmt f, SfBits a, SfBits b)
{
    return sf_fma(e, f, a, f == SF64 ? 0x3ff0000000000000 : 0x3f800000, b, 0);
}

static const struct {
    const char *name;
    uint64_t (*d)(uint64_t, uint64_t), (*s)(uint64_t, uint64_t);
    SfBits (*sf)(SfEnv *, SfFmt, SfBits, SfBits);
} ops[] = {
    { "add", add_d, add_s, sf_add }, { "sub", sub_d, sub_s, sf_sub }, { "mul", mul_d, mul_s, sf_mul },
    { "div", divide_d, divide_s, sf_div },
    { "sqrt", sqrt_d, sqrt_s, sf_sqrt2 }, { "rint", rint_d, rint_s, sf_rint2 },
    { "add by fma", add_d, add_s, sf_add_by_fma },
};

static void test_arith(int rounds)
{
    for (int n = 0; n < rounds; n++) {
        for (unsigned o = 0; o < sizeof ops / sizeof *ops; o++) {
            SfFmt f = n & 1 ? SF64 : SF32;
            int mode = rnd() & 3;
            uint64_t a = operand(f), b = operand(f), w, g;
            SfEnv e = { .round = mode, .rules = &x86 };
            _mm_setcsr(csr[mode]);
            w = f == SF64 ? ops[o].d(a, b) : ops[o].s(a, b);
            uint32_t wf = host_flags();
            g = (uint64_t)ops[o].sf(&e, f, a, b);
            check(ops[o].name, mode, a, b, 0, g, e.flags, w, wf);
        }
    }
}

__attribute__((target("fma"))) static void test_fma(int rounds)
{
    if (!__builtin_cpu_supports("fma")) {
        printf("skip fma: the host has none\n");
        return;
    }
    for (int n = 0; n < rounds; n++) {
        int mode = rnd() & 3;
        SfEnv e = { .round = mode, .rules = &x86 };
        uint64_t a, b, c, w;
        SfFmt f = n & 1 ? SF64 : SF32;
        a = operand(f), b = operand(f), c = operand(f);
        _mm_setcsr(csr[mode]);
        if (f == SF64) {
            double x = d_of(a), y = d_of(b), z = d_of(c);
            if (n & 8) {                        /* cancellation */
                z = -x * y;
                c = d_bits(z);
                _mm_setcsr(csr[mode]);
            }
            __asm__ volatile("vfmadd213sd %2, %1, %0" : "+x"(x) : "x"(y), "x"(z));
            w = d_bits(x);
        } else {
            float x = s_of(a), y = s_of(b), z = s_of(c);
            __asm__ volatile("vfmadd213ss %2, %1, %0" : "+x"(x) : "x"(y), "x"(z));
            w = s_bits(x);
        }
        uint32_t wf = host_flags();
        /* x86's NaN order in this form is b, a, c: swap the factors, the product is the same */
        uint64_t g = (uint64_t)sf_fma(&e, f, b, a, c, 0);
        if (!sf_is_nan(f, a) || !sf_is_nan(f, b))
            check("fma", mode, a, b, c, g, e.flags, w, wf);
    }
}

static void test_convert(int rounds)
{
    for (int n = 0; n < rounds; n++) {
        int mode = rnd() & 3;
        SfEnv e = { .round = mode, .rules = &x86 };
        uint64_t a = operand(SF64), b = operand(SF32), w;
        float s;
        double d = d_of(a);
        int64_t l;
        int32_t i;
        _mm_setcsr(csr[mode]);
        __asm__ volatile("cvtsd2ss %1, %0" : "=x"(s) : "x"(d));
        uint32_t wf = host_flags();
        check("64 to 32", mode, a, 0, 0, (uint64_t)sf_cvt(&e, SF32, SF64, a), e.flags, s_bits(s), wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        s = s_of(b);
        __asm__ volatile("cvtss2sd %1, %0" : "=x"(d) : "x"(s));
        wf = host_flags();
        check("32 to 64", mode, b, 0, 0, (uint64_t)sf_cvt(&e, SF64, SF32, b), e.flags, d_bits(d), wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        d = d_of(a);
        __asm__ volatile("cvtsd2si %1, %0" : "=r"(l) : "x"(d));
        wf = host_flags();
        w = sf_to_int(&e, SF64, a, 64, true, CVT_NAN_MIN);
        if (!(e.flags & FPF_INVALID) || wf != FPF_INVALID)
            check("64 to i64", mode, a, 0, 0, w, e.flags, l, wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        s = s_of(b);
        __asm__ volatile("cvtss2si %1, %0" : "=r"(i) : "x"(s));
        wf = host_flags();
        w = sf_to_int(&e, SF32, b, 32, true, CVT_NAN_MIN);
        if (!(e.flags & FPF_INVALID) || wf != FPF_INVALID)
            check("32 to i32", mode, b, 0, 0, w, e.flags, (uint32_t)i, wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        l = (int64_t)(rnd() >> (rnd() & 63));
        __asm__ volatile("cvtsi2ssq %1, %0" : "=x"(s) : "r"(l));
        wf = host_flags();
        check("i64 to 32", mode, l, 0, 0, (uint64_t)sf_from_int(&e, SF32, l, 64, true), e.flags, s_bits(s), wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        __asm__ volatile("cvtsi2sdq %1, %0" : "=x"(d) : "r"(l));
        wf = host_flags();
        check("i64 to 64", mode, l, 0, 0, (uint64_t)sf_from_int(&e, SF64, l, 64, true), e.flags, d_bits(d), wf);
    }
}

__attribute__((target("f16c,avx"))) static void test_half(int rounds)
{
    if (!__builtin_cpu_supports("f16c"))
        return;
    for (int n = 0; n < rounds; n++) {
        int mode = rnd() & 3;
        SfEnv e = { .round = mode, .rules = &x86 };
        uint64_t b = operand(SF32), h = n & 0xffff;
        if (rnd() & 1)
            b = (b & 0x807fffff) | (uint32_t)(127 - 26 + rnd() % 44) << 23;
        _mm_setcsr(csr[mode]);
        uint32_t w = _mm_extract_epi16(_mm_cvtps_ph((__m128)_mm_cvtsi32_si128((int)b), 4), 0) & 0xffff;
        uint32_t wf = host_flags();
        check("32 to 16", mode, b, 0, 0, (uint64_t)sf_cvt(&e, SF16, SF32, b), e.flags, w, wf);
        e.flags = 0;
        _mm_setcsr(csr[mode]);
        w = _mm_cvtsi128_si32((__m128i)_mm_cvtph_ps(_mm_cvtsi32_si128((int)h)));
        wf = host_flags();
        check("16 to 32", mode, h, 0, 0, (uint64_t)sf_cvt(&e, SF32, SF16, h), e.flags, w, wf);
    }
}

static uint64_t mixed(SfBits v) { return (uint64_t)(v >> 64) ^ (uint64_t)v * 3; }        /* both halves in one word */
static SfBits q_bits(__float128 q) { SfBits v; memcpy(&v, &q, 16); return v; }

static void test_quad(int rounds)
{
    for (int n = 0; n < rounds; n++) {
        int mode = rnd() & 3;
        SfEnv e = { .round = mode, .rules = &x86 };
        SfBits a = (SfBits)rnd() << 64 | rnd(), b = (SfBits)rnd() << 64 | rnd(), got[5];
        SfBits em = (SfBits)0x7fff << 112;
        if (n & 1)
            a = (a & ~em) | (SfBits)(16383 - 60 + rnd() % 120) << 112,
            b = (b & ~em) | (SfBits)(16383 - 60 + rnd() % 120) << 112;
        if (sf_is_nan(SF128, a) || sf_is_nan(SF128, b))
            continue;
        volatile __float128 x, y, w[5];
        memcpy((void *)&x, &a, 16);
        memcpy((void *)&y, &b, 16);
        _mm_setcsr(csr[mode]);
        w[0] = x + y, w[1] = x - y, w[2] = x * y, w[3] = x / y, w[4] = (__float128)(double)x;
        _mm_setcsr(csr[FP_RNE]);
        got[0] = sf_add(&e, SF128, a, b), got[1] = sf_sub(&e, SF128, a, b), got[2] = sf_mul(&e, SF128, a, b),
        got[3] = sf_div(&e, SF128, a, b);
        got[4] = sf_cvt(&e, SF128, SF64, sf_cvt(&e, SF64, SF128, a));
        for (int i = 0; i < 5; i++)
            check("quad", mode * 10 + i, a >> 64, b >> 64, i, mixed(got[i]), 0, mixed(q_bits(w[i])), 0);
        /* sqrt(x * x) of a short x is x */
        SfBits small = a >> 60 << 60 & ~em;
        small |= (SfBits)16400 << 112;
        small &= ~((SfBits)1 << 127);
        check("quad sqrt", mode, small >> 64, 0, 0,
            (uint64_t)(sf_sqrt(&e, SF128, sf_mul(&e, SF128, small, small)) >> 64), 0, small >> 64, 0);
    }
}

/* The NaN that each guest gives: a table of operands, payload in the low digits. */
static void test_nans(void)
{
    static const FpRules arm = { NAN_SNAN_FIRST, false, true, true, true },
                         ppc = { NAN_FIRST, false, true, false, false };
    static const FpRules riscv = { NAN_CANON, false, false, false, false };
    static const uint32_t q1 = 0x7fc00001, q2 = 0xffc00002, s3 = 0x7f800003, one = 0x3f800000, inf = 0x7f800000;
    static const struct { const FpRules *r; int op; uint32_t a, b, c, want, flags; } row[] = {
        { &arm, IR_fadd, q1, s3, 0, 0x7fc00003, 1 }, { &arm, IR_fadd, q2, q1, 0, q2, 0 },
        { &ppc, IR_fadd, q1, s3, 0, q1, 1 },
        { &riscv, IR_fadd, q2, q1, 0, 0x7fc00000, 0 }, { &x86, IR_fsub, inf, inf, 0, 0xffc00000, 1 },
        { &arm, IR_fsub, inf, inf, 0, 0x7fc00000, 1 },
        { &arm, IR_fma, q1, one, q2, q2, 0 }, { &arm, IR_fma, inf, 0, q2, 0x7fc00000, 1 },
        { &arm, IR_fma, inf, 0, s3, 0x7fc00003, 1 },
        { &ppc, IR_fma, one, q1, q2, q2, 0 }, { &ppc, IR_fma, inf, 0, q2, q2, 1 },
        { &riscv, IR_fma, inf, 0, q2, 0x7fc00000, 1 },
        { &x86, IR_fma, inf, 0, q2, q2, 0 },
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        SfOp o = { .op = row[i].op, .type = IR_F32 };
        SfEnv e = sf_env(o, row[i].r, FP_RNE);
        uint64_t g = sf_scalar(&e, o, row[i].a, row[i].b, row[i].c);
        check("nan", i, row[i].a, row[i].b, row[i].c, g, e.flags, row[i].want, row[i].flags);
    }
}

/* Cases worked out by hand from the manuals. */
static void test_cases(void)
{
    static const FpRules before = { NAN_SNAN_FIRST, false, true, true, true };
    static const FpRules after = { NAN_CANON, false, false, false, false };
    SfEnv e = { .round = FP_RNE, .rules = &before }, r = { .round = FP_RNE, .rules = &after };
    /* 2^-126 * (1 - 2^-46) rounds to the minimum normal: tiny before rounding only */
    uint64_t min = (uint64_t)sf_mul(&e, SF32, 0x00fffffe, 0x3f000001);
    check("tiny before", 0, 0, 0, 0, min, e.flags, 0x00800000, FPF_INEXACT | FPF_UNDERFLOW);
    min = (uint64_t)sf_mul(&r, SF32, 0x00fffffe, 0x3f000001);
    check("tiny after", 0, 0, 0, 0, min, r.flags, 0x00800000, FPF_INEXACT);
    e.flags = 0;
    check(
        "fjcvtzs", 0, 0, 0, 0, sf_to_int(&e, SF64, 0x41f0000000500000, 32, true, CVT_WRAP_JS), e.flags, 5, FPF_INVALID);
    e.flags = 0;
    check("cvt u32 of -0.5", 0, 0, 0, 0, sf_to_int(&e, SF32, 0xbf000000, 32, false, 0), e.flags, 0, FPF_INEXACT);
    e.flags = 0;
    check("cvt nan max", 0, 0, 0, 0, sf_to_int(&e, SF32, 0x7fc00000, 64, true, CVT_NAN_MAX), e.flags, INT64_MAX,
        FPF_INVALID);
    e.flags = 0;
    check(
        "minnum", 0, 0, 0, 0, (uint64_t)sf_min(&e, SF32, 0x7fc00000, 0x40000000, FMINMAX_NUM), e.flags, 0x40000000, 0);
    check("minnum snan", 0, 0, 0, 0, (uint64_t)sf_min(&e, SF32, 0x7f800001, 0x40000000, FMINMAX_NUM), e.flags,
        0x7fc00001, FPF_INVALID);
    e.flags = 0;
    check("min zero", 0, 0, 0, 0, (uint64_t)sf_min(&e, SF32, 0, 0x80000000, 0), e.flags, 0x80000000, 0);
    check("frecpe", 0, 0, 0, 0, (uint64_t)sf_arm_recpe(&e, SF32, 0x3f800000), e.flags, 0x3f7f8000, 0);
    check("frsqrte", 0, 0, 0, 0, (uint64_t)sf_arm_rsqrte(&e, SF32, 0x3f800000), e.flags, 0x3f7f8000, 0);
    check("frsqrte 2", 0, 0, 0, 0, (uint64_t)sf_arm_rsqrte(&e, SF32, 0x40000000), e.flags, 0x3f348000, 0);
    check("frsqrts", 0, 0, 0, 0, (uint64_t)sf_arm_rsqrts(&e, SF32, 0x3f800000, 0x3f800000), e.flags, 0x3f800000, 0);
    check("rodd", 0, 0, 0, 0, (e.round = FP_RODD, (uint64_t)sf_cvt(&e, SF32, SF64, 0x3ff0000000000001)), e.flags,
        0x3f800001, FPF_INEXACT);
    e.flags = 0, e.round = FP_RNA;
    check("rna", 0, 0, 0, 0, sf_to_int(&e, SF64, 0x4004000000000000, 64, true, 0), e.flags, 3, FPF_INEXACT);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 200000;

    test_arith(rounds);
    test_fma(rounds);
    test_convert(rounds);
    test_half(rounds);
    test_quad(rounds / 8);
    _mm_setcsr(csr[FP_RNE]);
    test_nans();
    test_cases();
    if (!fails)
        printf("ok softfloat\n");
    return fails != 0;
}
