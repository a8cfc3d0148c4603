/* SPDX-License-Identifier: Apache-2.0 */
/* What the A64 translator files (tr_*.c) share: register accessors, flags, addresses, FP control.
 * Neighbours: target/tr.h (the decode loop's Tr), cpu.h (state), helpers.def (H_* indexes). */
#ifndef TARGET_AARCH64_TR_A64_H
#define TARGET_AARCH64_TR_A64_H

#include "target/tr.h"
#include "arch.h"

#define A64_REG_X(n) (R_X0 + (n))
#define A64_REG_V(n) (R_V0 + (n))

/* --- general registers; n = 31 is XZR/WZR except in the _sp forms, where it is SP */
static inline IrVal get_x(Tr *t, int n) { return n == 31 ? ir_const(t->u, IR_I64, 0) : ir_get(t->u, R_X0 + n); }
static inline IrVal get_x_sp(Tr *t, int n) { return ir_get(t->u, R_X0 + n); }
static inline IrVal get_w(Tr *t, int n)
{
    return n == 31 ? ir_const(t->u, IR_I32, 0) : ir_op1(t->u, IR_trunc32, IR_I32, ir_get(t->u, R_X0 + n));
}
static inline IrVal get_w_sp(Tr *t, int n) { return ir_op1(t->u, IR_trunc32, IR_I32, ir_get(t->u, R_X0 + n)); }
static inline void put_x(Tr *t, int n, IrVal v) { if (n != 31) ir_put(t->u, R_X0 + n, v); }
static inline void put_x_sp(Tr *t, int n, IrVal v) { ir_put(t->u, R_X0 + n, v); }
static inline void put_w(Tr *t, int n, IrVal v)
{
    if (n != 31)
        ir_put(t->u, R_X0 + n, ir_op1(t->u, IR_zext32, IR_I64, v));
}
static inline void put_w_sp(Tr *t, int n, IrVal v) { ir_put(t->u, R_X0 + n, ir_op1(t->u, IR_zext32, IR_I64, v)); }
/* by width: sf selects X (I64) or W (I32) */
static inline IrType sf_type(int sf) { return sf ? IR_I64 : IR_I32; }
static inline IrVal get_r(Tr *t, int sf, int n) { return sf ? get_x(t, n) : get_w(t, n); }
static inline void put_r(Tr *t, int sf, int n, IrVal v) { if (sf) put_x(t, n, v); else put_w(t, n, v); }
static inline IrVal imm_x(Tr *t, int64_t v) { return ir_const(t->u, IR_I64, v); }
static inline IrVal addr_x(Tr *t, gaddr a) { return ir_addr(t->u, IR_I64, a); }
static inline IrVal imm_w(Tr *t, int32_t v) { return ir_const(t->u, IR_I32, v); }
static inline IrVal imm_r(Tr *t, int sf, int64_t v) { return sf ? imm_x(t, v) : imm_w(t, (int32_t)v); }

