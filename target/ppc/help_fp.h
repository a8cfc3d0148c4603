/* SPDX-License-Identifier: Apache-2.0 */
/* Between help_fp.c (arithmetic) and help_fpscr.c (the register). */
#ifndef TARGET_PPC_HELP_FP_H
#define TARGET_PPC_HELP_FP_H

#include "target/ppc/help.h"

/* FR, FI and FPRF of an operation (PPC_FADD.. with its modifiers) without enabled exceptions. */
uint32_t ppc_fp_status(uint32_t op, FpRound round, uint64_t a, uint64_t b, uint64_t c);

/* The same for rounding to nearest, when called under it; operands that the instruction has not do not matter if they
 * are 0. False: not an ordinary case. */
bool ppc_fp_status_fast(uint32_t op, uint64_t a, uint64_t b, uint64_t c, uint32_t *status);

/* Exception bits become set, the bits of mask become value; FX says that an exception bit was new, VX and FEX are
 * summaries. */
void ppc_fpscr_raise(PpcCpu *c, uint32_t exceptions, uint32_t mask, uint32_t value);

#endif
