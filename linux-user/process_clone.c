/* SPDX-License-Identifier: Apache-2.0 */
/* clone in its shapes: a thread (a detached host thread) and a fork; processes that share memory are process_shared.c.
 * Rules: Linux's kernel/fork.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/process.h"
#include "linux-user/abi.h"
#include "linux-user/loop.h"
#include "linux-user/process_clone.h"
#include "linux-user/process_exit.h"

enum { THREAD_STACK = 512 * 1024, PIDFD_THREAD = O_EXCL };

void clone_prepare(Task *c, const CloneArgs *a)
{
    c->proc->abi->clone_child(c->cpu, a->stack);
    if (a->flags & CLONE_SETTLS) c->proc->abi->set_tls(c->cpu, a->tls);
    c->clear_tid = a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : 0;
    c->robust_list = c->robust_len = 0;
}

void clone_inherit_signals(Task *c, const Task *t, const CloneArgs *a)
{
    c->sigmask = t->sigmask;
    /* an alternate stack survives unless memory is shared and the parent runs on (Linux: sas_ss_reset) */
    c->altstack = (a->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM ? (SigStack){ .flags = SS_DISABLE } : t->altstack;
}

void clone_clear_handlers(Task *t)
{
    for (int sig = 1; sig <= TASK_NSIG; sig++) {
        SigAct dfl = { 0 };
        if (t->proc->sig->act[sig].handler != (gaddr)(uintptr_t)SIG_IGN) signal_action(t, sig, &dfl, NULL);
    }
}

static int64_t refuse(const char *what)
{
    if (log_on(LOG_unimp)) log_printf("clone: %s\n", what);
    return -EINVAL;
}

/* --- threads */

typedef struct Start { Task *child; const Task *parent; const CloneArgs *args; _Atomic int ready; } Start;  /* ready: the tid, or -errno */

void clone_report(_Atomic int *ready, int value)
{
    atomic_store(ready, value);
    host_syscall(SYS_futex, (long)ready, FUTEX_WAKE, 1, 0, 0, 0);
}

int clone_await(_Atomic int *ready)
{
    int value;
    while (!(value = atomic_load(ready))) host_syscall(SYS_futex, (long)ready, FUTEX_WAIT, 0, 0, 0, 0);
    return value;
}

/* Linux 6.9: a descriptor of a thread; older kernels refuse CLONE_PIDFD here. */
static int thread_pidfd(Task *t, const CloneArgs *a)
{
    long fd = host_syscall(SYS_pidfd_open, t->tid, PIDFD_THREAD, 0, 0, 0, 0);
    if (fd >= 0 && gmem_put_u32(t, a->pidfd, (uint32_t)fd)) { close((int)fd); return -EFAULT; }
    return fd < 0 ? (int)fd : 0;
}

static void *thread_main(void *arg)
{
    Start *s = arg;
    Task *t = s->child;
    const CloneArgs a = *s->args;
    jmp_buf end;
    signal_reclaim(t->proc);
    task_link(t, s->parent);
    if (a.flags & CLONE_PARENT_SETTID) gmem_put_u32(t, a.parent_tid, (uint32_t)t->tid);
    if (a.flags & CLONE_CHILD_SETTID) gmem_put_u32(t, a.child_tid, (uint32_t)t->tid);
    int apart = (a.flags & CLONE_FS ? 0 : CLONE_FS) | (a.flags & CLONE_FILES ? 0 : CLONE_FILES) | (a.flags & CLONE_SYSVSEM ? 0 : CLONE_SYSVSEM);
    if (apart) unshare(apart);
    int e = a.flags & CLONE_PIDFD ? thread_pidfd(t, &a) : 0;
    clone_report(&s->ready, e ? e : t->tid);
    t->thread_end = &end;
    if (!e && !setjmp(end)) {
        signal_unblock(t);
        loop_run();
    }
    if (e) { t->clear_tid = 0; atomic_fetch_sub(&t->proc->ntasks, 1); }
    task_finish_thread(t);
    return NULL;
}

static int64_t clone_thread(Task *t, const CloneArgs *a)
{
    Start s = { .parent = t, .args = a };
    pthread_attr_t attr;
    pthread_t handle;
    if (!(s.child = task_new(t->proc, t->cpu))) return -ENOMEM;
    clone_prepare(s.child, a);
    clone_inherit_signals(s.child, t, a);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    int e = pthread_create(&handle, &attr, thread_main, &s);
    pthread_attr_destroy(&attr);
    if (e) {
        free(s.child->cpu);
        free(s.child);
        return -EAGAIN;
    }
    return clone_await(&s.ready);
}

