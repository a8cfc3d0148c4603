/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of 32-bit PowerPC Linux. 0 or -EFAULT. */
#ifndef LINUX_USER_PPC_SIGFRAME_H
#define LINUX_USER_PPC_SIGFRAME_H
#include "linux-user/abi.h"

int64_t ppc_sigframe_setup(Task *t, const SigDelivery *d);
int64_t ppc_sigreturn(Task *t, bool rt);

#endif
