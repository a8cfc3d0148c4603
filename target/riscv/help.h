/* SPDX-License-Identifier: Apache-2.0 */
/* The helpers of helpers.def as C functions; arch.c puts them into the guest's table. */
#ifndef TARGET_RISCV_HELP_H
#define TARGET_RISCV_HELP_H

#include "target/arch.h"

extern const FpRules rv_fp_rules;

uint64_t help_half_op(CpuState *cpu, uint64_t packed, uint64_t a, uint64_t b, uint64_t c);
uint64_t help_fclass(CpuState *cpu, uint64_t bits, uint32_t fmt);
uint32_t help_set_frm(CpuState *cpu, uint32_t v);
uint32_t help_get_frm(CpuState *cpu);
uint64_t help_counter(CpuState *cpu, uint32_t csr);

#endif
