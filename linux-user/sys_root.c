/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that change what names mean: /proc, and with it the emulator's own file, may be out of sight behind them,
 * and execve needs that. */
#include <sys/syscall.h>
#include <errno.h>
#include "linux-user/exec_self.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

int64_t sys_chroot(Task *t, const char *path)
{
    if (!path)
        return -EFAULT;
    exec_self_keep(t->proc);
    return safe_syscall(t, SYS_chroot, path, 0L, 0L, 0L, 0L, 0L);
}

int64_t sys_pivot_root(Task *t, const char *new, const char *old)
{
    if (!new || !old)
        return -EFAULT;
    exec_self_keep(t->proc);
    return safe_syscall(t, SYS_pivot_root, new, old, 0L, 0L, 0L, 0L);
}

int64_t sys_umount2(Task *t, const char *target, uint32_t flags)
{
    if (!target)
        return -EFAULT;
    exec_self_keep(t->proc);
    return safe_syscall(t, SYS_umount2, target, (long)flags, 0L, 0L, 0L, 0L);
}
int64_t sys_umount(Task *t, const char *target) { return sys_umount2(t, target, 0); }

int64_t sys_setns(Task *t, int fd, uint64_t type)
{
    exec_self_keep(t->proc);
    return safe_syscall(t, SYS_setns, (long)fd, type, 0L, 0L, 0L, 0L);
}
