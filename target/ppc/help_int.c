/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the integer side: strings, dcbz, time base; and the packed views of CR, XER and VSCR. */
#include <string.h>
#include <time.h>
#include "target/ppc/help.h"

static uint8_t *mem(CpuState *cpu, uint32_t ea) { return (uint8_t *)(uintptr_t)(cpu->mem_base + ea); }

/* lswi, lswx: n bytes from ea into registers from rt, four a register, wrapping behind r31. */
void h_lswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n)
{
    PpcCpu *c = (PpcCpu *)cpu;
    uint32_t value[32], count = (n + 3) / 4;
    memset(value, 0, sizeof value);
    for (uint32_t i = 0; i < n; i++)
        value[i / 4] |= (uint32_t)*mem(cpu, ea + i) << (24 - i % 4 * 8);
    for (uint32_t i = 0; i < count; i++)
        c->gpr[(rt + i) & 31] = value[i];
}

void h_stswx(CpuState *cpu, uint32_t rt, uint32_t ea, uint32_t n)
{
    const PpcCpu *c = (PpcCpu *)cpu;
    for (uint32_t i = 0; i < n; i++)
        *mem(cpu, ea + i) = c->gpr[(rt + i / 4) & 31] >> (24 - i % 4 * 8);
}

/* Cache blocks are 32 bytes, as AT_DCACHEBSIZE says. */
void h_dcbz(CpuState *cpu, uint32_t ea) { memset(mem(cpu, ea & ~31u), 0, 32); }

/* The time base ticks at 25 MHz here. */
uint64_t h_timebase(CpuState *cpu)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 25000000 + ts.tv_nsec / 40;
}

/* Seconds in the upper half. */
uint64_t h_clock(CpuState *cpu, uint32_t clock)
{
    struct timespec ts;
    clock_gettime((clockid_t)clock, &ts);
    return (uint64_t)ts.tv_sec << 32 | (uint32_t)ts.tv_nsec;
}

uint32_t h_get_vsat(CpuState *cpu) { return ppc_get_vscr((PpcCpu *)cpu); }

uint32_t ppc_get_cr(const PpcCpu *c)
{
    uint32_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 4 | c->cr[i];
    return v;
}

void ppc_set_cr(PpcCpu *c, uint32_t v)
{
    for (int i = 0; i < 8; i++)
        c->cr[i] = v >> (28 - 4 * i) & 15;
}

uint32_t ppc_get_xer(const PpcCpu *c) { return c->so << 31 | c->ov << 30 | c->ca << 29 | c->xer_count; }

void ppc_set_xer(PpcCpu *c, uint32_t v)
{
    c->so = v >> 31;
    c->head.tb_flags = (c->head.tb_flags & ~PPC_TB_SO) | (c->so ? PPC_TB_SO : 0);
    c->ov = v >> 30 & 1;
    c->ca = v >> 29 & 1;
    c->xer_count = v & 127;
}

uint32_t ppc_get_vscr(const PpcCpu *c) { return c->vscr_nj << 16 | ((c->vsat.d[0] | c->vsat.d[1]) != 0); }

void ppc_set_vscr(PpcCpu *c, uint32_t v)
{
    c->vscr_nj = v >> 16 & 1;
    if (c->fp_aside)
        c->head.fp_round = c->vscr_nj ? FP_FLUSH : 0;
    c->vsat.d[0] = v & 1;
    c->vsat.d[1] = 0;
}

static const uint16_t status[] = { R_FPOP, R_FPCC, R_FPA, R_FPB, R_FPC, 0xffff };
enum { STATE_0 = HELPER_NONE, STATE_1 = HELPER_ALL, STATE_2 = HELPER_LIST };
#define HELPER(name, ret, n, a, b, c, d, e, state) \
    { #name, (void *)h_##name, ret, n, { a, b, c, d, e }, STATE_##state, STATE_##state, status, status, state == 1 },
#define VEC(name, n, b, c) { #name, (void *)h_##name, IR_V128, n, { IR_V128, b, c } },
#define HELPER_V1(name) VEC(name, 1, 0, 0)
#define HELPER_V2(name) VEC(name, 2, IR_V128, 0)
#define HELPER_V3(name) VEC(name, 3, IR_V128, IR_V128)
const HelperDesc ppc_helpers[] = {
#include "target/ppc/helpers.def"
};
