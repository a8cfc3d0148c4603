/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison that only a side exit sees is made on the way out (exit_if's aux, tcg/opt_dead.c): CR is right both
 * ways, on every engine, for every condition, signed and unsigned, in memory and in registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "target/ppc/cpu.h"

enum { CODE = 0x10000, A = 3, B = 4, OUT = 5, MEM_A = 14, MEM_B = 15 };         /* r14 and r15 have no pin */
enum { MFCR = 0x7c000026 | OUT << 21, SC = 0x44000002, OVER = 0x2c040001 };     /* cmpwi r4, 1 */

typedef struct Program { uint32_t code[6]; int puts; } Program;

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    const Program *p = ctx;
    uint8_t bytes[sizeof p->code];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(p->code[i / 4] >> (24 - i % 4 * 8));
    if (pc < CODE || pc - CODE >= sizeof bytes)
        return 0;
    len = len < CODE + sizeof bytes - pc ? len : CODE + sizeof bytes - pc;
    memcpy(buf, bytes + (pc - CODE), len);
    return len;
}

static void on_translate(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    Program *p = ctx;
    for (uint32_t i = 1; i < u->n && stage == TCG_STAGE_OP_OPT; i++)
        p->puts += u->insn[i].op == IR_exit_if && ir_exit_order(u->insn[i].aux) == R_CR0;
}

static uint32_t order(bool is_signed, uint32_t a, uint32_t b)
{
    bool less = is_signed ? (int32_t)a < (int32_t)b : a < b;
    return less ? 8 : a == b ? 2 : 4;
}

static bool run(
    CpuState *cpu, const Program *p, bool is_signed, int bit, bool set, uint32_t a, uint32_t b, const char *engine)
{
    PpcCpu *c = (PpcCpu *)cpu;
    uint32_t first = order(is_signed, a, b);
    bool taken = !!(first & 8u >> bit) == set;
    uint32_t want = taken ? first : order(true, b, 1);
    c->gpr[A] = c->gpr[MEM_A] = a;
    c->gpr[B] = c->gpr[MEM_B] = b;
    cpu->pc = CODE;
    int code = tcg_run(cpu);
    if (code == EX_SYSCALL && c->gpr[OUT] >> 28 == want)
        return true;
    printf(
        "FAIL %s: %08x, exit %d, cr %08x of %#x and %#x, want %x\n", engine, p->code[0], code, c->gpr[OUT], a, b, want);
    return false;
}

static int check(CpuState *cpu, Tcg *t, Program *p, bool is_signed, bool lit, bool unpinned, const char *engine)
{
    static const uint32_t value[] = { 0, 1, 2, 5, 0x7fff, 0x7fffffff, 0x80000000, 0xffff8000, 0xffffffff };
    enum { N = sizeof value / sizeof *value };
    int fails = 0, ra = unpinned ? MEM_A : A, rb = unpinned ? MEM_B : B;
    for (int k = 0; k < 6 * N; k++) {
        int bit = k % 3;
        bool set = k / 3 & 1;
        uint32_t b = lit ? value[k / 6] & 0x7fff : value[k / 6];
        uint32_t compare = lit ? (is_signed ? 0x2c000000 : 0x28000000) | (b & 0xffff)
                               : (is_signed ? 0x7c000000 : 0x7c000040) | (uint32_t)rb << 11;
        *p = (Program){ { compare | (uint32_t)ra << 16, 0x40820008 | (uint32_t)bit << 16, OVER, MFCR, SC } };
        p->code[1] = 0x40000008 | (set ? 12u : 4u) << 21 | (uint32_t)bit << 16;         /* bc, to mfcr */
        tcg_invalidate(t, CODE, CODE + sizeof p->code);
        for (int i = 0; i < N; i++)
            fails += !run(cpu, p, is_signed, bit, set, value[i], b, engine);
        if (t && !strcmp(engine, "optimised") && !p->puts)
            fails += printf("FAIL no exit puts CR0: %08x %08x\n", p->code[0], p->code[1]) > 0;
    }
    return fails;
}

int main(void)
{
    static const struct { const char *name; TcgOptions o; } engine[] = {
        { "interpreter", { .interp = true, .opt_level = 1 } }, { "plain", { .opt_level = 0 } },
        { "optimised", { .opt_level = 1 } },
    };
    int fails = 0;
    for (int e = 0; e < 3; e++) {
        static Program p;
        TcgHost host = { .fetch = fetch, .ctx = &p };
        TcgOptions o = engine[e].o;
        o.on_translate = on_translate;
        o.log_ctx = &p;
        Tcg *t = tcg_new(&guest_arch.tcg, &host, &o);
        CpuState *cpu = aligned_alloc(64, (sizeof(PpcCpu) + 63) & ~63ul);
        memset(cpu, 0, sizeof(PpcCpu));
        tcg_thread_init(t, cpu);
        guest_arch.reset(cpu, guest_arch.models[0].features);
        for (int k = 0; k < 8; k++)
            fails += check(cpu, t, &p, k & 1, k & 2, k & 4, engine[e].name);
    }
    puts(fails ? "failed" : "ok");
    return fails != 0;
}
