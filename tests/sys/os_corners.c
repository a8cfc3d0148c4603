/* SPDX-License-Identifier: Apache-2.0 */
/* Corners of instructions that show only in code that has run often, and is compiled with what is around it. */
#include "os_check.h"

enum { RUNS = 300 };            /* interpreted, then a basic block, then an extended unit */

#if defined __aarch64__
/* A signalling NaN above a single in its register is no operand: two products of singles whose check is one. */
static unsigned long products(const unsigned *v)
{
    unsigned long fpsr;
    __asm__ volatile("msr fpsr, xzr\n ldr q5, [%1]\n ldr q6, [%1, #16]\n fmul s4, s5, s6\n fnmul s7, s5, s6\n"
                     "fmov s4, s6\n mrs %0, fpsr"
                     : "=r"(fpsr) : "r"(v) : "v4", "v5", "v6", "v7", "memory");
    return fpsr;
}
static void corners(void)
{
    static const unsigned v[8] __attribute__((aligned(16))) = { 0x3f800000, 0x7f800001, 0, 0, 0x40000000 };
    unsigned long flags = 0;
    for (int i = 0; i < RUNS; i++) flags |= products(v);
    CHECK(!flags);
}
#elif defined __powerpc__
/* A store to another word than the one that is reserved does not win, whatever the two hold. */
static unsigned a, b;
static int store_elsewhere(void)
{
    unsigned was, cr;
    __asm__ volatile("lwarx %0, 0, %2\n stwcx. %4, 0, %3\n mfcr %1"
                     : "=&r"(was), "=r"(cr) : "r"(&a), "r"(&b), "r"(99u) : "cr0", "memory");
    return cr >> 29 & 1;
}
static void corners(void)
{
    int won = 0;
    for (int i = 0; i < RUNS; i++) {
        a = b = 7;
        won += store_elsewhere() || b != 7;
    }
    CHECK(won == 0);
}
#else
static void corners(void) { }
#endif

int main(void)
{
    corners();
    return CHECK_END();
}
