/* SPDX-License-Identifier: Apache-2.0 */
/* FPSCR as a whole: what translated code left for later (cpu.h), reads, writes and what a write changes elsewhere.
 * Power ISA Book I 4.2.2. */
#include "target/ppc/help_fp.h"

enum {
    EXCEPTIONS = FPSCR_OX | FPSCR_UX | FPSCR_ZX | FPSCR_XX | FPSCR_VX_ALL,
    ENABLES = FPSCR_VE | FPSCR_OE | FPSCR_UE | FPSCR_ZE | FPSCR_XE,
    RESERVED = 1 << 11,
};

static uint32_t summarised(uint32_t s)
{
    s &= ~(FPSCR_VX | FPSCR_FEX);
    if (s & FPSCR_VX_ALL)
        s |= FPSCR_VX;
    /* VX OX UX ZX XX stand 22 bits above their enables */
    if (s >> 22 & s & ENABLES)
        s |= FPSCR_FEX;
    return s;
}

static uint32_t raised(uint32_t s, uint32_t exceptions) { return s | exceptions | (exceptions & ~s ? FPSCR_FX : 0); }

void ppc_fpscr_raise(PpcCpu *c, uint32_t exceptions, uint32_t mask, uint32_t value)
{
    c->fpscr = summarised(raised((c->fpscr & ~mask) | value, exceptions));
}

static FpRound round_of(uint32_t fpscr)
{
    static const FpRound of_rn[4] = { FP_RNE, FP_RTZ, FP_RUP, FP_RDN };
    return of_rn[fpscr & FPSCR_RN];
}

static const struct { uint32_t flag, bit; } sticky[] = {
    { FPF_DIVZERO, FPSCR_ZX }, { FPF_OVERFLOW, FPSCR_OX }, { FPF_UNDERFLOW, FPSCR_UX }, { FPF_INEXACT, FPSCR_XX },
};

uint32_t ppc_get_fpscr(const PpcCpu *c)
{
    uint32_t s = c->fpscr, exceptions = 0, flags = c->fp_aside ? c->fp_aside : (uint32_t)c->head.fp_sticky;
    for (int i = 0; i < 4; i++)
        if (flags & sticky[i].flag)
            exceptions |= sticky[i].bit;
    s = raised(s, exceptions);
    if (c->fp_op)
        s = (s & ~(FPSCR_FR | FPSCR_FI | FPSCR_FPRF)) | ppc_fp_status(c->fp_op, round_of(s), c->fp_a, c->fp_b, c->fp_c);
    if (c->fp_cc)
        s = (s & ~(15u << FPSCR_FPRF_SHIFT)) | c->fp_cc << FPSCR_FPRF_SHIFT;
    return summarised(s);
}

void ppc_set_fpscr(PpcCpu *c, uint32_t v)
{
    c->fpscr = summarised(v & ~RESERVED);
    c->fp_op = c->fp_cc = c->fp_aside = 0;
    c->head.fp_sticky = 0;
    c->head.fp_round = round_of(v);
    c->head.tb_flags &= ~(PPC_TB_FP_ENABLES | PPC_TB_FP_TRAPS);
    if (v & ENABLES)
        c->head.tb_flags |= PPC_TB_FP_ENABLES | (c->fe_off ? 0 : PPC_TB_FP_TRAPS);
}

/* --- helpers; raised_flags is what fpflags_get says */
uint32_t h_fpscr_read(CpuState *cpu, uint32_t raised_flags)
{
    cpu->fp_sticky |= raised_flags;
    return ppc_get_fpscr((PpcCpu *)cpu);
}

static uint32_t flags_of(uint32_t fpscr)
{
    uint32_t flags = 0;
    for (int i = 0; i < 4; i++)
        flags |= fpscr & sticky[i].bit ? sticky[i].flag : 0;
    return flags;
}

uint32_t h_fpscr_write(CpuState *cpu, uint32_t raised_flags, uint32_t value, uint32_t mask)
{
    enum { SUMMARIES = FPSCR_FEX | FPSCR_VX };          /* never written as such */
    uint32_t flags = cpu->tb_flags, round = cpu->fp_round,
             old = (mask | SUMMARIES) == ~0u ? 0 : h_fpscr_read(cpu, raised_flags);
    mask &= ~SUMMARIES;
    ppc_set_fpscr((PpcCpu *)cpu, (old & ~mask) | (value & mask));
    bool interrupts = cpu->tb_flags & PPC_TB_FP_TRAPS && ((PpcCpu *)cpu)->fpscr & FPSCR_FEX;
    return cpu->fp_round | (flags != cpu->tb_flags || interrupts ? FPSCR_WRITE_MODE : 0) |
        (round != cpu->fp_round ? FPSCR_WRITE_ROUND : 0) | flags_of(((PpcCpu *)cpu)->fpscr) << FPSCR_WRITE_FLAGS;
}

uint32_t h_fpscr_set(CpuState *cpu, uint32_t raised_flags, uint32_t bit)
{
    uint32_t old = h_fpscr_read(cpu, raised_flags), fx = bit & EXCEPTIONS & ~old ? FPSCR_FX : 0;
    return h_fpscr_write(cpu, 0, ~0u, bit | fx);
}

uint32_t h_mcrfs(CpuState *cpu, uint32_t raised_flags, uint32_t field)
{
    uint32_t shift = 28 - 4 * field, old = h_fpscr_read(cpu, raised_flags);
    ppc_set_fpscr((PpcCpu *)cpu, old & ~(15u << shift & (EXCEPTIONS | FPSCR_FX)));
    return old >> shift & 15;
}
