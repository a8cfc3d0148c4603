/* SPDX-License-Identifier: Apache-2.0 */
/* 32-bit PowerPC user state. Shared by the translator, the helpers and linux-user/ppc.
 * Vector registers are kept as 128-bit host integers: guest byte 0 (the most significant) is byte 15 here, so that
 * guest lane i of n is IR lane n-1-i for every lane size.
 */
#ifndef TARGET_PPC_CPU_H
#define TARGET_PPC_CPU_H

#include "target/arch.h"

typedef union PpcVec {
    uint64_t d[2]; uint32_t w[4]; uint16_t h[8]; uint8_t b[16];
    int32_t sw[4]; int16_t sh[8]; int8_t sb[16];
} __attribute__((aligned(16))) PpcVec;

typedef struct PpcCpu {
    CpuState head;
    uint32_t gpr[32], lr, ctr;
    uint32_t cr[8];                 /* each 0..15: LT 8, GT 4, EQ 2, SO 1 */
    uint32_t so, ov, ca;            /* XER bits, each 0 or 1 */
    uint32_t xer_count;             /* XER bits 25..31: string length */
    uint32_t res_addr, res_val;     /* lwarx: address (-1: no reservation) and value */
    uint64_t fpr[32];               /* double format, as bit patterns */
    PpcVec   vr[32];
    PpcVec   vsat;                  /* VSCR.SAT is "any bit set here" */
    uint32_t vscr_nj;               /* VSCR.NJ: 1 flushes subnormals */
    uint32_t vrsave;
    /* FPSCR: ppc_get_fpscr makes it of what it was when it was last written (or settled), the sticky flags since then
     * in head.fp_sticky, the last arithmetic instruction (fp_op, 0 none; its operands), which FR, FI and FPRF tell
     * about, and the last comparison behind that one (fp_cc, 0 none). Invalid operations are in fpscr already. */
    uint32_t fpscr;
    uint32_t fp_op, fp_cc;
    /* AltiVec rounds to nearest, flushes as VSCR.NJ says and raises no flags. While the host's FP is set so, this is
     * FP_ASIDE and FPSCR's sticky flags, and head.fp_round and fp_sticky are the vector unit's; else 0 (tr_vfp.c). */
    uint32_t fp_aside;
    bool     fe_off;                /* MSR.FE0 and FE1 are 0: enabled FP exceptions do not interrupt */
    uint64_t fp_a, fp_b, fp_c;
} PpcCpu;

typedef enum PpcReg {
#define REG(id, name, field, type, pin, gdb, traits) R_##id,
#include "regs.def"
#undef REG
    R_COUNT
} PpcReg;

typedef enum PpcFeature { FEAT_ALTIVEC, FEAT_FSQRT, FEAT_COUNT } PpcFeature;
/* CpuState.tb_flags: FPSCR enables exceptions, nothing is left for later; MSR says that they interrupt; AltiVec has
 * computed; XER.SO may be set. */
enum { PPC_TB_FP_ENABLES = 1 << 8, PPC_TB_FP_TRAPS = 1 << 9, PPC_TB_VECTOR_FP = 1 << 10, PPC_TB_SO = 1 << 11 };
enum { FP_ASIDE = 1 << 8 };
enum { EX_PPC_FP = EX_GUEST_FIRST };        /* an enabled exception: FPSCR.FEX; pc at the instruction, which is done */

enum { PVR_7447A = 0x80030102, PVR_750 = 0x00083301 };

/* FPSCR, Power ISA Book I 4.2.2 */
enum {
    FPSCR_FX = 1u << 31,
    FPSCR_FEX = 1 << 30,
    FPSCR_VX = 1 << 29,
    FPSCR_OX = 1 << 28,
    FPSCR_UX = 1 << 27,
    FPSCR_ZX = 1 << 26,
    FPSCR_XX = 1 << 25,
    FPSCR_VXSNAN = 1 << 24,
    FPSCR_VXISI = 1 << 23,
    FPSCR_VXIDI = 1 << 22,
    FPSCR_VXZDZ = 1 << 21,
    FPSCR_VXIMZ = 1 << 20,
    FPSCR_VXVC = 1 << 19,
    FPSCR_FR = 1 << 18,
    FPSCR_FI = 1 << 17,
    FPSCR_FPRF_SHIFT = 12,
    FPSCR_FPRF = 31 << 12,
    FPSCR_VXSOFT = 1 << 10,
    FPSCR_VXSQRT = 1 << 9,
    FPSCR_VXCVI = 1 << 8,
    FPSCR_VE = 1 << 7,
    FPSCR_OE = 1 << 6,
    FPSCR_UE = 1 << 5,
    FPSCR_ZE = 1 << 4,
    FPSCR_XE = 1 << 3,
    FPSCR_NI = 1 << 2,
    FPSCR_RN = 3,
    FPSCR_VX_ALL = FPSCR_VXSNAN | FPSCR_VXISI | FPSCR_VXIDI | FPSCR_VXZDZ | FPSCR_VXIMZ | FPSCR_VXVC | FPSCR_VXSOFT |
        FPSCR_VXSQRT | FPSCR_VXCVI,
};

/* FP operations: kind, PPC_FP_SINGLE, and FMA_NEG_* << PPC_FP_NEG_SHIFT. */
enum {
    PPC_FADD = 1, PPC_FSUB, PPC_FMUL, PPC_FDIV, PPC_FMA, PPC_FSQRT, PPC_FRE, PPC_FRSQRTE, PPC_FRSP, PPC_FCTIW,
    PPC_FCTIWZ,
    PPC_FP_KIND = 63, PPC_FP_SINGLE = 64, PPC_FP_NEG_SHIFT = 8,
};
enum { PPC_FMR, PPC_FNEG, PPC_FABS, PPC_FNABS };

extern const HelperDesc ppc_helpers[];

uint32_t ppc_get_cr(const PpcCpu *c);
void     ppc_set_cr(PpcCpu *c, uint32_t v);
uint32_t ppc_get_xer(const PpcCpu *c);
void     ppc_set_xer(PpcCpu *c, uint32_t v);
uint32_t ppc_get_fpscr(const PpcCpu *c);
void     ppc_set_fpscr(PpcCpu *c, uint32_t v);      /* rounding and tb_flags follow */
uint32_t ppc_get_vscr(const PpcCpu *c);
void     ppc_set_vscr(PpcCpu *c, uint32_t v);

#endif
