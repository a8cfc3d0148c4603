/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the emulator itself (log, perf files, qemu-disas). They have high numbers, close on exec, and do not
 * exist for the guest: calls on them are EBADF, close_range passes over them, /proc/self/fd does not list them. A
 * number that the guest wants (dup2) is given up: the descriptor moves, so users keep a handle and ask for the number
 * at each use. Lock-free; a use that races with such a move of another thread may
 * go astray once. */
#ifndef COMMON_USER_OWNFD_H
#define COMMON_USER_OWNFD_H

#include <stdbool.h>

enum { OWNFD_NONE = -1 };
enum { OWNFD_MARK = 33 };           /* F_GETSIG of a kept description: other emulators know it by that */

int  ownfd_keep(int fd);            /* takes fd over: a handle, or OWNFD_NONE (fd is closed) */
int  ownfd_get(int handle);         /* the descriptor; -1 for OWNFD_NONE */
void ownfd_close(int handle);
bool ownfd_any(void);               /* cheap: false until something is kept */
bool ownfd_is(int fd);
int  ownfd_next(int from);          /* lowest kept descriptor from there on, -1 none */
void ownfd_yield(int fd);           /* moves it when it is kept, for the guest to take the number */

#endif
