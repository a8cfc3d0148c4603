/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of every op that is a function of its operands: used by the interpreter, by the constant
 * folder and by the tests. Files: interp_int.c (integers, flags,
 * moves), interp_fp.c, interp_vec.c. */
#ifndef TCG_EVAL_H
#define TCG_EVAL_H

#include "tcg.h"

typedef unsigned __int128 IrU128;

/* A value at run time. Scalars of up to 64 bits are u[0], and u[1] may be anything. I32 and F32 keep the upper 32 bits
 * of u[0] zero; FLAGS are in flags_pack form; vectors have lane 0 at b[0], and V64 has u[1] = 0. */
typedef union IrValue {
    uint64_t u[2];
    IrU128   x;
    uint8_t  b[16];
    uint16_t h[8];
    uint32_t s[4];
} IrValue;

/* What FP ops need beside operands. */
typedef struct EvalFp {
    const FpRules *rules;
    uint32_t round;             /* the dynamic mode */
    uint64_t *sticky;           /* FPF_* are OR-ed in */
    /* TcgGuest.fp_invalid, or NULL */
    void (*invalid)(CpuState *cpu, const struct SfOp *op, const uint64_t in[3]);
    CpuState *cpu;              /* its first argument */
} EvalFp;

enum { FL_N = 1 << 15, FL_Z = 1 << 14, FL_C = 1 << 8, FL_V = 1, FL_ALL = FL_N | FL_Z | FL_C | FL_V };

/* False for ops that are not functions of their operands (state, memory, calls, control). */
bool ir_is_pure(IrOp op);

/* r := i(v[0], v[1] ...). i must be ir_is_pure; fp may be NULL unless it has flag X. r may alias an operand. */
void ir_eval(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp);

void eval_const(IrValue *r, IrType t, int64_t imm);
bool eval_cond(IrCond c, IrType t, uint64_t a, uint64_t b);     /* integers */
bool eval_cond_flags(IrCond c, uint64_t packed);

/* Parts of ir_eval. */
void eval_int(IrValue *r, const IrInsn *i, const IrValue *const *v);
void eval_fp(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp);
void eval_vec(IrValue *r, const IrInsn *i, const IrValue *const *v);
void eval_vfp(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp);
void eval_sha(IrValue *r, const IrInsn *i, const IrValue *const *v);
void eval_aes(IrValue *r, IrOp op, const IrValue *a);
IrU128 eval_clmul64(uint64_t a, uint64_t b);

#endif
