/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of 32-bit PowerPC Linux. 0 or -EFAULT. */
#ifndef LINUX_USER_PPC_SIGFRAME_H
#define LINUX_USER_PPC_SIGFRAME_H
#include "linux-user/abi.h"

int64_t ppc_sigframe_setup(Task *t, const SigDelivery *d);
int64_t ppc_sigreturn(Task *t, bool rt);

extern const VdsoSpec ppc_vdso;     /* vdso.c: rows 0 and 1 are the trampolines */
extern const uint8_t ppc_vdso_fn[];

#endif
