/* SPDX-License-Identifier: Apache-2.0 */
/* What Linux checks before execve commits: may_open_exec, and that the program and its interpreter can be loaded. Any
 * thread. */
#ifndef LINUX_USER_EXEC_FILE_H
#define LINUX_USER_EXEC_FILE_H

#include "common-user/process.h"
#include "loader/elf.h"

/* An O_PATH descriptor of a regular file that this process may execute, or -errno. flags: AT_EMPTY_PATH,
 * AT_SYMLINK_NOFOLLOW. */
int exec_file_find(int dirfd, const char *path, int flags);
/* What the kernel says of executing it: 0, ETXTBSY, EACCES and so on. 0 too where the kernel cannot be asked. */
int exec_file_allowed(int fd);
/* Notes in p what /proc/self/exe is; name: how the program was called. */
void exec_file_identify(Process *p, int fd, const char *name);
/* The same file to be read; the host's name or, as_guest, the one that -L makes of it. -errno; EACCES for what is no
 * program. */
int exec_file_open(const char *path, bool as_guest);
ElfTarget exec_file_target(const Process *p);
/* 0, or what execve of a program for `want` returns: ENOEXEC for the file; for an interpreter, when `interp`, what
 * opening it returned, EIO or ELIBBAD. Leaves fd open. */
int exec_file_check(int fd, const ElfTarget *want, bool interp);

#endif
