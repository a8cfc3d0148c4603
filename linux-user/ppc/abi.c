/* SPDX-License-Identifier: Apache-2.0 */
/* 32-bit PowerPC Linux: registers of system calls and new programs, auxv, /proc/cpuinfo. Frames are in sigframe.c.
 * Source: the 32-bit PowerPC ELF ABI; Linux asm/elf.h, asm/processor.h, entry_32.S.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include "linux-user/abi.h"
#include "linux-user/ppc/sigframe.h"
#include "linux-user/ppc/termios.h"
#include "target/ppc/arch.h"

static uint64_t syscall_nr(const CpuState *cpu) { return ((const PpcCpu *)cpu)->gpr[0]; }

static void syscall_args(const CpuState *cpu, uint64_t args[7])
{
    for (int i = 0; i < 7; i++)
        args[i] = ((const PpcCpu *)cpu)->gpr[3 + i];
}

/* Errors are positive in r3 with CR0.SO set. */
static void syscall_result(CpuState *cpu, int64_t ret)
{
    PpcCpu *c = (PpcCpu *)cpu;
    bool failed = ret < 0 && ret >= -4095;
    c->gpr[3] = failed ? -ret : ret;
    c->cr[0] = (c->cr[0] & ~1u) | failed;
}

static void start(CpuState *cpu, gaddr entry, gaddr sp)
{
    PpcCpu *c = (PpcCpu *)cpu;
    cpu->pc = entry;
    c->gpr[1] = sp;
}

static void set_tls(CpuState *cpu, uint64_t tls) { ((PpcCpu *)cpu)->gpr[2] = tls; }

static void clone_child(CpuState *cpu, gaddr sp)
{
    PpcCpu *c = (PpcCpu *)cpu;
    syscall_result(cpu, 0);
    if (sp)
        c->gpr[1] = sp;
}

static gaddr get_sp(const CpuState *cpu) { return ((const PpcCpu *)cpu)->gpr[1]; }

/* ARCH_DLINFO: alignment pads, then cache block sizes. */
static bool auxv_extra(const CpuState *cpu, int i, uint64_t *type, uint64_t *value)
{
    static const uint32_t entry[][2] = { { 22, 22 }, { 22, 22 }, { 19, 32 }, { 20, 32 }, { 21, 0 } };
    if (i >= (int)(sizeof entry / sizeof entry[0]))
        return false;
    *type = entry[i][0];
    *value = entry[i][1];
    return true;
}

static int cpuinfo(const CpuState *cpu, int ncpu, char *out, size_t cap)
{
    int n = 0;
    bool vmx = cpu->tb_flags & 1 << FEAT_ALTIVEC;
    for (int i = 0; i < ncpu && n < (int)cap; i++)
        n += snprintf(out + n, cap - n, "processor\t: %d\ncpu\t\t: %s%s\nclock\t\t: 1000.000000MHz\n"
                      "revision\t: 1.2 (pvr 8003 0102)\nbogomips\t: 50.00\n\n",
                      i, vmx ? "7447A" : "750", vmx ? ", altivec supported" : "");
    if (n < (int)cap)
        n += snprintf(out + n, cap - n, "timebase\t: 25000000\nplatform\t: PowerMac\n");
    return n;
}

/* SIGFPE for an enabled exception: __parse_fpscr of arch/powerpc/kernel/traps.c. */
static bool exception(Task *t, int code, siginfo_t *info)
{
    static const struct { uint32_t enable, bit; int code; } rows[] = {
        { FPSCR_VE, FPSCR_VX, FPE_FLTINV }, { FPSCR_OE, FPSCR_OX, FPE_FLTOVF }, { FPSCR_UE, FPSCR_UX, FPE_FLTUND },
        { FPSCR_ZE, FPSCR_ZX, FPE_FLTDIV }, { FPSCR_XE, FPSCR_XX, FPE_FLTRES },
    };
    uint32_t fpscr = ppc_get_fpscr((PpcCpu *)t->cpu);
    if (code != EX_PPC_FP)
        return false;
    info->si_signo = SIGFPE;
    info->si_code = FPE_FLTUNK;
    info->si_addr = (void *)(uintptr_t)t->cpu->pc;
    for (int i = 4; i >= 0; i--)
        if (fpscr & rows[i].enable && fpscr & rows[i].bit)
            info->si_code = rows[i].code;
    return true;
}

/* The imprecise modes (1, 2) are as precise as mode 3 here, and told as such. */
static int64_t fpexc(Task *t, int64_t mode)
{
    PpcCpu *c = (PpcCpu *)t->cpu;
    if (mode < 0)
        return c->fe_off ? 0 : 3;                       /* PR_FP_EXC_DISABLED, PR_FP_EXC_PRECISE */
    if (mode > 3)
        return -EINVAL;
    c->fe_off = mode == 0;
    ppc_set_fpscr(c, ppc_get_fpscr(c));
    return 0;
}

const LinuxAbi linux_abi = {
    .word = 4, .align64 = 8, .big_endian = true, .off32 = true, .pairs_aligned = true,
    .page_size = 4096, .task_size = 0xc0000000, .stack_top = 0xc0000000, .mmap_base = 0xb7ff0000,
    .et_dyn_base = 0x20000000,
    .mmap_low = 0x48000000, .old_stack_exec = true,
    .syscall_len = 4, .syscall_nr = syscall_nr, .syscall_args = syscall_args, .syscall_result = syscall_result,
    .result_at = offsetof(PpcCpu, gpr) + 3 * 4, .result_bytes = 4,
    .clone_tls_before_ctid = true, .sa_restorer = 0x04000000, .sigaction_has_restorer = true,
    .start = start, .set_tls = set_tls, .clone_child = clone_child, .get_sp = get_sp, .hwcap = ppc_hwcap,
    .platform = "ppc7450",
    .auxv_extra = auxv_extra, .minsigstksz = 2048, .cpuinfo = cpuinfo,
    .sigframe_setup = ppc_sigframe_setup, .sigreturn = ppc_sigreturn, .swapcontext = ppc_swapcontext,
    .exception = exception, .fpexc = fpexc,
    .ioctl = ppc_ioctl,
    .vdso = &ppc_vdso, .vdso_fn = ppc_vdso_fn, .vdso_sigreturn = 0, .vdso_rt_sigreturn = 1,
};
