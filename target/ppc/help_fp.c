/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point arithmetic, exact: operations by tcg/softfloat.h with FR, FI, FPRF and the kinds of invalid
 * operations. Translated code computes with the IR's FP ops and comes here for what those do not tell: the status of
 * the last operation when FPSCR is read, the kind of an invalid one when it happens, and everything while FPSCR enables
 * exceptions. FPSCR itself: help_fpscr.c. Source: Power ISA Book I chapter 4 (sections
 * 4.2.2, 4.4, 4.6). */
#include <stdlib.h>
#include "target/ppc/help_fp.h"
#include "tcg/softfloat.h"

static const FpRules rules = { .nan = NAN_FIRST, .tiny_before_rounding = true };
static const uint64_t QNAN = 0x7ff8000000000000ull, QUIET = 1ull << 51, SIGN = 1ull << 63, INF = 0x7ff0000000000000ull,
                      ONE = 0x3ff0000000000000ull;

static bool is_nan(uint64_t v) { return (v & ~SIGN) > INF; }
static bool is_snan(uint64_t v) { return is_nan(v) && !(v & QUIET); }
static bool is_inf(uint64_t v) { return (v & ~SIGN) == INF; }
static bool is_zero(uint64_t v) { return !(v & ~SIGN); }

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

/* One operation as softfloat computes it: double operands, result in double format rounded to
 * the target's precision. */
typedef struct FpOp { uint32_t kind; bool single; int neg; uint64_t a, b, c; } FpOp;

static FpOp operation(uint32_t op, uint64_t a, uint64_t b, uint64_t c)
{
    uint32_t kind = op & PPC_FP_KIND;
    return (FpOp){ kind, op & PPC_FP_SINGLE || kind == PPC_FRSP, op >> PPC_FP_NEG_SHIFT, a, b, c };
}

/* Operands that a kind has, in the order in which a NaN is looked for: 1 a, 2 b, 4 c. */
static const uint8_t operands[] = {
    [PPC_FADD] = 3, [PPC_FSUB] = 3, [PPC_FMUL] = 5, [PPC_FDIV] = 3, [PPC_FMA] = 7, [PPC_FSQRT] = 2, [PPC_FRE] = 2,
    [PPC_FRSQRTE] = 2,
    [PPC_FRSP] = 2, [PPC_FCTIW] = 2, [PPC_FCTIWZ] = 2,
};

static uint64_t widen(SfEnv *e, SfBits v) { SfEnv quiet = *e; return sf_cvt(&quiet, SF64, SF32, v); }
static uint64_t to_word(SfEnv *e, uint64_t b, FpRound how)
{
    e->round = how;
    /* the upper half is undefined: what 32-bit cores leave */
    return 0xfff8000000000000ull | sf_to_int(e, SF64, b, 32, true, CVT_NAN_MIN);
}

/* fnmadd negates after rounding: the caller does. */
static uint64_t compute(SfEnv *e, const FpOp *o)
{
    SfFmt to = o->single ? SF32 : SF64;
    SfBits r;
    switch (o->kind) {
    case PPC_FADD: r = sf_fma_to(e, to, SF64, o->a, ONE, o->b, 0); break;
    case PPC_FSUB: r = sf_fma_to(e, to, SF64, o->a, ONE, o->b, FMA_NEG_ADDEND); break;
    /* + a zero of the product's sign */
    case PPC_FMUL: r = sf_fma_to(e, to, SF64, o->a, o->c, (o->a ^ o->c) & SIGN, 0); break;
    case PPC_FMA:  r = sf_fma_to(e, to, SF64, o->a, o->c, o->b, o->neg & FMA_NEG_ADDEND); break;
    case PPC_FDIV: r = sf_div_to(e, to, SF64, o->a, o->b); break;
    case PPC_FSQRT: r = sf_sqrt_to(e, to, SF64, o->b); break;
    case PPC_FRE:  r = sf_div_to(e, to, SF64, ONE, o->b); break;
    case PPC_FRSP: r = sf_fma_to(e, to, SF64, o->b, ONE, o->b & SIGN, 0); break;
    case PPC_FCTIW: return to_word(e, o->b, e->round);
    case PPC_FCTIWZ: return to_word(e, o->b, FP_RTZ);
    default: {                                          /* PPC_FRSQRTE */
        SfEnv inner = *e;
        uint64_t root = sf_sqrt_to(&inner, SF64, SF64, o->b);
        r = sf_div_to(e, to, SF64, ONE, root);
    } }
    return o->single ? widen(e, r) : (uint64_t)r;
}

