/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that share memory with their parent (CLONE_VM without CLONE_THREAD). A host thread that sleeps in the
 * kernel until the child execs or ends (CLONE_VFORK) lends the child its thread-locals: for vfork the parent itself,
 * else a keeper thread made for that. The child has a Process and a Task of its own; locks, the Mm and the code cache
 * are the common ones.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/loop.h"
#include "linux-user/proc.h"
#include "linux-user/process_clone.h"

enum { CHILD_STACK = 512 * 1024, KEEPER_STACK = 128 * 1024 };

typedef struct Child {
    Task *task;
    CloneArgs args;
    char *stack;
    int pidfd;
    _Atomic int *ready;             /* beside: the parent waits for it; NULL: vfork */
} Child;

static int child_main(void *arg)
{
    Child *s = arg;
    Task *c = s->task;
    const CloneArgs *a = &s->args;
    current = c;
    c->tid = (pid_t)host_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
    if (!host_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0)) {
        c->proc->other_ids = true;
        atomic_store(&task_other_ids, true);
    }
    if (!c->host_stack)
        signal_thread_init(c);
    if (a->flags & CLONE_CLEAR_SIGHAND)
        clone_clear_handlers(c);
    if (a->flags & CLONE_PARENT_SETTID)
        gmem_put_u32(c, a->parent_tid, (uint32_t)c->tid);
    if (a->flags & CLONE_CHILD_SETTID)
        gmem_put_u32(c, a->child_tid, (uint32_t)c->tid);
    if (s->ready) {
        if (a->flags & CLONE_PIDFD)
            gmem_put_u32(c, a->pidfd, (uint32_t)s->pidfd);
        clone_report(s->ready, c->tid);
    }
    signal_unblock(c);
    loop_run();
}

static Process *process_copy(const Process *p, bool same_handlers, bool same_files)
{
    Process *n = malloc(sizeof *n);
    if (!n)
        return NULL;
    memcpy(n, p, sizeof *n);
    if (same_handlers) {
        atomic_fetch_add(&n->sig->users, 1);
    } else {
        if (!(n->sig = malloc(sizeof *n->sig))) {
            free(n);
            return NULL;
        }
        memcpy(n->sig->act, p->sig->act, sizeof n->sig->act);
        pthread_mutex_init(&n->sig->lock, NULL);
        n->sig->users = 1;
    }
    pthread_mutex_init(&n->task_lock, NULL);
    n->shares_memory = true;
    n->keepers = NULL;
    n->first = NULL;
    n->guarded = false;
    atomic_store(&n->proc_fds, proc_fds_copy(atomic_load(&p->proc_fds), same_files));
    return n;
}

static void process_drop(Process *p)
{
    if (atomic_fetch_sub(&p->sig->users, 1) == 1)
        free(p->sig);
    proc_fds_drop(atomic_load(&p->proc_fds));
    free(p);
}

static bool child_make(Child *s, Task *t, const CloneArgs *a)
{
    *s = (Child){ .args = *a, .pidfd = -1 };
    s->stack =
        mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (s->stack == MAP_FAILED)
        return false;
    Process *p = process_copy(t->proc, a->flags & CLONE_SIGHAND, a->flags & CLONE_FILES);
    Task *c = p ? task_new(p, t->cpu) : NULL;
    if (!c) {
        munmap(s->stack, CHILD_STACK);
        if (p)
            process_drop(p);
        return false;
    }
    clone_prepare(c, a);
    clone_inherit_signals(c, t, a);
    c->clear_tid = 0;                                   /* the kernel does it: the child may be killed */
    held_forget(c);
    p->tasks = c;
    atomic_store(&p->ntasks, 1);
    tcg_thread_init(p->tcg, c->cpu);
    s->task = c;
    return true;
}

/* Did a signal end process pid? It stays to be waited for. When somebody has done that, what locks and the translator
 * show must do. */
static bool was_killed(pid_t pid)
{
    siginfo_t info = { 0 };
    if (host_syscall(SYS_waitid, P_PID, pid, (long)&info, WEXITED | WNOHANG | WNOWAIT | __WALL, 0, 0))
        return false;
    return info.si_pid == pid && info.si_code != CLD_EXITED;
}

/* The child may have died at any instruction. Of what it shares with us,
 *  - the translator's lock and the map's (tcg/lock.h) can be taken over, and all code is then flushed;
 *  - a flush that it was at is done by another, and it is not waited for;
 *  - the log's lock is one of these, too, and guards nothing but the order of lines;
 *  - malloc's (common-user/alloc.c) likewise: who waits finds the owner gone;
 *  - its task_lock dies with its Process; the table of handlers is the parent's after CLONE_SIGHAND only, the list of
 * files of /proc after CLONE_FILES only: these, and libc's other locks, stay locked when it dies holding one. */
static void child_gone(const Child *s, pid_t pid)
{
    Mm *mm = s->task->proc->mm;
    uint32_t id = task_lock_id(s->task->cpu);
    tcg_thread_gone(s->task->cpu, id, was_killed(pid));
    mm_owner_gone(mm, id);
    log_owner_gone(id);
}