/* --- vector registers. Every put of less than 128 bits zeroes the rest, as A64 does. */
static inline IrVal get_v(Tr *t, int n) { return ir_get(t->u, R_V0 + n); }                       /* V128 */
static inline void put_v(Tr *t, int n, IrVal v) { ir_put(t->u, R_V0 + n, v); }
static inline IrVal v_low(Tr *t, IrType to, IrVal v) { return ir_vconv(t->u, IR_vlow, to, IR_V128, E8, 0, 0, v); }
static inline IrVal v_zext(Tr *t, IrType from, IrVal v) { return ir_vconv(t->u, IR_vzext, IR_V128, from, E8, 0, 0, v); }
static inline IrVal get_v64(Tr *t, int n) { return v_low(t, IR_V64, get_v(t, n)); }              /* V64 */
static inline void put_v64(Tr *t, int n, IrVal v) { put_v(t, n, v_zext(t, IR_V64, v)); }
static inline IrType q_type(int q) { return q ? IR_V128 : IR_V64; }
static inline IrVal get_vq(Tr *t, int q, int n) { return q ? get_v(t, n) : get_v64(t, n); }
static inline void put_vq(Tr *t, int q, int n, IrVal v) { if (q) put_v(t, n, v); else put_v64(t, n, v); }
static inline IrVal get_d(Tr *t, int n) { return v_low(t, IR_F64, get_v(t, n)); }                /* F64 */
static inline IrVal get_s(Tr *t, int n) { return v_low(t, IR_F32, get_v(t, n)); }                /* F32 */
static inline IrVal get_dbits(Tr *t, int n) { return v_low(t, IR_I64, get_v(t, n)); }            /* I64 */
static inline IrVal get_sbits(Tr *t, int n) { return v_low(t, IR_I32, get_v(t, n)); }            /* I32 */
static inline void put_d(Tr *t, int n, IrVal v) { put_v(t, n, v_zext(t, IR_F64, v)); }
static inline void put_s(Tr *t, int n, IrVal v) { put_v(t, n, v_zext(t, IR_F32, v)); }
static inline void put_dbits(Tr *t, int n, IrVal v) { put_v(t, n, v_zext(t, IR_I64, v)); }
static inline void put_sbits(Tr *t, int n, IrVal v) { put_v(t, n, v_zext(t, IR_I32, v)); }
/* FP by the instruction's type bit: dbl selects F64 or F32 */
static inline IrType fp_type(int dbl) { return dbl ? IR_F64 : IR_F32; }
static inline IrVal get_f(Tr *t, int dbl, int n) { return dbl ? get_d(t, n) : get_s(t, n); }
static inline void put_f(Tr *t, int dbl, int n, IrVal v) { if (dbl) put_d(t, n, v); else put_s(t, n, v); }
/* FPSR.QC |= (diff != 0); diff is V128 (V64: extend with v_zext first) */
static inline void or_qc(Tr *t, IrVal diff)
{
    ir_put(t->u, R_QC, ir_v2(t->u, IR_vor, IR_V128, E64, 0, ir_get(t->u, R_QC), diff));
}

/* --- modes of this unit */
/* FPCR.FZ is set. */
static inline bool fp_flushes(Tr *t) { return t->u->flags & A64_TB_FLUSH; }
/* Guest loads and stores at base + off: the address tag is removed when the program uses tags. */
IrVal mem_addr(Tr *t, IrVal a);
IrVal a64_load(Tr *t, IrType type, int mem, IrVal base, int64_t off);
void  a64_store(Tr *t, int mem, IrVal base, int64_t off, IrVal v);

/* --- flags. The FLAGS value that NZCV holds is remembered within a basic block (Tr.scratch[A64_LIVE_FLAGS]). */
enum { A64_LIVE_FLAGS };
IrVal get_flags(Tr *t);                 /* FLAGS value of NZCV now */
IrVal get_flags_packed(Tr *t);          /* the same as I32 in flags_pack layout */
void  put_flags(Tr *t, IrVal flags);    /* NZCV := flags */
void  put_flags_packed(Tr *t, IrVal w); /* NZCV := I32 in flags_pack layout */
static inline void forget_flags(Tr *t) { t->scratch[A64_LIVE_FLAGS] = 0; }      /* after ir_label */
IrCond a64_cond(int cond);              /* the 4-bit condition field; AL and NV are COND_ALWAYS */
int32_t a64_pack_const(int nzcv);       /* N Z C V in bits 3..0 to the packed layout */
IrVal a64_flags_select(Tr *t, int cond, IrVal flags, int nzcv);     /* FLAGS: cond holds now ? flags : nzcv */

/* --- shared pieces */
/* Register rm extended as option says (UXTB..SXTX), shifted left; result of width sf. */
IrVal a64_extend(Tr *t, int sf, int rm, int option, int shift);
/* pointer authentication, tr_pac.c; keys IA IB DA DB; all values I64 */
IrVal pac_sign(Tr *t, IrVal ptr, IrVal modifier, int key);
IrVal pac_auth(Tr *t, IrVal ptr, IrVal modifier, int key);
IrVal pac_strip(Tr *t, IrVal ptr);
IrVal pac_generic(Tr *t, IrVal a, IrVal b);

/* operand text, disas.c */
void fmt_x(char *out, int64_t v, const DisCtx *ctx);
void fmt_rel(char *out, int64_t v, const DisCtx *ctx);
void fmt_sysreg(char *out, int64_t v, const DisCtx *ctx);

/* --- decoders, one per .decode file; false: no row matches */
bool a64_decode_dp(Tr *t, uint32_t insn);
bool a64_decode_sys(Tr *t, uint32_t insn);
bool a64_decode_ldst(Tr *t, uint32_t insn);
bool a64_decode_fp(Tr *t, uint32_t insn);
bool a64_simd(Tr *t, uint32_t insn);                /* tr_simd.c: what fp leaves of x111, and LD1..LD4, ST1..ST4,
                                                     * LDnR */

#endif