/* Which invalid operation it is but for signalling NaNs, inf * 0 in any case. */
static uint32_t invalid_kind(const FpOp *o, FpRound round)
{
    switch (o->kind) {
    case PPC_FADD: return is_inf(o->a) && is_inf(o->b) && ((o->a ^ o->b) & SIGN) ? FPSCR_VXISI : 0;
    case PPC_FSUB: return is_inf(o->a) && is_inf(o->b) && !((o->a ^ o->b) & SIGN) ? FPSCR_VXISI : 0;
    case PPC_FDIV: return is_inf(o->a) && is_inf(o->b) ? FPSCR_VXIDI : is_zero(o->a) && is_zero(o->b) ? FPSCR_VXZDZ : 0;
    case PPC_FSQRT: case PPC_FRSQRTE: return (o->b & SIGN) && !is_zero(o->b) && !is_nan(o->b) ? FPSCR_VXSQRT : 0;
    case PPC_FMUL: case PPC_FMA:
        if ((is_inf(o->a) && is_zero(o->c)) || (is_zero(o->a) && is_inf(o->c)))
            return FPSCR_VXIMZ;
        if (o->kind == PPC_FMA && (is_inf(o->a) || is_inf(o->c)) && !is_nan(o->a) && !is_nan(o->c) && is_inf(o->b))
            return ((o->a ^ o->c ^ o->b) >> 63) != ((o->neg & FMA_NEG_ADDEND) != 0) ? FPSCR_VXISI : 0;
        return 0;
    case PPC_FCTIW: case PPC_FCTIWZ: {
        SfEnv e = { .round = round, .rules = &rules };  /* it decides what overflows a word */
        compute(&e, o);
        return e.flags & FPF_INVALID ? FPSCR_VXCVI : 0;
    }
    default: return 0;
    }
}

static uint32_t vx_bits(const FpOp *o, FpRound round)
{
    uint32_t has = operands[o->kind];
    bool snan = (has & 1 && is_snan(o->a)) || (has & 2 && is_snan(o->b)) || (has & 4 && is_snan(o->c));
    return invalid_kind(o, round) | (snan ? FPSCR_VXSNAN : 0);
}

/* --- results scaled for enabled overflow and underflow, 4.4.3.2 and 4.4.4.2 */

/* o with a result 2^n as large. What leaves the range of double here is far from deciding more than a rounding. */
static FpOp scaled(FpOp o, int n)
{
    static const int8_t halves[][3] = {                 /* of n, for a, b, c */
        [PPC_FADD] = { 2, 2 }, [PPC_FSUB] = { 2, 2 }, [PPC_FMUL] = { 1, 0, 1 },
        [PPC_FDIV] = { 1, -1 }, [PPC_FMA] = { 1, 2, 1 }, [PPC_FRSP] = { 0, 2 },
    };
    SfEnv e = { .round = FP_RODD, .rules = &rules };
    const int8_t *h = halves[o.kind];
    o.a = sf_scalbn(&e, SF64, o.a, h[0] * n / 2);
    o.b = sf_scalbn(&e, SF64, o.b, h[1] * n / 2);
    o.c = sf_scalbn(&e, SF64, o.c, h[2] * n / 2);
    return o;
}

static bool scales(const FpOp *o) { return o->kind <= PPC_FMA || o->kind == PPC_FRSP; }

