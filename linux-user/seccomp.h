/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: classic BPF programs over the guest's own numbers, architecture and arguments. Filters form a chain from the
 * newest to the oldest that tasks share; none is ever changed or freed. */
#ifndef LINUX_USER_SECCOMP_H
#define LINUX_USER_SECCOMP_H

#include <stdio.h>
#include "linux-user/abi.h"

/* False: the call is not to be made, *ret is its result (t->syscall_noresult is set when registers are to stay). */
bool     seccomp_allows(Task *t, uint64_t nr, const uint64_t args[7], int64_t *ret);
int64_t  seccomp_prctl(Task *t, uint64_t mode, gaddr filter);       /* PR_SET_SECCOMP */
int64_t  seccomp_mode(const Task *t);                               /* 0 none, 1 strict, 2 filters */
uint64_t seccomp_count(const Task *t);                              /* filters */
bool     seccomp_save(const Task *t, FILE *out);                    /* for the next program, see inherit.c */
bool     seccomp_restore(Task *t, FILE *in);

#endif
