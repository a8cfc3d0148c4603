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
#include "target/ppc/helpers.def"
#undef HELPER
#undef HELPER_V1
#undef HELPER_V2
#undef HELPER_V3
    H_COUNT
} PpcHelper;

/* FP. op: PPC_FADD.. with its modifiers; old is the target register now: kept when an enabled exception suppresses the
 * result. */
uint64_t h_fp_exact(CpuState *cpu, uint32_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t old);
uint32_t h_fcmp(CpuState *cpu, uint32_t ordered, uint64_t a, uint64_t b);                 /* CR field */
/* sticky: what fpflags_get says. Writes settle everything. They return the FpRound, whether it is to be put, whether
 * the unit must be left, and the flags to put: those that FPSCR has anyway (0 would do, but clearing what the host has
 * gathered is slow). */
uint32_t h_fpscr_read(CpuState *cpu, uint32_t sticky);
uint32_t h_fpscr_write(CpuState *cpu, uint32_t sticky, uint32_t value, uint32_t mask);
uint32_t h_fpscr_set(CpuState *cpu, uint32_t sticky, uint32_t bit);                       /* mtfsb1 */
/* reads a field and clears its exception bits */
uint32_t h_mcrfs(CpuState *cpu, uint32_t sticky, uint32_t field);
enum {
    FPSCR_WRITE_MODE = 1 << 8,                  /* the rest of the unit is of another mode, or FEX interrupts */
    FPSCR_WRITE_ROUND = 1 << 9,                 /* rounding has changed */
    FPSCR_WRITE_FLAGS = 16,                     /* shift */
};
struct SfOp;
void     ppc_fp_invalid(CpuState *cpu, const struct SfOp *op, const uint64_t operand[3]); /* TcgGuest.fp_invalid */

uint64_t h_timebase(CpuState *cpu);
uint64_t h_clock(CpuState *cpu, uint32_t clock);
uint32_t h_get_vsat(CpuState *cpu);                       /* VSCR */
void     h_lswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n);
void     h_stswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n);
void     h_dcbz(CpuState *cpu, uint32_t ea);

#define HELPER(name, ret, n, a, b, c, d, e, mem)
#define HELPER_V1(name) void h_##name(CpuState *cpu, void *out, const void *b);
#define HELPER_V2(name) void h_##name(CpuState *cpu, void *out, const void *a, const void *b);
#define HELPER_V3(name) void h_##name(CpuState *cpu, void *out, const void *a, const void *b, const void *c);
#include "target/ppc/helpers.def"
#undef HELPER
#undef HELPER_V1
#undef HELPER_V2
#undef HELPER_V3

#endif
