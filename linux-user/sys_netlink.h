/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages of big-endian guests (sys_netlink.c). Guest buffers are named by their host addresses
 * (sys_read_iov); -errno in host numbers. */
#ifndef LINUX_USER_SYS_NETLINK_H
#define LINUX_USER_SYS_NETLINK_H

#include <sys/socket.h>
#include "linux-user/abi.h"

bool    netlink_converts(int fd);                       /* are the messages of this socket to be converted? */
bool    netlink_refused(uint64_t domain, int protocol); /* a protocol without rows */
int64_t netlink_send(Task *t, int fd, const struct msghdr *m, uint64_t flags);
int64_t netlink_receive(Task *t, int fd, struct msghdr *m, uint64_t flags);

#endif
