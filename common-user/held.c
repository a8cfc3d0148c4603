/* SPDX-License-Identifier: Apache-2.0 */
/* See held.h. A slot is written by a signal handler of any thread and emptied by any thread outside handlers; its state
 * is its lock. Who holds a signal stores it before looking at masks, who changes a mask stores that before looking at
 * slots (all sequentially consistent), so one of the two sees the other. */
#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/signals.h"

enum { EMPTY, BUSY, FULL };

static const int number[TASK_NHELD] = { SIGBUS, SIGSEGV };     /* in the order in which Linux takes them */

/* --- slots */
static bool is_full(const HeldSignal *s) { return atomic_load(&s->state) == FULL; }

static bool slot_get(HeldSignal *s, siginfo_t *info)
{
    int full = FULL;
    if (!atomic_compare_exchange_strong(&s->state, &full, BUSY))
        return false;
    *info = s->info;
    atomic_store(&s->state, EMPTY);
    return true;
}

/* One is pending already: a second standard signal is dropped. */
static void slot_put(HeldSignal *s, const siginfo_t *info)
{
    int empty = EMPTY;
    if (!atomic_compare_exchange_strong(&s->state, &empty, BUSY))
        return;
    s->info = *info;
    atomic_store(&s->state, FULL);
}

uint64_t held_set(const Task *t)
{
    uint64_t set = 0;
    for (int i = 0; i < TASK_NHELD; i++)
        if (is_full(&t->held[i]) || is_full(&t->proc->held[i]))
            set |= SIG_BIT(number[i]);
    return set;
}

/* --- to other threads. The kernel lets a thread queue what it likes to itself, not to its neighbours: these are told
 * to look. */
static long queue(pid_t tid, siginfo_t info)
{
    return host_syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, info.si_signo, (long)&info, 0, 0);
}

static void tell(const Task *to, int sig)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = sig;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_value.sival_ptr = to->proc;
    queue(to->tid, info);
}

static bool only_tells(const Task *t, const siginfo_t *info)
{
    return info->si_code == SI_QUEUE && info->si_pid == getpid() && info->si_value.sival_ptr == t->proc;
}

/* A signalfd reads what tells, too: the signal itself takes its place, or nothing. Bytes left of n. */
static long without_tells(Task *t, long buf, long n)
{
    struct signalfd_siginfo r;
    siginfo_t info;
    long out = 0;
    for (long at = 0; at < n; at += sizeof r) {
        if (host_copy(&r, (void *)(buf + at), sizeof r))
            return n;
        int i = r.ssi_signo == (uint32_t)number[0] ? 0 : 1;
        if (r.ssi_signo == (uint32_t)number[i] && r.ssi_code == SI_QUEUE && r.ssi_pid == (uint32_t)getpid() &&
            r.ssi_ptr == (uintptr_t)t->proc) {
            if (!slot_get(&t->held[i], &info) && !slot_get(&t->proc->held[i], &info))
                continue;
            r = (struct signalfd_siginfo){ .ssi_signo = r.ssi_signo, .ssi_errno = info.si_errno,
                                           .ssi_code = info.si_code, .ssi_pid = (uint32_t)info.si_pid,
                                           .ssi_uid = info.si_uid };
            if (info.si_code == SI_QUEUE) {
                r.ssi_ptr = (uintptr_t)info.si_value.sival_ptr;
                r.ssi_int = info.si_value.sival_int;
            }
        }
        if (host_copy((void *)(buf + out), &r, sizeof r))
            return n;
        out += sizeof r;
    }
    return out;
}

/* tgkill names a thread; so may pthread_sigqueue, which nothing tells from sigqueue. */
void held_take(Task *t, int sig, const siginfo_t *info)
{
    int i = sig == number[0] ? 0 : 1;
    if (!only_tells(t, info))
        slot_put(info->si_code == SI_TKILL ? &t->held[i] : &t->proc->held[i], info);
}

void held_queue(Task *t, const siginfo_t *info, bool process)
{
    int i = info->si_signo == number[0] ? 0 : 1;
    slot_put(process ? &t->proc->held[i] : &t->held[i], info);
    atomic_fetch_or(&t->pending, TASK_HELD);
    tcg_request_exit(t->cpu);
}

/* One of the process that t blocks: a thread that does not, or that waits for it, is told. */
static void pass_on(Task *t, int i)
{
    uint64_t bit = SIG_BIT(number[i]);
    pthread_mutex_lock(&t->proc->task_lock);
    for (Task *o = t->proc->tasks; o; o = o->next) {
        if (o == t || (atomic_load(&o->sigmask) & ~atomic_load(&o->wants) & bit))
            continue;
        if (!(o->lent & bit))
            tell(o, number[i]);    /* else it looks by itself, soon */
        break;
    }
    pthread_mutex_unlock(&t->proc->task_lock);
}

