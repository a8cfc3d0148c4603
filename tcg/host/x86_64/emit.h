/* SPDX-License-Identifier: Apache-2.0 */
/* The x86-64 code generator: what a lowering function may use.
 *
 * One lowering function per IR op, in a row of a lower_rows_* list. It is called once per instruction,
 * in order, and must (1) fetch operands, (2) allocate its destination and scratch registers, (3) emit.
 * Everything it got is locked until it returns; operands that die here are freed after it.
 *
 *   static void lower_x(Em *e, const IrInsn *in)
 *   {
 *       int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]);
 *       int d = def_x(e, 0);                    // may equal a or b unless DEF_EARLY
 *       vex_op(e, ..., d, a, opd_reg(b));
 *   }
 *
 * Rules
 *  - Never write a register got from use_*; guest registers live there.
 *  - Host flags may hold a live IR flags value: call flags_clobber(e) before emitting anything that changes
 *    EFLAGS, after the last use_* (loads and moves do not change them).
 *  - An op that can fault on guest memory writes its destination only after its last access.
 *  - I32 values in GPRs have zero upper halves except when use_g was told of a truncation: write them with 32-bit
 *    instructions (which clear the upper half) and read only 32 bits.
 *  - F32 and F64 values sit in the low lanes, upper lanes undefined; V64 likewise. Sticky FP flags gather in MXCSR;
 *    MXCSR.RC is the guest's dynamic mode at all times in translated code.
 *  - What cannot be done: em_unsupported(e), and the whole unit is interpreted (counted).
 */
#ifndef TCG_X86_EMIT_H
#define TCG_X86_EMIT_H

#include "asm_int.h"

/* --- operands. Types are those of the IR; the value must be V_G-like for _g, V_X-like for _x. */
int   use_g(Em *e, IrVal v);            /* in a GPR, locked */
int   use_x(Em *e, IrVal v);            /* in an XMM register, locked */
Opd   use_o(Em *e, IrVal v);            /* register or memory, whichever it is in now (memory: as wide as its type;
                                         * constants of vector type come from the pool) */
bool  use_imm(Em *e, IrVal v, int64_t *c);          /* constant? (any size) */
bool  use_imm32(Em *e, IrVal v, int64_t *c);        /* constant that fits a sign-extended 32-bit immediate of its
                                                     * type? */
bool  dies(Em *e, IrVal v);             /* no use after this op */

/* --- destination and scratch */
enum { DEF_EARLY = 1 };                 /* written before all operands are read: differs from all of them */
int   def_g(Em *e, int flags);
int   def_x(Em *e, int flags);
int   def_copy_g(Em *e, IrVal a, IrVal b);          /* destination that already holds a, and is not b's register (b = 0:
                                                     * no b); b is used (locked) too */
int   def_copy_x(Em *e, IrVal a, IrVal b);
void  def_at_g(Em *e, int reg);         /* the destination is this register, which take_g or tmp_g gave */
void  def_at_x(Em *e, int reg);
void  def_slot(Em *e, int32_t *off);    /* destination is a 16-byte memory slot (I128) */
int   tmp_g(Em *e);
int   tmp_x(Em *e);
void  take_g(Em *e, int reg);           /* this very temporary (rax, rcx, rdx): whoever was in it moves away */
void  view(Em *e, IrVal of);            /* the result is the same register content as `of` (set in analysis, too) */

/* --- what a value is now, and plain moves */
static inline Val *rv(Em *e, IrVal v) { return &e->val[e->val[v].rep]; }
/* XMM values: is everything above the value's own type zero, so that widening it to 16 bytes is nothing to do? */
static inline unsigned x_bits(unsigned t) { return t == IR_F32 ? 32 : t == IR_F64 || t == IR_V64 ? 64 : 128; }
static inline bool x_clean(Em *e, IrVal v)
{
    const Val *x = rv(e, v);
    return x->top && x->top <= x_bits(e->val[v].type);
}
void  x_set_clean(Em *e, bool clean);
static inline bool is_x_type(unsigned t) { return t >= IR_F32 && t <= IR_V256; }
void  mov_xx(Em *e, int dst, int src);
void  mov_x_load(Em *e, int type, int dst, Opd m);
void  mov_x_store(Em *e, int type, Opd m, int src);

/* --- what moves with the code, the guest or the translator: recorded before the field is emitted */
void  em_reloc(Em *e, RelocKind kind);
void  em_guest_pc(Em *e, gaddr pc);     /* a 64-bit field */
void  mov_abs(Em *e, int dst, RelocKind kind, uint64_t v);
void  call_tramp(Em *e, const uint8_t *to);
void  jmp_tramp(Em *e, const uint8_t *to);

/* --- host flags */
void  flags_clobber(Em *e);             /* before changing EFLAGS */

/* --- FP operations that wait for their check (fp_later.c) */
bool  fp_can_wait(const Em *e, const IrInsn *in);
bool  fp_may_pass(const Em *e, const IrInsn *in);   /* may this op come before they are settled? */
int   fp_def_waiting(Em *e, int *a, int *b, int *c);                    /* the destination; operands in use, may move;
                                                                         * null: none */
void  fp_wait(Em *e, const IrInsn *in, bool tiny, const int r[4]);      /* emitted: r = destination and operands, or
                                                                         * NOREG */
void  fp_settle(Em *e);                             /* emit the check */

/* --- while subnormals are flushed (fp_flush.c): round an op's lowering; for operations that wait */
typedef struct FlushInputs { uint8_t r[3]; int n; } FlushInputs;
void  fp_flush_before(Em *e, const IrInsn *in);
void  fp_flush_after(Em *e, const IrInsn *in);
void  fp_flush_join(Em *e, const IrInsn *in, const uint8_t *r);
void  fp_flush_settle(Em *e);
Lower *fp_exact(const Em *e, const IrInsn *in, Lower *fn);
void  fp_exact_guard(Em *e, const IrInsn *in, Cold *c);
void  fp_exact_entry(Em *e);                        /* at the start of a unit */

/* --- cold code, emitted after the unit */
Cold *cold_new(Em *e, void (*fn)(Em *e, Cold *c));  /* in = the current instruction */
void  jcc_cold(Em *e, int cc, Cold *c);             /* hot: jump there on condition */
void  jmp_cold(Em *e, Cold *c);
void  cold_back(Em *e, Cold *c);                    /* hot: mark where the cold path returns */
void  jmp_back(Em *e, Cold *c);                     /* cold: return */

void  em_unsupported(Em *e);
Opd   pool(Em *e, uint64_t lo, uint64_t hi);        /* 16-byte constant as a memory operand, 16-aligned */

#endif
