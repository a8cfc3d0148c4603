/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of decode rows and the packed operation of H_half_op, shared by tr_fp.c, tr_half.c and help.c. */
#ifndef TARGET_RISCV_TR_FP_H
#define TARGET_RISCV_TR_FP_H

#include "tcg/softfloat.h"

enum { SGN_COPY, SGN_NEG, SGN_XOR };

/* What help_half_op computes: packed by rv_half_pack into its first argument. */
typedef struct RvHalf {
    uint8_t op;                     /* IrOp of the scalar FP rows */
    uint8_t to, from;               /* SfFmt: of conversions; SF16 otherwise */
    uint8_t round;                  /* FpRound; FP_DYN resolved by the helper */
    uint8_t aux, cond;              /* as in IrInsn */
    uint8_t width;                  /* of the integer in conversions */
} RvHalf;
_Static_assert(IR_fcvt_uf < 256, "RvHalf.op");

static inline uint64_t rv_half_pack(RvHalf h)
{
    return h.op | h.to << 8 | h.from << 12 | h.round << 16 | (uint64_t)h.aux << 24 | (uint64_t)h.cond << 32 |
        (uint64_t)h.width << 40;
}

static inline RvHalf rv_half_unpack(uint64_t v)
{
    return (RvHalf){ v, v >> 8 & 15, v >> 12 & 15, v >> 16, v >> 24, v >> 32, v >> 40 };
}

#endif
