/* SPDX-License-Identifier: Apache-2.0 */
/* Shared pieces of the hand-written system calls. */
#include <errno.h>
#include <time.h>
#include "common-user/mm.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { IOV_MAX_KERNEL = 1024 };

int64_t sys_read_iov(Task *t, struct iovec *out, gaddr at, uint64_t n)
{
    if (n > IOV_MAX_KERNEL)
        return -EINVAL;
    unsigned word = linux_abi.word;
    uint8_t raw[2 * 8 * 64];
    for (uint64_t i = 0; i < n; ) {
        uint64_t part = n - i < 64 ? n - i : 64;
        int64_t r = gmem_read(t, raw, at + i * 2 * word, part * 2 * word);
        if (r < 0)
            return r;
        for (uint64_t j = 0; j < part; j++, i++) {
            uint64_t base = thunk_load(raw + j * 2 * word, word, false, linux_abi.big_endian);
            uint64_t len = thunk_load(raw + (j * 2 + 1) * word, word, false, linux_abi.big_endian);
            if (word == 4 ? (int32_t)len < 0 : (int64_t)len < 0)
                return -EINVAL;
            out[i] = (struct iovec){ gmem_host(t, base, len), len };
        }
    }
    return 0;
}

bool sys_unprotect_iov(Task *t, gaddr at, uint64_t n)
{
    return mm_watches_code(t->proc->mm) && sys_mend_iov(t, at, n);
}

bool sys_mend_iov(Task *t, gaddr at, uint64_t n)
{
    bool again = false;
    unsigned word = linux_abi.word;
    for (uint64_t i = 0; i < n && i < IOV_MAX_KERNEL; i++) {
        uint64_t base, len;
        if (gmem_get_word(t, at + 2 * i * word, &base) < 0 || gmem_get_word(t, at + (2 * i + 1) * word, &len) < 0)
            break;
        if (len)
            again |= mm_mend(t->proc->mm, base, len);
    }
    return again;
}

int64_t sys_get_struct(Task *t, const ThunkStruct *s, void *host, gaddr at)
{
    uint8_t raw[1024];
    int64_t r = gmem_read(t, raw, at, thunk_size(s, sys_model()));
    if (r == 0)
        thunk_to_host(s, sys_model(), host, raw, 1);
    return r;
}

int64_t sys_put_struct(Task *t, const ThunkStruct *s, gaddr at, const void *host)
{
    uint8_t raw[1024];
    if (!thunk_to_guest(s, sys_model(), raw, host, 1))
        return -EOVERFLOW;
    return gmem_write(t, at, raw, thunk_size(s, sys_model()));
}

/* Linux: the set is an array of unsigned long, so a 32-bit big-endian guest has its low word first. */
static uint64_t sigset_words(uint64_t v)
{
    return linux_abi.big_endian && linux_abi.word == 4 ? v << 32 | v >> 32 : v;
}

int64_t sys_get_sigset(Task *t, gaddr at, uint64_t size, uint64_t *mask)
{
    if (size != 8)
        return -EINVAL;
    int64_t r = gmem_get_u64(t, at, mask);
    if (r == 0)
        *mask = linux_mask_to_host(&linux_abi, sigset_words(*mask));
    return r;
}

void sys_sigset_to_guest(uint8_t out[8], uint64_t mask)
{
    thunk_store(out, 8, linux_abi.big_endian, sigset_words(linux_mask_to_guest(&linux_abi, mask)));
}

int64_t sys_put_sigset(Task *t, gaddr at, uint64_t mask)
{
    uint8_t raw[8];
    sys_sigset_to_guest(raw, mask);
    return gmem_write(t, at, raw, sizeof raw);
}

int64_t sys_get_timespec(Task *t, gaddr at, unsigned bytes, struct timespec *ts)
{
    return sys_get_struct(t, bytes == 8 ? &struct_timespec64 : &struct_timespec, ts, at);
}

int64_t sys_put_timespec(Task *t, gaddr at, unsigned bytes, const struct timespec *ts)
{
    return sys_put_struct(t, bytes == 8 ? &struct_timespec64 : &struct_timespec, at, ts);
}

int64_t sys_host_out(
    Task *t, gaddr at, uint64_t len, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    mm_unprotect_code(t->proc->mm, at, len);
    if (mm_in_gap(t->proc->mm, &at, 1))
        mm_grow(t->proc->mm, at);
    int64_t r = safe_syscall(t, nr, a, b, c, d, e, f);
    if (r == -EFAULT && mm_mend(t->proc->mm, at, len))
        r = safe_syscall(t, nr, a, b, c, d, e, f);
    return r;
}
