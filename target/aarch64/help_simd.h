/* SPDX-License-Identifier: Apache-2.0 */
/* Function numbers that tr_simd_*.c pass to the helpers of help_simd.c and help_simd_fp.c in the operand word
 * (SIMD_DESC_*, tr_simd.h). */
#ifndef TARGET_AARCH64_HELP_SIMD_H
#define TARGET_AARCH64_HELP_SIMD_H

/* simd_shl: bit 0 unsigned, bit 1 saturating, bit 2 rounding */
enum { SHL_S, SHL_U, SHL_SQ, SHL_UQ, SHL_SR, SHL_UR, SHL_SQR, SHL_UQR };
enum { I1_CLS, I1_CLZ, I1_URECPE, I1_URSQRTE };
enum { I2_PMUL, I2_PMULL8, I2_SUQADD, I2_USQADD };
enum { I3_RDMLAH, I3_RDMLSH };
enum { FX_FCVTZS, FX_FCVTZU };
enum { F1_RECPE, F1_RSQRTE, F1_RECPX, F1_FRINT, F1_CVTXN, F1_CVTL_HS, F1_CVTN_SH };
enum { F2_RECPS, F2_RSQRTS, F2_MULX };

#endif
