/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads in one translator while code changes: lookup, translation, links, the jump table, invalidation, flushes of a
 * cache that is much too small. The guest's "code" is an array of words; the block at word k adds the word to r0 and goes on to another
 * block, directly, over a call and its return, or indirectly. tests/tools/tsan.sh runs this under ThreadSanitizer, too. */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg/tcg.h"

enum { CELLS = 4096, CELL = 16, BASE = 0x100000, RUNNERS = 3, STEPS = 400, STOP = 40, CONST_CELLS = CELLS - 64 };

typedef struct Cpu { CpuState cpu; uint64_t sum, left, at; } __attribute__((aligned(64))) Cpu;
enum { R_SUM, R_LEFT, R_AT };
static const RegDesc regs[] = {
    { "sum", offsetof(Cpu, sum), IR_I64, 1 }, { "left", offsetof(Cpu, left), IR_I64, 2 }, { "at", offsetof(Cpu, at), IR_I64, 3 },
};
static _Atomic uint32_t code[CELLS];            /* those from CONST_CELLS on change */
static _Atomic bool done;
static _Atomic unsigned changers;           /* each has words of its own */

static unsigned next_cell(unsigned k) { return (k * 5 + 1) % CONST_CELLS; }
static gaddr pc_of(unsigned k) { return BASE + (gaddr)k * CELL; }

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    uint32_t v = atomic_load(&code[(pc - BASE) / CELL]);
    memcpy(buf, &v, len < 4 ? len : 4);
    return len < 4 ? len : 4;
}

/* sum += word; stop when left is 0; else go on */
static void translate(IrUnit *u, int max, size_t (*get)(void *, gaddr, void *, size_t), void *ctx)
{
    uint32_t word;
    unsigned k = (unsigned)((u->pc - BASE) / CELL);
    ir_insn(u, u->pc, CELL);
    get(ctx, u->pc, &word, 4);
    ir_put(u, R_SUM, ir_op2(u, IR_add, IR_I64, ir_get(u, R_SUM), ir_const(u, IR_I64, word)));
    if (k >= CONST_CELLS) {
        ir_raise(u, STOP, 0, u->pc);
        return;
    }
    IrVal left = ir_op2(u, IR_sub, IR_I64, ir_get(u, R_LEFT), ir_const(u, IR_I64, 1));
    int more = ir_label_new(u);
    ir_put(u, R_LEFT, left);
    ir_brcond(u, COND_NE, left, ir_const(u, IR_I64, 0), more);
    ir_raise(u, STOP, 0, u->pc);
    ir_label(u, more);
    gaddr to = pc_of(next_cell(k));
    ir_put(u, R_AT, ir_const(u, IR_I64, (int64_t)to));
    switch (k % 4) {
    case 0: ir_jump_ind(u, ir_get(u, R_AT)); break;
    case 1: ir_calljump(u, to, pc_of(next_cell(next_cell(k)))); break;
    case 2: ir_ret(u, ir_get(u, R_AT)); break;
    default: ir_jump(u, to); break;
    }
}

static const TcgGuest guest = {
    .name = "cells", .addr_bits = 64, .state_size = sizeof(Cpu), .regs = regs, .nregs = 3, .translate = translate,
};

static uint64_t expected(unsigned k, unsigned steps)
{
    uint64_t sum = 0;
    for (; steps--; k = next_cell(k))
        sum += atomic_load(&code[k]);
    return sum;
}

static Cpu *cpu_new(Tcg *t)
{
    Cpu *c = aligned_alloc(64, sizeof *c);
    memset(c, 0, sizeof *c);
    c->cpu.tcg = t;
    tcg_thread_init(t, &c->cpu);
    return c;
}

static void cpu_free(Cpu *c)
{
    tcg_thread_free(&c->cpu);
    free(c);
}

/* Where to stop with a poll exit is up to others: go on until STOP. */
static void run(Cpu *c, unsigned k, unsigned steps)
{
    c->sum = 0;
    c->left = steps;
    c->cpu.pc = pc_of(k);
    while (tcg_run(&c->cpu) != STOP) { }
}

static void *runner(void *arg)
{
    Cpu *c = cpu_new(arg);
    unsigned k = 1, wrong = 0;
    for (long n = 0; !atomic_load(&done); n++) {
        k = (k * 7 + 3) % CONST_CELLS;
        run(c, k, STEPS);
        wrong += c->sum != expected(k, STEPS);
    }
    cpu_free(c);
    return (void *)(uintptr_t)wrong;
}

/* Whoever changes a word and invalidates it sees the new one from then on. */
static void *changer(void *arg)
{
    Tcg *t = arg;
    Cpu *c = cpu_new(t);
    unsigned wrong = 0, own = atomic_fetch_add(&changers, 1) & 1;
    for (unsigned n = 1; !atomic_load(&done); n++) {
        unsigned k = CONST_CELLS + (2 * n + own) % (CELLS - CONST_CELLS);
        run(c, k, 1);
        atomic_store(&code[k], n);
        tcg_invalidate(t, pc_of(k), pc_of(k) + CELL);
        run(c, k, 1);
        wrong += c->sum != n;
        tcg_invalidate(t, pc_of(n % CONST_CELLS), pc_of(n % CONST_CELLS + 8));      /* others run there */
        if (n % 512 == 0)
            tcg_flush(t);
    }
    cpu_free(c);
    return (void *)(uintptr_t)wrong;
}

static int play(const char *name, TcgOptions o, unsigned ms)
{
    const TcgHost host = { .fetch = fetch };
    pthread_t th[RUNNERS + 2];
    unsigned wrong = 0;
    Tcg *t = tcg_new(&guest, &host, &o);
    atomic_store(&done, false);
    for (int i = 0; i < RUNNERS + 2; i++)
        pthread_create(&th[i], NULL, i < RUNNERS ? runner : changer, t);
    g_usleep(ms * 1000);
    atomic_store(&done, true);
    for (int i = 0; i < RUNNERS + 2; i++) {
        void *w;
        pthread_join(th[i], &w);
        wrong += (unsigned)(uintptr_t)w;
    }
    printf("%s %s: %u wrong\n", wrong ? "FAIL" : "ok", name, wrong);
    return wrong != 0;
}

int main(void)
{
    const char *s = getenv("PARALLEL_MS");
    unsigned ms = s ? (unsigned)atoi(s) : 700;
    for (unsigned k = 0; k < CELLS; k++)
        atomic_store(&code[k], k * 2654435761u);
    int bad = play("backend", (TcgOptions){ .opt_level = 1 }, ms);
    bad += play("backend, small cache", (TcgOptions){ .opt_level = 1, .cache_bytes = 1 << 20 }, ms);
    bad += play("backend, cold units", (TcgOptions){ .opt_level = 1, .interp_runs = 3, .cold_runs = 8, .cache_bytes = 1 << 20 }, ms);
    bad += play("interpreter", (TcgOptions){ .interp = true, .opt_level = 1 }, ms);
    return bad;
}
