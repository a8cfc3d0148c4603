/* SPDX-License-Identifier: Apache-2.0 */
/* futex: the words are compared by the host kernel in guest memory, so expected values are given in the guest's byte
 * order; timeouts are converted.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include "linux-user/futex_pi.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

static bool has_timeout(int cmd)
{
    return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
        cmd == FUTEX_WAIT_REQUEUE_PI;
}
static bool is_pi(int cmd)
{
    return cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_UNLOCK_PI || cmd == FUTEX_TRYLOCK_PI ||
        cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_CMP_REQUEUE_PI;
}

static uint32_t wake_operation(int op, uint32_t old, uint32_t arg)
{
    switch (op & 7) {
    case FUTEX_OP_SET: return arg;
    case FUTEX_OP_ADD: return old + arg;
    case FUTEX_OP_OR: return old | arg;
    case FUTEX_OP_ANDN: return old & ~arg;
    default: return old ^ arg;
    }
}
static bool wake_condition(int cmp, int32_t old, int32_t arg)
{
    switch (cmp) {
    case FUTEX_OP_CMP_EQ: return old == arg;
    case FUTEX_OP_CMP_NE: return old != arg;
    case FUTEX_OP_CMP_LT: return old < arg;
    case FUTEX_OP_CMP_LE: return old <= arg;
    case FUTEX_OP_CMP_GT: return old > arg;
    default: return old >= arg;
    }
}

/* FUTEX_WAKE_OP in the other byte order: the kernel cannot do the arithmetic, so do it here and wake twice. */
static int64_t wake_op(Task *t, void *at1, int flags, uint32_t n1, uint64_t n2, gaddr addr2, uint32_t code)
{
    int op = code >> 28 & 15, cmp = code >> 24 & 15, oparg = (int)(code << 8) >> 20, cmparg = (int)(code << 20) >> 20;
    uint32_t old, arg = op & FUTEX_OP_OPARG_SHIFT ? 1u << (oparg & 31) : (uint32_t)oparg;
    if ((op & 7) > FUTEX_OP_XOR || cmp > FUTEX_OP_CMP_GE)
        return -ENOSYS;
    int64_t r = gmem_get_u32(t, addr2, &old);
    for (uint32_t expect = old; r == 0; expect = old)
        if ((r = gmem_cas_u32(t, addr2, expect, wake_operation(op, expect, arg), &old)) == 0 && old == expect)
            break;
    if (r < 0)
        return r;
    r = safe_syscall(t, SYS_futex, at1, (long)(FUTEX_WAKE | flags), (long)n1, 0L, 0L, 0L);
    if (r < 0 || !wake_condition(cmp, old, cmparg))
        return r;
    int64_t second =
        safe_syscall(t, SYS_futex, gmem_host(t, addr2, 4), (long)(FUTEX_WAKE | flags), (long)n2, 0L, 0L, 0L);
    return second < 0 ? second : r + second;
}

static int64_t futex(
    Task *t, gaddr uaddr, uint32_t op, uint32_t val, gaddr timeout, gaddr uaddr2, uint32_t val3, unsigned ts_bytes)
{
    int cmd = op & FUTEX_CMD_MASK, flags = op & ~FUTEX_CMD_MASK;
    struct timespec ts;
    uint64_t val2 = timeout;
    void *at1 = gmem_host(t, uaddr, 4), *at2 = gmem_host(t, uaddr2, 4);
    if (has_timeout(cmd) && timeout) {
        int64_t r = sys_get_timespec(t, timeout, ts_bytes, &ts);
        if (r < 0)
            return r;
        val2 = (uintptr_t)&ts;
    }
    if (is_pi(cmd) && linux_abi.big_endian)
        return futex_pi(t, &(FutexPi){ cmd, flags, uaddr, uaddr2, val, (uint32_t)timeout, val3,
            has_timeout(cmd) && timeout ? &ts : NULL });
    if (cmd == FUTEX_WAKE_OP && linux_abi.big_endian)
        return wake_op(t, at1, flags, val, val2, uaddr2, val3);
    if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI)
        val = gmem_swap32(t, val);
    if (cmd == FUTEX_CMP_REQUEUE || cmd == FUTEX_CMP_REQUEUE_PI)
        val3 = gmem_swap32(t, val3);
    int64_t r = safe_syscall(t, SYS_futex, at1, (long)op, (long)val, val2, at2, (long)val3);
    return r == -ERESTARTSYS && is_pi(cmd) ? -ERESTARTNOINTR : r;       /* those never fail with EINTR (futex_lock_pi,
                                                                         * requeue) */
}

int64_t sys_futex(Task *t, gaddr uaddr, uint32_t op, uint32_t val, gaddr timeout, gaddr uaddr2, uint32_t val3)
{
    return futex(t, uaddr, op, val, timeout, uaddr2, val3, linux_abi.word);
}
int64_t sys_futex_time64(Task *t, gaddr uaddr, uint32_t op, uint32_t val, gaddr timeout, gaddr uaddr2, uint32_t val3)
{
    return futex(t, uaddr, op, val, timeout, uaddr2, val3, 8);
}

int64_t sys_futex_waitv(Task *t, gaddr waiters, uint32_t n, uint32_t flags, gaddr timeout, uint64_t clock)
{
    struct futex_waitv v[FUTEX_WAITV_MAX];
    struct timespec ts;
    int64_t r = 0;
    if (flags || !n || n > FUTEX_WAITV_MAX || !waiters)
        return -EINVAL;
    if (timeout && (r = sys_get_timespec(t, timeout, 8, &ts)) < 0)
        return r;
    for (uint32_t i = 0; i < n && r == 0; i++) {
        if ((r = sys_get_struct(
                 t, &struct_futex_waitv, &v[i], waiters + i * thunk_size(&struct_futex_waitv, sys_model()))) < 0)
            return r;
        v[i].uaddr = (uintptr_t)gmem_host(t, v[i].uaddr, 4);
        if ((v[i].flags & ~FUTEX_PRIVATE_FLAG) == FUTEX_32)
            v[i].val = gmem_swap32(t, (uint32_t)v[i].val);
    }
    return safe_syscall(t, 449 /* futex_waitv */, v, (long)n, 0L, timeout ? &ts : NULL, (long)clock, 0L);
}
