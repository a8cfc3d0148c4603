/* SPDX-License-Identifier: Apache-2.0 */
/* The main loop of a guest thread. */
#ifndef LINUX_USER_LOOP_H
#define LINUX_USER_LOOP_H

#include "common-user/task.h"

_Noreturn void loop_run(void);      /* runs `current` until its thread or process ends */

#endif
