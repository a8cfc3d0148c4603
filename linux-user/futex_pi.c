/* SPDX-License-Identifier: Apache-2.0 */
 /* Priority-inheritance futexes in the guest's byte order (futex(2), "Priority-inheritance futexes"; Linux:
  * kernel/futex/pi.c, requeue.c). The word holds the owner's thread id, FUTEX_WAITERS and FUTEX_OWNER_DIED, which
  * the host kernel would write in its own order: so they are written here, and who must wait does so on the word as
  * a plain futex. What this does not give: the owner does not inherit a priority, an unlocked word may be taken by
  * another than the first who waits, and of deadlocks only the one with oneself is found. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "common-user/host.h"
#include "linux-user/futex_pi.h"
#include "linux-user/sys_common.h"

enum { LOOK_NS = 200000000 };       /* so often a waiter looks whether the owner lives: nobody else could tell it */

static bool by_realtime(const FutexPi *f) { return f->cmd == FUTEX_LOCK_PI || (f->flags & FUTEX_CLOCK_REALTIME); }

/* Has the thread memory? A zombie has none. What cannot be asked lives. */
static bool lives(uint32_t tid)
{
    char c;
    struct iovec mine = { &c, 1 }, theirs = { NULL, 1 };
    return host_syscall(SYS_process_vm_readv, (long)tid, (long)&mine, 1, (long)&theirs, 1, 0) != -ESRCH;
}

/* One wait for a change of the word, until `until` or the next look. 0; -ETIMEDOUT: time for a look; or a restart. */
static int64_t wait_a_while(Task *t, const FutexPi *f, gaddr at, uint32_t v)
{
    struct timespec look;
    bool real = by_realtime(f);
    clock_gettime(real ? CLOCK_REALTIME : CLOCK_MONOTONIC, &look);
    look.tv_nsec += LOOK_NS;
    if (look.tv_nsec >= 1000000000) {
        look.tv_nsec -= 1000000000;
        look.tv_sec++;
    }
    const struct timespec *u = f->until;
    if (u && (u->tv_sec < look.tv_sec || (u->tv_sec == look.tv_sec && u->tv_nsec < look.tv_nsec)))
        look = *u;
    long op = FUTEX_WAIT_BITSET | (f->flags & FUTEX_PRIVATE_FLAG) | (real ? FUTEX_CLOCK_REALTIME : 0);
    int64_t r = safe_syscall(t, SYS_futex, gmem_host(t, at, 4), op, (long)gmem_swap32(t, v), &look, NULL,
        (long)FUTEX_BITSET_MATCH_ANY);
    return r == -EAGAIN ? 0 : r;
}

