/* SPDX-License-Identifier: Apache-2.0 */
/* Exact IEEE 754 binary16/32/64/128 arithmetic in integers, with the choices a guest ISA makes.
 *
 * It is the meaning of every IR op with flag X (sf_scalar, sf_vector): the interpreter and the constant
 * folder call it for each op, the host backends only on cold paths. Values travel as bit patterns in an
 * SfBits (upper bits ignored on input, zero on output). Nothing here fails or keeps state; an SfEnv belongs
 * to its caller. Files: softfloat.c arithmetic, softfloat_cvt.c conversions and comparisons, softfloat_ir.c
 * the IR ops, softfloat_arm.c estimates. Source: IEEE 754-2019; the ISA manuals for what
 * it leaves open. */
#ifndef TCG_SOFTFLOAT_H
#define TCG_SOFTFLOAT_H

#include "tcg.h"

typedef unsigned __int128 SfBits;
typedef enum SfFmt { SF16, SF32, SF64, SF128 } SfFmt;

typedef struct SfEnv {
    FpRound  round;                 /* FP_RNE..FP_RODD; callers resolve FP_DYN */
    uint32_t flags;                 /* FPF_* are OR-ed in, never cleared */
    const FpRules *rules;
    bool     flush_inputs;          /* subnormal operands are zeros, FPF_DENORM raised (not for SF16) */
    bool     flush_outputs;         /* results tiny before rounding become zero, FPF_UNDERFLOW alone raised */
    bool     default_nan;           /* Arm DN: every NaN result is the default NaN */
    bool     half_alt;              /* Arm AHP: SF16 has neither infinities nor NaNs (conversions only) */
} SfEnv;

/* --- One format f for operands and result. */
SfBits sf_add(SfEnv *e, SfFmt f, SfBits a, SfBits b);
SfBits sf_sub(SfEnv *e, SfFmt f, SfBits a, SfBits b);       /* a NaN b keeps its sign */
SfBits sf_mul(SfEnv *e, SfFmt f, SfBits a, SfBits b);
SfBits sf_div(SfEnv *e, SfFmt f, SfBits a, SfBits b);
SfBits sf_sqrt(SfEnv *e, SfFmt f, SfBits a);
SfBits sf_fma(SfEnv *e, SfFmt f, SfBits a, SfBits b, SfBits c, int neg);  /* neg: FMA_NEG_* */
/* As sf_fma, but rounded once to the narrower format `to` (PowerPC fmadds of double operands; b = 1.0 or
 * c = -0.0 give an add or a product); the result is in `to`. A NaN is converted to `to`. */
SfBits sf_fma_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a, SfBits b, SfBits c, int neg);
SfBits sf_div_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a, SfBits b);
SfBits sf_sqrt_to(SfEnv *e, SfFmt to, SfFmt f, SfBits a);
SfBits sf_min(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind);           /* kind: FMINMAX_* */
SfBits sf_max(SfEnv *e, SfFmt f, SfBits a, SfBits b, int kind);
SfBits sf_round_int(SfEnv *e, SfFmt f, SfBits a, bool inexact);           /* inexact: raise it */
SfBits sf_scalbn(SfEnv *e, SfFmt f, SfBits a, int64_t n);                 /* a * 2^n rounded once */

/* --- Comparison. */
bool     sf_cmp(SfEnv *e, SfFmt f, SfBits a, SfBits b, IrCond c, bool signalling);
/* as flags_pack: N 15, Z 14, C 8, V 0 */
uint32_t sf_cmp_nzcv(SfEnv *e, SfFmt f, SfBits a, SfBits b, bool signalling);

/* --- Conversion. width is 32 or 64; 32-bit results are zero-extended. */
SfBits   sf_cvt(SfEnv *e, SfFmt to, SfFmt from, SfBits a);
uint64_t sf_to_int(SfEnv *e, SfFmt f, SfBits a, int width, bool is_signed, int aux);  /* aux: CVT_* */
SfBits   sf_from_int(SfEnv *e, SfFmt f, uint64_t v, int width, bool is_signed);
/* a * 2^fbits to integer, rounded once; v / 2^fbits (Arm fixed point). */
uint64_t sf_to_fixed(SfEnv *e, SfFmt f, SfBits a, int width, bool is_signed, int aux, int fbits);
SfBits   sf_from_fixed(SfEnv *e, SfFmt f, uint64_t v, int width, bool is_signed, int fbits);

/* --- Classes and constants. */
enum {
    SF_CLASS_ZERO = 1,
    SF_CLASS_SUBNORMAL = 2,
    SF_CLASS_NORMAL = 4,
    SF_CLASS_INF = 8,
    SF_CLASS_QNAN = 16,
    SF_CLASS_SNAN = 32
};
int    sf_class(SfFmt f, SfBits a);                         /* one SF_CLASS_* bit */
SfBits sf_default_nan(const SfEnv *e, SfFmt f);
bool   sf_is_nan(SfFmt f, SfBits a);

/* --- Arm's estimates and steps, SF32 and SF64 (softfloat_arm.c). Arm ARM: FPRecipEstimate and its kin. */
SfBits   sf_arm_recpe(SfEnv *e, SfFmt f, SfBits a);
SfBits   sf_arm_rsqrte(SfEnv *e, SfFmt f, SfBits a);
SfBits   sf_arm_recpx(SfEnv *e, SfFmt f, SfBits a);
SfBits   sf_arm_recps(SfEnv *e, SfFmt f, SfBits a, SfBits b);     /* 2 - a*b, inf*0 gives 2 */
SfBits   sf_arm_rsqrts(SfEnv *e, SfFmt f, SfBits a, SfBits b);    /* (3 - a*b)/2, inf*0 gives 1.5 */
SfBits   sf_arm_mulx(SfEnv *e, SfFmt f, SfBits a, SfBits b);      /* FMULX: inf*0 gives 2 with the product's sign */
uint32_t sf_arm_urecpe(uint32_t a);
uint32_t sf_arm_ursqrte(uint32_t a);

/* --- The IR ops. An SfOp is the part of an IrInsn that matters, small enough for one register. */
typedef struct SfOp {
    uint16_t op;                    /* IrOp: a row of "Scalar FP" with flag X (not fpflags, fpround), or of the vf*
                                     * rows */
    uint8_t  type, type2, cond, lane, round, aux;
} SfOp;
SfOp     sf_op(const IrInsn *i);
/* Environment of an op of a guest: rounding is op.round, or dyn when that is FP_DYN. */
SfEnv    sf_env(SfOp op, const FpRules *rules, uint32_t dyn);
/* Operands and result are bit patterns or integers, zero-extended; flags_fcmp gives the flags_pack form. */
uint64_t sf_scalar(SfEnv *e, SfOp op, uint64_t a, uint64_t b, uint64_t c);
/* vf* rows on V64 (low half; upper half zero in the result) and V128: 16-byte vectors, lane 0 at the lowest address.
 * out may alias. */
void     sf_vector(SfEnv *e, SfOp op, void *out, const void *a, const void *b, const void *c);

#endif
