/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned 16-byte vector moves are atomic on every x86 with AVX (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2); where AVX is
 * missing, only writable memory can be read atomically. */
#include <emmintrin.h>
#include <string.h>
#include "tcg/atomic16.h"

bool atomic16_cas(void *p, unsigned __int128 *expect, unsigned __int128 desired)
{
    unsigned long long lo = (unsigned long long)*expect, hi = (unsigned long long)(*expect >> 64);
    bool done;
    __asm__ volatile("lock cmpxchg16b %[mem]"
                     : [mem] "+m"(*(volatile unsigned __int128 *)p), "+a"(lo), "+d"(hi), "=@ccz"(done)
                     : "b"((unsigned long long)desired), "c"((unsigned long long)(desired >> 64))
                     : "memory");
    *expect = (unsigned __int128)hi << 64 | lo;
    return done;
}

unsigned __int128 atomic16_load(const void *p)
{
    unsigned __int128 r = 0;
    if (!__builtin_cpu_supports("avx")) {
        atomic16_cas((void *)p, &r, r);
        return r;
    }
    __m128i x;
    __asm__ volatile("movdqa %1, %0" : "=x"(x) : "m"(*(const __m128i *)p) : "memory");
    memcpy(&r, &x, sizeof r);
    return r;
}
