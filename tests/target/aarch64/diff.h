/* SPDX-License-Identifier: Apache-2.0 */
/* The record that test_diff.c and its oracle exchange: state before, state after. */
#ifndef TESTS_A64_DIFF_H
#define TESTS_A64_DIFF_H

#include <stdint.h>

/* Memory starts as zero, keeps what tests leave, and has its window (in the middle) filled before each test. */
enum { DIFF_CODE = 0x2000000, DIFF_MEM = 0x10000000, DIFF_MEM_SIZE = 1 << 20 };
enum { DIFF_WIN = DIFF_MEM + DIFF_MEM_SIZE / 2, DIFF_WINDOW = 256, DIFF_CHAIN = 12 };

typedef struct DiffRec {
    uint32_t n, fpcr, fpsr;         /* n instructions, run in a row */
    uint32_t nzcv;                  /* bits 31..28 */
    uint64_t v[32][2], x[32];       /* x[31] is SP */
    uint32_t signal;                /* out: one of the instructions raised it */
    uint32_t insn[DIFF_CHAIN];
    uint8_t  mem[DIFF_WINDOW];      /* at DIFF_WIN */
} DiffRec;

#endif
