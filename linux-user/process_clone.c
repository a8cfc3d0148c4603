/* SPDX-License-Identifier: Apache-2.0 */
/* clone in its shapes: a thread (a detached host thread) is made here; a copy of the memory is process_fork.c, a
 * process that shares it process_shared.c. Rules: Linux's kernel/fork.c. */
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
    if (a->flags & CLONE_SETTLS)
        c->proc->abi->set_tls(c->cpu, a->tls);
    c->clear_tid = a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : 0;
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
        if (t->proc->sig->act[sig].handler != (gaddr)(uintptr_t)SIG_IGN)
            signal_action(t, sig, &dfl, NULL);
    }
}

static int64_t refuse(const char *what)
{
    if (log_on(LOG_unimp))
        log_printf("clone: %s\n", what);
    return -EINVAL;
}

/* --- threads */

/* ready: the tid, or -errno; over: the thread has ended, for a parent that waits for it (CLONE_VFORK) */
typedef struct Start { Task *child; const Task *parent; const CloneArgs *args; _Atomic int ready, over; } Start;

void clone_report(_Atomic int *ready, int value)
{
    atomic_store(ready, value);
    host_syscall(SYS_futex, (long)ready, FUTEX_WAKE, 1, 0, 0, 0);
}

int clone_await(_Atomic int *ready)
{
    int value;
    while (!(value = atomic_load(ready)))
        host_syscall(SYS_futex, (long)ready, FUTEX_WAIT, 0, 0, 0, 0);
    return value;
}

/* Linux 6.9: a descriptor of a thread; older kernels refuse CLONE_PIDFD here. */
static int thread_pidfd(Task *t, const CloneArgs *a)
{
    long fd = host_syscall(SYS_pidfd_open, t->tid, PIDFD_THREAD, 0, 0, 0, 0);
    if (fd >= 0 && gmem_put_u32(t, a->pidfd, (uint32_t)fd)) {
        close((int)fd);
        return -EFAULT;
    }
    return fd < 0 ? (int)fd : 0;
}

/* What a thread does not share, unless it says so, and namespaces of its own: 0 or -errno. */
static int thread_unshare(uint64_t flags)
{
    enum { SHARED = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM };
    enum { OWN = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME };
    int apart = (int)((~flags & SHARED) | (flags & OWN));
    return apart && unshare(apart) ? -errno : 0;
}

static void *thread_main(void *arg)
{
    Start *s = arg;
    Task *t = s->child;
    const CloneArgs a = *s->args;
    jmp_buf end;
    signal_reclaim(t->proc);
    task_link(t, s->parent);
    int e = thread_unshare(a.flags);
    if (!e && (a.flags & CLONE_PIDFD))
        e = thread_pidfd(t, &a);
    if (!e && (a.flags & CLONE_PARENT_SETTID))
        gmem_put_u32(t, a.parent_tid, (uint32_t)t->tid);
    if (!e && (a.flags & CLONE_CHILD_SETTID))
        gmem_put_u32(t, a.child_tid, (uint32_t)t->tid);
    _Atomic int *over = a.flags & CLONE_VFORK ? &s->over : NULL;
    clone_report(&s->ready, e ? e : t->tid);
    t->thread_end = &end;
    if (!e && !setjmp(end)) {
        signal_unblock(t);
        loop_run();
    }
    if (e) {
        t->clear_tid = 0;
        atomic_fetch_sub(&t->proc->ntasks, 1);
    }
    task_finish_thread(t);
    if (!e && over)
        clone_report(over, 1);
    return NULL;
}

static int64_t clone_thread(Task *t, const CloneArgs *a)
{
    Start s = { .parent = t, .args = a };
    pthread_attr_t attr;
    pthread_t handle;
    if (a->set_tid_size)
        return refuse("a chosen thread id");
    if (a->flags & CLONE_INTO_CGROUP)
        return refuse("CLONE_THREAD with CLONE_INTO_CGROUP");
    if (!(s.child = task_new(t->proc, t->cpu)))
        return -ENOMEM;
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
        return -e;
    }
    int tid = clone_await(&s.ready);
    if (tid > 0 && (a->flags & CLONE_VFORK))
        clone_await(&s.over);
    return tid;
}

/* --- */

/* Linux: kernel_clone, copy_process, copy_namespaces */
static bool flags_are_valid(uint64_t f)
{
    static const struct { uint64_t flag, other; bool wanted; } rules[] = {
        { CLONE_THREAD, CLONE_SIGHAND, true }, { CLONE_SIGHAND, CLONE_VM, true },
        { CLONE_NEWNS, CLONE_FS, false }, { CLONE_NEWUSER, CLONE_FS, false },
        { CLONE_SIGHAND, CLONE_CLEAR_SIGHAND, false },
        { CLONE_THREAD, CLONE_NEWUSER | CLONE_NEWPID, false }, { CLONE_PIDFD, CLONE_DETACHED, false },
        { CLONE_NEWIPC, CLONE_SYSVSEM, false },
    };
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++)
        if ((f & rules[i].flag) && !(f & rules[i].other) == rules[i].wanted)
            return false;
    return true;
}

/* The descriptor's number is written when the child cannot be taken back any more: is there a place for it? */
static bool can_store(Task *t, gaddr at)
{
    uint32_t v, old;
    return !gmem_get_u32(t, at, &v) && !gmem_cas_u32(t, at, v, v, &old);
}

int64_t process_clone(Task *t, const CloneArgs *a)
{
    uint64_t f = a->flags;
    if (!flags_are_valid(f) || ((f & CLONE_PIDFD) && (f & CLONE_PARENT_SETTID) &&
        a->pidfd == a->parent_tid)) return -EINVAL;
    if ((f & CLONE_PIDFD) && !can_store(t, a->pidfd))
        return -EFAULT;
    signal_block_all();
    int64_t r;
    if ((f & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
        tcg_share(t->proc->tcg);
    if (atomic_load(&t->pending))
        r = -ERESTARTNOINTR;    /* as copy_process: signals first */
    else if (f & CLONE_THREAD)
        r = clone_thread(t, a);
    else if (f & CLONE_VM)
        r = f & CLONE_VFORK ? clone_vfork(t, a) : clone_beside(t, a);
    else
        r = clone_fork(t, a);
    if (r > 0 && (f & CLONE_PARENT_SETTID) && !(f & CLONE_VM))
        gmem_put_u32(t, a->parent_tid, (uint32_t)r);
    signal_unblock(t);
    return r;
}

int64_t process_set_tid_address(Task *t, gaddr at)
{
    if (t->proc->shares_memory && !t->thread_end)
        host_syscall(SYS_set_tid_address, (long)gmem_host(t, at, 4), 0, 0, 0, 0, 0);
    else
        t->clear_tid = at;
    return t->tid;
}
