/* SPDX-License-Identifier: Apache-2.0 */
/* clone in its three shapes: a thread (a detached host thread), a fork, a vfork child that borrows the sleeping parent's host
 * thread state. Rules: Linux's kernel/fork.c. */
#include <errno.h>
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
#include "linux-user/process_exit.h"

enum { THREAD_STACK = 512 * 1024, VFORK_STACK = 256 * 1024 };
#define TID_FLAGS ((uint64_t)(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS))

/* Registers of the child and what else flags say about a task. */
static void prepare_child(Task *c, const CloneArgs *a)
{
    c->proc->abi->clone_child(c->cpu, a->stack);
    if (a->flags & CLONE_SETTLS) c->proc->abi->set_tls(c->cpu, a->tls);
    c->clear_tid = a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : 0;
    c->robust_list = c->robust_len = 0;
}

static void inherit_signals(Task *c, const Task *t, const CloneArgs *a)
{
    c->sigmask = t->sigmask;
    /* an alternate stack survives unless memory is shared and the parent runs on (Linux: sas_ss_reset) */
    c->altstack = (a->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM ? (SigStack){ .flags = SS_DISABLE } : t->altstack;
}

static int64_t refuse(const char *what)
{
    if (log_on(LOG_unimp)) log_printf("clone: %s\n", what);
    return -EINVAL;
}

/* --- threads */

typedef struct Start { Task *child; const CloneArgs *args; _Atomic int ready; } Start;

static void *thread_main(void *arg)
{
    Start *s = arg;
    Task *t = s->child;
    const CloneArgs a = *s->args;
    jmp_buf end;
    task_link(t);
    if (a.flags & CLONE_PARENT_SETTID) gmem_put_u32(t, a.parent_tid, (uint32_t)t->tid);
    if (a.flags & CLONE_CHILD_SETTID) gmem_put_u32(t, a.child_tid, (uint32_t)t->tid);
    int apart = (a.flags & CLONE_FS ? 0 : CLONE_FS) | (a.flags & CLONE_FILES ? 0 : CLONE_FILES) | (a.flags & CLONE_SYSVSEM ? 0 : CLONE_SYSVSEM);
    if (apart) unshare(apart);
    atomic_store(&s->ready, t->tid);
    host_syscall(SYS_futex, (long)&s->ready, 1 /* FUTEX_WAKE */, 1, 0, 0, 0);
    t->thread_end = &end;
    if (!setjmp(end)) {
        signal_unblock(t);
        loop_run();
    }
    task_finish_thread(t);
    return NULL;
}

static int64_t clone_thread(Task *t, const CloneArgs *a)
{
    Start s = { .args = a };
    pthread_attr_t attr;
    pthread_t handle;
    if (!(s.child = task_new(t->proc, t->cpu))) return -ENOMEM;
    prepare_child(s.child, a);
    inherit_signals(s.child, t, a);
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
    int tid;
    while (!(tid = atomic_load(&s.ready))) host_syscall(SYS_futex, (long)&s.ready, 0 /* FUTEX_WAIT */, 0, 0, 0, 0);
    return tid;
}

/* --- fork */

static void locks_take(Process *p)
{
    tcg_before_fork(p->tcg);
    mm_before_fork(p->mm);
    pthread_mutex_lock(&p->sig_lock);
    pthread_mutex_lock(&p->task_lock);
}

static void locks_drop(Process *p)
{
    pthread_mutex_unlock(&p->task_lock);
    pthread_mutex_unlock(&p->sig_lock);
    mm_after_fork(p->mm, false);
    tcg_after_fork_parent(p->tcg);
}

static void forked_child(Task *t, const CloneArgs *a)
{
    Process *p = t->proc;
    pthread_mutex_init(&p->task_lock, NULL);
    pthread_mutex_init(&p->sig_lock, NULL);
    mm_after_fork(p->mm, true);
    tcg_after_fork_child(p->tcg, t->cpu);
    t->next = NULL;                 /* tasks of the parent's other threads are leaked with their memory */
    p->tasks = t;
    atomic_store(&p->ntasks, 1);
    p->vfork_child = false;
    t->tid = (pid_t)syscall(SYS_gettid);
    atomic_store(&t->pending, 0);
    t->sync_is_held = 0;
    prepare_child(t, a);
    if (a->flags & CLONE_CLEAR_SIGHAND) {
        for (int sig = 1; sig <= TASK_NSIG; sig++) {
            SigAct dfl = { 0 };
            if (p->act[sig].handler != (gaddr)(uintptr_t)SIG_IGN) signal_action(t, sig, &dfl, NULL);
        }
    }
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
    uint64_t flags = a->flags & ~(TID_FLAGS | CLONE_CLEAR_SIGHAND | CLONE_DETACHED);
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

/* --- vfork: CLONE_VM | CLONE_VFORK. Memory is shared, the parent sleeps in the kernel until exec or exit. */

typedef struct VforkStart { Task *child; const CloneArgs *args; } VforkStart;

static int vfork_main(void *arg)
{
    VforkStart *s = arg;
    Task *c = s->child;
    current = c;                    /* thread-locals are the parent's, which sleeps */
    c->tid = (pid_t)host_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
    if (s->args->flags & CLONE_CHILD_SETTID) gmem_put_u32(c, s->args->child_tid, (uint32_t)c->tid);
    signal_unblock(c);
    loop_run();
}

static Process *process_copy(const Process *p)
{
    Process *n = malloc(sizeof *n);
    if (!n) return NULL;
    memcpy(n, p, sizeof *n);
    pthread_mutex_init(&n->sig_lock, NULL);
    pthread_mutex_init(&n->task_lock, NULL);
    n->vfork_child = true;
    return n;
}

static int64_t clone_vfork(Task *t, const CloneArgs *a)
{
    Process *p = process_copy(t->proc);
    Task *c = p ? task_new(p, t->cpu) : NULL;
    char *stack = mmap(NULL, VFORK_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    int64_t pid = -ENOMEM;
    if (c && stack != MAP_FAILED) {
        VforkStart s = { c, a };
        int pidfd = -1;
        uint64_t flags = a->flags & ~(TID_FLAGS | CLONE_CLEAR_SIGHAND | CLONE_DETACHED);
        prepare_child(c, a);
        inherit_signals(c, t, a);
        c->host_stack = t->host_stack;              /* the kernel keeps the alternate stack over vfork */
        c->host_stack_len = t->host_stack_len;
        p->tasks = c;
        atomic_store(&p->ntasks, 1);
        tcg_thread_init(p->tcg, c->cpu);
        pid = host_clone(flags | (unsigned)a->exit_signal, stack + VFORK_STACK, &pidfd, NULL, 0, vfork_main, &s);
        current = t;
        tcg_thread_free(c->cpu);
        if (pid > 0 && (a->flags & CLONE_PIDFD)) gmem_put_u32(t, a->pidfd, (uint32_t)pidfd);
    }
    if (stack != MAP_FAILED) munmap(stack, VFORK_STACK);
    if (c) free(c->cpu);
    free(c);
    free(p);
    return pid;
}

int64_t process_clone(Task *t, const CloneArgs *a)
{
    uint64_t f = a->flags;
    if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND)) return -EINVAL;
    if ((f & CLONE_SIGHAND) && !(f & CLONE_VM)) return -EINVAL;
    if ((f & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS)) return -EINVAL;
    if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND)) return -EINVAL;
    signal_block_all();
    int64_t r;
    if (atomic_load(&t->pending)) r = -ERESTARTNOINTR;             /* as copy_process: signals first */
    else if (f & CLONE_THREAD) r = f & CLONE_VFORK || f & CLONE_PIDFD ? refuse("CLONE_THREAD with VFORK or PIDFD") : clone_thread(t, a);
    else if ((f & CLONE_VM) && (f & CLONE_VFORK)) r = clone_vfork(t, a);
    else if (f & CLONE_VM) r = refuse("a process that shares memory and runs beside its parent");
    else r = clone_fork(t, a);
    if (r > 0 && (f & CLONE_PARENT_SETTID) && !(f & CLONE_THREAD)) gmem_put_u32(t, a->parent_tid, (uint32_t)r);
    signal_unblock(t);
    return r;
}

int64_t process_set_tid_address(Task *t, gaddr at)
{
    t->clear_tid = at;
    return t->tid;
}
