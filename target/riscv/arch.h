/* SPDX-License-Identifier: Apache-2.0 */
/* What prog-riscv32.c and prog-riscv64.c put into their GuestArch; defined in arch.c and decode.c. */
#ifndef TARGET_RISCV_ARCH_H
#define TARGET_RISCV_ARCH_H

#include "cpu.h"
#include "help.h"
#include "target/decode.h"

extern const HelperDesc rv_helpers[H_COUNT];
extern const CpuFeature rv_features[];
enum { RV_ALL_FEATURES = (1 << FEAT_COUNT) - 1 };

void rv_translate(IrUnit *u, int max_insns, size_t (*fetch)(void *ctx, gaddr pc, void *buf, size_t len), void *ctx);
int  rv32_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap);
int  rv64_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap);
void rv_reset(CpuState *cpu, const uint64_t *f);
void rv32_dump(const CpuState *cpu, unsigned what, char *out, size_t cap);
void rv64_dump(const CpuState *cpu, unsigned what, char *out, size_t cap);

#endif
