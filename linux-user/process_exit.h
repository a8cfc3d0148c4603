/* SPDX-License-Identifier: Apache-2.0 */
/* End of threads, shared by clone and exit. */
#ifndef LINUX_USER_PROCESS_EXIT_H
#define LINUX_USER_PROCESS_EXIT_H

#include "common-user/task.h"

/* What Linux's mm_release does (robust futexes, clear_tid) and the end of t, on its own thread; t is gone after. */
void task_finish_thread(Task *t);

#endif
