/* SPDX-License-Identifier: Apache-2.0 */
/* What the shapes of clone share (process_clone.c, process_fork.c, process_shared.c). All run with the guest's
 * signals blocked. */
#ifndef LINUX_USER_PROCESS_CLONE_H
#define LINUX_USER_PROCESS_CLONE_H

#include <linux/sched.h>
#include <stdatomic.h>
#include "common-user/process.h"

/* Flags that are done here and not by the host's clone. */
#define CLONE_OUR_FLAGS \
    ((uint64_t)(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS | CLONE_DETACHED) | \
        CLONE_CLEAR_SIGHAND)

/* What the old call cannot say; it is taken where it can, because sandboxes refuse the new one. NEWTIME is in the
 * old one's signal. */
static inline bool clone_needs_clone3(const CloneArgs *a)
{
    return a->set_tid_size || (a->flags & ~CLONE_OUR_FLAGS) >> 32 || (a->flags & CLONE_NEWTIME);
}

void clone_prepare(Task *c, const CloneArgs *a);        /* registers of the child and what else flags say about a
                                                         * task */
void clone_inherit_signals(Task *c, const Task *t, const CloneArgs *a);
void clone_clear_handlers(Task *t);                     /* CLONE_CLEAR_SIGHAND, by the child */

/* A new thread of control tells its creator a non-zero value, once; it does not touch *ready after. */
void clone_report(_Atomic int *ready, int value);
int  clone_await(_Atomic int *ready);                   /* sleeps until then; the value */

int64_t clone_fork(Task *t, const CloneArgs *a);        /* without CLONE_VM. The child's pid; 0 in the child, -errno */

/* Processes with CLONE_VM: the parent sleeps until exec or exit, or runs on. The child's pid, or -errno. */
int64_t clone_vfork(Task *t, const CloneArgs *a);
int64_t clone_beside(Task *t, const CloneArgs *a);

#endif
