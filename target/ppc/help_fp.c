/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point: every operation is computed exactly by tcg/softfloat.h and FPSCR is kept exact, FR, FI and
 * FPRF included. Source: Power ISA Book I chapter 4 (sections 4.2.2, 4.4, 4.6).
 * Results scaled for enabled overflow and underflow exceptions (OE, UE) are not made: the default result is.
 */
#include <stdlib.h>
#include "target/ppc/help.h"
#include "tcg/softfloat.h"

static const FpRound round_of_rn[4] = { FP_RNE, FP_RTZ, FP_RUP, FP_RDN };
static const FpRules rules = { .nan = NAN_FIRST, .tiny_before_rounding = true };
static const uint64_t QNAN = 0x7ff8000000000000ull, QUIET = 1ull << 51, SIGN = 1ull << 63, INF = 0x7ff0000000000000ull, ONE = 0x3ff0000000000000ull;

static bool is_nan(uint64_t v) { return (v & ~SIGN) > INF; }
static bool is_snan(uint64_t v) { return is_nan(v) && !(v & QUIET); }
static bool is_inf(uint64_t v) { return (v & ~SIGN) == INF; }
static bool is_zero(uint64_t v) { return !(v & ~SIGN); }

/* Exception bits become set: FX says a bit was new, VX and FEX are summaries. */
static void fpscr_raise(PpcCpu *c, uint32_t bits)
{
    if (bits & ~c->fpscr)
        c->fpscr |= FPSCR_FX;
    c->fpscr |= bits;
}

static void fpscr_summarise(PpcCpu *c)
{
    uint32_t s = c->fpscr & ~(FPSCR_VX | FPSCR_FEX);
    if (s & FPSCR_VX_ALL)
        s |= FPSCR_VX;
    /* VX OX UX ZX XX stand 22 bits above their enables */
    if (s >> 22 & s & (FPSCR_VE | FPSCR_OE | FPSCR_UE | FPSCR_ZE | FPSCR_XE))
        s |= FPSCR_FEX;
    c->fpscr = s;
}

/* FPRF: class and sign, table in 4.2.2. */
static uint32_t fprf_of(uint64_t v, bool single)
{
    if (is_nan(v))
        return 0x11;
    bool neg = v >> 63, normal = (v & ~SIGN) >= (single ? 0x3810000000000000ull : 0x0010000000000000ull);
    if (is_zero(v))
        return neg ? 0x12 : 0x02;
    if (is_inf(v))
        return neg ? 0x09 : 0x05;
    return normal ? (neg ? 0x08 : 0x04) : (neg ? 0x18 : 0x14);
}

/* One operation as softfloat computes it: double operands, result in double format rounded to the target's precision. */
typedef struct FpOp { uint32_t op; bool single; uint64_t a, c, b; int neg; } FpOp;
enum { OP_FMA = 32, OP_MUL };

static uint64_t widen(SfEnv *e, SfBits v) { SfEnv quiet = *e; return sf_cvt(&quiet, SF64, SF32, v); }

static uint64_t compute(SfEnv *e, const FpOp *o)
{
    SfFmt to = o->single ? SF32 : SF64;
    SfBits r;
    switch (o->op) {
    case PPC_FADD: r = sf_fma_to(e, to, SF64, o->a, ONE, o->b, 0); break;
    case PPC_FSUB: r = sf_fma_to(e, to, SF64, o->a, ONE, o->b, FMA_NEG_ADDEND); break;
    case OP_MUL:   r = sf_fma_to(e, to, SF64, o->a, o->c, (o->a ^ o->c) & SIGN, 0); break;     /* + a zero of the product's sign */
    case OP_FMA:   r = sf_fma_to(e, to, SF64, o->a, o->c, o->b, o->neg & FMA_NEG_ADDEND); break;
    case PPC_FDIV: r = sf_div_to(e, to, SF64, o->a, o->b); break;
    case PPC_FSQRT: r = sf_sqrt_to(e, to, SF64, o->b); break;
    case PPC_FRE:  r = sf_div_to(e, to, SF64, ONE, o->b); break;
    case PPC_FRSP: r = sf_fma_to(e, to, SF64, o->b, ONE, o->b & SIGN, 0); break;
    default: {                                          /* PPC_FRSQRTE */
        SfEnv inner = *e;
        uint64_t root = sf_sqrt_to(&inner, SF64, SF64, o->b);
        r = sf_div_to(e, to, SF64, ONE, root);
    } }
    return o->single ? widen(e, r) : (uint64_t)r;
}

