/* SPDX-License-Identifier: Apache-2.0 */
/* The emulator's own file, to be executed again: by /proc/self/exe, by a descriptor kept from before the name went
 * out of sight, or by its name. Siblings qemu-<arch> lie beside it. */
#ifndef LINUX_USER_EXEC_SELF_H
#define LINUX_USER_EXEC_SELF_H

#include <limits.h>
#include "common-user/task.h"

/* What to execute: path, or fd (stays open over the exec, the caller closes it) where path is empty. */
typedef struct ExecSelf { char path[PATH_MAX]; int fd; } ExecSelf;

/* program: qemu-<program>, NULL ourselves. 0 or -errno. */
int  exec_self_find(const Process *p, const char *program, ExecSelf *out);
void exec_self_keep(Process *p);                /* names may soon mean other files (chroot ...): keeps a descriptor */
void exec_self_kept(Process *p, int fd);        /* at the start: what exec_self_find gave; taken over */

#endif
