/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tr_simd_*.c files: reading and writing SIMD registers at an operand width, short names
 * for the vector ops, the sticky QC bit, and helper calls.
 *
 * A scalar-SIMD form is the vector form at a narrower width: the operand is read zero-extended to
 * 64 bits, the 64-bit vector op runs, and the write clears everything above the scalar. */
#ifndef TARGET_AARCH64_TR_SIMD_H
#define TARGET_AARCH64_TR_SIMD_H

#include "tr_a64.h"
#include "target/decode.h"

typedef enum Width { W_B, W_H, W_S, W_D, W_Q } Width;      /* operand width: 1 << w bytes */

static inline IrType w_type(Width w) { return w == W_Q ? IR_V128 : IR_V64; }
static inline int lane_bits(IrLane e) { return 8 << e; }
static inline Width vec_width(int q) { return q ? W_Q : W_D; }

/* The type in which an element travels between vectors and memory: words and up stay in vector registers. */
static inline IrType simd_elem_type(IrLane e) { return e == E64 ? IR_F64 : e == E32 ? IR_F32 : IR_I32; }

/* A 64-bit half with v, cut to the lane, in each lane. */
uint64_t simd_lanes(IrLane e, uint64_t v);

static inline IrVal vq(Tr *t, int r) { return ir_get(t->u, R_V0 + r); }
static inline IrVal v1(Tr *t, IrOp op, Width w, IrLane e, int64_t imm, IrVal a)
{
    return ir_v1(t->u, op, w_type(w), e, imm, a);
}
static inline IrVal v2(Tr *t, IrOp op, Width w, IrLane e, int64_t imm, IrVal a, IrVal b)
{
    return ir_v2(t->u, op, w_type(w), e, imm, a, b);
}
static inline IrVal v3(Tr *t, IrOp op, Width w, IrLane e, IrVal a, IrVal b, IrVal c)
{
    return ir_v3(t->u, op, w_type(w), e, 0, a, b, c);
}
static inline IrVal vcmp(Tr *t, IrCond c, Width w, IrLane e, IrVal a, IrVal b)
{
    return ir_vcmp(t->u, w_type(w), e, c, a, b);
}
static inline IrVal vk(Tr *t, Width w, uint64_t half) { return ir_const(t->u, w_type(w), (int64_t)half); }
static inline IrVal vk_lane(Tr *t, Width w, IrLane e, uint64_t v) { return vk(t, w, simd_lanes(e, v)); }
static inline IrVal vlow64(Tr *t, IrVal a) { return ir_vconv(t->u, IR_vlow, IR_V64, IR_V128, E64, 0, 0, a); }
static inline IrVal vzext64(Tr *t, IrVal a) { return ir_vconv(t->u, IR_vzext, IR_V128, IR_V64, E64, 0, 0, a); }
static inline IrVal vpair(Tr *t, IrVal lo, IrVal hi) { return ir_v2(t->u, IR_vpair, IR_V128, E64, 0, lo, hi); }

IrVal simd_const128(Tr *t, uint64_t lo, uint64_t hi);
IrVal simd_rd(Tr *t, int r, Width w);               /* V64 (zero above the width) or V128 */
IrVal simd_trunc(Tr *t, Width w, IrVal v);          /* V64 cut to a scalar width; identity on W_D, W_Q */
void  simd_wr(Tr *t, int r, Width w, IrVal v);      /* value already cut to w; clears the rest of the register */
void  simd_wr_low(Tr *t, int r, IrVal v128);        /* low 64 bits of a V128 value, zero above */
/* The narrow-result rule: v128 has its result in the low 64 bits. q: into the high half of r, else zero-extended. */
void  simd_wr_half(Tr *t, int r, int q, IrVal v128);
void  simd_qc(Tr *t, Width w, IrVal v);             /* FPSR.QC |= any bit of v */
IrVal simd_dup_elem(Tr *t, int r, IrLane e, int idx);       /* V128 with element idx of register r in each lane */
IrVal simd_as_q(Tr *t, Width w, IrVal v);           /* V64 or V128 to V128, zero above */
IrVal simd_as_w(Tr *t, Width w, IrVal v128);        /* V128 to the type of w */

/* Saturating building blocks (QC set); used by three-same, three-different and by-element forms. */
IrVal simd_sat_op(Tr *t, IrOp sat, IrOp wrap, Width w, IrLane e, IrVal a, IrVal b);
/* Saturating narrow (IR_vnarrow_*) from lanes of e + 1 into the low 64 bits of a V128; QC set. */
IrVal simd_sat_narrow(Tr *t, IrOp op, IrLane e, IrVal v128);
IrVal simd_dmulh(Tr *t, bool round, Width w, IrLane e, IrVal a, IrVal b);
/* acc.s[i] + the sum of the four byte products of each word (mull: IR_vmulls or IR_vmullu); V128 in, type of
 * vec_width(q) out. */
IrVal simd_dot(Tr *t, IrOp mull, int q, IrVal n, IrVal m, IrVal acc);

/* Helper operand word: element size, operand bytes, and an instruction-specific part. */
enum { SIMD_DESC_LANE = 0, SIMD_DESC_WIDTH = 4, SIMD_DESC_FN = 8, SIMD_DESC_IMM = 16 };
/* V128 operands and result */
IrVal simd_help1(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a);
IrVal simd_help2(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a, IrVal b);
IrVal simd_help3(Tr *t, int helper, int fn, Width w, IrLane e, int imm, IrVal a, IrVal b, IrVal c);

/* Classes of the assembly text (simd_dis.c). */
void fmt_vr(char *out, int64_t v, const DisCtx *ctx);
void fmt_vrx(char *out, int64_t v, const DisCtx *ctx);
void fmt_vrw(char *out, int64_t v, const DisCtx *ctx);
void fmt_vrsp(char *out, int64_t v, const DisCtx *ctx);

/* One decoder per encoding group; false = not an instruction of the group. */
bool decode_simd_same(Tr *t, uint64_t insn);
bool decode_simd_diff(Tr *t, uint64_t insn);
bool decode_simd_misc(Tr *t, uint64_t insn);
bool decode_simd_shift(Tr *t, uint64_t insn);
bool decode_simd_perm(Tr *t, uint64_t insn);
bool decode_simd_fp(Tr *t, uint64_t insn);
bool decode_simd_ldst(Tr *t, uint64_t insn);
bool decode_simd_crypto(Tr *t, uint64_t insn);

extern const DecodeIsa isa_simd_same, isa_simd_diff, isa_simd_misc, isa_simd_shift, isa_simd_perm, isa_simd_fp,
    isa_simd_crypto;

#endif
