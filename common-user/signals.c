/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of signals: handlers, dispositions, masks. Delivery to the guest is linux-user/deliver.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/signals.h"

enum { HOST_STACK = 64 * 1024, HOST_SA_RESTORER = 0x04000000 };
static const uint64_t UNMASKABLE = (1ull << (SIGKILL - 1)) | (1ull << (SIGSTOP - 1));

static long host_sigmask(int how, uint64_t set)
{
    return host_syscall(SYS_rt_sigprocmask, how, (long)&set, 0, 8, 0, 0);
}
void signal_block_all(void) { host_sigmask(SIG_BLOCK, ~(uint64_t)SIGMASK_UNBLOCKABLE_HOST); }

/* --- the handler. Async-signal-safe: it records and asks; nothing else. */

static void take(Task *t, int sig, const siginfo_t *info, void *uc)
{
    if (sig == SIGSEGV || sig == SIGBUS) {              /* sent by someone: the host never blocks these */
        held_take(t, sig, info);
        atomic_fetch_or(&t->pending, TASK_HELD);
    } else {
        t->info = *info;
        atomic_fetch_or(&t->pending, sig);
        *host_uc_sigmask(uc) = ~(uint64_t)SIGMASK_UNBLOCKABLE_HOST;
    }
    host_uc_leave_syscall(uc);
    tcg_request_exit(t->cpu);
}

static void host_default(int sig)
{
    HostSigaction sa = { .handler = SIG_DFL };
    host_syscall(SYS_rt_sigaction, sig, (long)&sa, 0, 8, 0, 0);
}

/* A fault of our own. snprintf with integers only: safe enough in a process that is about to die. */
static void report_bug(const Task *t, int sig, const siginfo_t *info, const void *uc)
{
    char line[200];
    int n = snprintf(line, sizeof line, "qemu: bug: signal %d at host pc %p, address %p, guest pc 0x%llx\n", sig,
        (void *)host_uc_pc(uc), info->si_addr, (unsigned long long)(t ? t->cpu->pc : 0));
    if (write(2, line, (size_t)n) < 0) { /* nothing left to try */ }
}

static void host_handler(int sig, siginfo_t *info, void *uc)
{
    Task *t = current;
    bool sent = info->si_code <= 0 || (t && t->lent & SIG_BIT(sig)) ||
                (sig == SIGBUS && info->si_code == BUS_MCEERR_AO);
    if ((sig == SIGSEGV || sig == SIGBUS) && !sent) {
        bool wild = info->si_code == SI_KERNEL;         /* no canonical address; by rsp or rbp it is SIGBUS */
        void *addr = wild ? (void *)host_fault_operand(uc) : info->si_addr;
        if (t) {
            t->fault.sig = wild ? SIGSEGV : sig;
            t->fault.code = info->si_code;
            t->fault.write = host_fault_is_write(uc);
        }
        if (host_fault_fixup(uc))
            return;
        if (t && tcg_fault(t->cpu, uc, addr))
            return;
        report_bug(t, sig, info, uc);
        host_default(sig);                              /* the access repeats and kills us where it happened */
        return;
    }
    if (t)
        take(t, sig, info, uc);
}

static void host_install(int sig, uint64_t guest_flags)
{
    /* SA_RESTART always: a restart that the kernel grants shows as a pc on the syscall instruction (safe_syscall), so
     * the kernel itself tells restartable calls from others. */
    HostSigaction sa = {
        .handler = (void *)host_handler, .restorer = host_sigreturn, .mask = ~(uint64_t)SIGMASK_UNBLOCKABLE_HOST
    };
    sa.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | HOST_SA_RESTORER | (guest_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT));
    host_syscall(SYS_rt_sigaction, sig, (long)&sa, 0, 8, 0, 0);
}

/* --- set-up */

void signal_init(Process *p)
{
    p->sig = calloc(1, sizeof *p->sig);
    pthread_mutex_init(&p->sig->lock, NULL);
    p->sig->users = 1;
    for (int sig = 1; sig <= TASK_NSIG; sig++) {
        HostSigaction sa = { 0 };
        host_syscall(SYS_rt_sigaction, sig, 0, (long)&sa, 8, 0, 0);
        p->sig->act[sig].handler =
            sa.handler == (void *)SIG_IGN ? (gaddr)(uintptr_t)SIG_IGN : (gaddr)(uintptr_t)SIG_DFL;
    }
}

void signal_start(Task *t)
{
    uint64_t mask;
    host_syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, (long)&mask, sizeof mask, 0, 0);
    t->sigmask = mask;
    host_install(SIGSEGV, 0);
    host_install(SIGBUS, 0);
    if (!(mask & SIGMASK_UNBLOCKABLE_HOST))
        return;
    t->lent = mask & SIGMASK_UNBLOCKABLE_HOST;          /* what execve left */
    held_return(t);
}

