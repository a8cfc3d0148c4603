/* SPDX-License-Identifier: Apache-2.0 */
/* exit and exit_group, and what a dying thread owes others: robust futexes (process_robust.c), clear_child_tid
 * (kernel/fork.c). */
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/held.h"
#include "common-user/host.h"
#include "common-user/process.h"
#include "linux-user/abi.h"
#include "linux-user/process_exit.h"
#include "linux-user/process_robust.h"

static void wake_one(Task *t, gaddr at)
{
    void *p = gmem_host(t, at, 4);
    if (p)
        host_syscall(SYS_futex, (long)p, FUTEX_WAKE, 1, 0, 0, 0);
}

static void clear_tid(Task *t)
{
    if (!t->clear_tid)
        return;
    if (!gmem_put_u32(t, t->clear_tid, 0))
        wake_one(t, t->clear_tid);
    t->clear_tid = 0;
}

void task_finish_thread(Task *t)
{
    /* the address to clear must outlive t: joiners may free everything of the guest thread once it is cleared */
    void *host = t->clear_tid ? gmem_host(t, t->clear_tid, 4) : NULL;
    robust_leave(t);
    bool cleared = !host || !gmem_put_u32(t, t->clear_tid, 0);
    held_leave(t);
    current = NULL;
    task_free(t);
    if (host && cleared)
        host_syscall(SYS_futex, (long)host, FUTEX_WAKE, 1, 0, 0, 0);
}

_Noreturn void process_exit_thread(Task *t, int code)
{
    signal_leave(t);
    Process *p = t->proc;
    if (atomic_fetch_sub(&p->ntasks, 1) == 1) {         /* the last one: the process ends with this code */
        robust_exit(t);
        for (;;)
            host_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
    }
    if (t->thread_end)
        longjmp(*t->thread_end, 1);
    robust_leave(t);                /* the first thread: it stays a zombie until the others end */
    clear_tid(t);
    held_leave(t);
    while (robust_needs_first(p))
        host_syscall(SYS_pause, 0, 0, 0, 0, 0, 0);
    for (;;)
        host_syscall(SYS_exit, code, 0, 0, 0, 0, 0);
}

_Noreturn void process_exit_group(Task *t, int code)
{
    robust_exit(t);
    for (;;)
        host_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
}
