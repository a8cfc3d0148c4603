/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64 user-level CPU state, its register numbers and feature bits. Shared by the translator,
 * the helpers and linux-user/aarch64. The rows are in regs.def and features.def. */
#ifndef TARGET_AARCH64_CPU_H
#define TARGET_AARCH64_CPU_H

#include "target/arch.h"

typedef union A64Vec {
    uint64_t d[2]; uint32_t s[4]; uint16_t h[8]; uint8_t b[16];
    int64_t sd[2]; int32_t ss[4]; int16_t sh[8]; int8_t sb[16];
    double f64[2]; float f32[4];
} __attribute__((aligned(16))) A64Vec;

typedef struct A64Cpu {
    CpuState head;
    uint64_t x[31], sp;
    A64Vec   v[32];
    A64Vec   qc;                    /* FPSR.QC is "any bit set here": translated code ORs differences in */
    uint32_t nzcv;                  /* packed as IR flags_pack does: N 15, Z 14, C 8, V 0 */
    uint32_t fpcr;                  /* as MSR FPCR wrote it, RES0 bits clear */
    uint64_t tpidr, tpidrro;
    uint64_t ex_addr;               /* exclusive monitor: address, ~0 = open */
    uint64_t ex_val[2];             /* value loaded, zero-extended from the access size */
    uint64_t pac_key[5][2];         /* IA IB DA DB GA; set by reset, per process */
    uint64_t features[2];
    uint64_t midr;
} A64Cpu;

/* Register indexes of ir_get/ir_put, in the order of regs.def. */
typedef enum A64Reg {
#define REG(id, name, field, type, pin, gdb, traits) R_##id,
#include "regs.def"
#undef REG
    R_COUNT
} A64Reg;

/* CpuState.tb_flags / IrUnit.flags. */
typedef enum A64TbFlag {
    A64_TB_FLUSH = 1, A64_TB_INEXACT = 64,      /* FPCR.FZ; with it FPSR.IXC: TcgGuest.flush_mode, flush_inexact */
    /* Guest uses tagged addresses (top byte ignored): every access masks the tag. Off until the embedder's fault
     * handler sees a data fault at a non-canonical address and calls GuestArch.noncanonical, then resumes
     * at the same pc. Never on in programs that do not tag. */
    A64_TB_TAGGED = 2,
    A64_TB_FEATURES = 8,            /* bit number: features[0] << 8 completes the word, so units know their CPU model */
} A64TbFlag;

typedef enum A64Feature {
#define FEATURE(id, name, hwcap, word, idreg, shift, value, needs) FEAT_##id,
#include "features.def"
#undef FEATURE
    FEAT_COUNT
} A64Feature;

_Static_assert(FEAT_COUNT <= 24, "features share tb_flags with the modes");
static inline bool a64_has(const uint64_t *f, A64Feature bit) { return f[bit >> 6] >> (bit & 63) & 1; }

/* FPCR bits that user code can write and that we honour. */
enum { FPCR_RMODE_SHIFT = 22, FPCR_FZ_SHIFT = 24, FPCR_MASK = 0x07c00000 };
enum { FPCR_FZ = 1 << FPCR_FZ_SHIFT, FPCR_DN = 1 << 25, FPCR_AHP = 1 << 26 };
enum { FPSR_IDC = 1 << 7, FPSR_IDC_SHIFT = 2, FPSR_QC = 1 << 27 };      /* the low five bits are FPF_*; IDC is
                                                                         * FPF_DENORM << 2 */

/* Called from the embedder for signal frames, ptrace and gdb: PSTATE.NZCV in bits 31..28 and back. */
uint32_t a64_nzcv(const A64Cpu *c);
void     a64_set_nzcv(A64Cpu *c, uint32_t pstate);
/* FPSR and FPCR as the guest sees them; the setters keep tb_flags and the FP mode current. */
uint32_t a64_fpsr(const A64Cpu *c);
void     a64_set_fpsr(A64Cpu *c, uint32_t v);
void     a64_set_fpcr(A64Cpu *c, uint32_t v);
void     a64_update_mode(A64Cpu *c);    /* after a change of FPCR or of CpuState.fp_sticky */

#endif
