/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 machine context: exception table look-up, page-fault facts, the safe_syscall window. */
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "common-user/host.h"

typedef struct ExRow { int32_t from, to; } ExRow;
extern const ExRow __start_gmem_extable[], __stop_gmem_extable[];
typedef struct SafeWindow { int32_t start, insn, early, restart; } SafeWindow;
extern const SafeWindow __start_safe_windows[], __stop_safe_windows[];
_Static_assert(offsetof(HostCall, arg) == 8 && offsetof(HostCall, pending) == 64 && offsetof(HostCall, out) == 72 &&
               offsetof(HostCall, result) == 80 && offsetof(HostCall, wide) == 88 && offsetof(HostCall, errors) == 89 &&
               offsetof(HostCall, made) == 90, "host_asm.S");

enum { PF_WRITE = 2 };              /* bit of the page-fault error code */

bool host_fault_fixup(void *ctx)
{
    ucontext_t *uc = ctx;
    uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
    for (const ExRow *r = __start_gmem_extable; r < __stop_gmem_extable; r++)
        if ((uintptr_t)&r->from + r->from == pc) {
            uc->uc_mcontext.gregs[REG_RIP] = (greg_t)((uintptr_t)&r->to + r->to);
            return true;
        }
    return false;
}

bool host_fault_is_write(const void *ctx)
{
    return ((const ucontext_t *)ctx)->uc_mcontext.gregs[REG_ERR] & PF_WRITE;
}

uintptr_t host_uc_pc(const void *ctx) { return (uintptr_t)((const ucontext_t *)ctx)->uc_mcontext.gregs[REG_RIP]; }
uint64_t *host_uc_sigmask(void *ctx) { return (uint64_t *)&((ucontext_t *)ctx)->uc_sigmask; }

void host_uc_leave_syscall(void *ctx)
{
    ucontext_t *uc = ctx;
    uintptr_t pc = host_uc_pc(uc);
    for (const SafeWindow *w = __start_safe_windows; w < __stop_safe_windows; w++) {
        uintptr_t start = (uintptr_t)&w->start + w->start, insn = (uintptr_t)&w->insn + w->insn;
        if (pc < start || pc > insn)
            continue;
        bool made = pc == insn && uc->uc_mcontext.gregs[REG_RCX] != 0;
        uc->uc_mcontext.gregs[REG_RIP] =
            (greg_t)(made ? (uintptr_t)&w->restart + w->restart : (uintptr_t)&w->early + w->early);
    }
}

/* A filter that every system call falls foul of; it needs no privilege. */
static void raise_sys(void)
{
    struct sock_filter kill = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog prog = { 1, &kill };
    host_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
    host_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&prog, 0, 0, 0);
    host_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

/* The addresses are not canonical, and so never mapped: #GP, and #SS by way of rbp. */
void host_raise(int sig)
{
    uint64_t nowhere = 1ull << 63;
    switch (sig) {
    case SIGILL: __asm__ volatile("ud2"); break;
    case SIGTRAP: __asm__ volatile("int3"); break;
    case SIGFPE: __asm__ volatile("xorl %%ecx, %%ecx\n divl %%ecx" : : : "rax", "rcx", "rdx"); break;
    case SIGSEGV: __asm__ volatile("movb (%0), %%al" : : "r"(nowhere) : "rax"); break;
    case SIGBUS:
        __asm__ volatile("pushq %%rbp\n movq %0, %%rbp\n movb (%%rbp), %%al\n popq %%rbp" : : "r"(nowhere) : "rax");
        break;
    case SIGSYS: raise_sys(); break;
    }
}

long host_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

/* Through the kernel's other tables (i386, x32) nothing: their numbers mean other calls. */
int host_confine(void)
{
    enum { DENIED = SECCOMP_RET_ERRNO | 1 /* EPERM */, SIG = offsetof(struct seccomp_data, args[2]) };
    static const struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 10),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 9, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 8, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_waitid, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SIG),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, DENIED),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { sizeof rules / sizeof *rules, (struct sock_filter *)rules };
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    host_syscall(SYS_capset, (long)&head, (long)none, 0, 0, 0, 0);
    host_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
    return (int)host_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&prog, 0, 0, 0);
}
