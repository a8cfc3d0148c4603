/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that the oracle lacks (Zfa, Zicond, Zicboz) and corners that a draw hardly hits, each with its own
 * expectation from the manual, on every engine. */
#include <stdio.h>
#include <string.h>
#include "target/riscv/arch.h"
#include "tests/target/expect.h"

enum { DATA = 0x30000000, A0 = 10, A1 = 11, A2 = 12, FA0 = 10, FA1 = 11, FA2 = 12 };
enum { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };
#define S(bits) (0xffffffff00000000 | (bits))               /* boxed single */
#define H(bits) (0xffffffffffff0000 | (bits))               /* boxed half */
#define NAN_D 0x7ff8000000000000
#define SNAN_D 0x7ff0000000000001

/* Inputs: a1, a2 and fa1, fa2 hold x1, x2; the result is in a0, or in fa0 when fp. */
typedef struct Row { const char *name; uint32_t insn; uint64_t x1, x2; bool fp; uint64_t want; int frm, flags; } Row;

#define RTYPE(f7, rs2, rs1, f3, rd, op) \
    ((uint32_t)(f7) << 25 | (rs2) << 20 | (rs1) << 15 | (f3) << 12 | (rd) << 7 | (op))
#define FP(f7, rs2, f3) RTYPE(f7, rs2, FA1, f3, FA0, 0x53)
#define FMA_S(op) RTYPE(FA0 << 2, FA2, FA1, 7, FA0, op)        /* addend fa0, which is no box: a quiet NaN */
#define FLI(f7, n) RTYPE(f7, 1, n, 0, FA0, 0x53)

static const Row rows[] = {
    { "czero.eqz", RTYPE(7, A2, A1, 5, A0, 0x33), 7, 0, false, 0 },
    { "czero.eqz", RTYPE(7, A2, A1, 5, A0, 0x33), 7, 1ull << 40, false, 7 },
    { "czero.nez", RTYPE(7, A2, A1, 7, A0, 0x33), 7, 0, false, 7 },
    { "czero.nez", RTYPE(7, A2, A1, 7, A0, 0x33), 7, 1ull << 40, false, 0 },
    { "fli.s -1", FLI(0x78, 0), 0, 0, true, S(0xbf800000) },
    { "fli.s min", FLI(0x78, 1), 0, 0, true, S(0x00800000) },
    { "fli.s 2^-16", FLI(0x78, 2), 0, 0, true, S(0x37800000) },
    { "fli.s 0.875", FLI(0x78, 15), 0, 0, true, S(0x3f600000) },
    { "fli.s 65536", FLI(0x78, 29), 0, 0, true, S(0x47800000) },
    { "fli.s inf", FLI(0x78, 30), 0, 0, true, S(0x7f800000) },
    { "fli.s nan", FLI(0x78, 31), 0, 0, true, S(0x7fc00000) },
    { "fli.d min", FLI(0x79, 1), 0, 0, true, 0x0010000000000000 },
    { "fli.d 0.3125", FLI(0x79, 9), 0, 0, true, 0x3fd4000000000000 },
    { "fli.h 2^-16", FLI(0x7a, 2), 0, 0, true, H(0x0100) },
    { "fli.h 65536", FLI(0x7a, 29), 0, 0, true, H(0x7c00) },
    { "fminm.d", FP(0x15, FA2, 2), 0x3ff0000000000000, NAN_D, true, NAN_D },
    { "fmaxm.d", FP(0x15, FA2, 3), SNAN_D, 0x3ff0000000000000, true, NAN_D, 0, NV },
    { "fminm.d zeros", FP(0x15, FA2, 2), 0, 1ull << 63, true, 1ull << 63 },
    { "fmaxm.s", FP(0x14, FA2, 3), S(0x3f800000), S(0x40000000), true, S(0x40000000) },
    { "fround.d 2.5 rne", FP(0x21, 4, 0), 0x4004000000000000, 0, true, 0x4000000000000000 },
    { "fround.d 2.5 rmm", FP(0x21, 4, 4), 0x4004000000000000, 0, true, 0x4008000000000000 },
    { "fround.d 2.5 dyn", FP(0x21, 4, 7), 0x4004000000000000, 0, true, 0x4008000000000000, 3 },
    { "fround.d -0.2", FP(0x21, 4, 0), 0xbfc999999999999a, 0, true, 1ull << 63 },
    { "froundnx.d 2.5", FP(0x21, 5, 1), 0x4004000000000000, 0, true, 0x4000000000000000, 0, NX },
    { "fround.d snan", FP(0x21, 4, 0), SNAN_D, 0, true, NAN_D, 0, NV },
    { "fround.s 1e10", FP(0x20, 4, 0), S(0x501502f9), 0, true, S(0x501502f9) },
    { "fcvtmod.w.d 2^32+5", RTYPE(0x61, 8, FA1, 1, A0, 0x53), 0x41f0000000500000, 0, false, 5, 0, NV },
    { "fcvtmod.w.d -1.5", RTYPE(0x61, 8, FA1, 1, A0, 0x53), 0xbff8000000000000, 0, false, ~0ull, 0, NX },
    { "fcvtmod.w.d inf", RTYPE(0x61, 8, FA1, 1, A0, 0x53), 0x7ff0000000000000, 0, false, 0, 0, NV },
    { "fcvtmod.w.d 2^31", RTYPE(0x61, 8, FA1, 1, A0, 0x53), 0x41e0000000000000, 0, false, 0xffffffff80000000, 0, NV },
    { "fleq.d qnan", RTYPE(0x51, FA2, FA1, 4, A0, 0x53), NAN_D, 0, false, 0 },
    { "fltq.d snan", RTYPE(0x51, FA2, FA1, 5, A0, 0x53), SNAN_D, 0, false, 0, 0, NV },
    { "fltq.s", RTYPE(0x50, FA2, FA1, 5, A0, 0x53), S(0x3f800000), S(0x40000000), false, 1 },
    { "fleq.s equal", RTYPE(0x50, FA2, FA1, 4, A0, 0x53), S(0x3f800000), S(0x3f800000), false, 1 },
    { "fmaxm.h", FP(0x16, FA2, 3), H(0x3c00), H(0x4000), true, H(0x4000) },
    { "fround.h 1.5", FP(0x22, 4, 0), H(0x3e00), 0, true, H(0x4000) },
    { "fmadd.s inf*0+qnan", FMA_S(0x43), S(0x7f800000), S(0), true, S(0x7fc00000), 0, NV },
    { "fnmsub.s 0*inf+qnan", FMA_S(0x4b), S(0), S(0x7f800000), true, S(0x7fc00000), 0, NV },
    { "fmadd.s 1*0+qnan", FMA_S(0x43), S(0x3f800000), S(0), true, S(0x7fc00000) },
    { "cbo.zero", RTYPE(0, 4, A1, 2, 0, 0x0f), DATA + 70, 0, false, 0 },
    { "wfi is illegal", 0x10500073, 0, 0, false, ~0ull },
    { "rm 5 is illegal", FP(0x01, FA2, 5), 0, 0, true, ~0ull },
};

