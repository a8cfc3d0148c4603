/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of 32-bit PowerPC Linux. 0 or -EFAULT. */
#ifndef LINUX_USER_PPC_SIGFRAME_H
#define LINUX_USER_PPC_SIGFRAME_H
#include "linux-user/abi.h"

/* Offsets of the handler's sp to the saved registers, for unwinding (asserted in sigframe.c). */
enum {
    SIGFRAME_MCONTEXT = 64 + 32,
    RT_SIGFRAME_MCONTEXT = 64 + 16 + 128 + 192,
    MCONTEXT_GREGS = 0,
    MCONTEXT_FREGS = 192,
    MCONTEXT_VREGS = 464
};

int64_t ppc_sigframe_setup(Task *t, const SigDelivery *d);
int64_t ppc_sigreturn(Task *t, bool rt);
int64_t ppc_swapcontext(Task *t, gaddr old, gaddr new, uint64_t size);  /* LinuxAbi.swapcontext */

extern const VdsoSpec ppc_vdso;     /* vdso.c: rows 0 and 1 are the trampolines */
extern const uint8_t ppc_vdso_fn[];

#endif
