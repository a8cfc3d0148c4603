/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery of signals to the guest, by the rules of Linux's kernel/signal.c and each arch's handle_signal(). */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/log.h"
#include "linux-user/abi.h"

static const gaddr DFL = 0, IGN = 1;
enum { SIGRTMIN_HOST = 32 };        /* the kernel's */

/* Default action is to ignore; Linux: SIG_KERNEL_IGNORE_MASK. (Stop and continue never come here: the
 * host does them.) */
static bool ignored_by_default(int sig)
{
    return sig == SIGCHLD || sig == SIGCONT || sig == SIGWINCH || sig == SIGURG;
}

/* Signals that are sent to it and have no handler do nothing: SIGNAL_UNKILLABLE of kernel/signal.c. */
static bool is_init(void) { return getpid() == 1; }

_Noreturn void signal_die(Task *t, const siginfo_t *info)
{
    int sig = info->si_signo;
    HostSigaction sa = { .handler = SIG_DFL };
    uint64_t set = SIG_BIT(sig);
    siginfo_t copy = *info;
    host_syscall(SYS_rt_sigaction, sig, (long)&sa, 0, 8, 0, 0);
    if (host_syscall(
            SYS_rt_tgsigqueueinfo, getpid(), host_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0), sig, (long)&copy, 0, 0) < 0)
        host_syscall(SYS_tkill, host_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0), sig, 0, 0, 0, 0);
    host_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, 8, 0, 0);
    host_raise(sig);                /* init of a namespace dies of no signal that is only sent */
    for (;;)
        host_syscall(SYS_exit_group, 128 + sig, 0, 0, 0, 0, 0);
}

/* Takes the action of sig; resets it when SA_RESETHAND. */
static SigAct take_action(Process *p, int sig)
{
    pthread_mutex_lock(&p->sig->lock);
    SigAct a = p->sig->act[sig];
    bool handled = a.handler != DFL && a.handler != IGN;
    if (handled && (a.flags & SA_RESETHAND))
        p->sig->act[sig].handler = DFL;
    pthread_mutex_unlock(&p->sig->lock);
    return a;
}

static void build_frame(Task *t, const siginfo_t *info, const SigAct *act, SigOrigin origin)
{
    int sig = info->si_signo;
    const LinuxAbi *abi = t->proc->abi;
    uint64_t saved = t->restore_mask ? t->saved_mask : t->sigmask;
    SigDelivery d = { linux_sig_to_guest(abi, sig), info, act, linux_mask_to_guest(abi, saved), origin };
    t->restore_mask = false;
    if (log_on(LOG_int))
        log_printf("signal %d code %d to handler 0x%llx, pc 0x%llx\n", sig, info->si_code,
            (unsigned long long)act->handler, (unsigned long long)t->cpu->pc);
    if (abi->sigframe_setup(t, &d) < 0) {
        t->sigmask = saved;
        siginfo_t segv = { .si_signo = SIGSEGV, .si_code = SI_KERNEL };
        if (sig == SIGSEGV)
            signal_die(t, &segv);
        signal_force(t, &segv);
        return;
    }
    signal_altstack_disarm(t);
    t->sigmask |= act->mask | (act->flags & SA_NODEFER ? 0 : SIG_BIT(sig));
}

void signal_force(Task *t, const siginfo_t *info)
{
    int sig = info->si_signo;
    SigAct act = take_action(t->proc, sig);
    if (act.handler == DFL || act.handler == IGN || (t->sigmask & SIG_BIT(sig)))
        signal_die(t, info);
    signal_block_all();
    bool insn = info->si_code > 0 && info->si_code != SI_KERNEL && sig != SIGSYS;
    build_frame(t, info, &act, insn ? SIG_FROM_INSN : SIG_FROM_SYSCALL);
    signal_unblock(t);
}

static bool is_restart(int64_t ret) { return ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND; }

static void finish_syscall(Task *t, int64_t ret)
{
    t->proc->abi->syscall_result(t->cpu, linux_errno_to_guest(t->proc->abi, ret));
}

static void repeat_syscall(Task *t) { t->cpu->pc -= t->proc->abi->syscall_len; }

static void no_handler(Task *t, bool in_syscall, int64_t ret)
{
    if (in_syscall && is_restart(ret))
        repeat_syscall(t);
    else if (in_syscall)
        finish_syscall(t, ret);
    if (t->restore_mask) {
        t->sigmask = t->saved_mask;
        t->restore_mask = false;
    }
}

/* Linux takes these first, the lowest number before the others: SYNCHRONOUS_MASK of kernel/signal.c. */
static bool is_synchronous(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGTRAP || sig == SIGFPE || sig == SIGSYS;
}

/* The next deliverable signal of t, moved to *info; 0 none. */
static int next_signal(Task *t, siginfo_t *info)
{
    int sig = atomic_load(&t->pending) & ~TASK_HELD;
    if (atomic_fetch_and(&t->pending, ~TASK_HELD) & TASK_HELD) {
        int held = held_next(t, info, is_synchronous(sig) ? sig : sig >= SIGRTMIN_HOST ? 0 : TASK_NSIG);
        if (held || sig)
            atomic_fetch_or(&t->pending, TASK_HELD);    /* there may be more */
        if (held)
            return held;
    }
    if (!sig)
        return 0;
    *info = t->info;
    atomic_fetch_and(&t->pending, TASK_HELD);
    return sig;
}

/* A held signal went first, and its handler blocks the one that was taken meanwhile: that is the kernel's again. */
static void give_back(Task *t)
{
    int sig = atomic_load(&t->pending) & ~TASK_HELD;
    if (!sig || !(t->sigmask & SIG_BIT(sig)))
        return;
    host_syscall(SYS_rt_tgsigqueueinfo, getpid(), t->tid, sig, (long)&t->info, 0, 0);
    atomic_fetch_and(&t->pending, TASK_HELD);
}

void signal_deliver(Task *t, bool in_syscall, int64_t ret)
{
    siginfo_t info;
    signal_block_all();
    int sig = next_signal(t, &info);
    if (!sig) {
        no_handler(t, in_syscall, ret);
    } else {
        SigAct act = take_action(t->proc, sig);
        if (act.handler == IGN || (act.handler == DFL && (ignored_by_default(sig) || is_init()))) {
            no_handler(t, in_syscall, ret);
        } else if (act.handler == DFL) {
            signal_die(t, &info);
        } else {
            if (in_syscall) {
                /* taken before a sigsuspend-like call put its mask in force, and that mask blocks it:
                 * start again after */
                bool early = t->restore_mask && (t->sigmask & SIG_BIT(sig));
                if (t->restore_mask && !early && is_restart(ret))
                    ret = -ERESTARTNOHAND;              /* the mask may have let it in: it ends the call */
                if (is_restart(ret) &&
                    (early || ret == -ERESTARTNOINTR || (ret == -ERESTARTSYS && (act.flags & SA_RESTART))))
                    repeat_syscall(t);
                else
                    finish_syscall(t, is_restart(ret) ? -EINTR : ret);
            }
            build_frame(t, &info, &act, in_syscall ? SIG_FROM_SYSCALL : SIG_FROM_INTERRUPT);
            give_back(t);
        }
    }
    signal_unblock(t);
}
