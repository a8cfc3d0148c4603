/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V Linux, both widths. Source: RISC-V ELF psABI; Linux arch/riscv asm/elf.h, asm/syscall.h, kernel/cpu.c. */
#include <stdio.h>
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

/* One bit per single-letter extension: I M A F D C. */
uint64_t riscv_hwcap(const CpuState *cpu, int which)
{
    const char *letters = "imafdc";
    uint64_t v = 0;
    for (; which == 1 && *letters; letters++)
        v |= 1u << (*letters - 'a');
    return v;
}

/* isa line: what the default model has, in the canonical order of the ISA manual. */
int riscv_cpuinfo(const CpuState *cpu, int ncpu, char *out, size_t cap)
{
    int n = 0;
    for (int i = 0; i < ncpu && n < (int)cap; i++)
        n += snprintf(out + n, cap - n, "processor\t: %d\nhart\t\t: %d\n"
                      "isa\t\t: rv%dimafdc_zicbom_zicboz_zicntr_zicond_zicsr_zifencei_zfa_zfh_zfhmin_zba_zbb_zbc_zbs\n"
                      "mmu\t\t: %s\nuarch\t\t: generic\n\n",
                      i, i, linux_abi.word * 8, linux_abi.word == 4 ? "sv32" : "sv48");
    return n;
}
