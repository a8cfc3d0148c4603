/* SPDX-License-Identifier: Apache-2.0 */
/* Cold paths of FP instructions: softfloat does the instruction again on the operands in the saved
 * registers, the result goes into the saved destination, flags into cpu->fp_sticky. What the host has
 * raised in MXCSR before is a subset of what softfloat raises, so nothing is taken back. */
#include "emit.h"
#include "cold.h"
#include "tcg/softfloat.h"

static bool is_fp(int type) { return type == IR_F32 || type == IR_F64; }

static void cold_vector(SfEnv *env, SfOp o, ColdRegs *regs, const ColdDesc *d)
{
    const uint64_t *in[3];

    for (int i = 0; i < 3; i++)
        in[i] = d->r[i + 1] == NOREG ? NULL : &regs->x[d->r[i + 1]].lo;
    sf_vector(env, o, &regs->x[d->r[0]].lo, in[0], in[1], in[2]);
}

static void cold_scalar(CpuState *cpu, SfEnv *env, SfOp o, ColdRegs *regs, const ColdDesc *d)
{
    bool from_int = d->op == IR_fcvt_if || d->op == IR_fcvt_uf || d->op == IR_ffrom_s;
    bool to_int = d->op == IR_fcvt_fi || d->op == IR_fcvt_fu || d->op == IR_fcmp || d->op == IR_flags_fcmp ||
        d->op == IR_forder || d->op == IR_fbits_s;
    uint64_t in[3] = { 0 }, r, mask = is_fp(d->type) ? (d->type == IR_F64 ? ~0ull : ~0u) : ~0ull;

    for (int i = 0; i < 3; i++)
        if (d->r[i + 1] != NOREG)
            in[i] = from_int ? regs->g[d->r[i + 1]] : regs->x[d->r[i + 1]].lo;
    r = sf_scalar(env, o, in[0], in[1], in[2]) & mask;
    if (env->flags & FPF_INVALID && cpu->tcg->guest->fp_invalid)
        cpu->tcg->guest->fp_invalid(cpu, &o, in);
    if (to_int) {
        regs->g[d->r[0]] = r;
    } else {
        regs->x[d->r[0]].lo = r;
        regs->x[d->r[0]].hi = 0;        /* the hot path may count on it (Val.top) */
    }
}

void fp_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d)
{
    bool vec = d->type == IR_V64 || d->type == IR_V128;
    SfOp o = { .op = d->op,
        .type = d->type,
        .type2 = vec ? d->lane : d->type2,
        .cond = d->cond,
        .round = d->round,
        .aux = (uint8_t)d->aux };
    SfEnv env = sf_env(o, &cpu->tcg->guest->fp, cpu->fp_round);

    if (vec)
        cold_vector(&env, o, regs, d);
    else
        cold_scalar(cpu, &env, o, regs, d);
    cpu->fp_sticky |= env.flags;
}