/* Which invalid operation it is when no operand is a NaN, and inf * 0 in any case. */
static uint32_t invalid_kind(const FpOp *o)
{
    switch (o->op) {
    case PPC_FADD: return is_inf(o->a) && is_inf(o->b) && ((o->a ^ o->b) & SIGN) ? FPSCR_VXISI : 0;
    case PPC_FSUB: return is_inf(o->a) && is_inf(o->b) && !((o->a ^ o->b) & SIGN) ? FPSCR_VXISI : 0;
    case PPC_FDIV: return is_inf(o->a) && is_inf(o->b) ? FPSCR_VXIDI : is_zero(o->a) && is_zero(o->b) ? FPSCR_VXZDZ : 0;
    case PPC_FSQRT: case PPC_FRSQRTE: return (o->b & SIGN) && !is_zero(o->b) && !is_nan(o->b) ? FPSCR_VXSQRT : 0;
    case OP_MUL: case OP_FMA:
        if ((is_inf(o->a) && is_zero(o->c)) || (is_zero(o->a) && is_inf(o->c)))
            return FPSCR_VXIMZ;
        if (o->op == OP_FMA && (is_inf(o->a) || is_inf(o->c)) && !is_nan(o->a) && !is_nan(o->c) && is_inf(o->b))
            return ((o->a ^ o->c ^ o->b) >> 63) != ((o->neg & FMA_NEG_ADDEND) != 0) ? FPSCR_VXISI : 0;
        return 0;
    default: return 0;
    }
}

/* Writes FPSCR after an operation and picks what goes to the register. */
static uint64_t finish(PpcCpu *c, uint64_t r, uint64_t old, uint32_t vx, uint32_t flags, bool rounded_up, bool single)
{
    static const uint32_t bit[] = { 0, FPSCR_ZX, FPSCR_OX, FPSCR_UX, FPSCR_XX };
    uint32_t raise = vx;
    for (int i = 1; i < 5; i++)
        if (flags >> i & 1)
            raise |= bit[i];
    fpscr_raise(c, raise);
    c->fpscr &= ~(FPSCR_FR | FPSCR_FI);
    bool suppressed = (vx && c->fpscr & FPSCR_VE) || (raise & FPSCR_ZX && c->fpscr & FPSCR_ZE);
    if (!suppressed) {
        if (flags & FPF_INEXACT)
            c->fpscr |= FPSCR_FI | (rounded_up ? FPSCR_FR : 0);
        c->fpscr = (c->fpscr & ~FPSCR_FPRF) | fprf_of(r, single) << FPSCR_FPRF_SHIFT;
    }
    fpscr_summarise(c);
    return suppressed ? old : r;
}

static uint64_t run(CpuState *cpu, const FpOp *o, const uint64_t *operand, int n, uint64_t old)
{
    PpcCpu *c = (PpcCpu *)cpu;
    uint32_t vx = invalid_kind(o);
    uint64_t nan = 0;
    for (int i = n - 1; i >= 0; i--)                    /* the first NaN wins, quieted; any signalling one raises */
        if (is_nan(operand[i])) {
            nan = operand[i] | QUIET;
            vx |= is_snan(operand[i]) ? FPSCR_VXSNAN : 0;
        }
    if (nan && o->op == PPC_FRSP)
        nan &= ~0x1fffffffull;
    if (nan || vx)
        return finish(c, nan ? nan : QNAN, old, vx, 0, false, o->single);
    SfEnv e = { .round = round_of_rn[c->fpscr & FPSCR_RN], .rules = &rules };
    uint64_t r = compute(&e, o);
    bool up = false;
    if (e.flags & FPF_INEXACT) {
        SfEnv z = { .round = FP_RTZ, .rules = &rules };
        up = (r & ~SIGN) > (compute(&z, o) & ~SIGN);
    }
    if (o->op == PPC_FRE || o->op == PPC_FRSQRTE)
        e.flags &= ~FPF_INEXACT;
    if (o->neg & FMA_NEG_RESULT)                        /* the rounded sum is negated, fnmadd */
        r ^= SIGN;
    return finish(c, r, old, 0, e.flags, up, o->single);
}

uint64_t h_fp2(CpuState *cpu, uint32_t op, uint64_t a, uint64_t b, uint64_t old)
{
    FpOp o = { .op = op & ~PPC_FP_SINGLE, .single = op & PPC_FP_SINGLE, .a = a, .b = b };
    return run(cpu, &o, (uint64_t[]){ a, b }, 2, old);
}

uint64_t h_fmul(CpuState *cpu, uint32_t single, uint64_t a, uint64_t c, uint64_t old)
{
    FpOp o = { .op = OP_MUL, .single = single, .a = a, .c = c };
    return run(cpu, &o, (uint64_t[]){ a, c }, 2, old);
}

uint64_t h_fma(CpuState *cpu, uint32_t neg, uint64_t a, uint64_t c, uint64_t b, uint64_t old)
{
    FpOp o = { .op = OP_FMA, .single = neg & PPC_FP_SINGLE, .a = a, .c = c, .b = b, .neg = neg & 7 };
    return run(cpu, &o, (uint64_t[]){ a, b, c }, 3, old);
}

