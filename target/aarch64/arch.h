/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the family: the parts of GuestArch that prog-aarch64.c puts together. */
#ifndef TARGET_AARCH64_ARCH_H
#define TARGET_AARCH64_ARCH_H

#include "cpu.h"
#include "target/decode.h"

typedef enum A64Helper {
#define HELPER(id, ret, n, a, b, c, d, fx) H_##id,
#include "helpers.def"
#undef HELPER
    H_COUNT
} A64Helper;

/* The decoders, NULL-terminated: rows for tests, fuzzers, disassembly. */
extern const DecodeIsa isa_a64_dp, isa_a64_sys, isa_a64_ldst, isa_a64_fp;
extern const DecodeIsa isa_simd_same, isa_simd_diff, isa_simd_misc, isa_simd_shift, isa_simd_perm, isa_simd_fp,
    isa_simd_ldst, isa_simd_crypto;
extern const DecodeIsa *const a64_isas[];

void a64_translate(IrUnit *u, int max_insns, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx);
int  a64_disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap);
void a64_reset(CpuState *cpu, const uint64_t *features);
bool a64_noncanonical(CpuState *cpu);
void a64_dump(const CpuState *cpu, unsigned what, char *out, size_t cap);

extern const FpRules a64_fp_rules;
extern const RegDesc a64_regs[R_COUNT];
extern const HelperDesc a64_helpers[];
extern const int a64_nhelpers;

#endif
