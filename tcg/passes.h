/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of the optimiser (passes.c has the order). Each is linear in the unit, keeps it valid, and allocates nothing. */
#ifndef TCG_PASSES_H
#define TCG_PASSES_H

#include "ir.h"

enum { OPT_MAX_REGS = 256 };        /* registers beyond are left alone */

void opt_forward(IrUnit *u);        /* puts, locals and extensions reach later gets; known branches are settled */
void opt_dead(IrUnit *u);           /* values nobody uses, puts that are overwritten before anybody can see them */

/* Is d the result whose flags f has: f = flags_op(a, b), d = op(a, b)? */
bool opt_same_operation(const IrUnit *u, const IrInsn *d, const IrInsn *f);

#endif
