/* SPDX-License-Identifier: Apache-2.0 */
/* What the lowering functions of different files share: flags, comparisons, exits, guest memory; and the lists of their
 * rows. */
#ifndef TCG_X86_LOWER_H
#define TCG_X86_LOWER_H

#include "emit.h"

/* --- shared between the integer, flags and control-flow rows */
static inline bool w64(const IrInsn *in) { return in->type == IR_I64; }
static inline int width(const IrInsn *in) { return w64(in) ? 64 : 32; }
enum { FLAGS_MASK = 0xc101 };
void  emit_put_flags(Em *e, IrVal f);                        /* FLAGS value f into the flags register's slot */
bool  eflags_live(Em *e);
bool  alu_matches(Em *e, int op, const IrInsn *in);     /* EFLAGS are those of op on in's operands */
void  alu_note(Em *e, int op, const IrInsn *in);
bool  flags_follow(Em *e, int flags_op, const IrInsn *in);      /* do the next instructions ask for its flags? */
void  prefer_hint(Em *e, IrVal *a, IrVal *b);           /* of a commutative op: swaps when the result goes to b's
                                                         * register */
int   emit_cmp(Em *e, int cond, int type, IrVal a, IrVal b);
void  emit_setcond(Em *e, int cc);
void  emit_select(Em *e, int cc, const IrInsn *in, IrVal x, IrVal y);
/* Flags that an exit puts out of line, when only temporaries that nobody needs any more are at hand. */
typedef enum FlagsPlace {
    FLAGS_NOWHERE,
    FLAGS_EFLAGS,
    FLAGS_EFLAGS_INV,
    FLAGS_FCMP,
    FLAGS_FCMP_SWAP,
    FLAGS_REG,
    FLAGS_MEM
} FlagsPlace;
typedef struct FlagsAt { FlagsPlace place; uint8_t reg; int32_t off; } FlagsAt;
FlagsAt flags_at(const Em *e, IrVal f);                 /* right after flags_cc */
void  put_flags_from(Em *e, FlagsAt at);
void  pack_fcmp(Em *e, int d, int t, bool swap);        /* d: packed form of the UCOMIS result in EFLAGS, which stay; t:
                                                         * scratch */
int   fp_cc(int cond, bool swap);       /* host condition for cond after UCOMIS, or -1 (emit_fp.c) */
int   flags_cc(Em *e, IrVal f, int cond);               /* host condition for cond on flags; EFLAGS set. -1 never, -2
                                                         * always */
Mem   guest_mem(Em *e, const IrInsn *in);               /* operand of a guest memory access; registers locked */
void  emit_raise(Em *e, gaddr pc, int64_t arg, int code);
void  emit_count(Em *e, const int32_t *left);           /* at the entry of a cold unit */
void  emit_cas128(Em *e, const IrInsn *in);
int   packed_reg(Em *e, IrVal f);                       /* FLAGS value in packed form in a GPR, junk bits included */
void  lower_by_eval(Em *e, const IrInsn *in);           /* any pure op, by a call to ir_eval */

/* Rows: each emit_*.c exports its own list, ended by a null fn; host_init gathers them by op. */
typedef struct LowerRow { uint16_t op; Lower *fn; } LowerRow;
extern const LowerRow lower_rows_state[], lower_rows_call[], lower_rows_int[], lower_rows_bits[], lower_rows_flags[],
    lower_rows_mem[], lower_rows_flow[];
/* emit_fp.c, emit_fpenv.c, emit_vec.c */
extern const LowerRow lower_rows_fp[], lower_rows_fpenv[], lower_rows_vec[];

#endif