static bool is_over(const FutexPi *f)
{
    struct timespec now;
    if (!f->until)
        return false;
    clock_gettime(by_realtime(f) ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    return now.tv_sec > f->until->tv_sec || (now.tv_sec == f->until->tv_sec && now.tv_nsec >= f->until->tv_nsec);
}

/* 0: it is t's. -EAGAIN: another has it; *seen. bits: to be set when it is taken. */
static int64_t take(Task *t, gaddr at, uint32_t bits, uint32_t *seen)
{
    for (;;) {
        uint32_t v, old;
        int64_t r = gmem_get_u32(t, at, &v);
        *seen = v;
        if (r < 0)
            return r;
        if ((v & FUTEX_TID_MASK) == (uint32_t)t->tid)
            return -EDEADLK;
        if (v & FUTEX_TID_MASK)
            return -EAGAIN;
        if ((r = gmem_cas_u32(t, at, v, (uint32_t)t->tid | v | bits, &old)) < 0)
            return r;
        if (old == v)
            return 0;
    }
}

static int64_t lock(Task *t, const FutexPi *f, gaddr at)
{
    uint32_t v, old, bits = 0, dead_at_first = 0;
    int64_t r;
    while ((r = take(t, at, bits, &v)) == -EAGAIN) {
        uint32_t owner = v & FUTEX_TID_MASK;
        if (!bits && !lives(owner))
            dead_at_first = owner;
        if (!(v & FUTEX_WAITERS)) {
            if ((r = gmem_cas_u32(t, at, v, v | FUTEX_WAITERS, &old)) < 0)
                return r;
            if (old != v)
                continue;
            v |= FUTEX_WAITERS;
        }
        bits = FUTEX_WAITERS;       /* who has waited does not know who else does */
        r = wait_a_while(t, f, at, v);
        if (r != 0 && r != -ETIMEDOUT)
            return r;
        if (r == 0)
            continue;
        if (!lives(owner)) {        /* a robust list would have told by now */
            if (owner == dead_at_first)
                return -ESRCH;
            if ((r = gmem_cas_u32(t, at, v, (uint32_t)t->tid | FUTEX_OWNER_DIED | bits, &old)) < 0)
                return r;
            if (old == v)
                return 0;
        } else if (is_over(f)) {
            return -ETIMEDOUT;
        }
    }
    return r;
}

static int64_t try_lock(Task *t, gaddr at)
{
    uint32_t v;
    int64_t r = take(t, at, 0, &v);
    return r == -EAGAIN && !lives(v & FUTEX_TID_MASK) ? -ESRCH : r;
}

static int64_t unlock(Task *t, const FutexPi *f)
{
    for (;;) {
        uint32_t v, old;
        int64_t r = gmem_get_u32(t, f->at, &v);
        if (r < 0)
            return r;
        if ((v & FUTEX_TID_MASK) != (uint32_t)t->tid)
            return -EPERM;
        if ((r = gmem_cas_u32(t, f->at, v, 0, &old)) < 0)
            return r;
        if (old == v)
            break;
    }
    /* no signal in between: there is no second time */
    host_syscall(SYS_futex, (long)gmem_host(t, f->at, 4), FUTEX_WAKE | (f->flags & FUTEX_PRIVATE_FLAG), 1, 0, 0, 0);
    return 0;
}

/* Waits on one word, then has the lock of the other. */
static int64_t wait_requeue(Task *t, const FutexPi *f)
{
    int64_t r = safe_syscall(t, SYS_futex, gmem_host(t, f->at, 4), (long)(FUTEX_WAIT_BITSET | f->flags),
        (long)gmem_swap32(t, f->val), f->until, NULL, (long)FUTEX_BITSET_MATCH_ANY);
    if (r < 0)
        return r == -ERESTARTSYS || r == -EINTR ? -ERESTARTNOINTR : r;
    r = lock(t, f, f->at2);
    return r == -EINTR || (r <= -ERESTARTSYS && r >= -ERESTARTNOHAND) ? -EAGAIN : r;
}

/* Those who would be moved are woken, and meet at the lock. */
static int64_t cmp_requeue(Task *t, const FutexPi *f)
{
    if (f->val != 1)
        return -EINVAL;
    uint64_t n = 1 + (uint64_t)f->val2;
    return safe_syscall(t, SYS_futex, gmem_host(t, f->at, 4), (long)(FUTEX_CMP_REQUEUE | f->flags),
        (long)(n > INT32_MAX ? INT32_MAX : n), 0L, gmem_host(t, f->at2, 4), (long)gmem_swap32(t, f->val3));
}

int64_t futex_pi(Task *t, const FutexPi *f)
{
    bool two = f->cmd == FUTEX_WAIT_REQUEUE_PI || f->cmd == FUTEX_CMP_REQUEUE_PI;
    if ((f->flags & FUTEX_CLOCK_REALTIME) && f->cmd != FUTEX_WAIT_REQUEUE_PI &&
        f->cmd != FUTEX_LOCK_PI2) return -ENOSYS;
    if ((f->at & 3) || (two && ((f->at2 & 3) || f->at == f->at2)))
        return -EINVAL;
    if (f->until && (f->until->tv_sec < 0 || f->until->tv_nsec < 0 || f->until->tv_nsec > 999999999))
        return -EINVAL;
    int64_t r;
    switch (f->cmd) {
    case FUTEX_TRYLOCK_PI: return try_lock(t, f->at);
    case FUTEX_UNLOCK_PI: return unlock(t, f);
    case FUTEX_WAIT_REQUEUE_PI: return wait_requeue(t, f);
    case FUTEX_CMP_REQUEUE_PI: return cmp_requeue(t, f);
    default: r = lock(t, f, f->at); return r == -EINTR || r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
    }
}