/* Sleeps until the child is gone from this memory. Its pid, or -errno. */
static int64_t child_run(Child *s)
{
    const CloneArgs *a = &s->args;
    Task *me = current;
    void *clear = a->flags & CLONE_CHILD_CLEARTID ? gmem_host(s->task, a->child_tid, 4) : NULL;
    uint64_t flags = (a->flags & ~CLONE_OUR_FLAGS) | CLONE_VFORK | (clear ? CLONE_CHILD_CLEARTID : 0);
    struct clone_args k = { .flags = flags, .exit_signal = (unsigned)a->exit_signal, .pidfd = (uintptr_t)&s->pidfd,
        .child_tid = (uintptr_t)clear, .stack = (uintptr_t)s->stack, .stack_size = CHILD_STACK,
        .set_tid = (uintptr_t)a->set_tid, .set_tid_size = a->set_tid_size, .cgroup = (uint64_t)a->cgroup };
    int64_t pid = clone_needs_clone3(a) ? host_clone3(&k, sizeof k, child_main, s)
                : host_clone(flags | (unsigned)a->exit_signal, s->stack + CHILD_STACK, &s->pidfd, clear, 0,
                    child_main, s);
    current = me;
    if (pid > 0)
        child_gone(s, (pid_t)pid);
    return pid;
}

static void free_vector(char **v)
{
    for (char **p = v; p && *p; p++)
        free(*p);
    free(v);
}

static void child_drop(Child *s)
{
    Task *c = s->task;
    free_vector(c->exec.argv);
    free_vector(c->exec.envp);
    free(c->exec.words);
    tcg_thread_free(c->cpu);
    munmap(s->stack, CHILD_STACK);
    if (s->ready && c->host_stack)
        munmap(c->host_stack, c->host_stack_len);
    process_drop(c->proc);
    free(c->robust_mark);
    free(c->cpu);
    free(c);
}

int64_t clone_vfork(Task *t, const CloneArgs *a)
{
    Child s;
    if (!child_make(&s, t, a))
        return -ENOMEM;
    s.task->host_stack = t->host_stack;                 /* the kernel keeps the alternate stack over vfork */
    s.task->host_stack_len = t->host_stack_len;
    int64_t pid = child_run(&s);
    child_drop(&s);
    if (pid > 0 && (a->flags & CLONE_PIDFD))
        gmem_put_u32(t, a->pidfd, (uint32_t)s.pidfd);
    return pid;
}

/* --- keepers. A host thread is made for each child by the thread that clones, so that the child has what that one has
 * at the time: ids, capabilities, no_new_privs, seccomp, affinity, namespaces. It ends with the child; its stack and
 * thread-locals are libc's, which the child may have died in the middle of: they are not given back but serve the next.
 * Memory and locks outlive a process that shares them, so a keeper holds none while its child lives. */

typedef struct Keeper {
    Child child;
    Process *proc;
    struct Keeper *next;
    _Atomic int alive;              /* the kernel clears it when the host thread is off its stack */
    uintptr_t tls;
    char *stack;                    /* top; what is above is in use by libc */
} Keeper;

static int keeper_run(void *arg)
{
    Keeper *k = arg;
    Process *p = k->proc;
    _Atomic int *ready = k->child.ready;
    int64_t pid = child_run(&k->child);
    pthread_mutex_lock(&p->task_lock);
    k->next = p->keepers;
    p->keepers = k;
    pthread_mutex_unlock(&p->task_lock);
    if (pid < 0)
        clone_report(ready, (int)pid);
    return 0;
}

static void *keeper_main(void *arg)
{
    Keeper *k = arg;
    k->tls = (uintptr_t)__builtin_thread_pointer();
    k->stack = (char *)((uintptr_t)__builtin_frame_address(0) - 1024);
    host_syscall(SYS_set_tid_address, (long)&k->alive, 0, 0, 0, 0, 0);
    signal_reclaim(k->proc);
    keeper_run(k);
    for (;;)
        host_syscall(SYS_exit, 0, 0, 0, 0, 0, 0);
    return NULL;
}

static Keeper *keeper_idle(Process *p)
{
    pthread_mutex_lock(&p->task_lock);
    Keeper *k = p->keepers;
    if (k)
        p->keepers = k->next;
    pthread_mutex_unlock(&p->task_lock);
    for (int v; k && (v = atomic_load(&k->alive));)
        host_syscall(SYS_futex, (long)&k->alive, FUTEX_WAIT, v, 0, 0, 0);
    if (k)
        child_drop(&k->child);
    return k;
}

static int keeper_first(Keeper *k)
{
    pthread_t handle;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, KEEPER_STACK);
    int e = pthread_create(&handle, &attr, keeper_main, k);
    pthread_attr_destroy(&attr);
    return -e;
}

static long keeper_again(Keeper *k)
{
    enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
           CLONE_CHILD_CLEARTID };
    return host_clone(FLAGS, k->stack, NULL, (int *)&k->alive, k->tls, keeper_run, k);
}

int64_t clone_beside(Task *t, const CloneArgs *a)
{
    _Atomic int ready = 0;
    Keeper *k = keeper_idle(t->proc);
    bool again = k;
    if (!k && !(k = calloc(1, sizeof *k)))
        return -ENOMEM;
    k->proc = t->proc;
    if (!child_make(&k->child, t, a)) {                 /* a stack that was used is lost */
        if (!again)
            free(k);
        return -ENOMEM;
    }
    k->child.ready = &ready;
    atomic_store(&k->alive, 1);
    if ((again ? keeper_again(k) : keeper_first(k)) < 0) {
        child_drop(&k->child);
        if (!again)
            free(k);
        return -EAGAIN;
    }
    return clone_await(&ready);
}
