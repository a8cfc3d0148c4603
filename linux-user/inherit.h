/* SPDX-License-Identifier: Apache-2.0 */
/* What a process keeps across execve and the host does not know: limits that count the guest's map, filters of its system
 * calls. It goes to the next emulator in a memory file, whose descriptor -inherit names. */
#ifndef LINUX_USER_INHERIT_H
#define LINUX_USER_INHERIT_H

#include "linux-user/abi.h"

enum { INHERIT_NONE = -1, INHERIT_FAILED = -2 };

int  inherit_give(Task *t);             /* a descriptor that survives exec; INHERIT_NONE: there is nothing to hand on */
bool inherit_take(Task *t, int fd);     /* closes fd; false: it is not what inherit_give made */

TaskLimits process_limits(Process *p);  /* the guest's, or the host's that it inherited (sys_process.c) */

#endif
