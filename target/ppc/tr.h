/* SPDX-License-Identifier: Apache-2.0 */
/* What the PowerPC translator files share: register accessors, addresses, CR. Neighbours:
 * target/tr.h, cpu.h, help.h. */
#ifndef TARGET_PPC_TR_H
#define TARGET_PPC_TR_H

#include "target/ppc/help.h"
#include "target/tr.h"

enum { L_B = 1, L_H, L_HA, L_W, L_SIZE = 7, L_U = 8, L_R = 16 };         /* kind of access, update, byte-reversed */
enum { AE_RB, AE_0, AE_M1 };                                              /* what adde and subfe add */
enum { BR_AA = 1, BR_LK = 2 };
enum { VI_SIGNED_A = 1, VI_SIGNED_B = 2, VI_SIGNED = 3 };                 /* operands of vector products */
enum { LT = 8, GT = 4, EQ = 2, SO = 1 };

static inline IrVal imm(Tr *t, int32_t v) { return ir_const(t->u, IR_I32, v); }
static inline IrVal op1(Tr *t, IrOp op, IrVal a) { return ir_op1(t->u, op, IR_I32, a); }
static inline IrVal op2(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_op2(t->u, op, IR_I32, a, b); }
static inline IrVal op2l(Tr *t, IrOp op, IrVal a, IrVal b) { return ir_op2(t->u, op, IR_I64, a, b); }
static inline IrVal wide(Tr *t, IrVal a) { return ir_op1(t->u, IR_zext32, IR_I64, a); }
static inline IrVal swide(Tr *t, IrVal a) { return ir_op1(t->u, IR_sext32, IR_I64, a); }
static inline IrVal low(Tr *t, IrVal a) { return ir_op1(t->u, IR_trunc32, IR_I32, a); }
static inline IrVal get_r(Tr *t, int n) { return ir_get(t->u, R_R0 + n); }
static inline void put_r(Tr *t, int n, IrVal v) { ir_put(t->u, R_R0 + n, v); }
static inline IrVal get_r0(Tr *t, int n) { return n ? get_r(t, n) : imm(t, 0); }        /* (RA|0) */
static inline IrVal get_f(Tr *t, int n) { return ir_get(t->u, R_F0 + n); }

/* Tr.scratch: the newest comparison (tr_branch.c), the FP registers that the unit has put singles to (tr_fp.c), whom
 * the host's FP serves. */
enum { T_KNOWN, T_COMPARED };
/* Fields of T_KNOWN: a mask, two bits from 8, ten from 10 (tr_mem.c), a bit per register from 32. */
enum { KNOWN_COMPARE = 0xff, KNOWN_MODE = 8, KNOWN_RESERVED = 10, KNOWN_SINGLES = 32 };
/* In the mask: how the operands compare to give a CR field (EQ: they tell about that bit alone), and from bit 3 on the
 * field's number. */
enum { KNOWN_UNSIGNED = 1, KNOWN_SIGNED, KNOWN_EQ, KNOWN_HOW = 7, KNOWN_FIELD = 3 };
static inline void put_f(Tr *t, int n, IrVal v)
{
    t->scratch[T_KNOWN] &= ~(1ull << (KNOWN_SINGLES + n));
    ir_put(t->u, R_F0 + n, v);
}
static inline IrVal get_v(Tr *t, int n) { return ir_get(t->u, R_V0 + n); }
static inline void put_v(Tr *t, int n, IrVal v) { ir_put(t->u, R_V0 + n, v); }

/* Effective address as an I64, wrapped to 32 bits. */
static inline IrVal ea_x(Tr *t, int ra, int rb) { return wide(t, op2(t, IR_add, get_r0(t, ra), get_r(t, rb))); }

/* Hardly any program sets SO: units are translated for 0, or for a register (PPC_TB_SO). */
static inline IrVal get_so(Tr *t) { return t->u->flags & PPC_TB_SO ? ir_get(t->u, R_SO) : imm(t, 0); }
/* The last thing of an instruction that put SO. */
void so_changed(Tr *t);
/* CR field crf := cond of a against b (signed or not), with SO. */
void put_cr_cmp(Tr *t, int crf, bool is_signed, IrVal a, IrVal b);
static inline void put_cr0(Tr *t, IrVal result) { put_cr_cmp(t, 0, true, result, imm(t, 0)); }
/* CR bit n as 0 or 1. */
IrVal get_crbit(Tr *t, int n);
/* CR1 := FX FEX VX OX, for the record forms of FP instructions. */
void put_cr1(Tr *t);
/* Vectors: CR6 := LT when all lanes of a compare's result are true, EQ when none is. VSCR.SAT is set when
 * any bit is. */
void record_vector(Tr *t, IrVal result);
void saturated(Tr *t, IrVal where);
/* Before an instruction that computes in FP registers or uses FPSCR: the host's FP is theirs. May start a new block. */
void scalar_mode(Tr *t);
static inline void forget_compare(Tr *t) { t->scratch[T_KNOWN] &= ~(uint64_t)KNOWN_COMPARE; }
static inline void compared(Tr *t, int crf, int how, IrVal a, IrVal b)
{
    forget_compare(t);
    t->scratch[T_KNOWN] |= (unsigned)how | (unsigned)crf << KNOWN_FIELD;
    t->scratch[T_COMPARED] = (uint64_t)a << 32 | b;
}
/* a label: values from before are not visible */
static inline void new_block(Tr *t) { memset(t->scratch, 0, sizeof t->scratch); }

#endif
