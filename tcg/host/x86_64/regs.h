/* SPDX-License-Identifier: Apache-2.0 */
/* What each host register and each slot of CpuState.host[] is for, and operands made of them. */
#ifndef TCG_X86_REGS_H
#define TCG_X86_REGS_H

#include "tcg/engine.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REG_RIPREL = 16, NOREG = 255 };

/* rbp = CpuState, rsp = pair stack. Temporaries: rax rcx rdx, xmm0-4. The rest are pins
 * (r15 is the guest memory base when there is one). */
enum { NTMP_G = 3, NTMP_X = 5, MEM_BASE_REG = R15, MXCSR_DEFAULT = 0x1f80 };

/* Slots of CpuState.host[] */
enum {
    HS_CSP, HS_PSP,                     /* saved C and pair stack pointers */
    HS_LINK,                            /* return address of the link stub that left, or 0 */
    HS_HASH,                            /* the shared table of units */
    HS_JTAB, HS_MXCSR,                  /* per-thread jump table; MXCSR as translated code left it */
    HS_HELPER,                          /* non-zero while C called from translated code runs: its unit return address */
    HS_TMP,                             /* scratch of trampolines; MXCSR while a helper runs */
    HS_RET, HS_RET_HI,                  /* helper result */
    HS_TMP2, HS_COLD,                   /* scratch; ColdRegs of the cold call in progress */
    HS_ARG = 12,                        /* helper arguments: 6 integers, then 6 x 8 bytes FP */
    HS_FARG = 18,
    HS_VARG = 24,                       /* and 6 vectors of 16 bytes, the helper's V128 result in HS_RET */
    HS_SPILL = 36, NSPILL = 28,         /* overlays nothing: 8 bytes each, pairs for 16 */
    HS_LOCAL = 64,                      /* 16 locals of 16 bytes */
};
static inline int32_t hs_off(int slot) { return (int32_t)(offsetof(CpuState, host) + 8 * (size_t)slot); }

typedef struct Mem { uint8_t base, index, scale; int32_t disp; } Mem;     /* index NOREG; scale 0..3; base REG_RIPREL:
                                                                           * disp = pool index */
typedef struct Opd { bool mem; uint8_t reg; Mem m; } Opd;
static inline Opd opd_reg(int r) { return (Opd){ false, (uint8_t)r, { 0 } }; }
static inline Opd opd_mem(int base, int32_t disp) { return (Opd){ true, 0, { (uint8_t)base, NOREG, 0, disp } }; }
static inline Opd opd_env(int32_t off) { return opd_mem(RBP, off); }

#endif