/* The bias that the enabled exceptions of a result call for, or 0. Underflow is tininess alone when it is enabled. */
static int bias_of(const FpOp *o, uint64_t r, uint32_t *flags, uint32_t enables)
{
    uint64_t least = o->single ? 0x3810000000000000ull : 0x0010000000000000ull;
    int bias = o->single ? 192 : 1536;
    if (!scales(o))
        return 0;
    if (*flags & FPF_OVERFLOW)
        return enables & FPSCR_OE ? -bias : 0;
    bool tiny = *flags & FPF_UNDERFLOW || (!is_zero(r) && (r & ~SIGN) < least);
    if (!tiny || !(enables & FPSCR_UE))
        return 0;
    *flags |= FPF_UNDERFLOW;
    return bias;
}

/* --- an operation with its status */
typedef struct Outcome { uint64_t r; uint32_t vx, flags; bool up; } Outcome;

static bool rounded_up(const FpOp *o, uint64_t r)
{
    SfEnv z = { .round = FP_RTZ, .rules = &rules };
    uint64_t low = compute(&z, o);
    if (o->kind >= PPC_FCTIW)
        return llabs((long long)(int32_t)r) > llabs((long long)(int32_t)low);
    return (r & ~SIGN) > (low & ~SIGN);
}

static uint64_t nan_result(const FpOp *o)
{
    const uint64_t v[3] = { o->a, o->b, o->c };
    for (int i = 0; i < 3; i++)
        if (operands[o->kind] >> i & 1 && is_nan(v[i]))
            return (v[i] | QUIET) & (o->kind == PPC_FRSP ? ~0x1fffffffull : ~0ull);
    return QNAN;
}

static Outcome outcome(FpOp o, FpRound round, uint32_t enables)
{
    SfEnv e = { .round = round, .rules = &rules };
    Outcome out = { .vx = vx_bits(&o, round) };
    bool nan = (operands[o.kind] & 1 && is_nan(o.a)) || (operands[o.kind] & 2 && is_nan(o.b)) ||
        (operands[o.kind] & 4 && is_nan(o.c));
    out.r = compute(&e, &o);
    if (nan || out.vx) {
        if (o.kind < PPC_FCTIW)
            out.r = nan_result(&o);
        return out;
    }
    out.flags = e.flags;
    int bias = bias_of(&o, out.r, &out.flags, enables);
    if (bias) {
        o = scaled(o, bias);
        e.flags = 0;
        out.r = compute(&e, &o);
        out.flags = (out.flags & ~FPF_INEXACT) | (e.flags & FPF_INEXACT);
    }
    if (o.kind == PPC_FRE || o.kind == PPC_FRSQRTE)
        out.flags &= ~FPF_INEXACT;
    out.up = out.flags & FPF_INEXACT && rounded_up(&o, out.r);
    if (o.neg & FMA_NEG_RESULT)
        out.r ^= SIGN;
    return out;
}

uint32_t ppc_fp_status(uint32_t op, FpRound round, uint64_t a, uint64_t b, uint64_t c)
{
    FpOp o = operation(op, a, b, c);
    uint32_t has = operands[o.kind], fast;
    if (round == FP_RNE && ppc_fp_status_fast(op, has & 1 ? a : 0, has & 2 ? b : 0, has & 4 ? c : 0, &fast))
        return fast;
    Outcome out = outcome(o, round, 0);
    uint32_t inexact = out.flags & FPF_INEXACT ? FPSCR_FI | (out.up ? FPSCR_FR : 0) : 0;
    return inexact | fprf_of(out.r, o.single) << FPSCR_FPRF_SHIFT;
}

/* The instruction as FPSCR has it now; old is the target register, kept when an enabled exception suppresses the
 * result. */
