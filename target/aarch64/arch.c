/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64 registers and CPU state: reset, dump, the flag and FP control words that signal frames and gdb see. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "arch.h"

const RegDesc a64_regs[R_COUNT] = {
#define REG(id, name, field, type, pin, gdb, traits) { name, offsetof(A64Cpu, field), type, pin, gdb, traits },
#include "regs.def"
#undef REG
};

/* Arm ARM FPProcessNaNs, FPProcessNaNs3 (addend first), FPMulAdd; tininess before rounding; default NaN positive. */
const FpRules a64_fp_rules = {
    .nan = NAN_SNAN_FIRST, .default_nan_negative = false, .tiny_before_rounding = true,
    .fma_addend_first = true, .fma_inf_zero_nan_default = true,
};

uint32_t a64_nzcv(const A64Cpu *c)
{
    return (c->nzcv >> 14 & 3) << 30 | (c->nzcv >> 8 & 1) << 29 | (c->nzcv & 1) << 28;
}

void a64_set_nzcv(A64Cpu *c, uint32_t p)
{
    c->nzcv = (p >> 30 & 3) << 14 | (p >> 29 & 1) << 8 | (p >> 28 & 1);
}

uint32_t a64_fpsr(const A64Cpu *c)
{
    uint32_t f = (uint32_t)c->head.fp_sticky;
    return (f & 0x1f) | (f & FPF_DENORM) << FPSR_IDC_SHIFT | (c->qc.d[0] | c->qc.d[1] ? FPSR_QC : 0);
}

void a64_set_fpsr(A64Cpu *c, uint32_t v)
{
    c->head.fp_sticky = (v & 0x1f) | (v & FPSR_IDC) >> FPSR_IDC_SHIFT;
    c->qc.d[0] = v & FPSR_QC;
    c->qc.d[1] = 0;
    a64_update_mode(c);
}

void a64_update_mode(A64Cpu *c)
{
    uint32_t mode = c->fpcr & FPCR_FZ ? A64_TB_FLUSH | (c->head.fp_sticky & FPF_INEXACT ? A64_TB_INEXACT : 0) : 0;
    c->head.tb_flags = (c->head.tb_flags & ~(uint32_t)(A64_TB_FLUSH | A64_TB_INEXACT)) | mode;
}

void a64_set_fpcr(A64Cpu *c, uint32_t v)
{
    c->fpcr = v & FPCR_MASK;
    c->head.fp_round = (4 - (v >> FPCR_RMODE_SHIFT & 3)) & 3;      /* RN RP RM RZ: FP_RNE FP_RUP FP_RDN FP_RTZ */
    c->head.fp_round |= (v & FPCR_FZ ? FP_FLUSH : 0) | (v & FPCR_DN ? FP_DEFAULT_NAN : 0);
    a64_update_mode(c);
}

/* Address tags: once per program that uses them. */
bool a64_noncanonical(CpuState *cpu)
{
    if (cpu->tb_flags & A64_TB_TAGGED)
        return false;
    cpu->tb_flags |= A64_TB_TAGGED;
    return true;
}

void a64_reset(CpuState *cpu, const uint64_t *f)
{
    A64Cpu *c = (A64Cpu *)cpu;
    memset(c->x, 0, sizeof *c - offsetof(A64Cpu, x));
    c->features[0] = f[0];
    c->features[1] = f[1];
    c->midr = f[1];
    c->ex_addr = ~0ull;
    c->head.pc = 0;
    c->head.fp_sticky = 0;
    c->head.tb_flags = (uint32_t)(f[0] << A64_TB_FEATURES);
    a64_set_fpcr(c, 0);
    if (getrandom(c->pac_key, sizeof c->pac_key, GRND_NONBLOCK) != sizeof c->pac_key)
        c->pac_key[0][0] = (uintptr_t)c * 0x9e3779b97f4a7c15;      /* early boot: weaker keys, same behaviour */
}

void a64_dump(const CpuState *cpu, unsigned what, char *out, size_t cap)
{
    const A64Cpu *c = (const A64Cpu *)cpu;
    size_t n = (size_t)snprintf(out, cap, " PC=%016lx ", c->head.pc);
    for (int i = 0; i < 31 && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "X%02d=%016lx%s", i, c->x[i], i % 3 == 1 ? "\n" : " ");
    if (n >= cap)
        return;
    uint32_t p = a64_nzcv(c);
    n += (size_t)snprintf(out + n, cap - n, " SP=%016lx\nPSTATE=%08x %c%c%c%c FPCR=%08x FPSR=%08x\n", c->sp, p,
        p >> 31 ? 'N' : '-', p >> 30 & 1 ? 'Z' : '-', p >> 29 & 1 ? 'C' : '-', p >> 28 & 1 ? 'V' : '-', c->fpcr,
        a64_fpsr(c));
    for (int i = 0; i < 32 && n < cap && what; i++)
        n += (size_t)snprintf(
            out + n, cap - n, "Q%02d=%016lx:%016lx%s", i, c->v[i].d[1], c->v[i].d[0], i % 2 ? "\n" : " ");
}
