/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the 32-bit PowerPC vDSO (arch/powerpc/kernel/vdso): names and version are the kernel's; see LinuxAbi.vdso. */
#include <elf.h>
#include "linux-user/ppc/sigframe.h"

enum { BLR = 0x4e800020, LI_R0_SIGRETURN = 0x38000077, LI_R0_RT_SIGRETURN = 0x380000ac, SC = 0x44000002 };
static const uint32_t sigreturn_words[] = { LI_R0_SIGRETURN, SC };
static const uint32_t rt_sigreturn_words[] = { LI_R0_RT_SIGRETURN, SC };
static const uint32_t call_words[] = { VDSO_TRAP, BLR };

/* The two clocks that matter without leaving translated code: the implementation's SPR 904 reads the monotonic clock,
 * 905 the real-time one, seconds into the register named and nanoseconds into the next (target/ppc/tr_branch.c). Other
 * clocks take the system call. Branch targets are offsets in the listing. */
static const uint32_t clock_gettime_words[] = {
    0x2c030000,     /* cmpwi r3,0 */
    0x41820018,     /* beq 1c */
    0x2c030001,     /* cmpwi r3,1 */
    0x41820018,     /* beq 24 */
    0x380000f6,     /* li r0,246 */
    0x44000002,     /* sc */
    0x4e800020,     /* blr */
    0x7ca9e2a6,     /* mfspr r5,905 */
    0x48000008,     /* b 28 */
    0x7ca8e2a6,     /* mfspr r5,904 */
    0x90a40000,     /* stw r5,0(r4) */
    0x90c40004,     /* stw r6,4(r4) */
    0x38600000,     /* li r3,0 */
    0x4c631982,     /* crclr so */
    0x4e800020,     /* blr */
};
static const uint32_t clock_gettime64_words[] = {
    0x2c030000,     /* cmpwi r3,0 */
    0x41820018,     /* beq 58 */
    0x2c030001,     /* cmpwi r3,1 */
    0x41820018,     /* beq 60 */
    0x38000193,     /* li r0,403 */
    0x44000002,     /* sc */
    0x4e800020,     /* blr */
    0x7ca9e2a6,     /* mfspr r5,905 */
    0x48000008,     /* b 64 */
    0x7ca8e2a6,     /* mfspr r5,904 */
    0x38600000,     /* li r3,0 */
    0x90640000,     /* stw r3,0(r4) */
    0x90a40004,     /* stw r5,4(r4) */
    0x90640008,     /* stw r3,8(r4) */
    0x90c4000c,     /* stw r6,12(r4) */
    0x4c631982,     /* crclr so */
    0x4e800020,     /* blr */
};
enum { CLOCK_WORDS = sizeof clock_gettime_words / 4, CLOCK64_WORDS = sizeof clock_gettime64_words / 4 };

static const VdsoRow rows[] = {
    { "__kernel_sigtramp32", sigreturn_words, 2 },
    { "__kernel_sigtramp_rt32", rt_sigreturn_words, 2 },
    { "__kernel_gettimeofday", call_words, 2 },
    { "__kernel_clock_gettime", clock_gettime_words, CLOCK_WORDS },
    { "__kernel_clock_gettime64", clock_gettime64_words, CLOCK64_WORDS },
    { "__kernel_clock_getres", call_words, 2 },
    { "__kernel_time", call_words, 2 },
    { "__kernel_getcpu", call_words, 2 },
};

/* Where the frames of sigframe.c hold registers, by the numbers of GCC's .eh_frame: LR 65, CR 70, vectors from 77, pc
 * in column 67. */
enum { R_SP = 1, R_F0 = 32, R_LR = 65, R_PC = 67, R_CR = 70, R_V0 = 77 };
static const VdsoSaved saved[] = {
    { 0, 1, MCONTEXT_GREGS, 4 }, { 2, 30, MCONTEXT_GREGS + 2 * 4, 4 },
    { R_PC, 1, MCONTEXT_GREGS + 32 * 4, 4 }, { R_LR, 1, MCONTEXT_GREGS + 36 * 4, 4 },
    { R_CR, 1, MCONTEXT_GREGS + 38 * 4, 4 }, { R_F0, 32, MCONTEXT_FREGS, 8 }, { R_V0, 32, MCONTEXT_VREGS, 16 },
};
enum { NSAVED = sizeof saved / sizeof *saved };
static const VdsoFrame frames[] = {
    { 0, R_SP, R_PC, SIGFRAME_MCONTEXT, R_SP * 4, saved, NSAVED },
    { 1, R_SP, R_PC, RT_SIGFRAME_MCONTEXT, R_SP * 4, saved, NSAVED },
};

const uint8_t ppc_vdso_fn[] = {
    VDSO_NONE, VDSO_NONE, VDSO_GETTIMEOFDAY, VDSO_NONE, VDSO_NONE, VDSO_CLOCK_GETRES, VDSO_TIME, VDSO_GETCPU,
};
const VdsoSpec ppc_vdso = { EM_PPC, ELFCLASS32, ELFDATA2MSB, 0, "linux-vdso32.so.1", "LINUX_2.6.15", rows,
    sizeof rows / sizeof *rows, frames, 2 };
