/* SPDX-License-Identifier: Apache-2.0 */
/* SIGSEGV and SIGBUS that somebody sent. The host never blocks the two, because the emulator's own faults come as them;
 * so those that the guest blocks wait here, one of each per thread and per process, as in Linux (both are standard
 * signals). A call that looks at the kernel's queue (sigtimedwait, signalfd, exec) borrows them: they are blocked and
 * queued again in the kernel while it lasts.
 */
#ifndef COMMON_USER_HELD_H
#define COMMON_USER_HELD_H

#include "common-user/task.h"

void     held_take(Task *t, int sig, const siginfo_t *info);       /* in the host's handler: async-signal-safe */
/* A thread sends it to itself, or its process, with a si_code that the kernel would give a fault: not by the kernel,
 * where it would come as a fault of ours. */
void     held_queue(Task *t, const siginfo_t *info, bool process);
uint64_t held_set(const Task *t);               /* pending for t: its own and its process's */
/* The next one below limit that t does not block, by Linux's order, moved to *info: its number; 0 none. A thread that
 * wants what t blocks of the process's is told. */
int      held_next(Task *t, siginfo_t *info, int limit);
/* One host call, as safe_syscall makes it, that may look at those of set in the kernel's queue; got: where it puts the
 * siginfo of one that it took, or NULL. */
long     held_call(Task *t, uint64_t set, const siginfo_t *got, long nr, const long a[6]);
void     held_lend(Task *t, uint64_t set);      /* those that are pending go to the kernel, until held_return */
void     held_return(Task *t);
void     held_leave(Task *t);                   /* a thread ends: none comes to it, those of the process go elsewhere */
void     held_drop(Process *p, int sig);        /* the guest ignores sig from now on */
void     held_forget(Task *t);                  /* a new process has no pending signals */

#endif
