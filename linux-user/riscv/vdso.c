/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the RISC-V vDSO (arch/riscv/kernel/vdso): names and version are the kernel's; see LinuxAbi.vdso. */
#include <elf.h>
#include "linux-user/riscv/riscv.h"

enum { RET = 0x00008067, LI_A7_SIGRETURN = 0x08b00893, ECALL = 0x00000073, FENCE_I = 0x0000100f, LI_A0_0 = 0x00000513 };
static const uint32_t sigreturn_words[] = { LI_A7_SIGRETURN, ECALL };
static const uint32_t call_words[] = { VDSO_TRAP, RET };
static const uint32_t flush_words[] = { FENCE_I, LI_A0_0, RET };

static const VdsoRow rows[] = {
    { "__vdso_rt_sigreturn", sigreturn_words, 2 },
    { "__vdso_clock_gettime", call_words, 2 },
    { "__vdso_gettimeofday", call_words, 2 },
    { "__vdso_clock_getres", call_words, 2 },
    { "__vdso_getcpu", call_words, 2 },
    { "__vdso_flush_icache", flush_words, 3 },
};
enum { NROWS = sizeof rows / sizeof *rows };
const uint8_t riscv_vdso_fn[] = { VDSO_NONE, VDSO_CLOCK_GETTIME, VDSO_GETTIMEOFDAY, VDSO_CLOCK_GETRES, VDSO_GETCPU, VDSO_NONE };
enum { EF_RVC_DOUBLE = 5 };

const VdsoSpec riscv64_vdso = { EM_RISCV, ELFCLASS64, ELFDATA2LSB, EF_RVC_DOUBLE, "linux-vdso.so.1", "LINUX_4.15", rows, NROWS };
const VdsoSpec riscv32_vdso = { EM_RISCV, ELFCLASS32, ELFDATA2LSB, EF_RVC_DOUBLE, "linux-vdso.so.1", "LINUX_4.15", rows, NROWS };
