/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the guest that run with more than their caller has: set-user-ID, set-group-ID, file capabilities.
 * docs/security.md. */
#ifndef LINUX_USER_EXEC_RAISE_H
#define LINUX_USER_EXEC_RAISE_H

#include <stdbool.h>
#include <stdint.h>

/* uid, gid: the effective ids that the file gives, ~0 where it leaves them. */
typedef struct Raise { bool any, capabilities; uint32_t uid, gid; } Raise;

Raise raise_of(int fd);             /* what execve of this file adds to this thread; fd may be O_PATH */
bool  raise_by_ids(const Raise *r); /* this thread may take the ids by itself, and has all that comes with them then */
/* Does a binfmt_misc entry with flag C run this file? 1, 0; -1: the entries are not to be seen here. fd can be
 * read. */
int   raise_by_kernel(int fd);

#endif
