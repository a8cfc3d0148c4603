/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of AArch64 Linux. 0 or -EFAULT. */
#ifndef LINUX_USER_AARCH64_SIGFRAME_H
#define LINUX_USER_AARCH64_SIGFRAME_H
#include "linux-user/abi.h"

int64_t a64_sigframe_setup(Task *t, const SigDelivery *d);
int64_t a64_sigreturn(Task *t, bool rt);
void    a64_bad_frame(Task *t, siginfo_t *info);        /* LinuxAbi.bad_frame */

extern const VdsoSpec a64_vdso;     /* vdso.c */
extern const uint8_t a64_vdso_fn[];

#endif
