/* SPDX-License-Identifier: Apache-2.0 */
/* Simplification of one instruction: constants through ir_eval, identities from the table in fold.c. */
#ifndef TCG_FOLD_H
#define TCG_FOLD_H

#include "ir.h"

/* When a rule applies: what an operand is. `k` of the rule is compared at the op's width. */
typedef enum FoldWhen { FOLD_END, FOLD_B_IS, FOLD_A_IS, FOLD_SAME } FoldWhen;
/* What takes the op's place. */
typedef enum FoldThen {
    FOLD_TO_A,
    FOLD_TO_B,
    FOLD_TO_CONST,
    FOLD_TO_NEG_A,
    FOLD_TO_NEG_B,
    FOLD_TO_NOT_A,
    FOLD_TO_NOT_B
} FoldThen;

typedef struct FoldRule { uint8_t when, then; int64_t k, result; } FoldRule;
enum { FOLD_RULES = 6 };
extern const FoldRule fold_rules[IR_NOPS][FOLD_RULES];     /* FOLD_END ends a row */

/* outer(inner(x)): the inner op's value (TO_INNER) or its operand number `arg`, to which `op` is applied unless 0.
 * Indexed by outer; inner 0 ends a row. */
typedef struct FoldPair { uint16_t inner; int16_t arg; uint16_t op; } FoldPair;
enum { FOLD_TO_INNER = -1, FOLD_PAIRS = 4 };
extern const FoldPair fold_pairs[IR_NOPS][FOLD_PAIRS];

/* Rewrite *i in place: to const, to mov of an operand, or to a simpler op of the same value. False: nothing found.
 * No other instruction changes, and none is added. */
bool ir_fold(IrUnit *u, IrInsn *i);
/* Do p and q, put together, make rotr(x, right)? */
bool ir_is_rotation(const IrUnit *u, IrVal p, IrVal q, IrVal *x, IrVal *right);
/* The condition of a conditional op: 0 never holds, 1 always holds, -1 not known. */
int ir_cond_known(const IrUnit *u, const IrInsn *i);

#endif