int held_next(Task *t, siginfo_t *info, int limit)
{
    for (int i = 0; i < TASK_NHELD && number[i] < limit; i++)
        if (!(t->sigmask & SIG_BIT(number[i])) && slot_get(&t->held[i], info))
            return number[i];
    for (int i = 0; i < TASK_NHELD && number[i] < limit; i++) {
        if (!is_full(&t->proc->held[i]))
            continue;
        if (t->sigmask & SIG_BIT(number[i]))
            pass_on(t, i);
        else if (slot_get(&t->proc->held[i], info))
            return number[i];
    }
    return 0;
}

/* --- to the kernel */
void held_lend(Task *t, uint64_t set)
{
    siginfo_t info;
    struct timespec zero = { 0, 0 };
    set &= held_set(t);
    if (!set)
        return;
    pthread_mutex_lock(&t->proc->task_lock);
    t->lent = set;
    pthread_mutex_unlock(&t->proc->task_lock);
    host_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&set, 0, 8, 0, 0);
    for (long sig; (sig = host_syscall(SYS_rt_sigtimedwait, (long)&set, (long)&info, (long)&zero, 8, 0, 0)) > 0; )
        held_take(t, (int)sig, &info);      /* nothing that tells is left in the queue, before the signal itself */
    for (int i = 0; i < TASK_NHELD; i++)
        if ((set & SIG_BIT(number[i])) && (slot_get(&t->held[i], &info) || slot_get(&t->proc->held[i], &info)))
            queue(t->tid, info);
}

void held_return(Task *t)
{
    uint64_t set = t->lent;
    if (!set)
        return;
    host_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, 8, 0, 0);       /* what is left comes to the handler */
    pthread_mutex_lock(&t->proc->task_lock);
    t->lent = 0;
    pthread_mutex_unlock(&t->proc->task_lock);
}

/* Nothing but held signals that the guest blocks interrupted the call, or nothing but word of them was its result. */
static bool for_nothing(Task *t, long r, const siginfo_t *got)
{
    bool interrupted = r == -EINTR || r == -ERESTARTSYS || r == -ERESTARTNOINTR || (r > 0 && got && only_tells(t, got));
    return interrupted && !(atomic_load(&t->pending) & ~TASK_HELD) && !(held_set(t) & ~t->sigmask);
}

/* What a call's temporary mask opens: the kernel delivers it, or not where the call is done at once. */
static uint64_t opened(const Task *t)
{
    return t->restore_mask ? t->saved_mask & ~t->sigmask & SIGMASK_UNBLOCKABLE_HOST : 0;
}

long held_call(Task *t, uint64_t set, const siginfo_t *got, long nr, const long a[6])
{
    long r;
    bool taken = false;
    set &= t->sigmask;
    atomic_store(&t->wants, set);
    do {
        held_lend(t, set | opened(t));
        atomic_fetch_and(&t->pending, ~TASK_HELD);
        if (held_set(t) & ~t->sigmask)
            atomic_fetch_or(&t->pending, TASK_HELD);
        for (int i = 0; i < TASK_NHELD; i++)
            if (is_full(&t->proc->held[i]) && (t->sigmask & ~set & SIG_BIT(number[i])))
                pass_on(t, i);
        r = host_safe_syscall((void *)&t->pending, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        taken = (atomic_load(&t->pending) & ~TASK_HELD) || held_set(t) & ~t->sigmask;
        held_return(t);
        bool records = nr == SYS_read && r > 0 && r % sizeof(struct signalfd_siginfo) == 0;
        if (records && !(r = without_tells(t, a[1], r)))
            r = -EINTR;
    } while (for_nothing(t, r, got));
    atomic_store(&t->wants, 0);
    if (t->restore_mask && !taken) {                    /* what the kernel left pending is blocked again */
        t->sigmask = t->saved_mask;
        t->restore_mask = false;
    }
    return r;
}

/* --- ends */
void held_leave(Task *t)
{
    uint64_t both = SIGMASK_UNBLOCKABLE_HOST;
    host_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&both, 0, 8, 0, 0);
    for (int i = 0; i < TASK_NHELD; i++)
        if (is_full(&t->proc->held[i]))
            pass_on(t, i);
}

void held_drop(Process *p, int sig)
{
    siginfo_t info;
    int i = sig == number[0] ? 0 : 1;
    pthread_mutex_lock(&p->task_lock);
    slot_get(&p->held[i], &info);
    for (Task *t = p->tasks; t; t = t->next)
        slot_get(&t->held[i], &info);
    pthread_mutex_unlock(&p->task_lock);
}

void held_forget(Task *t)
{
    t->lent = 0;
    atomic_store(&t->wants, 0);
    for (int i = 0; i < TASK_NHELD; i++) {
        atomic_store(&t->held[i].state, EMPTY);
        atomic_store(&t->proc->held[i].state, EMPTY);
    }
}
