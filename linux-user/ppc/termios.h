/* SPDX-License-Identifier: Apache-2.0 */
/* LinuxAbi.ioctl of ppc. */
#ifndef LINUX_USER_PPC_TERMIOS_H
#define LINUX_USER_PPC_TERMIOS_H

#include "linux-user/abi.h"

bool ppc_ioctl(Task *t, int fd, uint32_t cmd, gaddr arg, int64_t *r);

#endif
