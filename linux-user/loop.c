/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a task: translated code until an exit, then the action of that exit. Faults get their si_code from the map of
 * mappings, as Linux's page-fault handlers do. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include "common-user/log.h"
#include "common-user/mm.h"
#include "linux-user/direct.h"
#include "linux-user/loop.h"

static bool is_restart(int64_t ret) { return ret <= -ERESTARTSYS && ret >= -ERESTARTNOHAND; }

static void force(Task *t, int sig, int code, gaddr addr)
{
    siginfo_t info;
    if (sig != SIGSEGV && sig != SIGBUS)
        t->told.code = 0;
    memset(&info, 0, sizeof info);
    info.si_signo = sig;
    info.si_code = code;
    info.si_addr = (void *)(uintptr_t)addr;
    if (log_on(LOG_int) || (log_on(LOG_invalid_mem) && (sig == SIGSEGV || sig == SIGBUS)))
        log_printf("fault: signal %d code %d address 0x%llx pc 0x%llx\n", sig, code, (unsigned long long)addr,
            (unsigned long long)t->cpu->pc);
    signal_force(t, &info);
}

static void on_syscall(Task *t)
{
    const LinuxAbi *abi = t->proc->abi;
    int64_t ret;
    if (t->call.made) {
        ret = direct_result(t);
    } else if (atomic_load(&t->pending)) {  /* came before the call: the call starts after the handler */
        t->cpu->pc -= abi->syscall_len;
        return;
    } else {
        uint64_t args[7];
        abi->syscall_args(t->cpu, args);
        ret = linux_syscall(t, abi->syscall_nr(t->cpu), args);
    }
    t = current;                            /* a clone's child side has its own */
    if (t->syscall_noresult) {
        t->syscall_noresult = false;
        return;
    }
    if (atomic_load(&t->pending)) {
        signal_deliver(t, true, ret);
        return;
    }
    if (is_restart(ret))
        t->cpu->pc -= abi->syscall_len;
    else
        abi->syscall_result(t->cpu, linux_errno_to_guest(abi, ret));
    if (t->restore_mask) {
        t->restore_mask = false;
        signal_restore_mask(t, t->saved_mask);
    }
}

static void memory_fault(Task *t, int sig, int code, gaddr addr, bool fetch)
{
    t->told.addr = addr;
    t->told.sig = sig;
    t->told.code = code;
    t->told.write = !fetch && t->fault.write;
    t->told.fetch = fetch;
    force(t, sig, code, addr);
}

static void on_fault(Task *t)
{
    gaddr addr = t->cpu->fault_addr;
    Mm *mm = t->proc->mm;
    MmInfo info;
    if (t->fault.sig == SIGSEGV && t->fault.code == SI_KERNEL && t->proc->arch->noncanonical &&
        t->proc->arch->noncanonical(t->cpu))
        return;
    if (t->fault.sig == SIGBUS) {
        memory_fault(t, SIGBUS, t->fault.code, addr, false);
        return;
    }
    bool mapped = mm_query(mm, addr, &info);
    if (!mapped && (mm_grow(mm, addr) || mm_query(mm, addr, &info)))
        return;    /* or another thread mapped it */
    if (mapped && t->fault.write && (info.prot & PROT_WRITE)) {
        /* our write protection, or another thread just lifted it; a guard region (MADV_GUARD_INSTALL) is SEGV_MAPERR */
        if (mm_unprotect_code(mm, addr, 1) || t->fault.code == SEGV_ACCERR)
            return;
    }
    /* raced with mprotect */
    if (mapped && !t->fault.write && (info.prot & PROT_READ) && t->fault.code == SEGV_ACCERR)
        return;
    memory_fault(t, SIGSEGV, mapped && t->fault.code != SEGV_MAPERR ? SEGV_ACCERR : SEGV_MAPERR, addr, false);
}

static void on_noexec(Task *t)
{
    MmInfo info;
    gaddr addr = t->cpu->fault_addr;
    gaddr plain = arch_untag(t->proc->arch, t->cpu->pc);
    if (plain != t->cpu->pc) {              /* a branch drops the tag: here, where it shows, and not at each of them */
        t->cpu->pc = plain;
        return;
    }
    bool mapped = mm_query(t->proc->mm, addr, &info);
    /* in an executable mapping: its file is shorter */
    if (mapped && (info.prot & PROT_EXEC))
        memory_fault(t, SIGBUS, BUS_ADRERR, addr, true);
    else
        memory_fault(t, SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, addr, true);
}

static void on_align(Task *t)
{
    t->fault.write = false;                             /* not known */
    memory_fault(t, SIGBUS, BUS_ADRALN, t->cpu->fault_addr, false);
}

static void on_illegal(Task *t)
{
    if (t->cpu->pc - t->proc->vdso < t->proc->vdso_end - t->proc->vdso && linux_vdso_call(t))
        return;
    if (log_on(LOG_unimp))
        log_printf("illegal instruction 0x%llx at 0x%llx\n", (unsigned long long)t->cpu->exit_arg,
            (unsigned long long)t->cpu->pc);
    force(t, SIGILL, ILL_ILLOPC, t->cpu->pc);
}
static void on_privileged(Task *t) { force(t, SIGILL, ILL_PRVOPC, t->cpu->pc); }
static void on_breakpoint(Task *t) { force(t, SIGTRAP, TRAP_BRKPT, t->cpu->pc); }
static void on_trap(Task *t) { force(t, SIGTRAP, TRAP_BRKPT, t->cpu->pc); }
static void on_fpe(Task *t) { force(t, SIGFPE, (int)t->cpu->exit_arg, t->cpu->pc); }
static void on_yield(Task *t) { sched_yield(); }
static void on_nothing(Task *t) { }
static void on_icache(Task *t) { if (t->cpu->exit_arg) mm_icache_flush_open(t->proc->mm); }

static void (*const actions[])(Task *) = {
    [TCG_EXIT_POLL] = on_nothing, [TCG_EXIT_FAULT] = on_fault, [TCG_EXIT_NOEXEC] = on_noexec,
    [TCG_EXIT_ALIGN] = on_align,
    [EX_SYSCALL] = on_syscall, [EX_ILLEGAL] = on_illegal, [EX_BREAKPOINT] = on_breakpoint, [EX_TRAP] = on_trap,
    [EX_FPE] = on_fpe, [EX_ICACHE] = on_icache, [EX_YIELD] = on_yield, [EX_PRIVILEGED] = on_privileged,
};

/* Exits that only this guest's ABI knows. */
static bool own_exception(Task *t, int code)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (!t->proc->abi->exception(t, code, &info))
        return false;
    if (info.si_signo)
        signal_force(t, &info);
    return true;
}

_Noreturn void loop_run(void)
{
    for (;;) {
        Task *t = current;
        /* cleared before `pending` is read; a plain load first, because the store is a locked instruction on the hot
         * path */
        if (atomic_load_explicit(&t->cpu->exit_request, memory_order_relaxed))
            atomic_store(&t->cpu->exit_request, 0);
        if (atomic_load(&t->pending)) {
            signal_deliver(t, false, 0);
            continue;
        }
        int code = tcg_run(t->cpu);
        if (t->proc->abi->exception && own_exception(t, code))
            continue;
        if (code >= 0 && code < (int)(sizeof actions / sizeof *actions) && actions[code]) {
            actions[code](t);
        } else {
            log_printf("exit code %d is not known\n", code);
            force(t, SIGILL, ILL_ILLOPC, t->cpu->pc);
        }
    }
}
