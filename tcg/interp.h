/* SPDX-License-Identifier: Apache-2.0 */
/* The IR interpreter: reference engine on any host, and what runs a unit that the backend declines. */
#ifndef TCG_INTERP_H
#define TCG_INTERP_H

#include "tcg.h"

/* Run u once with all guest state in *cpu. Returns 0 to go on at cpu->pc, or the exit code of ir_raise
 * (exit_arg and pc set). cpu->pc is the current guest instruction at every access that may fault: a fault
 * leaves this function by siglongjmp, so it holds no locks and no heap. */
int interp_unit(const IrUnit *u, CpuState *cpu);

#endif
