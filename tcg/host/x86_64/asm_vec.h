/* SPDX-License-Identifier: Apache-2.0 */
/* Vector and FP instruction encoders on top of asm_int.h: one three-operand form that becomes VEX where the
 * host has AVX and a copy plus the two-operand SSE form where not. Baseline SSE4.2.
 * Source: AMD64 Architecture Programmer's Manual vol. 4. */
#ifndef TCG_X86_ASM_VEC_H
#define TCG_X86_ASM_VEC_H

#include "emit.h"

#define X66(op) (P66 | M0F | (op))
#define X38(op) (P66 | M0F38 | (op))
#define X3A(op) (P66 | M0F3A | (op))

enum {
    MOVAPS = M0F | 0x28, MOVUPS = M0F | 0x10, MOVQ_XX = PF3 | M0F | 0x7e, MOVD_XR = P66 | M0F | 0x6e,
    MOVD_RX = P66 | M0F | 0x7e,
    MOVDDUP = PF2 | M0F | 0x12, MOVSS = PF3 | M0F | 0x10, MOVSD = PF2 | M0F | 0x10, MOVMSKPS = M0F | 0x50,
    MOVMSKPD = P66 | M0F | 0x50,
    ANDPS = M0F | 0x54, ANDNPS = M0F | 0x55, ORPS = M0F | 0x56, XORPS = M0F | 0x57, SHUFPS = M0F | 0xc6,
    CMPPS = M0F | 0xc2,
    PAND = X66(0xdb), PANDN = X66(0xdf), POR = X66(0xeb), PXOR = X66(0xef),
    PADDB = X66(0xfc), PADDW = X66(0xfd), PADDD = X66(0xfe), PADDQ = X66(0xd4),
    PSUBB = X66(0xf8), PSUBW = X66(0xf9), PSUBD = X66(0xfa), PSUBQ = X66(0xfb),
    PADDUSB = X66(0xdc), PMULLW = X66(0xd5), PMULHW = X66(0xe5), PMULHUW = X66(0xe4), PMULLD = X38(0x40),
    PMULUDQ = X66(0xf4), PMULDQ = X38(0x28),
    PCMPEQB = X66(0x74), PCMPEQW = X66(0x75), PCMPEQD = X66(0x76), PCMPEQQ = X38(0x29),
    PCMPGTB = X66(0x64), PCMPGTW = X66(0x65), PCMPGTD = X66(0x66), PCMPGTQ = X38(0x37),
    PMINUW = X38(0x3a), PMINUD = X38(0x3b), PMAXUD = X38(0x3f), PMAXSD = X38(0x3d),
    PUNPCKLBW = X66(0x60), PUNPCKLWD = X66(0x61), PUNPCKLDQ = X66(0x62), PUNPCKLQDQ = X66(0x6c),
    PUNPCKHBW = X66(0x68), PUNPCKHWD = X66(0x69), PUNPCKHDQ = X66(0x6a), PUNPCKHQDQ = X66(0x6d),
    PACKSSWB = X66(0x63), PACKSSDW = X66(0x6b), PACKUSWB = X66(0x67), PACKUSDW = X38(0x2b),
    PSHUFB = X38(0x00), PSHUFD = X66(0x70), PSHUFLW = PF2 | M0F | 0x70, PALIGNR = X3A(0x0f), PBLENDW = X3A(0x0e),
    PTEST = X38(0x17),
    PMOVMSKB = X66(0xd7), PCLMULQDQ = X3A(0x44), ROUNDPS = X3A(0x08), ROUNDSS = X3A(0x0a), INSERTPS = X3A(0x21),
    AESENC = X38(0xdc), AESENCLAST = X38(0xdd), AESDEC = X38(0xde), AESDECLAST = X38(0xdf), AESIMC = X38(0xdb),
    CVTDQ2PS = M0F | 0x5b, CVTPS2DQ = X66(0x5b), CVTTPS2DQ = PF3 | M0F | 0x5b,
    VPSRLV = X38(0x45), VPSRAV = X38(0x46), VPSLLV = X38(0x47),
};
/* Shift by immediate: opcode of the lane size, extension in the reg field. */
enum { SHV_SRL = 2, SHV_SRA = 4, SHV_SLL = 6, SHV_SRLDQ = 3, SHV_SLLDQ = 7 };
/* CMPPS predicates; those from 8 on need AVX. */
enum {
    CMP_EQ_OQ,
    CMP_LT_OS,
    CMP_LE_OS,
    CMP_UNORD_Q,
    CMP_NEQ_UQ,
    CMP_NLT_US,
    CMP_ORD_Q = 7,
    CMP_EQ_UQ = 8,
    CMP_EQ_OS = 16,
    CMP_LT_OQ,
    CMP_LE_OQ,
    CMP_UNORD_S,
    CMP_NEQ_US,
    CMP_ORD_S = 23
};

