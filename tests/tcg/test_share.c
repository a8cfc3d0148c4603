/* SPDX-License-Identifier: Apache-2.0 */
/* tcg_share: code without bus locks and barriers is made again when others begin to see memory, other code is not. The
 * guest's three words of code are an atomic addition, an ordered store with a fence, and an addition of registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg/tcg.h"

enum { STOP = 40, BASE = 0x1000, WORD = 4, NWORDS = 3 };
typedef struct Cpu { CpuState cpu; uint64_t a, b; } __attribute__((aligned(64))) Cpu;
enum { R_A, R_B };
static const RegDesc regs[] = { { "a", offsetof(Cpu, a), IR_I64, 1 }, { "b", offsetof(Cpu, b), IR_I64, 2 } };
typedef struct Made { int times; bool lock; } Made;     /* of the code of a word */

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    memset(buf, 0, len);
    return len;
}

static void translate(IrUnit *u, int max, size_t (*get)(void *, gaddr, void *, size_t), void *ctx)
{
    IrVal a = ir_get(u, R_A);
    ir_insn(u, u->pc, WORD);
    switch ((u->pc - BASE) / WORD) {
    case 0:
        ir_rmw(u, IR_fetch_add, IR_I64, MEM_64, a, ir_get(u, R_B));
        break;
    case 1:
        ir_store(u, MEM_64 | MEM_RELEASE, a, 0, ir_get(u, R_B));
        break;
    default:
        ir_put(u, R_B, ir_op2(u, IR_add, IR_I64, a, ir_get(u, R_B)));
    }
    ir_raise(u, STOP, 0, u->pc);
}

static void on_translate(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    Made *m = (Made *)ctx + (u->pc - BASE) / WORD;
    const uint8_t *p = code;
    if (stage != TCG_STAGE_CODE)
        return;
    m->times++;
    m->lock = false;
    for (size_t i = 0; i + 1 < len; i++)            /* lock, and an opcode or REX prefix that may follow it here */
        m->lock |= p[i] == 0xf0 && (p[i + 1] == 0x83 || p[i + 1] == 0x01 || (p[i + 1] & 0xf0) == 0x40);
}

static const TcgGuest guest = {
    .name = "words", .addr_bits = 64, .state_size = sizeof(Cpu), .regs = regs, .nregs = 2, .translate = translate
};
static uint64_t word;

static void run_all(Cpu *c)
{
    for (int i = 0; i < NWORDS; i++) {
        c->a = (uintptr_t)&word;
        c->cpu.pc = BASE + (gaddr)i * WORD;
        tcg_run(&c->cpu);
    }
}

int main(void)
{
    Made made[NWORDS] = { 0 };
    static const Made want[3][NWORDS] = {
        { { 1, false }, { 1, false }, { 1, false } }, { { 1, false }, { 1, false }, { 1, false } },
        { { 2, true }, { 2, true }, { 1, false } },
    };
    TcgHost host = { .fetch = fetch };
    TcgOptions o = { .opt_level = 1, .alone = true, .on_translate = on_translate, .log_ctx = made };
    Tcg *t = tcg_new(&guest, &host, &o);
    Cpu *c = aligned_alloc(64, sizeof *c);
    int bad = 0;
    memset(c, 0, sizeof *c);
    c->b = 3;
    tcg_thread_init(t, &c->cpu);
    for (int round = 0; round < 3; round++) {
        if (round == 2)
            tcg_share(t);
        run_all(c);
        for (int i = 0; i < NWORDS; i++)
            if (made[i].times != want[round][i].times || made[i].lock != want[round][i].lock) {
                printf("FAIL round %d word %d: made %d times, lock %d\n", round, i, made[i].times, made[i].lock);
                bad++;
            }
    }
    printf("%s\n", bad ? "failed" : "ok");
    return bad != 0;
}
