/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of an emulator (common-user/ownfd.h) do not exist for any guest, by whatever route it asks: as an
 * argument, in an array or a structure, by a name in /proc, from another process. dispatch.c asks here; nothing is
 * asked on the hot path of a process that has none. */
#ifndef LINUX_USER_OWN_FDS_H
#define LINUX_USER_OWN_FDS_H

#include "linux-user/syscall.h"

/* Does a name lead through one: /proc/PID/fd/N, fdinfo, /dev/fd, links to them, names relative to dirfd? */
bool own_fds_in_path(int dirfd, const char *path, bool follow);
/* The same for the place of an object itself: what the host says of a descriptor in /proc/self/fd. */
bool own_fds_place(const char *place);
/* Is the directory (as own_fds_place) one that lists descriptors? Then *pid is whose. */
bool own_fds_directory(const char *place, int *pid);
bool own_fds_of(int pid, int fd);                       /* descriptor fd of process pid */
bool own_fds_marked(int fd);                            /* is this one, from elsewhere, an emulator's? */

/* Calls whose descriptors stand in memory or in untyped words (sendmsg, ioctl, io_submit): 0, or what they return. */
int64_t own_fds_carried(Task *t, const SysDesc *d, const uint64_t *g);
/* struct pollfd: a number that the kernel says POLLNVAL to, and back. */
void own_fds_poll(void *fds, uint64_t n, bool hide);

#endif
