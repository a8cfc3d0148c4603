/* SPDX-License-Identifier: Apache-2.0 */
/* The FP environment: sticky flags, those that MXCSR has gathered among them, and the rounding mode. */
#include "asm_vec.h"
#include "lower.h"

/* MXCSR: flags IE DE ZE OE UE PE in bits 0..5, rounding control in 13..14. */

static void stmxcsr(Em *e) { em_op(e, M0F | 0xae, 3, opd_env(hs_off(HS_TMP)), 0); }
static void ldmxcsr(Em *e) { em_op(e, M0F | 0xae, 2, opd_env(hs_off(HS_TMP)), 0); }
static Mem env_mem(int32_t off) { return opd_env(off).m; }

/* d = what MXCSR has gathered, as FPF bits. t scratch. */
static void gathered(Em *e, int d, int t)
{
    stmxcsr(e);
    mov_load(e, false, t, env_mem(hs_off(HS_TMP)));
    mov_rr(e, false, d, t);
    alu_ri(e, ALU_AND, false, d, FPF_INVALID);
    shift_ri(e, SH_SHR, false, t, 1);
    alu_ri(e, ALU_AND, false, t, FPF_DIVZERO | FPF_OVERFLOW | FPF_UNDERFLOW | FPF_INEXACT);
    alu_rr(e, ALU_OR, false, d, t);
}

static void lower_fpflags_get(Em *e, const IrInsn *in)
{
    int d = def_g(e, 0), t = tmp_g(e);

    flags_clobber(e);
    gathered(e, d, t);
    alu_ro(e, ALU_OR, false, d, opd_env((int32_t)offsetof(CpuState, fp_sticky)));
}

static void cold_clear_mxcsr(Em *e, Cold *c)
{
    alu_oi(e, ALU_AND, false, opd_env(hs_off(HS_TMP)), ~0x3f);
    ldmxcsr(e);
    jmp_back(e, c);
}

/* Loading MXCSR is slow, and needed only when it has gathered a flag that is to be clear: C's isless() puts back what
 * it found. */
static void lower_fpflags_put(Em *e, const IrInsn *in)
{
    int a = use_g(e, in->arg[0]), t = tmp_g(e), s = tmp_g(e);

    flags_clobber(e);
    Cold *c = cold_new(e, cold_clear_mxcsr);
    gathered(e, t, s);
    mov_rr(e, false, s, a);
    mov_store(e, true, env_mem((int32_t)offsetof(CpuState, fp_sticky)), s);
    em_op(e, 0xf7, 2, opd_reg(s), 0);           /* not s */
    test_rr(e, false, t, s);
    jcc_cold(e, CC_NE, c);
    cold_back(e, c);
}

static void cold_undo(Em *e, Cold *c)
{
    mov_rr(e, false, c->r[1], c->r[0]);
    mov_store(e, true, env_mem((int32_t)offsetof(CpuState, fp_sticky)), c->r[1]);
    stmxcsr(e);
    cold_clear_mxcsr(e, c);
}

/* Reading MXCSR is slow, too: only operands that do not compare have raised anything. */
static void lower_fpflags_undo(Em *e, const IrInsn *in)
{
    int a = use_g(e, in->arg[0]), x = use_x(e, in->arg[1]), y = use_x(e, in->arg[2]), t = tmp_g(e);

    flags_clobber(e);
    Cold *c = cold_new(e, cold_undo);
    c->r[0] = (uint8_t)a;
    c->r[1] = (uint8_t)t;
    v2(e, M0F | 0x2e | (val_type(e, in->arg[1]) == IR_F64 ? P66 : 0), x, y);
    jcc_cold(e, CC_P, c);
    cold_back(e, c);
}

/* RC of RNE RTZ RDN RUP is 0 3 1 2: the high bit is bit 0 of the mode, the low one the sum of both. Other modes
 * never reach the host's arithmetic. */
enum { FTZ_DAZ = 0x8040 };
static void lower_fpround_put(Em *e, const IrInsn *in)
{
    int a = use_g(e, in->arg[0]), t = tmp_g(e), h = tmp_g(e);

    flags_clobber(e);
    mov_store(e, false, env_mem((int32_t)offsetof(CpuState, fp_round)), a);
    mov_rr(e, false, t, a);
    shift_ri(e, SH_SHR, false, t, 1);
    alu_rr(e, ALU_XOR, false, t, a);
    alu_ri(e, ALU_AND, false, t, 1);
    mov_rr(e, false, h, a);
    alu_ri(e, ALU_AND, false, h, 1);
    lea(e, false, t, (Mem){ (uint8_t)t, (uint8_t)h, 1, 0 });
    shift_ri(e, SH_SHL, false, t, 13);
    mov_rr(e, false, h, a);
    alu_ri(e, ALU_AND, false, h, FP_FLUSH);
    em_op(e, 0x69, h, opd_reg(h), 4);           /* imul: to FTZ and DAZ */
    em32(e, FTZ_DAZ / FP_FLUSH);
    alu_rr(e, ALU_OR, false, t, h);
    stmxcsr(e);
    alu_oi(e, ALU_AND, false, opd_env(hs_off(HS_TMP)), ~(3 << 13 | FTZ_DAZ));
    em_op(e, ALU_OR << 3 | 1, t, opd_env(hs_off(HS_TMP)), 0);
    ldmxcsr(e);
    alu_ri(e, ALU_OR, false, t, 0x1f80);
    mov_store(e, false, env_mem(hs_off(HS_MXCSR)), t);
}

const LowerRow lower_rows_fpenv[] = {
    { IR_fpflags_get, lower_fpflags_get }, { IR_fpflags_put, lower_fpflags_put },
    { IR_fpflags_undo, lower_fpflags_undo },
    { IR_fpround_put, lower_fpround_put }, { 0, NULL },
};