void signal_thread_init(Task *t)
{
    if (!t->host_stack) {
        t->host_stack_len = HOST_STACK;
        t->host_stack =
            mmap(NULL, HOST_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    stack_t ss = { .ss_sp = t->host_stack, .ss_size = t->host_stack_len };
    sigaltstack(&ss, NULL);
}

void signal_leave(Task *t)
{
    signal_block_all();
    int sig = atomic_load(&t->pending) & ~TASK_HELD;
    if (!sig || t->info.si_code == SI_TKILL)
        return;
    /* some si_code only the first thread may send */
    if (host_syscall(SYS_rt_sigqueueinfo, getpid(), sig, (long)&t->info, 0, 0, 0) < 0)
        host_syscall(SYS_kill, getpid(), sig, 0, 0, 0, 0);
}

void signal_thread_done(Task *t)
{
    stack_t ss = { .ss_flags = SS_DISABLE };
    sigaltstack(&ss, NULL);
    munmap(t->host_stack, t->host_stack_len);
    t->host_stack = NULL;
}

/* --- the guest's calls */

SigAct signal_get_action(Process *p, int sig)
{
    pthread_mutex_lock(&p->sig->lock);
    SigAct a = p->sig->act[sig];
    pthread_mutex_unlock(&p->sig->lock);
    return a;
}

/* Makes the host's disposition that of the guest. */
static void host_follow(int sig, const SigAct *act)
{
    if (sig == SIGSEGV || sig == SIGBUS)
        return;    /* ours for good */
    if (act->handler == (gaddr)(uintptr_t)SIG_DFL || act->handler == (gaddr)(uintptr_t)SIG_IGN) {
        HostSigaction sa = { .handler = (void *)(uintptr_t)act->handler,
            .flags = act->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT) };
        host_syscall(SYS_rt_sigaction, sig, (long)&sa, 0, 8, 0, 0);
    } else {
        host_install(sig, act->flags);
    }
}

void signal_reclaim(Process *p)
{
    pthread_mutex_lock(&p->sig->lock);
    host_follow(HOST_SIGSETXID, &p->sig->act[HOST_SIGSETXID]);
    pthread_mutex_unlock(&p->sig->lock);
}

int64_t signal_action(Task *t, int sig, const SigAct *act, SigAct *old)
{
    Process *p = t->proc;
    if (sig < 1 || sig > TASK_NSIG || (act && (sig == SIGKILL || sig == SIGSTOP)))
        return -EINVAL;
    SigAct previous;
    signal_block_all();                                 /* the lock is taken at delivery too */
    pthread_mutex_lock(&p->sig->lock);
    previous = p->sig->act[sig];
    if (act) {
        SigAct now = *act;                              /* old may be the same memory */
        p->sig->act[sig] = now;
        p->sig->act[sig].mask &= ~UNMASKABLE;
        host_follow(sig, &now);
    }
    pthread_mutex_unlock(&p->sig->lock);
    signal_unblock(t);
    bool ignored = act && act->handler == (gaddr)(uintptr_t)SIG_IGN;
    if (ignored && (SIG_BIT(sig) & SIGMASK_UNBLOCKABLE_HOST))
        held_drop(p, sig);
    if (old)
        *old = previous;
    return 0;
}

void signal_unblock(Task *t)
{
    if (atomic_load(&t->pending) & ~TASK_HELD)
        return;    /* stays blocked until delivered */
    host_sigmask(SIG_SETMASK, t->sigmask & ~(uint64_t)SIGMASK_UNBLOCKABLE_HOST);
}

static void look_at_held(Task *t)
{
    if (!(held_set(t) & ~t->sigmask))
        return;
    atomic_fetch_or(&t->pending, TASK_HELD);
    tcg_request_exit(t->cpu);
}

int64_t signal_procmask(Task *t, int how, const uint64_t *set, uint64_t *old)
{
    uint64_t was = t->sigmask, now = was;
    if (set) {
        uint64_t s = *set & ~UNMASKABLE;
        if (how == SIG_BLOCK)
            now |= s;
        else if (how == SIG_UNBLOCK)
            now &= ~s;
        else if (how == SIG_SETMASK)
            now = s;
        else
            return -EINVAL;
        if (now != was) {
            /* A signal taken before this call must be delivered before it: block first, then look. */
            bool wider = !(was & ~now);
            host_sigmask(SIG_BLOCK, (wider ? now : ~0ull) & ~(uint64_t)SIGMASK_UNBLOCKABLE_HOST);
            if (atomic_load(&t->pending))
                return -ERESTARTNOINTR;
            t->sigmask = now;
            if (!wider)
                signal_unblock(t);
            look_at_held(t);
        }
    }
    if (old)
        *old = was;
    return 0;
}

void signal_restore_mask(Task *t, uint64_t mask)
{
    signal_block_all();             /* one taken under the old mask is delivered next, then `mask` is in force */
    t->sigmask = mask & ~UNMASKABLE;
    signal_unblock(t);
    look_at_held(t);
}

uint64_t signal_temp_mask(Task *t, uint64_t mask)
{
    t->saved_mask = t->sigmask;
    t->restore_mask = true;
    t->sigmask = mask & ~UNMASKABLE;
    look_at_held(t);
    return t->sigmask;              /* all of it: in a call nothing of ours faults */
}

int64_t signal_suspend(Task *t, uint64_t mask)
{
    uint64_t host = signal_temp_mask(t, mask);
    long r = safe_syscall(t, SYS_rt_sigsuspend, &host, 8L);
    return r == -EINTR || r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
}

bool signal_on_altstack(const Task *t, gaddr sp)
{
    if (t->altstack.flags & TASK_SS_AUTODISARM)
        return false;
    return t->altstack.size && sp > t->altstack.sp && sp - t->altstack.sp <= t->altstack.size;
}

/* Linux: do_sigaltstack(). The flags are kept as given; a frame shows them so. */
int64_t signal_altstack(Task *t, const SigStack *ss, SigStack *old, gaddr sp, uint64_t min_size)
{
    SigStack was = t->altstack;
    bool on = signal_on_altstack(t, sp);
    if (old) {
        *old = was;
        old->flags = (!was.size ? SS_DISABLE : on ? SS_ONSTACK : 0) | (was.flags & TASK_SS_AUTODISARM);
    }
    if (!ss)
        return 0;
    uint32_t mode = ss->flags & ~TASK_SS_AUTODISARM;
    if (on)
        return -EPERM;
    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
        return -EINVAL;
    if (ss->sp == was.sp && ss->size == was.size && ss->flags == was.flags)
        return 0;
    if (mode != SS_DISABLE && ss->size < min_size)
        return -ENOMEM;
    t->altstack = mode == SS_DISABLE ? (SigStack){ .flags = ss->flags } : *ss;
    return 0;
}

gaddr signal_frame_sp(Task *t, const SigAct *act, gaddr sp)
{
    bool enter = (act->flags & SA_ONSTACK) && t->altstack.size && !signal_on_altstack(t, sp);
    return enter ? t->altstack.sp + t->altstack.size : sp;
}

void signal_altstack_disarm(Task *t)
{
    if (t->altstack.flags & TASK_SS_AUTODISARM) t->altstack = (SigStack){ .flags = SS_DISABLE };
}

/* --- calls of the host */

/* The two of ours go over execve as the guest has them. (Another thread that faults while they are ignored dies of it,
 * as it is about to.) */
static void follow_ours(Process *p, bool exec)
{
    static const int ours[] = { SIGSEGV, SIGBUS };
    for (int i = 0; i < 2; i++) {
        if (p->sig->act[ours[i]].handler != (gaddr)(uintptr_t)SIG_IGN)
            continue;
        HostSigaction sa = { .handler = (void *)SIG_IGN };
        if (exec)
            host_syscall(SYS_rt_sigaction, ours[i], (long)&sa, 0, 8, 0, 0);
        else
            host_install(ours[i], 0);
    }
}

bool signal_before_exec(Task *t)
{
    signal_block_all();
    if (atomic_load(&t->pending))
        return false;
    follow_ours(t->proc, true);
    held_lend(t, t->sigmask & SIGMASK_UNBLOCKABLE_HOST);
    host_sigmask(SIG_SETMASK, t->sigmask);
    return true;
}

void signal_after_exec(Task *t)
{
    host_sigmask(SIG_BLOCK, ~0ull);
    follow_ours(t->proc, false);
    t->lent |= t->sigmask & SIGMASK_UNBLOCKABLE_HOST;
    held_return(t);
    host_sigmask(SIG_UNBLOCK, SIGMASK_UNBLOCKABLE_HOST);
    signal_unblock(t);
}

long safe_syscall(Task *t, long nr, ...)
{
    long a[6];
    va_list ap;
    va_start(ap, nr);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(ap, long);    /* unused ones are garbage that the kernel ignores */
    va_end(ap);
    bool masked = t->restore_mask && held_set(t);
    if (masked || atomic_load_explicit(&t->proc->reads_held, memory_order_relaxed))
        return held_call(t, SIGMASK_UNBLOCKABLE_HOST, NULL, nr, a);
    return host_safe_syscall((void *)&t->pending, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
