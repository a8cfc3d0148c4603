/* SPDX-License-Identifier: Apache-2.0 */
/* What the ppc family offers to linux-user/ppc beyond GuestArch. */
#ifndef TARGET_PPC_ARCH_H
#define TARGET_PPC_ARCH_H
#include "target/ppc/cpu.h"

/* AT_HWCAP (which 1), AT_HWCAP2 (2) of the CPU's features. */
uint64_t ppc_hwcap(const CpuState *cpu, int which);

#endif