uint64_t h_fp_exact(CpuState *cpu, uint32_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t old)
{
    static const uint32_t bit[] = { 0, FPSCR_ZX, FPSCR_OX, FPSCR_UX, FPSCR_XX };
    PpcCpu *p = (PpcCpu *)cpu;
    FpOp o = operation(op, a, b, c);
    Outcome out = outcome(o, cpu->fp_round, p->fpscr);
    uint32_t raise = out.vx, status = 0;
    for (int i = 1; i < 5; i++)
        if (out.flags >> i & 1)
            raise |= bit[i];
    bool suppressed = (out.vx && p->fpscr & FPSCR_VE) || (raise & FPSCR_ZX && p->fpscr & FPSCR_ZE);
    if (out.flags & FPF_INEXACT)
        status = FPSCR_FI | (out.up ? FPSCR_FR : 0);
    status |= suppressed ? p->fpscr & FPSCR_FPRF : fprf_of(out.r, o.single) << FPSCR_FPRF_SHIFT;
    ppc_fpscr_raise(p, raise, FPSCR_FR | FPSCR_FI | FPSCR_FPRF, suppressed ? status & FPSCR_FPRF : status);
    return suppressed ? old : out.r;
}

/* --- comparison */
static uint32_t compare_vx(bool ordered, uint64_t a, uint64_t b, uint32_t fpscr)
{
    bool signalling = is_snan(a) || is_snan(b);
    uint32_t vx = signalling ? FPSCR_VXSNAN : 0;
    if (ordered && (is_nan(a) || is_nan(b)) && (!signalling || !(fpscr & FPSCR_VE)))
        vx |= FPSCR_VXVC;
    return vx;
}

uint32_t h_fcmp(CpuState *cpu, uint32_t ordered, uint64_t a, uint64_t b)
{
    PpcCpu *c = (PpcCpu *)cpu;
    SfEnv e = { .rules = &rules };
    bool unordered = is_nan(a) || is_nan(b);
    uint32_t cc = unordered                      ? 1
        : sf_cmp(&e, SF64, a, b, COND_LT, false) ? 8
        : sf_cmp(&e, SF64, a, b, COND_GT, false) ? 4
                                                 : 2;
    ppc_fpscr_raise(c, compare_vx(ordered, a, b, c->fpscr), 15u << FPSCR_FPRF_SHIFT, cc << FPSCR_FPRF_SHIFT);
    return cc;
}

/* --- TcgGuest.fp_invalid: the IR op as an instruction. fma is in[0] * in[1] + in[2]. */
static const uint8_t kind_of[IR_NOPS] = {
    [IR_fadd] = PPC_FADD, [IR_fsub] = PPC_FSUB, [IR_fmul] = PPC_FMUL, [IR_fdiv] = PPC_FDIV, [IR_fma] = PPC_FMA,
    [IR_fma_narrow] = PPC_FMA,
    [IR_fsqrt] = PPC_FSQRT, [IR_fcvt_ff] = PPC_FRSP, [IR_fcvt_fi] = PPC_FCTIW,
};

void ppc_fp_invalid(CpuState *cpu, const SfOp *op, const uint64_t operand[3])
{
    uint32_t kind = kind_of[op->op], vx;
    bool singles = op->type == IR_F32 && op->op != IR_fcvt_ff && op->op != IR_fma_narrow;
    uint64_t in[3];
    for (int i = 0; i < 3; i++)
        in[i] = singles ? sf_scalar(NULL, (SfOp){ .op = IR_fwiden, .type = IR_F64 }, operand[i], 0, 0) : operand[i];
    if (op->op == IR_forder) {
        vx = compare_vx(op->aux & 1, in[0], in[1], 0);
    } else {
        FpOp o = operation(kind | op->aux << PPC_FP_NEG_SHIFT, in[0], in[1], in[2]);
        if (kind == PPC_FMUL || kind == PPC_FMA)
            o.c = in[1], o.b = in[2];
        else if (operands[kind] == 2)
            o.b = in[0];
        vx = vx_bits(&o, op->round == FP_DYN ? cpu->fp_round : op->round);
    }
    ppc_fpscr_raise((PpcCpu *)cpu, vx, 0, 0);
}
