/* SPDX-License-Identifier: Apache-2.0 */
/* C helpers of the scalar translators (rows: helpers.def): FP in unusual modes, half precision, fixed point,
 * counters, instruction cache. */
#include <string.h>
#include <time.h>
#include "arch.h"
#include "help.h"

SfEnv a64_fp_enter(const A64Cpu *c)
{
    return (SfEnv){
        .round = (FpRound)(c->head.fp_round & 7), .rules = &a64_fp_rules,
        .flush_inputs = c->fpcr & FPCR_FZ, .flush_outputs = c->fpcr & FPCR_FZ,
        .default_nan = c->fpcr & FPCR_DN, .half_alt = c->fpcr & FPCR_AHP,
    };
}

void a64_fp_leave(A64Cpu *c, const SfEnv *e)
{
    c->head.fp_sticky |= e->flags & 0x1f;
    if (e->flags & FPF_DENORM && c->fpcr & FPCR_FZ)
        c->head.fp_sticky |= FPF_DENORM;
}

/* Conversions to and from half precision: FZ does not flush the half side. */
uint64_t help_fp_half(CpuState *cpu, uint64_t how, uint64_t v)
{
    A64Cpu *s = (A64Cpu *)cpu;
    SfEnv e = a64_fp_enter(s);
    uint64_t r = (uint64_t)sf_cvt(&e, (SfFmt)(how >> 8 & 0xff), (SfFmt)(how & 0xff), v);
    a64_fp_leave(s, &e);
    return r;
}

/* Arm ARM FPRoundIntN: out of range, infinity and NaN give the most negative integer and invalid alone. */
uint64_t help_fp_rint_int(CpuState *cpu, uint64_t how, uint64_t v)
{
    A64Cpu *s = (A64Cpu *)cpu;
    SfFmt f = (SfFmt)(how & 0xff);
    int width = how >> 8 & 0xff, round = how >> 16 & 0xff;
    SfEnv e = a64_fp_enter(s);
    if (round != FP_DYN)
        e.round = (FpRound)round;
    uint64_t r = (uint64_t)sf_round_int(&e, f, v, true);
    SfEnv check = e;
    check.flags = 0;
    sf_to_int(&check, f, r, width, true, 0);
    if (sf_is_nan(f, v) || check.flags & FPF_INVALID) {
        e.flags = (e.flags & FPF_DENORM) | FPF_INVALID;
        int exp = width - 1;                            /* -2^exp */
        r = f == SF64 ? 1ull << 63 | (uint64_t)(1023 + exp) << 52 : 1ull << 31 | (uint64_t)(127 + exp) << 23;
    }
    a64_fp_leave(s, &e);
    return r;
}

uint32_t help_set_fpcr(CpuState *cpu, uint32_t v, uint32_t flags)
{
    uint32_t before = cpu->tb_flags;
    cpu->fp_sticky |= flags;
    a64_set_fpcr((A64Cpu *)cpu, v);
    return cpu->tb_flags != before;
}

uint32_t help_fp_mode(CpuState *cpu)
{
    uint32_t before = cpu->tb_flags;
    a64_update_mode((A64Cpu *)cpu);
    return cpu->tb_flags != before;
}

uint64_t help_clock_ns(CpuState *cpu, uint32_t clock)
{
    struct timespec ts;
    clock_gettime((clockid_t)clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void help_ic_ivau(CpuState *cpu, uint64_t addr)
{
    enum { LINE = 64 };
    gaddr at = addr & ~(gaddr)(LINE - 1);
    tcg_invalidate(cpu->tcg, at, at + LINE);
}
