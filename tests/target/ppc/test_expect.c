/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracle of test_diff.c lacks or gets wrong, each with its own expectation from the manual (Power ISA Book I
 * chapter 4; the AltiVec PEM for estimates), on every engine: FR, FX, FPRF of subnormal singles, fnmadd in directed
 * modes, enabled exceptions. */
#include <stdio.h>
#include "target/ppc/arch.h"
#include "tests/target/expect.h"

enum { FA = 1, FB = 2, FC = 3, FT = 4 };
#define A_FORM(op, xo) ((uint32_t)(op) << 26 | FT << 21 | FA << 16 | FB << 11 | FC << 6 | (xo) << 1)
#define ADD(op) (A_FORM(op, 21) & ~(31u << 6))
#define SUB(op) (A_FORM(op, 20) & ~(31u << 6))
#define DIV(op) (A_FORM(op, 18) & ~(31u << 6))
#define MUL(op) (A_FORM(op, 25) & ~(31u << 11))
#define UNARY(op, xo) ((uint32_t)(op) << 26 | FT << 21 | FB << 11 | (xo) << 1)
#define MTFSB1(bit) (63u << 26 | (bit) << 21 | 38 << 1)
enum { D = 63, S = 59 };

#define ONE 0x3ff0000000000000
#define TWO 0x4000000000000000
#define INF 0x7ff0000000000000
#define QNAN 0x7ff8000000000000
#define SNAN 0x7ff0000000000001
#define HUGE 0x7fe0000000000000         /* 2^1023 */
#define TINY 0x0010000000000000         /* 2^-1022 */
#define NEG (1ull << 63)
#define P2(e) ((uint64_t)(1023 + (e)) << 52)
#define WORD 0xfff8000000000000         /* undefined by the manual, as FPRF of fctiw is: what 32-bit cores leave */
#define OLD 0x1234567812345678          /* what the target register held */

/* FPRF by class and sign */
enum { P_NORM = 4 << 12, N_NORM = 8 << 12, P_INF = 5 << 12, N_INF = 9 << 12, P_ZERO = 2 << 12, N_ZERO = 18 << 12 };
enum { P_SUB = 20 << 12, N_SUB = 24 << 12, P_NAN = 17 << 12 };
enum {
    FX = (int)FPSCR_FX, FEX = FPSCR_FEX, VX = FPSCR_VX, OX = FPSCR_OX, UX = FPSCR_UX, ZX = FPSCR_ZX, XX = FPSCR_XX,
    VXCVI = FPSCR_VXCVI, FR = FPSCR_FR, FI = FPSCR_FI,
    VE = FPSCR_VE, OE = FPSCR_OE, UE = FPSCR_UE, ZE = FPSCR_ZE, XE = FPSCR_XE, NEAR = 0, CHOP = 1, UP = 2, DOWN = 3,
};

