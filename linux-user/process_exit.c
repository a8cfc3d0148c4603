/* SPDX-License-Identifier: Apache-2.0 */
/* exit and exit_group, and what a dying thread owes others: robust futexes (kernel/futex), clear_child_tid (kernel/fork.c). */
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/process.h"
#include "linux-user/abi.h"
#include "linux-user/process_exit.h"

enum { ROBUST_LIMIT = 2048 };       /* ROBUST_LIST_LIMIT: lists may be circular */

static void wake_one(Task *t, gaddr at)
{
    void *p = gmem_host(t, at, 4);
    if (p) host_syscall(SYS_futex, (long)p, FUTEX_WAKE, 1, 0, 0, 0);
}

static void owner_died(Task *t, gaddr futex, bool pending)
{
    uint32_t v, old;
    if (futex & 3) return;
    for (;;) {
        if (gmem_get_u32(t, futex, &v)) return;
        if (pending && !v) { wake_one(t, futex); return; }
        if ((v & FUTEX_TID_MASK) != (uint32_t)t->tid) return;
        uint32_t dead = (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        if (gmem_cas_u32(t, futex, v, dead, &old)) return;
        if (old == v) break;
    }
    if (v & FUTEX_WAITERS) wake_one(t, futex);
}

static void robust_exit(Task *t)
{
    gaddr head = t->robust_list, w = t->proc->abi->word;
    uint64_t entry, offset, pending, next;
    if (!head || gmem_get_word(t, head, &entry) || gmem_get_word(t, head + w, &offset) || gmem_get_word(t, head + 2 * w, &pending)) return;
    if (t->proc->abi->word == 4) offset = (uint64_t)(int64_t)(int32_t)offset;
    pending &= ~1ull;               /* bit 0: priority inheritance */
    for (int i = 0; i < ROBUST_LIMIT && entry && (entry & ~1ull) != head; i++) {
        gaddr at = entry & ~1ull;
        bool more = !gmem_get_word(t, at, &next);
        if (at != pending) owner_died(t, at + offset, false);
        if (!more) break;
        entry = next;
    }
    if (pending) owner_died(t, pending + offset, true);
}

static void clear_tid(Task *t)
{
    if (!t->clear_tid) return;
    if (!gmem_put_u32(t, t->clear_tid, 0)) wake_one(t, t->clear_tid);
    t->clear_tid = 0;
}

void task_finish_thread(Task *t)
{
    /* the address to clear must outlive t: joiners may free everything of the guest thread once it is cleared */
    void *host = t->clear_tid ? gmem_host(t, t->clear_tid, 4) : NULL;
    robust_exit(t);
    bool cleared = !host || !gmem_put_u32(t, t->clear_tid, 0);
    held_leave(t);
    current = NULL;
    task_free(t);
    if (host && cleared) host_syscall(SYS_futex, (long)host, FUTEX_WAKE, 1, 0, 0, 0);
}

_Noreturn void process_exit_thread(Task *t, int code)
{
    signal_leave(t);
    Process *p = t->proc;
    if (atomic_fetch_sub(&p->ntasks, 1) == 1) {         /* the last one: the process ends with this code */
        robust_exit(t);
        for (;;) host_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
    }
    if (t->thread_end) longjmp(*t->thread_end, 1);
    robust_exit(t);                 /* the first thread: it stays a zombie until the others end */
    clear_tid(t);
    held_leave(t);
    for (;;) host_syscall(SYS_exit, code, 0, 0, 0, 0, 0);
}

_Noreturn void process_exit_group(Task *t, int code)
{
    robust_exit(t);
    for (;;) host_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
}