/* fctiw, fctiwz: the upper half of the register is undefined; FFF80000 is what 32-bit cores leave. */
static uint64_t to_int(PpcCpu *c, uint32_t op, uint64_t b, uint64_t old)
{
    SfEnv e = { .round = op == PPC_FCTIWZ ? FP_RTZ : round_of_rn[c->fpscr & FPSCR_RN], .rules = &rules };
    uint32_t v = sf_to_int(&e, SF64, b, 32, true, CVT_NAN_MIN), prf = c->fpscr & FPSCR_FPRF;
    uint32_t vx = (e.flags & FPF_INVALID ? FPSCR_VXCVI : 0) | (is_snan(b) ? FPSCR_VXSNAN : 0);
    SfEnv z = { .round = FP_RTZ, .rules = &rules };
    int32_t low = sf_to_int(&z, SF64, b, 32, true, CVT_NAN_MIN);
    bool up = llabs((long long)(int32_t)v) > llabs((long long)low);
    uint64_t r = finish(c, 0xfff8000000000000ull | v, old, vx, vx ? 0 : e.flags, up, false);
    c->fpscr = (c->fpscr & ~FPSCR_FPRF) | prf;          /* FPRF is undefined: unchanged here */
    return r;
}

uint64_t h_fp1(CpuState *cpu, uint32_t op, uint64_t b, uint64_t old)
{
    uint32_t kind = op & ~PPC_FP_SINGLE;
    if (kind == PPC_FCTIW || kind == PPC_FCTIWZ)
        return to_int((PpcCpu *)cpu, kind, b, old);
    FpOp o = { .op = kind, .single = op & PPC_FP_SINGLE || kind == PPC_FRSP, .b = b };
    return run(cpu, &o, &b, 1, old);
}

uint32_t h_fcmp(CpuState *cpu, uint32_t ordered, uint64_t a, uint64_t b)
{
    PpcCpu *c = (PpcCpu *)cpu;
    SfEnv e = { .rules = &rules };
    bool unordered = is_nan(a) || is_nan(b), signalling = is_snan(a) || is_snan(b);
    uint32_t cc = unordered ? 1 : sf_cmp(&e, SF64, a, b, COND_LT, false) ? 8 : sf_cmp(&e, SF64, a, b, COND_GT, false) ? 4 : 2;
    uint32_t vx = signalling ? FPSCR_VXSNAN : 0;
    if (ordered && unordered && (!signalling || !(c->fpscr & FPSCR_VE)))
        vx |= FPSCR_VXVC;
    c->fpscr = (c->fpscr & ~(15u << FPSCR_FPRF_SHIFT)) | cc << FPSCR_FPRF_SHIFT;
    fpscr_raise(c, vx);
    fpscr_summarise(c);
    return cc;
}

/* Load and store conversions, 4.6.2 and 4.6.3: bits are moved, nothing is rounded or quieted. */
uint64_t h_s2d(CpuState *cpu, uint32_t v)
{
    uint64_t sign = (uint64_t)(v & 0x80000000u) << 32, frac = v & 0x7fffff;
    int exp = v >> 23 & 255;
    if (exp == 255)
        return sign | INF | frac << 29;
    if (exp)
        return sign | (uint64_t)(exp + 896) << 52 | frac << 29;
    if (!frac)
        return sign;
    int shift = __builtin_clzll(frac) - 40;             /* normalise: bit 23 becomes the hidden one */
    return sign | (uint64_t)(897 - shift) << 52 | ((frac << shift & 0x7fffff) << 29);
}

uint32_t h_d2s(CpuState *cpu, uint64_t v)
{
    uint32_t exp = v >> 52 & 2047;
    if (exp > 896 || !(v & ~SIGN))
        return (v >> 32 & 0xc0000000u) | (v >> 29 & 0x3fffffff);
    if (exp < 874)
        return v >> 32 & 0x80000000u;                   /* undefined by the manual */
    uint64_t frac = (v & 0xfffffffffffffull) | 1ull << 52;
    return (v >> 32 & 0x80000000u) | frac >> (29 + 897 - exp);
}

/* mtfsf, mtfsfi, mtfsb0: FEX and VX are never written as such. */
void h_fpscr_write(CpuState *cpu, uint32_t value, uint32_t mask)
{
    PpcCpu *c = (PpcCpu *)cpu;
    mask &= ~(FPSCR_FEX | FPSCR_VX);
    c->fpscr = ((c->fpscr & ~mask) | (value & mask)) & ~(1u << 11);
    fpscr_summarise(c);
}

/* mtfsb1: an exception bit that was clear sets FX. */
void h_fpscr_set(CpuState *cpu, uint32_t bit)
{
    const uint32_t exceptions = FPSCR_OX | FPSCR_UX | FPSCR_ZX | FPSCR_XX | FPSCR_VX_ALL;
    PpcCpu *c = (PpcCpu *)cpu;
    h_fpscr_write(cpu, ~0u, bit | (bit & exceptions & ~c->fpscr ? FPSCR_FX : 0));
}

uint32_t h_mcrfs(CpuState *cpu, uint32_t field)
{
    PpcCpu *c = (PpcCpu *)cpu;
    const uint32_t exceptions = FPSCR_FX | FPSCR_OX | FPSCR_UX | FPSCR_ZX | FPSCR_XX | FPSCR_VX_ALL;
    uint32_t shift = 28 - 4 * field, v = c->fpscr >> shift & 15;
    c->fpscr &= ~(15u << shift & exceptions);
    fpscr_summarise(c);
    return v;
}
