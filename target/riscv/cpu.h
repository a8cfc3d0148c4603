/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V user-level CPU state, its register numbers and feature bits: RV32 and RV64 share it. Used by the translator,
 * the helpers and linux-user/riscv*. The rows are in regs.def, features.def and helpers.def. */
#ifndef TARGET_RISCV_CPU_H
#define TARGET_RISCV_CPU_H

#include "target/arch.h"

typedef struct RvCpu {
    CpuState head;
    uint64_t x[32];                 /* x[0] stays 0. RV32: the low half counts, the upper is undefined */
    uint64_t f[32];                 /* narrower values are NaN-boxed */
    uint64_t res_addr, res_value;   /* reservation of LR: address, value loaded (zero-extended); address ~0 = none */
    uint32_t frm;                   /* as the guest wrote it, 0..7; head.fp_round is its meaning where it has one */
    uint64_t features[2];           /* const after reset */
} RvCpu;

/* Register indexes of ir_get/ir_put, in the order of regs.def. */
typedef enum RvReg {
#define REG(id, name, field, class, pin, gdb, traits) R_##id,
#include "regs.def"
#undef REG
    R_COUNT
} RvReg;

typedef enum RvFeature {
#define FEATURE(id, name, needs) FEAT_##id,
#include "features.def"
#undef FEATURE
    FEAT_COUNT
} RvFeature;

typedef enum RvHelper {
#define HELPER(id, ret, n, a, b, c, d) H_##id,
#include "helpers.def"
#undef HELPER
    H_COUNT
} RvHelper;

/* CpuState.tb_flags / IrUnit.flags: the modes that change what an instruction means, and the CPU model. */
enum {
    RV_TB_RMM = 1,                  /* frm is RMM: the host has no such mode, dynamic rounding becomes static FP_RNA */
    RV_TB_BADRM = 2,                /* frm is 5..7: dynamic rounding is illegal */
    RV_TB_FEATURES = 8,             /* bit number: features[0] << 8 completes the word */
};
_Static_assert(FEAT_COUNT <= 24, "features share tb_flags with the modes");

/* fcsr as the guest sees it (fflags in 4..0, frm in 7..5), for signal frames, ptrace, gdb and core files. The setter
 * keeps tb_flags and the rounding mode current. Both outside translated code. */
uint32_t rv_fcsr(const RvCpu *c);
void     rv_set_fcsr(RvCpu *c, uint32_t v);

#endif
