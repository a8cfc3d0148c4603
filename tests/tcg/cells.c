/* SPDX-License-Identifier: Apache-2.0 */
/* The guest of cells.h. */
#include <stdlib.h>
#include <string.h>
#include "cells.h"

enum { R_SUM, R_LEFT, R_AT };
static const RegDesc regs[] = {
    { "sum", offsetof(CellCpu, sum), IR_I64, 1 }, { "left", offsetof(CellCpu, left), IR_I64, 2 },
    { "at", offsetof(CellCpu, at), IR_I64, 3 },
};
_Atomic uint32_t cells_code[CELLS];

size_t cells_fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    uint32_t v = atomic_load(&cells_code[(pc - CELL_BASE) / CELL]);
    memcpy(buf, &v, len < 4 ? len : 4);
    return len < 4 ? len : 4;
}

/* sum += word; stop when left is 0; else go on */
static void translate(IrUnit *u, int max, size_t (*get)(void *, gaddr, void *, size_t), void *ctx)
{
    uint32_t word;
    unsigned k = (unsigned)((u->pc - CELL_BASE) / CELL);
    ir_insn(u, u->pc, CELL);
    get(ctx, u->pc, &word, 4);
    ir_put(u, R_SUM, ir_op2(u, IR_add, IR_I64, ir_get(u, R_SUM), ir_const(u, IR_I64, word)));
    if (k >= CONST_CELLS) {
        ir_raise(u, CELL_STOP, 0, u->pc);
        return;
    }
    IrVal left = ir_op2(u, IR_sub, IR_I64, ir_get(u, R_LEFT), ir_const(u, IR_I64, 1));
    int more = ir_label_new(u);
    ir_put(u, R_LEFT, left);
    ir_brcond(u, COND_NE, left, ir_const(u, IR_I64, 0), more);
    ir_raise(u, CELL_STOP, 0, u->pc);
    ir_label(u, more);
    gaddr to = cell_pc(cell_next(k));
    ir_put(u, R_AT, ir_const(u, IR_I64, (int64_t)to));
    switch (k % 4) {
    case 0: ir_jump_ind(u, ir_get(u, R_AT)); break;
    case 1: ir_calljump(u, to, cell_pc(cell_next(cell_next(k)))); break;
    case 2: ir_ret(u, ir_get(u, R_AT)); break;
    default: ir_jump(u, to); break;
    }
}

const TcgGuest cells_guest = {
    .name = "cells", .addr_bits = 64, .state_size = sizeof(CellCpu), .regs = regs, .nregs = 3, .translate = translate,
};

uint64_t cells_sum(unsigned k, unsigned steps)
{
    uint64_t sum = 0;
    for (; steps--; k = cell_next(k))
        sum += atomic_load(&cells_code[k]);
    return sum;
}

CellCpu *cells_cpu(Tcg *t)
{
    CellCpu *c = aligned_alloc(64, sizeof *c);
    memset(c, 0, sizeof *c);
    c->cpu.tcg = t;
    tcg_thread_init(t, &c->cpu);
    return c;
}

void cells_cpu_free(CellCpu *c)
{
    tcg_thread_free(&c->cpu);
    free(c);
}

/* Where to stop with a poll exit is up to others: go on until CELL_STOP. */
void cells_run(CellCpu *c, unsigned k, unsigned steps)
{
    c->sum = 0;
    c->left = steps;
    c->cpu.pc = cell_pc(k);
    while (tcg_run(&c->cpu) != CELL_STOP) { }
}
