/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the RISC-V vDSO (arch/riscv/kernel/vdso): names and version are the kernel's; see LinuxAbi.vdso. */
#include <elf.h>
#include "linux-user/riscv/riscv.h"

enum { RET = 0x00008067, LI_A7_SIGRETURN = 0x08b00893, ECALL = 0x00000073, FENCE_I = 0x0000100f, LI_A0_0 = 0x00000513 };
static const uint32_t sigreturn_words[] = { LI_A7_SIGRETURN, ECALL };
static const uint32_t call_words[] = { VDSO_TRAP, RET };
static const uint32_t flush_words[] = { FENCE_I, LI_A0_0, RET };

/* On 64 bits the two clocks that matter stay in translated code: the cycle counter is the monotonic clock in
 * nanoseconds, the custom CSR 0xcc0 the real-time one (target/riscv/tr_csr.h). Other clocks and arguments take the
 * system call. Branch targets are offsets in the listing. */
static const uint32_t clock_gettime_words[] = {
    0x00050c63,     /* beqz a0,18 */
    0x00100613,     /* li a2,1 */
    0x00c50c63,     /* beq a0,a2,20 */
    0x07100893,     /* li a7,113 */
    0x00000073,     /* ecall */
    0x00008067,     /* ret */
    0xcc002673,     /* csrr a2,0xcc0 */
    0x0080006f,     /* j 24 */
    0xc0002673,     /* rdcycle a2 */
    0x3b9ad6b7,     /* lui a3,0x3b9ad */
    0xa0068693,     /* add a3,a3,-1536 */
    0x02d65733,     /* divu a4,a2,a3 */
    0x02d67633,     /* remu a2,a2,a3 */
    0x00e5b023,     /* sd a4,0(a1) */
    0x00c5b423,     /* sd a2,8(a1) */
    0x00000513,     /* li a0,0 */
    0x00008067,     /* ret */
};
static const uint32_t gettimeofday_words[] = {
    0x02059a63,     /* bnez a1,78 */
    0x02050863,     /* beqz a0,78 */
    0xcc002673,     /* csrr a2,0xcc0 */
    0x3b9ad6b7,     /* lui a3,0x3b9ad */
    0xa0068693,     /* add a3,a3,-1536 */
    0x02d65733,     /* divu a4,a2,a3 */
    0x02d67633,     /* remu a2,a2,a3 */
    0x3e800693,     /* li a3,1000 */
    0x02d65633,     /* divu a2,a2,a3 */
    0x00e53023,     /* sd a4,0(a0) */
    0x00c53423,     /* sd a2,8(a0) */
    0x00000513,     /* li a0,0 */
    0x00008067,     /* ret */
    0x0a900893,     /* li a7,169 */
    0x00000073,     /* ecall */
    0x00008067,     /* ret */
};
enum { CLOCK_WORDS = sizeof clock_gettime_words / 4, DAY_WORDS = sizeof gettimeofday_words / 4 };

static const VdsoRow rows64[] = {
    { "__vdso_rt_sigreturn", sigreturn_words, 2 },
    { "__vdso_clock_gettime", clock_gettime_words, CLOCK_WORDS },
    { "__vdso_gettimeofday", gettimeofday_words, DAY_WORDS },
    { "__vdso_clock_getres", call_words, 2 },
    { "__vdso_getcpu", call_words, 2 },
    { "__vdso_flush_icache", flush_words, 3 },
};
static const VdsoRow rows[] = {
    { "__vdso_rt_sigreturn", sigreturn_words, 2 },
    { "__vdso_clock_gettime", call_words, 2 },
    { "__vdso_gettimeofday", call_words, 2 },
    { "__vdso_clock_getres", call_words, 2 },
    { "__vdso_getcpu", call_words, 2 },
    { "__vdso_flush_icache", flush_words, 3 },
};
enum { NROWS = sizeof rows / sizeof *rows };
/* Only those rows trap that are call_words. */
const uint8_t riscv_vdso_fn[] = { VDSO_NONE, VDSO_CLOCK_GETTIME, VDSO_GETTIMEOFDAY, VDSO_CLOCK_GETRES, VDSO_GETCPU,
    VDSO_NONE };
enum { EF_RVC_DOUBLE = 5 };

const VdsoSpec riscv64_vdso = { EM_RISCV, ELFCLASS64, ELFDATA2LSB, EF_RVC_DOUBLE, "linux-vdso.so.1", "LINUX_4.15",
    rows64, NROWS };
const VdsoSpec riscv32_vdso = { EM_RISCV, ELFCLASS32, ELFDATA2LSB, EF_RVC_DOUBLE, "linux-vdso.so.1", "LINUX_4.15", rows,
    NROWS };
