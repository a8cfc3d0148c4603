/* SPDX-License-Identifier: Apache-2.0 */
/* Calls from emitted code to C that keep every register: fp_cold.c, emit_mem.c. */
#ifndef TCG_X86_COLD_H
#define TCG_X86_COLD_H

#include "em.h"

/* C from emitted code, hot or cold. Every register but EFLAGS survives, except what fn changes through regs. The
 * descriptor is a copy of the instruction's attributes and the registers r[] (0 the destination). */
enum { COLD_FP, COLD_EVAL, COLD_CAS128 };
typedef struct ColdDesc {
    uint16_t op;
    uint8_t type, type2, cond, lane, round, kind;
    uint16_t aux;
    uint8_t r[6];
    int64_t imm;
} ColdDesc;
typedef struct ColdRegs { uint64_t g[16]; struct { uint64_t lo, hi; } x[16]; uint32_t mxcsr; } ColdRegs;
void  call_fp_cold(Em *e, const IrInsn *in, const uint8_t r[6]);    /* -> fp_cold(cpu, regs, desc), fp_cold.c */
void  host_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d);    /* by kind */
bool  tramp_emit(Tcg *t, HostCode *hc);            /* the trampolines, at the start of the code region */
void  fp_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d);

#endif
