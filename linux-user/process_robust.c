/* SPDX-License-Identifier: Apache-2.0 */
/* Robust futexes (Linux: kernel/futex/core.c, Documentation/locking/robust-futexes.rst). Where the guest's list has the
 * host's layout and addresses, the host kernel gets it, and does all. Where not (32-bit or big-endian guests, -B), a
 * thread that ends walks its list here; the end of a process, by a signal or exec, leaves nobody to do that. So a
 * process that has writable memory in common with others is watched by a guard: another process in the same memory,
 * asleep, which walks the lists when all threads are gone. It learns that from robust lists of ours, in the host's
 * layout, with one futex per thread. */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "linux-user/abi.h"
#include "linux-user/process_clone.h"
#include "linux-user/process_robust.h"

enum { ROBUST_LIMIT = 2048, GUARD_STACK = 32 * 1024 };      /* ROBUST_LIST_LIMIT: lists may be circular */

/* A robust list with one futex, which the host kernel marks when its thread leaves the memory. */
typedef struct RobustMark {
    struct robust_list_head head;
    struct robust_list entry;
    _Atomic uint32_t owner;         /* the thread, and always FUTEX_WAITERS, or nobody would be woken */
} RobustMark;

bool robust_by_host(const Process *p)
{
    return p->abi->word == 8 && !p->abi->big_endian && mm_base(p->mm) == 0;
}

/* --- the walk. By the thread itself, or by the guard: then no lock may be taken, its owner may be dead. */

static int64_t cas(Task *t, gaddr at, uint32_t expect, uint32_t desired, uint32_t *old, bool guard)
{
    uint32_t raw;
    if (!guard)
        return gmem_cas_u32(t, at, expect, desired, old);
    if (host_cas32(gmem_host(t, at, 4), gmem_swap32(t, expect), gmem_swap32(t, desired), &raw))
        return -EFAULT;
    *old = gmem_swap32(t, raw);
    return 0;
}

static void wake_one(Task *t, gaddr at)
{
    host_syscall(SYS_futex, (long)gmem_host(t, at, 4), FUTEX_WAKE, 1, 0, 0, 0);
}

typedef struct Entry { gaddr at; bool pi; } Entry;         /* bit 0 of a pointer: priority inheritance */
static Entry entry_of(uint64_t word) { return (Entry){ word & ~1ull, word & 1 }; }

/* Linux: handle_futex_death. The host wakes those who wait for a PI futex by itself, where it knows them. */
static void owner_died(Task *t, gaddr futex, bool pi, bool pending, bool guard)
{
    uint32_t v, old;
    if (futex & 3)
        return;
    for (;;) {
        if (gmem_get_u32(t, futex, &v))
            return;
        if (pending && !pi && !v) {
            wake_one(t, futex);
            return;
        }
        if ((v & FUTEX_TID_MASK) != (uint32_t)t->tid)
            return;
        uint32_t dead = (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        if (cas(t, futex, v, dead, &old, guard))
            return;
        if (old == v)
            break;
    }
    if ((v & FUTEX_WAITERS) && (!pi || t->proc->abi->big_endian))
        wake_one(t, futex);
}

static void walk(Task *t, bool guard)
{
    gaddr head = t->robust_list, w = t->proc->abi->word;
    uint64_t first, offset, last, next;
    if (!head || gmem_get_word(t, head, &first) || gmem_get_word(t, head + w, &offset) ||
        gmem_get_word(t, head + 2 * w, &last)) return;
    if (w == 4)
        offset = (uint64_t)(int64_t)(int32_t)offset;
    Entry e = entry_of(first), pending = entry_of(last);
    for (int i = 0; i < ROBUST_LIMIT && e.at && e.at != head; i++) {
        bool more = !gmem_get_word(t, e.at, &next);
        if (e.at != pending.at)
            owner_died(t, e.at + offset, e.pi, false, guard);
        if (!more)
            break;
        e = entry_of(next);
    }
    if (pending.at)
        owner_died(t, pending.at + offset, pending.pi, true, guard);
}

/* --- marks */

static void host_list(void *head)
{
    host_syscall(SYS_set_robust_list, (long)head, sizeof(struct robust_list_head), 0, 0, 0, 0);
}

static void mark_set(Task *t)
{
    RobustMark *m = t->robust_mark;
    if (m || !(m = calloc(1, sizeof *m)))
        return;
    m->head.list.next = &m->entry;
    m->entry.next = &m->head.list;
    m->head.futex_offset = (long)(offsetof(RobustMark, owner) - offsetof(RobustMark, entry));
    atomic_store(&m->owner, (uint32_t)t->tid | FUTEX_WAITERS);
    t->robust_mark = m;
    host_list(&m->head);
}

/* Sleeps until m's thread has left the memory. False: it did so by exec, as another thread than the first: its id was
 * the first one's by then, so that Linux marks nothing of what it held, either. */
static bool mark_wait(RobustMark *m, pid_t pid, pid_t tid)
{
    struct timespec look = { 0, 50000000 };
    for (;;) {
        uint32_t v = atomic_load(&m->owner);
        if (v & FUTEX_OWNER_DIED)
            return true;
        long r = host_syscall(SYS_futex, (long)&m->owner, FUTEX_WAIT, v, pid ? (long)&look : 0, 0, 0);
        if (r == -ETIMEDOUT && host_syscall(SYS_tgkill, pid, tid, 0, 0, 0, 0) == -ESRCH)
            return atomic_load(&m->owner) & FUTEX_OWNER_DIED;
    }
}

/* --- the guard. It is in this memory with the rights of now, while the guest may give up its own and the memory come
 * to belong to somebody else: so it has none that count, or there is no guard. */

typedef enum GuardState { GUARD_GONE, GUARD_STARTS, GUARD_READY } GuardState;
typedef struct Guard { Process *proc; pid_t pid; char *stack; _Atomic int state; } Guard;

static int guard_main(void *arg)
{
    Guard *g = arg;
    host_syscall(SYS_setsid, 0, 0, 0, 0, 0, 0);         /* what ends the others of a job or a session must not end it */
    host_syscall(SYS_close_range, 0, ~0u, 0, 0, 0, 0);
    host_syscall(SYS_chdir, (long)"/", 0, 0, 0, 0, 0);
    if (host_confine())
        return 1;
    clone_report(&g->state, GUARD_READY);
    mark_wait(g->proc->first->robust_mark, 0, 0);
    for (Task *t = g->proc->tasks; t; t = t->next)
        if (t->robust_mark && mark_wait(t->robust_mark, g->pid, t->tid))
            walk(t, true);
    return 0;
}

/* Between the two, so that the guard is nobody's child. Its thread-locals are the first thread's, which stay. The host
 * clears the state when the guard ends, and wakes. */
static int guard_start(void *arg)
{
    enum { FLAGS = CLONE_VM | CLONE_SETTLS | CLONE_CHILD_CLEARTID };
    Guard *g = arg;
    uintptr_t tls = g->proc->first->robust_tls;
    if (host_clone(FLAGS, g->stack + GUARD_STACK, NULL, (int *)&g->state, tls, guard_main, g) < 0)
        return 1;
    while (atomic_load(&g->state) == GUARD_STARTS)
        host_syscall(SYS_futex, (long)&g->state, FUTEX_WAIT, GUARD_STARTS, 0, 0, 0);
    return atomic_load(&g->state) != GUARD_READY;
}

/* Orphans come to these, who would wait for the guard, too. */
static bool takes_orphans(void)
{
    int subreaper = 0;
    return getpid() == 1 || (!prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0) && subreaper);
}

