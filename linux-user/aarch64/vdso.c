/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the AArch64 vDSO (arch/arm64/kernel/vdso): names and version are the kernel's; see LinuxAbi.vdso. */
#include <elf.h>
#include "linux-user/aarch64/sigframe.h"

enum { RET = 0xd65f03c0, NOP = 0xd503201f, MOV_X8_SIGRETURN = 0xd2801168, SVC = 0xd4000001 };
/* The unwinder looks one instruction before the return address: row 0 is that nop. */
static const uint32_t pad_words[] = { NOP, NOP, NOP, NOP };
static const uint32_t sigreturn_words[] = { MOV_X8_SIGRETURN, SVC };
static const uint32_t call_words[] = { VDSO_TRAP, RET };

/* The two clocks that matter without leaving translated code: CNTVCT_EL0 counts nanoseconds of the monotonic clock, and
 * the implementation-defined S3_3_C15_C2_0 reads CLOCK_REALTIME in nanoseconds (target/aarch64/tr_sys.c). Other clocks
 * and arguments take the system call. Branch targets are offsets in the listing. */
static const uint32_t clock_gettime_words[] = {
    0x340000c0,     /* cbz w0, 18 */
    0x7100041f,     /* cmp w0, #0x1 */
    0x540000c0,     /* b.eq 20 */
    0xd2800e28,     /* mov x8, #0x71 */
    0xd4000001,     /* svc #0x0 */
    0xd65f03c0,     /* ret */
    0xd53bf202,     /* mrs x2, s3_3_c15_c2_0 */
    0x14000002,     /* b 24 */
    0xd53be042,     /* mrs x2, cntvct_el0 */
    0x52994003,     /* mov w3, #0xca00 */
    0x72a77343,     /* movk w3, #0x3b9a, lsl #16 */
    0x9ac30844,     /* udiv x4, x2, x3 */
    0x9b038882,     /* msub x2, x4, x3, x2 */
    0xa9000824,     /* stp x4, x2, [x1] */
    0x52800000,     /* mov w0, #0x0 */
    0xd65f03c0,     /* ret */
};
static const uint32_t gettimeofday_words[] = {
    0xb5000181,     /* cbnz x1, 70 */
    0xb4000160,     /* cbz x0, 70 */
    0xd53bf202,     /* mrs x2, s3_3_c15_c2_0 */
    0x52994003,     /* mov w3, #0xca00 */
    0x72a77343,     /* movk w3, #0x3b9a, lsl #16 */
    0x9ac30844,     /* udiv x4, x2, x3 */
    0x9b038882,     /* msub x2, x4, x3, x2 */
    0x52807d03,     /* mov w3, #0x3e8 */
    0x9ac30842,     /* udiv x2, x2, x3 */
    0xa9000804,     /* stp x4, x2, [x0] */
    0x52800000,     /* mov w0, #0x0 */
    0xd65f03c0,     /* ret */
    0xd2801528,     /* mov x8, #0xa9 */
    0xd4000001,     /* svc #0x0 */
    0xd65f03c0,     /* ret */
};

enum { CLOCK_WORDS = sizeof clock_gettime_words / 4, DAY_WORDS = sizeof gettimeofday_words / 4 };
static const VdsoRow rows[] = {
    { "__kernel_vdso_pad", pad_words, 4 },
    { "__kernel_rt_sigreturn", sigreturn_words, 2 },
    { "__kernel_gettimeofday", gettimeofday_words, DAY_WORDS },
    { "__kernel_clock_gettime", clock_gettime_words, CLOCK_WORDS },
    { "__kernel_clock_getres", call_words, 2 },
};
const uint8_t a64_vdso_fn[] = { VDSO_NONE, VDSO_NONE, VDSO_NONE, VDSO_NONE, VDSO_CLOCK_GETRES };
const VdsoSpec a64_vdso = { EM_AARCH64, ELFCLASS64, ELFDATA2LSB, 0, "linux-vdso.so.1", "LINUX_2.6.39", rows,
    sizeof rows / sizeof *rows };
