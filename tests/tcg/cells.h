/* SPDX-License-Identifier: Apache-2.0 */
/* A guest whose "code" is an array of words: the block at word k adds it to `sum` and goes on to another block,
 * directly, over a call and its return, or indirectly, until `left` is counted down; those from CONST_CELLS on stop
 * after themselves. */
#ifndef TESTS_TCG_CELLS_H
#define TESTS_TCG_CELLS_H

#include <stdatomic.h>
#include "tcg/tcg.h"

enum { CELLS = 4096, CELL = 16, CELL_BASE = 0x100000, CELL_STOP = 40, CONST_CELLS = CELLS - 64 };

typedef struct CellCpu { CpuState cpu; uint64_t sum, left, at; } __attribute__((aligned(64))) CellCpu;

extern const TcgGuest cells_guest;
extern _Atomic uint32_t cells_code[CELLS];
size_t cells_fetch(void *ctx, gaddr pc, void *buf, size_t len);
static inline gaddr cell_pc(unsigned k) { return CELL_BASE + (gaddr)k * CELL; }
static inline unsigned cell_next(unsigned k) { return (k * 5 + 1) % CONST_CELLS; }
uint64_t cells_sum(unsigned k, unsigned steps);         /* what a run is to find */

CellCpu *cells_cpu(Tcg *t);
void cells_cpu_free(CellCpu *c);
void cells_run(CellCpu *c, unsigned k, unsigned steps); /* its sum is in c->sum */

#endif