static bool guard_make(Process *p)
{
    enum { MIDDLE_STACK = 16 * 1024 };
    char *stack = mmap(NULL, GUARD_STACK + MIDDLE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Guard *g = malloc(sizeof *g);
    int status = -1;
    if (!g || stack == MAP_FAILED || takes_orphans())
        return false;
    *g = (Guard){ p, getpid(), stack, GUARD_STARTS };
    long pid = host_clone(CLONE_VM | CLONE_VFORK, stack + GUARD_STACK + MIDDLE_STACK, NULL, NULL, 0, guard_start, g);
    if (pid > 0)
        host_syscall(SYS_wait4, pid, (long)&status, __WALL, 0, 0, 0);
    return pid > 0 && status == 0;
}

static void guard_if_needed(Task *t)
{
    Process *p = t->proc;
    if (!p->robust_shared || p->shares_memory || !p->first || atomic_load(&p->guarded))
        return;
    if ((atomic_load(&p->first->robust_mark->owner) & FUTEX_OWNER_DIED) || atomic_exchange(&p->guarded, true))
        return;
    signal_block_all();
    if (!guard_make(p) && log_on(LOG_unimp))
        log_printf("robust futexes: no guard, a killed process will not give them up\n");
    signal_unblock(t);
}

/* --- */

void robust_set(Task *t, gaddr head)
{
    t->robust_list = head;
    if (robust_by_host(t->proc)) {
        host_list(gmem_host(t, head, 1));
        return;
    }
    mark_set(t);
    if (t->robust_mark && t->tid == getpid()) {
        t->robust_tls = (uintptr_t)__builtin_thread_pointer();
        t->proc->first = t;
    }
    guard_if_needed(t);
}

void robust_leave(Task *t)
{
    if (t->robust_list)
        walk(t, false);
    t->robust_list = 0;
    if (t == t->proc->first)
        return;
    if (t->robust_mark || robust_by_host(t->proc))
        host_list(NULL);
    RobustMark *m = t->robust_mark;
    t->robust_mark = NULL;          /* first: who dies between leaves nothing that is freed again */
    free(m);
}

void robust_exit(Task *t)
{
    if (!robust_by_host(t->proc))
        walk(t, false);
}

void robust_forked(Task *t)
{
    t->robust_list = 0;
    t->robust_mark = NULL;
    t->proc->first = NULL;
    atomic_store(&t->proc->guarded, false);
}

void robust_shared_memory(Task *t)
{
    if (robust_by_host(t->proc))
        return;
    t->proc->robust_shared = true;
    guard_if_needed(t);
}

bool robust_needs_first(const Process *p) { return p->first && atomic_load(&p->guarded); }
