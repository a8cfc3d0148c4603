/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINUX_USER_SYS_IOCTL_H
#define LINUX_USER_SYS_IOCTL_H

#include "linux-user/abi.h"

/* sys_ioctl_parts.c, for guests of a foreign layout or with a base: false: not one of its requests (their numbers are
 * the same everywhere). */
bool ioctl_in_parts(Task *t, int fd, uint32_t cmd, gaddr arg, int64_t *r);

#endif