static inline bool avx(const Em *e) { return e->hc->avx; }

/* Two-operand forms (no vvvv): moves, conversions of the whole register, ptest, ucomis. */
static inline void v2o(Em *e, unsigned op, int d, Opd a)
{
    if (avx(e))
        em_vex(e, op, 0, d, 0, a, 0);
    else
        em_op(e, op, d, a, 0);
}
static inline void v2(Em *e, unsigned op, int d, int a) { v2o(e, op, d, opd_reg(a)); }
static inline void v2i(Em *e, unsigned op, int d, int a, int imm)
{
    if (avx(e))
        em_vex(e, op, 0, d, 0, opd_reg(a), 1);
    else
        em_op(e, op, d, opd_reg(a), 1);
    em8(e, (unsigned)imm & 255);
}
static inline void vmov(Em *e, int d, int a)
{
    if (d != a)
        v2(e, MOVAPS, d, a);
}

/* d = a op b. Without AVX d must differ from b unless it equals a, too. b in memory is 16-aligned. */
static inline void v3o(Em *e, unsigned op, int d, int a, Opd b)
{
    if (avx(e)) {
        em_vex(e, op, 0, d, a, b, 0);
        return;
    }
    vmov(e, d, a);
    em_op(e, op, d, b, 0);
}
static inline void v3(Em *e, unsigned op, int d, int a, int b) { v3o(e, op, d, a, opd_reg(b)); }
static inline void v3oi(Em *e, unsigned op, int d, int a, Opd b, int imm)
{
    if (avx(e)) {
        em_vex(e, op, 0, d, a, b, 1);
    } else {
        vmov(e, d, a);
        em_op(e, op, d, b, 1);
    }
    em8(e, (unsigned)imm & 255);
}
static inline void v3i(Em *e, unsigned op, int d, int a, int b, int imm) { v3oi(e, op, d, a, opd_reg(b), imm); }

/* d = a shifted by imm; lane E16 E32 E64 (SRLDQ and SLLDQ: E64). */
static inline void vshift(Em *e, int kind, IrLane lane, int d, int a, int imm)
{
    unsigned op = X66(0x70 + (unsigned)lane);
    if (avx(e)) {
        em_vex(e, op, 0, kind, d, opd_reg(a), 1);
    } else {
        vmov(e, d, a);
        em_op(e, op, kind, opd_reg(d), 1);
    }
    em8(e, (unsigned)imm);
}
static inline void vzero(Em *e, int d) { v3(e, PXOR, d, d, d); }
static inline void vones(Em *e, int d) { v3(e, PCMPEQD, d, d, d); }

/* The same 64 bits, or a lane value, in the whole pool entry. */
static inline Opd pool2(Em *e, uint64_t v) { return pool(e, v, v); }
static inline Opd pool_lane(Em *e, IrLane lane, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
    uint64_t m = lane == E64 ? v : v & ((1ull << (8 << lane)) - 1);
    return pool2(e, m * ones[lane]);
}
static inline IrType val_type(const Em *e, IrVal v)
{
    return (IrType)e->val[v].type;
}

void lower_by_eval(Em *e, const IrInsn *in);    /* any pure op, by a call to ir_eval (emit_int.c) */

/* emit_fp.c: shared by the scalar and the vector rows. */
Cold *fp_cold_new(Em *e, int d, int a, int b, int c);       /* softfloat does the instruction again */
void  fp_call(Em *e, const IrInsn *in, int d, int a, int b, int c);
bool  fp_round_soft(const IrInsn *in);                      /* a rounding mode that the host lacks */
void  fp_round_guard(Em *e, const IrInsn *in, Cold *c);     /* to the cold path unless the static mode is also the
                                                             * dynamic one */
int   fp_round_imm(const IrInsn *in);                       /* immediate of roundsd, inexact suppressed */

/* emit_sha.c */
Lower lower_sha256h, lower_sha256su, lower_sha1h;
/* emit_fpvec.c */
Lower lower_vfarith, lower_vfsqrt, lower_vfma, lower_vfneg, lower_vfabs, lower_vfminmax, lower_vfcmp, lower_vfround;
Lower lower_vfcvt_fi, lower_vfcvt_fu, lower_vfcvt_if, lower_vfcvt_uf;
/* emit_lane.c */
Lower lower_vzext, lower_vlow, lower_vpair, lower_vdup, lower_vget, lower_vset, lower_vzip, lower_vuzp, lower_vtrn,
    lower_vext;
Lower lower_vperm, lower_vrevl, lower_vwiden, lower_vnarrow, lower_vmull, lower_vmovmsk, lower_vtestz;

#endif
