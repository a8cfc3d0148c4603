/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of the optimiser (passes.c has the order). Each is linear in the unit, keeps it valid, and allocates nothing
 * of its own. */
#ifndef TCG_PASSES_H
#define TCG_PASSES_H

#include "ir.h"

enum { OPT_MAX_REGS = 256 };        /* registers beyond are left alone */

void opt_forward(IrUnit *u);        /* puts, locals and extensions reach later gets; known branches are settled */
void opt_dead(IrUnit *u);           /* values nobody uses, puts that are overwritten before anybody can see them */

/* Answers of opt_dead_at, the last for each place in the table. Units of a loop ask for the same places again and
 * again. One thread. */
enum { AHEAD_KEPT = 64 };
typedef struct AheadMemo {
    uint64_t seq;                   /* answers with another number are no more true: guest code may have changed */
    struct AheadAnswer {
        uint64_t seq;
        gaddr pc, lo, hi;
        uint32_t flags;
        uint16_t reg;
        bool known, dead;
    } answer[AHEAD_KEPT];
} AheadMemo;

/* ahead.c: does the code from pc on overwrite I32 register reg, which has REG_AHEAD, before anybody reads it? [*lo,
 * *hi) is the code that the answer rests on. u->code_at is there. */
bool opt_dead_at(const IrUnit *u, int reg, gaddr pc, gaddr *lo, gaddr *hi);

/* Is d the result whose flags f has: f = flags_op(a, b), d = op(a, b)? */
bool opt_same_operation(const IrUnit *u, const IrInsn *d, const IrInsn *f);

#endif
