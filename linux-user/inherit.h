/* SPDX-License-Identifier: Apache-2.0 */
/* What our own execve hands to the next emulator: what a process keeps and the host does not know (limits that
 * count the guest's map, filters of its system calls), the file to run, and what only the old one could judge. It
 * goes in a memory file, whose descriptor -inherit, always the first option, names. */
#ifndef LINUX_USER_INHERIT_H
#define LINUX_USER_INHERIT_H

#include <stdio.h>
#include "linux-user/abi.h"

#define INHERIT_OPTION "-inherit"

typedef struct Handed {
    TaskLimits limits;
    uint32_t mdwe;                  /* PR_SET_MDWE, of the guest's map */
    int program;                    /* descriptor of the file to run, to be closed */
    int self;                       /* of the emulator's own file where no name leads to it; -1 none */
    bool raise;                     /* set-user-ID, set-group-ID: ids to take, ~0 where they stay */
    uint32_t uid, gid;
    char comm[16];                  /* the task's name when it is not the file's; "" */
    int nproc, proc[16];            /* open files of /proc that show the guest */
} Handed;

typedef struct Inherit { FILE *in; Handed h; } Inherit;

int  inherit_give(Task *t, const Handed *h);            /* a descriptor that survives exec, or -errno; adds the rest */
bool inherit_open(Inherit *from, int fd);               /* takes fd over; false: it is not what inherit_give made */
bool inherit_take(Inherit *from, Task *t);              /* limits, filters, proc, once the task is there */

TaskLimits process_limits(Process *p);  /* the guest's, or the host's that it inherited (sys_process.c) */

#endif
