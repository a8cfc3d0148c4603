/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64 Linux: registers of system calls and new programs, /proc/cpuinfo. Frames are in sigframe.c.
 * Source: AAPCS64; Linux arch/arm64 asm/elf.h, asm/syscall.h, kernel/cpuinfo.c.
 */
#include <stdio.h>
#include "linux-user/aarch64/sigframe.h"
#include "target/aarch64/cpu.h"
#include "target/aarch64/sysreg.h"

static uint64_t syscall_nr(const CpuState *cpu) { return (uint32_t)((const A64Cpu *)cpu)->x[8]; }

static void syscall_args(const CpuState *cpu, uint64_t args[7])
{
    for (int i = 0; i < 7; i++)
        args[i] = ((const A64Cpu *)cpu)->x[i];
}

static void syscall_result(CpuState *cpu, int64_t ret) { ((A64Cpu *)cpu)->x[0] = ret; }

static void start(CpuState *cpu, gaddr entry, gaddr sp)
{
    cpu->pc = entry;
    ((A64Cpu *)cpu)->sp = sp;
}

static void set_tls(CpuState *cpu, uint64_t tls) { ((A64Cpu *)cpu)->tpidr = tls; }

static void clone_child(CpuState *cpu, gaddr sp)
{
    A64Cpu *c = (A64Cpu *)cpu;
    c->x[0] = 0;
    if (sp)
        c->sp = sp;
}

static gaddr get_sp(const CpuState *cpu) { return ((const A64Cpu *)cpu)->sp; }

static uint64_t hwcap(const CpuState *cpu, int which) { return a64_hwcap(((const A64Cpu *)cpu)->features, which); }

/* Names of the bits of HWCAP and HWCAP2 in /proc/cpuinfo (kernel/cpuinfo.c), in the kernel's order. */
static const struct { uint8_t word, bit; const char *name; } names[] = {
    { 1, 0, "fp" }, { 1, 1, "asimd" }, { 1, 2, "evtstrm" }, { 1, 3, "aes" }, { 1, 4, "pmull" }, { 1, 5, "sha1" },
    { 1, 6, "sha2" },
    { 1, 7, "crc32" }, { 1, 8, "atomics" }, { 1, 11, "cpuid" }, { 1, 12, "asimdrdm" }, { 1, 13, "jscvt" },
    { 1, 14, "fcma" },
    { 1, 15, "lrcpc" }, { 1, 16, "dcpop" }, { 1, 20, "asimddp" }, { 1, 27, "flagm" }, { 1, 29, "sb" },
    { 1, 30, "paca" }, { 1, 31, "pacg" },
    { 2, 7, "flagm2" }, { 2, 8, "frint" },
};

static int cpuinfo(const CpuState *cpu, int ncpu, char *out, size_t cap)
{
    uint32_t midr = ((const A64Cpu *)cpu)->midr;
    size_t n = 0;
    for (int i = 0; i < ncpu && n < cap; i++) {
        n += snprintf(out + n, cap - n, "processor\t: %d\nBogoMIPS\t: 100.00\nFeatures\t:", i);
        for (size_t k = 0; k < sizeof names / sizeof names[0] && n < cap; k++)
            if (hwcap(cpu, names[k].word) >> names[k].bit & 1)
                n += snprintf(out + n, cap - n, " %s", names[k].name);
        if (n < cap)
            n += snprintf(out + n, cap - n, "\nCPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n"
                          "CPU part\t: 0x%03x\nCPU revision\t: %d\n\n",
                          midr >> 24, midr >> 20 & 15, midr >> 4 & 0xfff, midr & 15);
    }
    return n < cap ? n : cap;
}

const LinuxAbi linux_abi = {
    .word = 8, .align64 = 8, .page_size = 4096, .task_size = 1ull << 47,
    .stack_top = 1ull << 42, .mmap_base = (1ull << 42) - (3ull << 30), .et_dyn_base = 0x2aaaaaaa000,
    .mmap_low = 1ull << 40,
    .syscall_len = 4, .syscall_nr = syscall_nr, .syscall_args = syscall_args, .syscall_result = syscall_result,
    .result_at = offsetof(A64Cpu, x), .result_bytes = 8, .errors_in_place = true,
    .clone_tls_before_ctid = true, .sa_restorer = 0x04000000, .sigaction_has_restorer = true,
    .start = start, .set_tls = set_tls, .clone_child = clone_child, .get_sp = get_sp, .hwcap = hwcap,
    .platform = "aarch64",
    .minsigstksz = 5120, .auxv_minsigstksz = true, .cpuinfo = cpuinfo,
    .sigframe_setup = a64_sigframe_setup, .sigreturn = a64_sigreturn, .bad_frame = a64_bad_frame,
    .vdso = &a64_vdso, .vdso_fn = a64_vdso_fn, .vdso_rt_sigreturn = 1,
};
