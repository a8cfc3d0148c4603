/* SPDX-License-Identifier: Apache-2.0 */
/* What the RISC-V translator files (tr_*.c) share: register accessors by XLEN, NaN boxes, rounding modes.
 * Integer registers have type xt(t): I64 on RV64, I32 on RV32, so that one translator serves both. */
#ifndef TARGET_RISCV_TR_RV_H
#define TARGET_RISCV_TR_RV_H

#include "target/tr.h"
#include "cpu.h"
#include "riscv/rv.decode.h"
#include "riscv/rvc.decode.h"

static inline bool   is64(const Tr *t)  { return tr_has(t, FEAT_RV64); }
static inline IrType xt(const Tr *t)    { return is64(t) ? IR_I64 : IR_I32; }
static inline int    xlen(const Tr *t)  { return is64(t) ? 64 : 32; }
static inline gaddr  wrap(const Tr *t, gaddr a) { return is64(t) ? a : (uint32_t)a; }

static inline IrVal imm_x(Tr *t, int64_t v) { return ir_const(t->u, xt(t), is64(t) ? v : (int32_t)v); }
static inline IrVal addr_x(Tr *t, gaddr a) { return ir_addr(t->u, xt(t), a); }
static inline IrVal imm_l(Tr *t, int64_t v) { return ir_const(t->u, IR_I64, v); }
static inline IrVal imm_w(Tr *t, int32_t v) { return ir_const(t->u, IR_I32, v); }
static inline IrVal get_x(Tr *t, int n)     { return n ? ir_get(t->u, R_X0 + n) : imm_x(t, 0); }
static inline void  put_x(Tr *t, int n, IrVal v) { if (n) ir_put(t->u, R_X0 + n, v); }
static inline IrVal op2(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_op2(t->u, op, xt(t), a, b); }

/* The low 32 bits of a register, a 32-bit result sign-extended, and the same for 64-bit results (RV32: low half). */
static inline IrVal x_to_w(Tr *t, IrVal x)  { return is64(t) ? ir_op1(t->u, IR_trunc32, IR_I32, x) : x; }
static inline IrVal get_w(Tr *t, int n)     { return n ? x_to_w(t, get_x(t, n)) : imm_w(t, 0); }
static inline void  put_w(Tr *t, int n, IrVal w) { put_x(t, n, is64(t) ? ir_op1(t->u, IR_sext32, IR_I64, w) : w); }
static inline void  put_l(Tr *t, int n, IrVal l) { put_x(t, n, is64(t) ? l : ir_op1(t->u, IR_trunc32, IR_I32, l)); }
static inline IrVal x_to_l(Tr *t, IrVal x)  { return is64(t) ? x : ir_op1(t->u, IR_zext32, IR_I64, x); }

/* Effective address as I64; *off is what to pass as the access's own offset, which stays within the guard areas of a
 * 32-bit space. */
static inline IrVal address(Tr *t, int base, int32_t imm, int64_t *off)
{
    *off = base || is64(t) ? imm : 0;
    if (is64(t))
        return get_x(t, base);
    return base ? ir_op1(t->u, IR_zext32, IR_I64, get_x(t, base)) : imm_l(t, (uint32_t)imm);
}

/* --- floating point. f registers are F64 in the IR; F32 is NaN-boxed in them. */
static inline IrVal get_fbits(Tr *t, int n) { return ir_op1(t->u, IR_fbits, IR_I64, ir_get(t->u, R_F0 + n)); }
static inline void  put_d(Tr *t, int n, IrVal v) { ir_put(t->u, R_F0 + n, v); }
static inline void  put_fbits(Tr *t, int n, IrVal l) { put_d(t, n, ir_op1(t->u, IR_ffrom, IR_F64, l)); }
IrVal get_f(Tr *t, IrType type, int n);     /* F32 (box checked) or F64 */
void  put_f(Tr *t, IrType type, int n, IrVal v);
IrVal get_sbits(Tr *t, int n);              /* I32: unboxed single, canonical NaN when the box is bad */
void  put_sbits(Tr *t, int n, IrVal w);
/* The rm field as FpRound. False: reserved, or dynamic and frm is reserved. */
bool  rounding(const Tr *t, int rm, FpRound *out);
static inline IrType fp_type(int dbl) { return dbl ? IR_F64 : IR_F32; }

/* C's isless() and its like: frflags rd; flt or fle; fsflags rd. The comparison may raise nothing, so little is to be
 * undone. Tr.scratch has how much of that was there: rd (0: nothing) and, from bit 8 on, what frflags gave; where the
 * IR ended behind the last of them and, from bit 32 on, the comparison. */
enum { QUIET_FLAGS, QUIET_AT };
static inline int quiet_reg(const Tr *t) { return t->scratch[QUIET_FLAGS] & 0xff; }
static inline IrVal quiet_compare(const Tr *t) { return (IrVal)(t->scratch[QUIET_AT] >> 32); }
/* Has nothing been emitted since but the start of this instruction? */
static inline bool quiet_adjacent(const Tr *t) { return quiet_reg(t) && (uint32_t)t->scratch[QUIET_AT] + 1 == t->u->n; }
static inline void quiet_at(Tr *t, IrVal compare) { t->scratch[QUIET_AT] = (uint64_t)compare << 32 | t->u->n; }

/* Jump whose code changed under us or whose mode may have: pc behind the instruction through the run loop. */
void  leave_if(Tr *t, IrVal changed);

#endif
