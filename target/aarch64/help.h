/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by help_*.c: the FPCR-aware softfloat environment. */
#ifndef TARGET_AARCH64_HELP_H
#define TARGET_AARCH64_HELP_H

#include "cpu.h"
#include "tcg/softfloat.h"

/* Environment under this CPU's FPCR (DN, FZ, AHP; dynamic rounding), no flags yet; and what a call left in it
 * into FPSR. Input flushing raises IDC. */
SfEnv a64_fp_enter(const A64Cpu *c);
void  a64_fp_leave(A64Cpu *c, const SfEnv *e);

#endif
