/* SPDX-License-Identifier: Apache-2.0 */
/* C helpers that the IR calls; rows in helpers.def, which numbers them H_<name>. */
#ifndef TARGET_PPC_HELP_H
#define TARGET_PPC_HELP_H

#include "target/ppc/cpu.h"

typedef enum PpcHelper {
#define HELPER(name, ret, n, a, b, c, d, e, mem) H_##name,
#define HELPER_V1(name) H_##name,
#define HELPER_V2(name) H_##name,
#define HELPER_V3(name) H_##name,
#define HELPER_VI(name) H_##name,
#include "target/ppc/helpers.def"
#undef HELPER
#undef HELPER_V1
#undef HELPER_V2
#undef HELPER_V3
#undef HELPER_VI
    H_COUNT
} PpcHelper;

/* FP. old is the target register now: kept when an enabled exception suppresses the result. */
uint64_t h_fp2(CpuState *cpu, uint32_t op, uint64_t a, uint64_t b, uint64_t old);         /* PPC_FADD.. | PPC_FP_SINGLE */
uint64_t h_fmul(CpuState *cpu, uint32_t single, uint64_t a, uint64_t c, uint64_t old);
uint64_t h_fp1(CpuState *cpu, uint32_t op, uint64_t b, uint64_t old);
uint64_t h_fma(CpuState *cpu, uint32_t neg, uint64_t a, uint64_t c, uint64_t b, uint64_t old);    /* FMA_NEG_* | PPC_FP_SINGLE */
uint32_t h_fcmp(CpuState *cpu, uint32_t ordered, uint64_t a, uint64_t b);                 /* CR field */
uint64_t h_s2d(CpuState *cpu, uint32_t v);                /* lfs: no exceptions, signalling NaNs stay */
uint32_t h_d2s(CpuState *cpu, uint64_t v);                /* stfs */
void     h_fpscr_write(CpuState *cpu, uint32_t value, uint32_t mask);
void     h_fpscr_set(CpuState *cpu, uint32_t bit);
uint32_t h_mcrfs(CpuState *cpu, uint32_t field);          /* reads a field and clears its exception bits */

uint64_t h_timebase(CpuState *cpu);
uint32_t h_get_vsat(CpuState *cpu);                       /* VSCR */
void     h_lswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n);
void     h_stswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n);
void     h_dcbz(CpuState *cpu, uint32_t ea);

#define HELPER(name, ret, n, a, b, c, d, e, mem)
#define HELPER_V1(name) void h_##name(CpuState *cpu, void *out, const void *b);
#define HELPER_V2(name) void h_##name(CpuState *cpu, void *out, const void *a, const void *b);
#define HELPER_V3(name) void h_##name(CpuState *cpu, void *out, const void *a, const void *b, const void *c);
#define HELPER_VI(name) void h_##name(CpuState *cpu, void *out, const void *b, uint32_t uim);
#include "target/ppc/helpers.def"
#undef HELPER
#undef HELPER_V1
#undef HELPER_V2
#undef HELPER_V3
#undef HELPER_VI

#endif
