/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V Linux, both widths. Source: RISC-V ELF psABI; Linux arch/riscv asm/elf.h, asm/syscall.h, kernel/cpu.c. */
#include <stdio.h>
#include <string.h>
#include "linux-user/riscv/riscv.h"

enum { X_RA = 1, X_SP, X_TP = 4, X_A0 = 10, X_A7 = 17 };

static const RvCpu *state(const CpuState *cpu) { return (const RvCpu *)cpu; }
static bool is32(const CpuState *cpu) { return linux_abi.word == 4; }
static uint64_t word(const CpuState *cpu, uint64_t v) { return is32(cpu) ? (uint32_t)v : v; }

uint64_t riscv_syscall_nr(const CpuState *cpu) { return word(cpu, state(cpu)->x[X_A7]); }

void riscv_syscall_args(const CpuState *cpu, uint64_t args[7])
{
    for (int i = 0; i < 7; i++)
        args[i] = word(cpu, state(cpu)->x[X_A0 + i]);
}

void riscv_syscall_result(CpuState *cpu, int64_t ret) { ((RvCpu *)cpu)->x[X_A0] = ret; }

void riscv_start(CpuState *cpu, gaddr entry, gaddr sp)
{
    cpu->pc = entry;
    ((RvCpu *)cpu)->x[X_SP] = sp;
}

void riscv_set_tls(CpuState *cpu, uint64_t tls) { ((RvCpu *)cpu)->x[X_TP] = tls; }

void riscv_clone_child(CpuState *cpu, gaddr sp)
{
    RvCpu *c = (RvCpu *)cpu;
    c->x[X_A0] = 0;
    if (sp)
        c->x[X_SP] = sp;
}

gaddr riscv_get_sp(const CpuState *cpu) { return word(cpu, state(cpu)->x[X_SP]); }

static bool has(const CpuState *cpu, int feature)
{
    return feature < 0 || cpu->tb_flags >> RV_TB_FEATURES & 1u << feature;
}

enum { ALWAYS = -1 };
typedef struct Extension { const char *name; int feature; } Extension;
/* Canonical order of the ISA manual. */
static const Extension extensions[] = {
    { "i", ALWAYS }, { "m", FEAT_M }, { "a", FEAT_A }, { "f", FEAT_F }, { "d", FEAT_D }, { "c", FEAT_C },
    { "_zicbom", FEAT_ZICBOM }, { "_zicboz", FEAT_ZICBOZ }, { "_zicntr", ALWAYS }, { "_zicond", FEAT_ZICOND },
    { "_zicsr", ALWAYS },
    { "_zifencei", ALWAYS }, { "_zfa", FEAT_ZFA }, { "_zfh", FEAT_ZFH }, { "_zfhmin", FEAT_ZFHMIN },
    { "_zba", FEAT_ZBA },
    { "_zbb", FEAT_ZBB }, { "_zbc", FEAT_ZBC }, { "_zbs", FEAT_ZBS },
};
enum { NEXTENSIONS = sizeof extensions / sizeof *extensions };

/* One bit per single-letter extension. */
uint64_t riscv_hwcap(const CpuState *cpu, int which)
{
    uint64_t v = 0;
    for (const Extension *e = extensions; which == 1 && e < extensions + NEXTENSIONS; e++)
        if (!e->name[1] && has(cpu, e->feature))
            v |= 1u << (e->name[0] - 'a');
    return v;
}

int riscv_cpuinfo(const CpuState *cpu, int ncpu, char *out, size_t cap)
{
    char isa[128] = "";
    for (const Extension *e = extensions; e < extensions + NEXTENSIONS; e++)
        if (has(cpu, e->feature))
            strcat(isa, e->name);
    int n = 0;
    for (int i = 0; i < ncpu && n < (int)cap; i++)
        n += snprintf(out + n, cap - n, "processor\t: %d\nhart\t\t: %d\n"
                      "isa\t\t: rv%d%s\n"
                      "mmu\t\t: %s\nuarch\t\t: generic\n\n",
                      i, i, linux_abi.word * 8, isa, linux_abi.word == 4 ? "sv32" : "sv48");
    return n;
}
