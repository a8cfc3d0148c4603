/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and timers that rows alone cannot say: old time calls, sigevent. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

int64_t sys_time(Task *t, gaddr at)
{
    time_t now = time(NULL);
    int64_t r = at ? gmem_put_word(t, at, now) : 0;
    return r < 0 ? r : (int64_t)now;
}

int64_t sys_stime(Task *t, void *at)
{
    if (!at)
        return -EFAULT;
    struct timespec ts = { *(const long *)at, 0 };
    return safe_syscall(t, SYS_clock_settime, (long)CLOCK_REALTIME, &ts, 0L, 0L, 0L, 0L);
}

/* struct sigevent: value (pointer union), signo, notify, tid. The kernel's own layout has no padding before tid. */
static int64_t get_sigevent(Task *t, gaddr at, uint8_t out[64])
{
    unsigned w = linux_abi.word;
    uint64_t value;
    uint32_t signo, notify, tid;
    int64_t r;
    if ((r = gmem_get_word(t, at, &value)) < 0 || (r = gmem_get_u32(t, at + w, &signo)) < 0 ||
        (r = gmem_get_u32(t, at + w + 4, &notify)) < 0 || (r = gmem_get_u32(t, at + w + 8, &tid)) < 0)
        return r;
    memset(out, 0, 64);
    thunk_store(out, 8, false, value);
    thunk_store(out + 8, 4, false, linux_sig_to_host(&linux_abi, signo));
    thunk_store(out + 12, 4, false, notify);
    thunk_store(out + 16, 4, false, tid);
    return 0;
}

int64_t sys_timer_create(Task *t, uint64_t clock, gaddr event, void *id)
{
    uint8_t ev[64];
    int64_t r = event ? get_sigevent(t, event, ev) : 0;
    if (r < 0)
        return r;
    if (!id)
        return -EFAULT;
    return safe_syscall(t, SYS_timer_create, (long)clock, event ? ev : NULL, id, 0L, 0L, 0L);
}

int64_t sys_mq_notify(Task *t, int fd, gaddr event)
{
    uint8_t ev[64];
    int64_t r = event ? get_sigevent(t, event, ev) : 0;
    if (r == 0 && event && thunk_load(ev + 12, 4, false, false) == SIGEV_THREAD) {
        /* value is a 32-byte cookie in guest memory, delivered as it is */
        thunk_store(ev, 8, false, (uintptr_t)gmem_host(t, thunk_load(ev, 8, false, false), 32));
    }
    return r < 0 ? r : safe_syscall(t, SYS_mq_notify, (long)fd, event ? ev : NULL, 0L, 0L, 0L, 0L);
}
