/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions with expectations of their own: each row's instruction and a system call run on the interpreter and on
 * tier 1 without and with optimisation. A guest supplies the rows; a row that fails prints why. */
#ifndef TESTS_TARGET_EXPECT_H
#define TESTS_TARGET_EXPECT_H

#include "target/arch.h"

enum { EXPECT_CODE = 0x20000000 };  /* where the two instructions are, 4 bytes each */

typedef struct Expect {
    int nrows;
    uint32_t syscall_insn;
    bool big_endian;                /* of instructions */
    uint32_t (*insn)(int row);
    /* Called after reset with pc at the instruction: sets the other registers, does tcg_run, and judges. */
    bool (*run)(CpuState *cpu, int row, const char *engine);
} Expect;

/* Maps len bytes of zeroed memory at an address, or ends the test as skipped. */
void expect_map(uintptr_t at, size_t len);
int  expect_main(const Expect *x);  /* main's result */

#endif
