/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common-user/ownfd.h"

enum { MAX_KEPT = 1024, HIGHEST = 4096, ROOM = 64 };

/* slot: descriptor + 1, 0 free. Slots from `used` on were never taken. */
static struct { _Atomic int slot[MAX_KEPT]; _Atomic int used; } kept;

/* Near the top of what the limit allows, but no higher than keeps the kernel's table small. */
static int to_high(int fd)
{
    struct rlimit lim;
    long top = !getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur < HIGHEST ? (long)lim.rlim_cur : HIGHEST;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, top > 2 * ROOM ? (int)top - ROOM : (int)top / 2);
    return high >= 0 ? high : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int ownfd_keep(int fd)
{
    int high = to_high(fd);
    close(fd);
    if (high >= 0)
        fcntl(high, F_SETSIG, OWNFD_MARK);
    for (int i = 0; high >= 0 && i < MAX_KEPT; i++) {
        int none = 0;
        if (!atomic_compare_exchange_strong(&kept.slot[i], &none, high + 1))
            continue;
        for (int used = atomic_load(&kept.used);
             used <= i && !atomic_compare_exchange_weak(&kept.used, &used, i + 1);) {}
        return i;
    }
    if (high >= 0)
        close(high);
    return OWNFD_NONE;
}

int ownfd_get(int handle)
{
    return handle < 0 ? -1 : atomic_load_explicit(&kept.slot[handle], memory_order_relaxed) - 1;
}
bool ownfd_any(void) { return atomic_load_explicit(&kept.used, memory_order_relaxed) != 0; }

void ownfd_close(int handle)
{
    int fd = ownfd_get(handle);
    if (fd < 0)
        return;
    close(fd);
    atomic_store(&kept.slot[handle], 0);
}

static int find(int fd)
{
    for (int i = 0, n = atomic_load(&kept.used); i < n; i++)
        if (ownfd_get(i) == fd)
            return i;
    return OWNFD_NONE;
}

bool ownfd_is(int fd) { return fd >= 0 && ownfd_any() && find(fd) != OWNFD_NONE; }

int ownfd_next(int from)
{
    int best = -1;
    for (int i = 0, n = atomic_load(&kept.used); i < n; i++) {
        int fd = ownfd_get(i);
        if (fd >= from && (best < 0 || fd < best))
            best = fd;
    }
    return best;
}

void ownfd_yield(int fd)
{
    int handle = fd >= 0 && ownfd_any() ? find(fd) : OWNFD_NONE;
    if (handle == OWNFD_NONE)
        return;
    int moved = to_high(fd);
    if (moved >= 0)
        atomic_store(&kept.slot[handle], moved + 1);
}