/* --- fork */

static void locks_take(Process *p)
{
    tcg_before_fork(p->tcg);
    mm_before_fork(p->mm);
    pthread_mutex_lock(&p->sig->lock);
    pthread_mutex_lock(&p->task_lock);
    log_before_fork();
}

static void locks_drop(Process *p)
{
    log_after_fork(false);
    pthread_mutex_unlock(&p->task_lock);
    pthread_mutex_unlock(&p->sig->lock);
    mm_after_fork(p->mm, false);
    tcg_after_fork_parent(p->tcg);
}

static void forked_child(Task *t, const CloneArgs *a)
{
    Process *p = t->proc;
    log_after_fork(true);
    pthread_mutex_init(&p->task_lock, NULL);
    pthread_mutex_init(&p->sig->lock, NULL);
    mm_after_fork(p->mm, true);
    tcg_after_fork_child(p->tcg, t->cpu);
    t->next = NULL;                 /* tasks of the parent's other threads are leaked with their memory */
    p->tasks = t;
    atomic_store(&p->ntasks, 1);
    p->shares_memory = false;
    p->keepers = NULL;
    t->tid = (pid_t)syscall(SYS_gettid);
    atomic_store(&t->pending, 0);
    held_forget(t);
    clone_prepare(t, a);
    if (a->flags & CLONE_CLEAR_SIGHAND) clone_clear_handlers(t);
    if (a->flags & CLONE_CHILD_SETTID) gmem_put_u32(t, a->child_tid, (uint32_t)t->tid);
}

/* The host's fork, by libc when it can (malloc's locks are then handled), raw when the flags want more. */
static long host_fork(const CloneArgs *a, uint64_t flags, int *pidfd)
{
    if (!flags && a->exit_signal == SIGCHLD && !a->set_tid_size) {
        pid_t pid = fork();
        return pid < 0 ? -errno : pid;
    }
    if (a->set_tid_size || flags >> 32) {
        struct clone_args k = { .flags = flags, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = (uint64_t)a->exit_signal,
            .set_tid = (uint64_t)(uintptr_t)a->set_tid, .set_tid_size = a->set_tid_size, .cgroup = (uint64_t)a->cgroup };
        return host_syscall(SYS_clone3, (long)&k, sizeof k, 0, 0, 0, 0);
    }
    return host_syscall(SYS_clone, (long)(flags | (unsigned)a->exit_signal), 0, (long)pidfd, 0, 0, 0);
}

static int64_t clone_fork(Task *t, const CloneArgs *a)
{
    Process *p = t->proc;
    int pidfd = -1;
    uint64_t flags = a->flags & ~CLONE_OUR_FLAGS;
    locks_take(p);
    long pid = host_fork(a, flags, &pidfd);
    if (pid == 0) {
        forked_child(t, a);
        signal_unblock(t);
        return 0;
    }
    locks_drop(p);
    if (pid > 0 && (flags & CLONE_PIDFD)) gmem_put_u32(t, a->pidfd, (uint32_t)pidfd);
    return pid;
}

/* --- */

int64_t process_clone(Task *t, const CloneArgs *a)
{
    uint64_t f = a->flags;
    if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND)) return -EINVAL;
    if ((f & CLONE_SIGHAND) && !(f & CLONE_VM)) return -EINVAL;
    if ((f & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS)) return -EINVAL;
    if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND)) return -EINVAL;
    signal_block_all();
    int64_t r;
    if ((f & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) tcg_share(t->proc->tcg);
    if (atomic_load(&t->pending)) r = -ERESTARTNOINTR;             /* as copy_process: signals first */
    else if (f & CLONE_THREAD) r = f & CLONE_VFORK ? refuse("CLONE_THREAD with CLONE_VFORK") : clone_thread(t, a);
    else if (f & CLONE_VM) r = f & CLONE_VFORK ? clone_vfork(t, a) : clone_beside(t, a);
    else r = clone_fork(t, a);
    if (r > 0 && (f & CLONE_PARENT_SETTID) && !(f & CLONE_VM)) gmem_put_u32(t, a->parent_tid, (uint32_t)r);
    signal_unblock(t);
    return r;
}

int64_t process_set_tid_address(Task *t, gaddr at)
{
    if (t->proc->shares_memory && !t->thread_end) host_syscall(SYS_set_tid_address, (long)gmem_host(t, at, 4), 0, 0, 0, 0, 0);
    else t->clear_tid = at;
    return t->tid;
}