static const struct Row {
    const char *name;
    uint32_t insn;
    uint64_t a, b, c;
    int fpscr;
    uint64_t want;
    int want_fpscr;
} rows[] = {
    { "fadd exact", ADD(D), ONE, ONE, 0, NEAR, TWO, P_NORM },
    { "fadd rounds up", ADD(D), ONE, P2(-53) | 1, 0, NEAR, ONE | 1, FX | XX | FR | FI | P_NORM },
    { "fadd rounds down", ADD(D), ONE, P2(-54), 0, NEAR, ONE, FX | XX | FI | P_NORM },
    { "fadd tie to even", ADD(D), ONE | 1, P2(-53), 0, NEAR, ONE | 2, FX | XX | FR | FI | P_NORM },
    { "fadd up", ADD(D), ONE, P2(-80), 0, UP, ONE | 1, FX | XX | FR | FI | P_NORM | UP },
    { "fadd chop", ADD(D), ONE, P2(-80), 0, CHOP, ONE, FX | XX | FI | P_NORM | CHOP },
    { "fsub down", SUB(D), NEG | ONE, P2(-80), 0, DOWN, NEG | ONE | 1, FX | XX | FR | FI | N_NORM | DOWN },
    { "fsub to zero, down", SUB(D), ONE, ONE, 0, DOWN, NEG, N_ZERO | DOWN },
    { "FX only when a bit is new", ADD(D), ONE, P2(-54), 0, XX, ONE, XX | FI | P_NORM },
    { "FR FI FPRF replaced", ADD(D), ONE, ONE, 0, FR | FI | P_NAN, TWO, P_NORM },
    { "fmuls subnormal single", MUL(S), P2(-100), 0, P2(-40), NEAR, P2(-140), P_SUB },
    { "frsp subnormal single", UNARY(D, 12), 0, NEG | P2(-140), 0, NEAR, NEG | P2(-140), N_SUB },
    { "frsp tiny and inexact", UNARY(D, 12), 0, P2(-140) | 1, 0, NEAR, P2(-140), FX | UX | XX | FI | P_SUB },
    { "fmul underflows", MUL(D), TINY | 1, 0, P2(-1), NEAR, TINY >> 1, FX | UX | XX | FI | P_SUB },
    { "fmul overflows, chop", MUL(D), HUGE, 0, HUGE, CHOP, INF - 1, FX | OX | XX | FI | P_NORM | CHOP },
    { "fnmadd up", A_FORM(D, 31), ONE, P2(-80), ONE, UP, NEG | ONE | 1, FX | XX | FR | FI | N_NORM | UP },
    { "fnmadd down", A_FORM(D, 31), ONE, P2(-80), ONE, DOWN, NEG | ONE, FX | XX | FI | N_NORM | DOWN },
    { "fnmsub up", A_FORM(D, 30), ONE, NEG | P2(-80), ONE, UP, NEG | ONE | 1, FX | XX | FR | FI | N_NORM | UP },
    { "fnmadds down", A_FORM(S, 31), ONE, NEG | P2(-80), ONE, DOWN, NEG | 0x3fefffffe0000000,
        FX | XX | FI | N_NORM | DOWN },
    { "fnmadd of a NaN", A_FORM(D, 31), ONE, QNAN, ONE, NEAR, QNAN, P_NAN },
    { "fctiw overflows only as rounded down", UNARY(D, 14), 0, NEG | P2(31) | 1, 0, DOWN, WORD | 0x80000000,
        FX | VX | VXCVI | P_NAN | DOWN },
    { "fctiw overflows only as rounded up", UNARY(D, 14), 0, P2(31) - 1, 0, UP, WORD | 0x7fffffff,
        FX | VX | VXCVI | P_NAN | UP },
    { "fnmadd of zero", A_FORM(D, 31), 0, 0, ONE, NEAR, NEG, N_ZERO },
    { "fmadd: b before c", A_FORM(D, 29), ONE, QNAN | 2, QNAN | 3, NEAR, QNAN | 2, P_NAN },
    { "fmadd inf * 0 + sNaN", A_FORM(D, 29), INF, SNAN, 0, NEAR, QNAN | 1,
        FX | VX | FPSCR_VXSNAN | FPSCR_VXIMZ | P_NAN },
    { "fadd inf - inf", ADD(D), INF, NEG | INF, 0, NEAR, QNAN, FX | VX | FPSCR_VXISI | P_NAN },
    { "fdiv 0 / 0", DIV(D), 0, 0, 0, NEAR, QNAN, FX | VX | FPSCR_VXZDZ | P_NAN },
    { "fdiv inf / inf", DIV(D), INF, INF, 0, NEAR, QNAN, FX | VX | FPSCR_VXIDI | P_NAN },
    { "fdiv 1 / -0", DIV(D), ONE, NEG, 0, NEAR, NEG | INF, FX | ZX | N_INF },
    { "fsqrt -1", UNARY(D, 22), 0, NEG | ONE, 0, NEAR, QNAN, FX | VX | FPSCR_VXSQRT | P_NAN },
    { "fsqrt 2, up", UNARY(D, 22), 0, TWO, 0, UP, 0x3ff6a09e667f3bcd, FX | XX | FR | FI | P_NORM | UP },
    { "fsqrt 2, chop", UNARY(D, 22), 0, TWO, 0, CHOP, 0x3ff6a09e667f3bcc, FX | XX | FI | P_NORM | CHOP },
    { "fres 2", UNARY(S, 24), 0, TWO, 0, NEAR, P2(-1), P_NORM },
    { "frsqrte 1/4", UNARY(D, 26), 0, P2(-2), 0, NEAR, TWO, P_NORM },
    { "frsqrte -1", UNARY(D, 26), 0, NEG | ONE, 0, NEAR, QNAN, FX | VX | FPSCR_VXSQRT | P_NAN },
    { "fsqrt -1, VE", UNARY(D, 22), 0, NEG | ONE, 0, VE | FR | FI | P_SUB, OLD,
        FX | FEX | VX | FPSCR_VXSQRT | VE | P_SUB },
    { "fdiv 1 / 0, ZE", DIV(D), ONE, 0, 0, ZE, OLD, FX | FEX | ZX | ZE },
    { "fadd inexact, XE", ADD(D), ONE, P2(-54), 0, XE, ONE, FX | FEX | XX | FI | P_NORM | XE },
    { "fmul overflow, OE: scaled", MUL(D), HUGE, 0, HUGE | 1, OE, P2(1023 + 1023 - 1536) | 1,
        FX | FEX | OX | P_NORM | OE },
    { "fmul underflow, UE: scaled", MUL(D), TINY | 1, 0, TINY, UE, P2(-1022 - 1022 + 1536) | 1,
        FX | FEX | UX | P_NORM | UE },
    { "fmul exact subnormal, UE", MUL(D), TINY, 0, P2(-1), UE, P2(-1023 + 1536), FX | FEX | UX | P_NORM | UE },
    { "fadds overflow, OE: scaled", ADD(S), P2(127), P2(127), 0, OE, P2(128 - 192), FX | FEX | OX | P_NORM | OE },
    { "fdivs underflow, UE: scaled", DIV(S), P2(-120), P2(20), 0, UE, P2(-140 + 192), FX | FEX | UX | P_NORM | UE },
    { "fmadd overflow, OE: addend decides", A_FORM(D, 29), HUGE, TINY, HUGE, OE | UP, P2(1023 + 1023 - 1536) | 1,
        FX | FEX | OX | XX | FR | FI | P_NORM | OE | UP },
    { "mtfsb1 OX", MTFSB1(3), 0, 0, 0, 0, OLD, FX | OX },
    { "mtfsb1 OX again", MTFSB1(3), 0, 0, 0, OX, OLD, OX },
    { "mtfsb1 VXSNAN", MTFSB1(7), 0, 0, 0, VE, OLD, FX | FEX | VX | FPSCR_VXSNAN | VE },
    { "mtfsb1 VX is a summary", MTFSB1(2), 0, 0, 0, 0, OLD, 0 },
    { "fcmpo of quiet NaNs", 63u << 26 | FA << 16 | FB << 11 | 32 << 1, QNAN, ONE, 0, FR | FI | P_ZERO, OLD,
        FX | VX | FPSCR_VXVC | FR | FI | 1 << 12 },
    { "fcmpu of quiet NaNs", 63u << 26 | FA << 16 | FB << 11, QNAN, ONE, 0, P_NAN, OLD, 17 << 12 },
    { "fcmpo sNaN, VE: no VXVC", 63u << 26 | FA << 16 | FB << 11 | 32 << 1, SNAN, ONE, 0, VE, OLD,
        FX | FEX | VX | FPSCR_VXSNAN | VE | 1 << 12 },
};

static uint32_t insn(int row) { return rows[row].insn; }

static bool run(CpuState *cpu, int row, const char *engine)
{
    const struct Row *r = &rows[row];
    PpcCpu *c = (PpcCpu *)cpu;
    c->fpr[FA] = r->a;
    c->fpr[FB] = r->b;
    c->fpr[FC] = r->c;
    c->fpr[FT] = OLD;
    ppc_set_fpscr(c, r->fpscr);
    int exit = tcg_run(cpu);
    int want_exit = r->want_fpscr & FEX ? EX_PPC_FP : EX_SYSCALL;
    if (c->fpr[FT] == r->want && ppc_get_fpscr(c) == (uint32_t)r->want_fpscr && exit == want_exit)
        return true;
    printf("FAIL %s on %s: %#llx fpscr %#x exit %d, want %#llx fpscr %#x\n", r->name, engine,
        (unsigned long long)c->fpr[FT], ppc_get_fpscr(c), exit, (unsigned long long)r->want, (uint32_t)r->want_fpscr);
    return false;
}

int main(void)
{
    enum { SC = 0x44000002 };
    return expect_main(&(Expect){ sizeof rows / sizeof *rows, SC, true, insn, run });
}
