/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINUX_USER_DIRECT_H
#define LINUX_USER_DIRECT_H

#include "linux-user/syscall.h"

void    direct_setup(TcgOptions *tcg);  /* after the log's options are known */
int64_t direct_result(Task *t);         /* t->call.made: as linux_syscall; clears it */

#endif