static uint32_t insn(int row) { return rows[row].insn; }

static bool run(CpuState *cpu, int row, const char *engine)
{
    const Row *r = &rows[row];
    RvCpu *c = (RvCpu *)cpu;
    uint64_t *data = (uint64_t *)DATA;
    memset(data, 0xff, 256);
    c->x[A0] = c->f[FA0] = 0;
    c->x[A1] = c->f[FA1] = r->x1;
    c->x[A2] = c->f[FA2] = r->x2;
    rv_set_fcsr(c, r->frm << 5);
    int code = tcg_run(cpu);
    bool illegal = r->want == ~0ull && strstr(r->name, "illegal");
    uint64_t got = illegal && code == EX_ILLEGAL && cpu->pc == EXPECT_CODE ? ~0ull : r->fp ? c->f[FA0] : c->x[A0];
    bool ok = got == r->want && (rv_fcsr(c) & 31) == (uint32_t)r->flags && (illegal || code == EX_SYSCALL);
    if (!strcmp(r->name, "cbo.zero"))
        ok &= data[7] == ~0ull && data[8] == 0 && data[15] == 0 && data[16] == ~0ull;
    if (!ok)
        printf("FAIL %s on %s: %#llx flags %#x exit %d, want %#llx flags %#x\n", r->name, engine,
            (unsigned long long)got, rv_fcsr(c) & 31, code, (unsigned long long)r->want, r->flags);
    return ok;
}

int main(void)
{
    enum { ECALL = 0x73 };
    expect_map(DATA, 4096);
    return expect_main(&(Expect){ sizeof rows / sizeof *rows, ECALL, false, insn, run });
}
