/* SPDX-License-Identifier: Apache-2.0 */
/* Control data of messages, between a foreign layout and the host's. Buffers are host memory. */
#ifndef LINUX_USER_SYS_CONTROL_H
#define LINUX_USER_SYS_CONTROL_H

#include "linux-user/sys_common.h"

/* Guest bytes -> host bytes: their length, or -errno; a kind without a row is -EINVAL, named under -d unimp. */
int64_t control_to_host(const uint8_t *g, size_t glen, uint8_t *h, size_t room);
/* Host bytes -> guest bytes: their length. What does not fit in room, or has no row, is left out and sets *truncated;
 * the descriptors in it are closed (-1 in h from then on), as the kernel never makes them. */
size_t  control_to_guest(uint8_t *h, size_t hlen, uint8_t *g, size_t room, bool *truncated);
bool    control_discard(uint8_t *h, size_t hlen);       /* closes all descriptors; true: there were any */

#endif
