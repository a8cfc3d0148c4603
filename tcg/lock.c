/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that outlive their owners, by futexes. */
#include <errno.h>
#include <linux/futex.h>
#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lock.h"

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *limit)
{
    int e = errno;
    long r = syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, limit, NULL, FUTEX_BITSET_MATCH_ANY);
    r = r < 0 ? -errno : r;
    errno = e;
    return r;
}

uint32_t lock_thread_id(void) { return (uint32_t)syscall(SYS_gettid); }

/* A bitset's limit is a moment of CLOCK_MONOTONIC: it comes, however often a signal interrupts. */
bool lock_sleep(_Atomic uint32_t *word, uint32_t value, unsigned ms)
{
    struct timespec limit;
    long r;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += ms / 1000;
    limit.tv_nsec += (long)(ms % 1000) * 1000000;
    if (limit.tv_nsec >= 1000000000) {
        limit.tv_sec++;
        limit.tv_nsec -= 1000000000;
    }
    do r = futex(word, FUTEX_WAIT_BITSET, value, &limit);
    while (r == -EINTR);
    return r != -ETIMEDOUT;
}

void lock_wake(_Atomic uint32_t *word) { futex(word, FUTEX_WAKE, INT_MAX, NULL); }

/* A priority-inheriting futex looks its owner up: ESRCH for one that is gone, a zombie too, whom kill(2) still
 * finds. */
bool lock_gone(uint32_t id, uint32_t me)
{
    if (id == LOCK_DEAD)
        return true;
    if (!id || ((id | me) & LOCK_FOREIGN))
        return false;
    _Atomic uint32_t probe = id;
    return futex(&probe, FUTEX_TRYLOCK_PI, 0, NULL) == -ESRCH;
}

void lock_init(Lock *l) { atomic_store(&l->word, 0); }

/* A wake-up that a thread took into its grave, too, costs the others no more than their patience. */
static bool take_slowly(Lock *l, uint32_t me, uint32_t w)
{
    for (bool quiet = false; ; ) {
        uint32_t owner = w & ~(uint32_t)LOCK_WAIT, seen = w | LOCK_WAIT;
        if (!w || owner == LOCK_DEAD || (quiet && lock_gone(owner, me))) {
            if (atomic_compare_exchange_strong(&l->word, &w, me | LOCK_WAIT))
                return !w;
            continue;
        }
        if (w != seen && !atomic_compare_exchange_strong(&l->word, &w, seen))
            continue;
        quiet = !lock_sleep(&l->word, seen, LOCK_PATIENCE);
        w = atomic_load(&l->word);
    }
}

bool lock_take(Lock *l, uint32_t me)
{
    uint32_t w = 0;
    return atomic_compare_exchange_strong(&l->word, &w, me) || take_slowly(l, me, w);
}

void lock_drop(Lock *l)
{
    if (atomic_exchange(&l->word, 0) & LOCK_WAIT)
        futex(&l->word, FUTEX_WAKE, 1, NULL);
}

bool lock_bury(Lock *l, uint32_t id)
{
    uint32_t w = atomic_load(&l->word);
    while (id && (w & ~(uint32_t)LOCK_WAIT) == id)
        if (atomic_compare_exchange_strong(&l->word, &w, LOCK_DEAD | LOCK_WAIT)) {
            lock_wake(&l->word);
            return true;
        }
    return false;
}
