/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that make code: the smallest function of each guest. */
#ifndef TESTS_SYS_EMIT_H
#define TESTS_SYS_EMIT_H
#include <string.h>

/* int f(void) { return n; }, 0 <= n < 2000; false: no generator for this machine */
enum { CODE_BYTES = 8 };
static int emit(void *to, int n)
{
    unsigned at[2] = { 0, 0 };
#if defined __aarch64__
    at[0] = 0x52800000 | (unsigned)n << 5; at[1] = 0xd65f03c0;
#elif defined __riscv
    at[0] = 0x00000513 | (unsigned)n << 20; at[1] = 0x00008067;
#elif defined __powerpc__
    at[0] = 0x38600000 | (unsigned)n; at[1] = 0x4e800020;
#elif defined __x86_64__
    memcpy(at, (unsigned char[8]){ 0xb8, (unsigned char)n, (unsigned char)(n >> 8), 0, 0, 0xc3 }, 8);
#else
    return 0;
#endif
    memcpy(to, at, sizeof at);
    return 1;
}

#endif
