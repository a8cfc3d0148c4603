/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for descriptors with a temporary signal mask; descriptor sets of select. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include "common-user/ownfd.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* Puts the guest's mask in force until the end of the call; *host is what the host call applies. */
static int64_t take_mask(Task *t, gaddr at, uint64_t size, uint64_t *host, uint64_t **use)
{
    uint64_t m;
    *use = NULL;
    if (!at)
        return 0;
    int64_t r = sys_get_sigset(t, at, size, &m);
    if (r < 0)
        return r;
    *host = signal_temp_mask(t, m);
    *use = host;
    return 0;
}

/* Linux: a wait with a signal mask is never restarted after a handler ran. */
static int64_t no_restart(int64_t r)
{
    return r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
}

int64_t sys_ppoll(Task *t, void *fds, uint32_t n, void *timeout, gaddr mask, uint64_t size)
{
    uint64_t host, *use;
    int64_t r = take_mask(t, mask, size, &host, &use);
    return r < 0 ? r : no_restart(safe_syscall(t, SYS_ppoll, fds, (long)n, timeout, use, 8L, 0L));
}
int64_t sys_ppoll_time64(Task *t, void *fds, uint32_t n, void *timeout, gaddr mask, uint64_t size)
{
    return sys_ppoll(t, fds, n, timeout, mask, size);
}

/* --- select: sets are arrays of unsigned long; the host's are a plain little-endian bit string */
enum { SET_BYTES = 8192, SET_BITS = SET_BYTES * 8 };
typedef struct FdSets { uint64_t set[3][SET_BYTES / 8]; gaddr at[3]; size_t bytes; } FdSets;

static int64_t sets_read(Task *t, FdSets *s, int n, const gaddr at[3])
{
    unsigned w = linux_abi.word;
    uint8_t raw[SET_BYTES];
    if (n < 0)
        return -EINVAL;
    if (n > SET_BITS)
        n = SET_BITS;
    s->bytes = (n + 8 * w - 1) / (8 * w) * w;
    for (int i = 0; i < 3; i++) {
        s->at[i] = at[i];
        if (!at[i])
            continue;
        memset(s->set[i], 0, (s->bytes + 7) & ~7ul);
        int64_t r = gmem_read(t, raw, at[i], s->bytes);
        if (r < 0)
            return r;
        for (size_t j = 0; j < s->bytes; j += w)
            thunk_store((uint8_t *)s->set[i] + j, w, false, thunk_load(raw + j, w, false, linux_abi.big_endian));
    }
    return 0;
}

static int64_t sets_write(Task *t, const FdSets *s)
{
    unsigned w = linux_abi.word;
    uint8_t raw[SET_BYTES];
    for (int i = 0; i < 3; i++) {
        if (!s->at[i])
            continue;
        for (size_t j = 0; j < s->bytes; j += w)
            thunk_store(raw + j, w, linux_abi.big_endian, thunk_load((const uint8_t *)s->set[i] + j, w, false, false));
        int64_t r = gmem_write(t, s->at[i], raw, s->bytes);
        if (r < 0)
            return r;
    }
    return 0;
}

static int64_t do_select(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, struct timespec *timeout, const uint64_t *mask)
{
    FdSets s;
    struct { const uint64_t *mask; uint64_t size; } sig = { mask, 8 };
    int64_t r = sets_read(t, &s, n, (gaddr[3]){ rd, wr, ex });
    if (r < 0)
        return r;
    if (n > SET_BITS)
        n = SET_BITS;
    for (int fd = ownfd_next(0); fd >= 0 && fd < n; fd = ownfd_next(fd + 1))
        for (int i = 0; i < 3; i++)
            if (s.at[i] && s.set[i][fd / 64] >> fd % 64 & 1)
                return -EBADF;
    r = safe_syscall(t, SYS_pselect6, (long)n, rd ? s.set[0] : NULL, wr ? s.set[1] : NULL, ex ? s.set[2] : NULL,
        timeout, mask ? &sig : NULL);
    if (r < 0)
        return no_restart(r);
    int64_t e = sets_write(t, &s);
    return e < 0 ? e : r;
}

int64_t sys_select(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, void *timeout)
{
    struct timeval *tv = timeout;
    struct timespec ts;
    if (tv) {
        if (tv->tv_sec < 0 || tv->tv_usec < 0)
            return -EINVAL;
        ts = (struct timespec){ tv->tv_sec + tv->tv_usec / 1000000, tv->tv_usec % 1000000 * 1000 };
    }
    int64_t r = do_select(t, n, rd, wr, ex, tv ? &ts : NULL, NULL);
    if (tv) *tv = (struct timeval){ ts.tv_sec, ts.tv_nsec / 1000 };
    return r;
}
int64_t sys__newselect(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, void *timeout)
{
    return sys_select(t, n, rd, wr, ex, timeout);
}

/* Linux: a first argument that is no plausible count is a pointer to the five arguments of old. */
int64_t sys_ppc_select(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, gaddr timeout)
{
    uint64_t v[5] = { n, rd, wr, ex, timeout };
    struct timeval tv;
    int64_t r = 0;
    if ((uint32_t)n > 4096)
        for (int i = 0; i < 5; i++)
            if ((r = gmem_get_word(t, (uint32_t)n + i * linux_abi.word, &v[i])) < 0)
                return r;
    if (v[4] && (r = sys_get_struct(t, &struct_timeval, &tv, v[4])) < 0)
        return r;
    r = sys_select(t, (int)v[0], v[1], v[2], v[3], v[4] ? &tv : NULL);
    if (r >= 0 && v[4])
        sys_put_struct(t, &struct_timeval, v[4], &tv);
    return r;
}

int64_t sys_pselect6(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, void *timeout, gaddr sig)
{
    uint64_t mask_at = 0, size = 0, host, *use = NULL;
    int64_t r = 0;
    if (sig && ((r = gmem_get_word(t, sig, &mask_at)) < 0 || (r = gmem_get_word(t, sig + linux_abi.word, &size)) < 0))
        return r;
    r = take_mask(t, mask_at, size, &host, &use);
    return r < 0 ? r : do_select(t, n, rd, wr, ex, timeout, use);
}
int64_t sys_pselect6_time64(Task *t, int n, gaddr rd, gaddr wr, gaddr ex, void *timeout, gaddr sig)
{
    return sys_pselect6(t, n, rd, wr, ex, timeout, sig);
}

int64_t sys_epoll_pwait(Task *t, int epfd, void *events, int max, int timeout, gaddr mask, uint64_t size)
{
    uint64_t host, *use;
    int64_t r = take_mask(t, mask, size, &host, &use);
    return r < 0 ? r : safe_syscall(t, SYS_epoll_pwait, (long)epfd, events, (long)max, (long)timeout, use, 8L);
}

int64_t sys_epoll_pwait2(Task *t, int epfd, void *events, int max, void *timeout, gaddr mask, uint64_t size)
{
    uint64_t host, *use;
    int64_t r = take_mask(t, mask, size, &host, &use);
    return r < 0 ? r : safe_syscall(t, SYS_epoll_pwait2, (long)epfd, events, (long)max, timeout, use, 8L);
}
