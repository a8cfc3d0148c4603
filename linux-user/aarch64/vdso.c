/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the AArch64 vDSO (arch/arm64/kernel/vdso): names and version are the kernel's; see LinuxAbi.vdso. */
#include <elf.h>
#include "linux-user/aarch64/sigframe.h"

enum { RET = 0xd65f03c0, NOP = 0xd503201f, MOV_X8_SIGRETURN = 0xd2801168, SVC = 0xd4000001 };
/* The unwinder looks one instruction before the return address: row 0 is that nop. */
static const uint32_t pad_words[] = { NOP, NOP, NOP, NOP };
static const uint32_t sigreturn_words[] = { MOV_X8_SIGRETURN, SVC };
static const uint32_t call_words[] = { VDSO_TRAP, RET };

static const VdsoRow rows[] = {
    { "__kernel_vdso_pad", pad_words, 4 },
    { "__kernel_rt_sigreturn", sigreturn_words, 2 },
    { "__kernel_gettimeofday", call_words, 2 },
    { "__kernel_clock_gettime", call_words, 2 },
    { "__kernel_clock_getres", call_words, 2 },
};
const uint8_t a64_vdso_fn[] = { VDSO_NONE, VDSO_NONE, VDSO_GETTIMEOFDAY, VDSO_CLOCK_GETTIME, VDSO_CLOCK_GETRES };
const VdsoSpec a64_vdso = { EM_AARCH64, ELFCLASS64, ELFDATA2LSB, 0, "linux-vdso.so.1", "LINUX_2.6.39", rows, sizeof rows / sizeof *rows };
