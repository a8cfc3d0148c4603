/* SPDX-License-Identifier: Apache-2.0 */
/* Priority-inheritance futexes of guests whose words the host kernel cannot read: the same protocol, on plain
 * futexes. */
#ifndef LINUX_USER_FUTEX_PI_H
#define LINUX_USER_FUTEX_PI_H

#include <time.h>
#include "common-user/task.h"

/* cmd: FUTEX_LOCK_PI, _LOCK_PI2, _TRYLOCK_PI, _UNLOCK_PI, _WAIT_REQUEUE_PI or _CMP_REQUEUE_PI; flags: of the operation;
 * val, val2, at2 and val3 as the call has them (values, not words of memory); until: absolute, NULL for ever. */
typedef struct FutexPi {
    int cmd, flags;
    gaddr at, at2;
    uint32_t val, val2, val3;
    const struct timespec *until;
} FutexPi;
int64_t futex_pi(Task *t, const FutexPi *f);

#endif
