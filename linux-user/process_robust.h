/* SPDX-License-Identifier: Apache-2.0 */
/* Robust futexes: what a thread holds when it dies is marked, and a waiter woken. */
#ifndef LINUX_USER_PROCESS_ROBUST_H
#define LINUX_USER_PROCESS_ROBUST_H

#include "common-user/task.h"

/* set_robust_list: t's list from now on, 0 none. On t's own thread. */
void robust_set(Task *t, gaddr head);
/* The end of t while its process lives on: the list is done, and forgotten. On t's own thread. */
void robust_leave(Task *t);
void robust_exit(Task *t);          /* the process ends by t's exit */
void robust_forked(Task *t);        /* t is a new process, and has no list */
/* The process has memory now that others may see: its end is watched from outside, where the host does not do it. */
void robust_shared_memory(Task *t);
bool robust_by_host(const Process *p);      /* the host kernel has the guest's own list */
/* Must the first thread stay when it ends before the others? */
bool robust_needs_first(const Process *p);

#endif
