/* SPDX-License-Identifier: Apache-2.0 */
/* A clone that copies memory, whatever its flags: a fork to the emulator, whose locks and libc's (malloc, stdio)
 * must be free in the child. Only libc's fork() can see to its own, and it leaves the system call to _Fork(), a
 * function of its own library: a program that brings one replaces it. Ours makes the call that the task wants
 * (Task.fork), in the middle of libc's fork(). */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common-user/alloc.h"
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/proc.h"
#include "linux-user/process_clone.h"
#include "linux-user/process_robust.h"

/* Part of a libc whose fork() calls our _Fork. A shared one calls its own, and hides this: such a build makes the bare
 * call (docs/syscalls.md). */
extern void __run_prefork_handlers(_Bool) __attribute__((weak));
/* bits, count and offset of the id in a pthread_t */
extern const uint32_t _thread_db_pthread_tid[3] __attribute__((weak));

typedef struct Fork {
    struct clone_args args;
    bool by_clone3;
    int pid;                        /* of the child, as the parent sees it */
    long result;                    /* what the call answered */
    /* CLONE_VFORK: another host thread sleeps in the call, because fork() has locks to give back */
    jmp_buf child;
    char *stack;
    _Atomic int *born;              /* in a shared page: 1, or -errno */
    _Atomic int over;               /* the child has left its copy of the memory */
} Fork;

enum { SLEEPER_STACK = 16 * 1024 };

static long call(const Fork *f)
{
    const struct clone_args *a = &f->args;
    uint64_t parent_tid = a->flags & CLONE_PIDFD ? a->pidfd : a->parent_tid;
    long r = f->by_clone3
        ? host_syscall(SYS_clone3, (long)a, sizeof *a, 0, 0, 0, 0)
        : host_syscall(SYS_clone, (long)(a->flags | a->exit_signal), 0, (long)parent_tid, (long)a->child_tid, 0, 0);
    if (r == 0)
        alloc_after_fork();
    return r;
}

/* --- CLONE_VFORK without CLONE_VM: the parent's own fork must return and drop its locks while the parent sleeps. */

/* On its own stack, with the parent's thread-locals, which it does not touch. */
static int sleeper(void *arg)
{
    Fork *f = arg;
    char *stack = f->stack;
    long pid = call(f);
    if (pid == 0)
        longjmp(f->child, 1);
    if (pid < 0)
        clone_report(f->born, (int)pid);
    else
        host_confine();             /* before the guest runs on, and may change its ids */
    clone_report(&f->over, 1);
    /* a child's PR_SET_PDEATHSIG is about this thread: it outlives the child, which the guest waits for */
    if (pid > 0)
        host_syscall(SYS_waitid, P_PID, pid, 0, WEXITED | WNOWAIT | __WALL, 0, 0);
    host_end_thread(stack, SLEEPER_STACK);
}

static long sleeper_run(Fork *f)
{
    enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS };
    f->stack = mmap(NULL, SLEEPER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f->stack == MAP_FAILED)
        return -ENOMEM;
    long r = host_clone(FLAGS, f->stack + SLEEPER_STACK, NULL, NULL, (uintptr_t)__builtin_thread_pointer(), sleeper, f);
    if (r < 0) {
        munmap(f->stack, SLEEPER_STACK);
        return r;
    }
    int born = clone_await(f->born);
    if (born > 0)
        return f->pid;
    clone_await(&f->over);
    return born;
}

static long call_asleep(Fork *f)
{
    f->born = mmap(NULL, sizeof *f->born, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f->born == MAP_FAILED)
        return -ENOMEM;
    if (setjmp(f->child)) {
        clone_report(f->born, 1);
        signal_thread_init(current);            /* alternate stacks are a thread's, and this was the sleeper */
        return 0;
    }
    long r = sleeper_run(f);
    munmap(f->born, sizeof *f->born);
    return r;
}

/* --- */

static long make(Fork *f) { return f->args.flags & CLONE_VFORK ? call_asleep(f) : call(f); }

/* POSIX: async-signal-safe, no handlers are run. The id that libc keeps of its thread is set by the kernel, as
 * libc's own does. */
pid_t _Fork(void)
{
    Fork plain = { .args = { .exit_signal = SIGCHLD } }, *f = current && current->fork ? current->fork : &plain;
    if (_thread_db_pthread_tid) {
        f->args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
        f->args.child_tid = (uintptr_t)pthread_self() + _thread_db_pthread_tid[2];
    }
    long r = f->result = make(f);
    if (r >= 0)
        return (pid_t)r;
    errno = (int)-r;
    return -1;
}

static long host_fork(Task *t, Fork *f)
{
    if (!__run_prefork_handlers) {
        if (f->args.flags || f->args.exit_signal != SIGCHLD || f->args.set_tid_size)
            return make(f);
        pid_t pid = fork();
        return pid < 0 ? -errno : pid;
    }
    t->fork = f;
    fork();                         /* its answer is a pid of this namespace or nothing; the call's own counts */
    t->fork = NULL;
    return f->result;
}

static void locks_take(Process *p)
{
    proc_fds_before_fork(p);
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
    proc_fds_after_fork(p, false);
}

static void forked_child(Task *t, const CloneArgs *a)
{
    Process *p = t->proc;
    alloc_after_fork();
    log_after_fork(true);
    pthread_mutex_init(&p->task_lock, NULL);
    pthread_mutex_init(&p->sig->lock, NULL);
    mm_after_fork(p->mm, true);
    tcg_after_fork_child(p->tcg, t->cpu);
    proc_fds_after_fork(p, true);
    t->next = NULL;                 /* tasks of the parent's other threads are leaked with their memory */
    p->tasks = t;
    atomic_store(&p->ntasks, 1);
    p->shares_memory = false;
    p->keepers = NULL;
    t->tid = (pid_t)syscall(SYS_gettid);
    atomic_store(&t->pending, 0);
    held_forget(t);
    robust_forked(t);
    clone_prepare(t, a);
    if (a->flags & CLONE_CLEAR_SIGHAND)
        clone_clear_handlers(t);
    if (a->flags & CLONE_CHILD_SETTID)
        gmem_put_u32(t, a->child_tid, (uint32_t)t->tid);
}

int64_t clone_fork(Task *t, const CloneArgs *a)
{
    Process *p = t->proc;
    int pidfd = -1;
    Fork f = { .result = -EAGAIN, .args = { .flags = a->flags & ~CLONE_OUR_FLAGS,
        .exit_signal = (uint64_t)a->exit_signal,
        .pidfd = (uintptr_t)&pidfd, .set_tid = (uintptr_t)a->set_tid, .set_tid_size = a->set_tid_size,
            .cgroup = (uint64_t)a->cgroup } };
    bool asleep = a->flags & CLONE_VFORK;
    /* clone has one argument for pidfd and tid */
    f.by_clone3 = clone_needs_clone3(a) || (asleep && (a->flags & CLONE_PIDFD));
    f.args.parent_tid = (uintptr_t)&f.pid;
    if (asleep)
        f.args.flags |= CLONE_PARENT_SETTID;
    locks_take(p);
    long pid = host_fork(t, &f);
    if (pid == 0) {
        forked_child(t, a);
        signal_unblock(t);
        return 0;
    }
    locks_drop(p);
    if (pid > 0 && (a->flags & CLONE_PIDFD))
        gmem_put_u32(t, a->pidfd, (uint32_t)pidfd);
    if (pid > 0 && asleep)
        clone_await(&f.over);
    return pid;
}
