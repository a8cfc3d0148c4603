/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl. Guests with the host's layout and numbers pass straight through; others go by rows (desc/ioctl_*.sys). A
 * number without a row passes when its own encoding says that there is no pointer; the rest is ENOTTY, named under -d
 * unimp.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "common-user/log.h"
#include "linux-user/sys_common.h"
#include "linux-user/sys_ioctl.h"
#include "linux-user/sysrows.h"

enum { DIR_INT = 8 };

/* --- rows */
const IoctlDesc *ioctl_row(uint32_t cmd)
{
    for (int i = 0; i < ioctl_nrows; i++)
        if ((sys_foreign() ? ioctl_rows[i].guest[sys_table.family] : ioctl_rows[i].host) == cmd && cmd)
            return &ioctl_rows[i];
    return NULL;
}

/* A request of a guest that is like the host, but for the structure of this one. */
static const IoctlDesc *unlike_row(uint32_t cmd)
{
    for (const uint16_t *i = ioctl_everywhere; *i != UINT16_MAX; i++)
        if (ioctl_rows[*i].host == cmd)
            return &ioctl_rows[*i];
    return NULL;
}

static int64_t by_row(Task *t, int fd, const IoctlDesc *row, gaddr arg)
{
    _Alignas(16) uint8_t host[1024] = { 0 };
    if (!row->type)
        return safe_syscall(t, SYS_ioctl, (long)fd, (long)row->host, arg, 0L, 0L, 0L);
    int64_t r = row->dir & DIR_IN ? sys_get_struct(t, row->type, host, arg) : 0;
    if (r < 0)
        return r;
    r = safe_syscall(t, SYS_ioctl, (long)fd, (long)row->host, host, 0L, 0L, 0L);
    if (r < 0 || !(row->dir & DIR_OUT))
        return r;
    int64_t e = sys_put_struct(t, row->type, arg, host);
    return e < 0 ? e : r;
}

/* Number of a pointer-free request in the host's encoding, 0 when it has a pointer or cannot be told. */
static uint32_t without_pointer(uint32_t cmd)
{
    if (sys_table.family == FAMILY_PPC)
        return cmd >> 29 == 1 && !(cmd >> 16 & 0x1fff) ? cmd & 0xffff : 0;
    return cmd >> 30 == 0 && !(cmd >> 16 & 0x3fff) && (cmd >> 8 & 0xff) != 'T' && (cmd >> 8 & 0xff) != 0x89 ? cmd : 0;
}

/* Is the argument no pointer, by its row? */
static bool is_number(uint32_t cmd)
{
    const IoctlDesc *row = ioctl_row(cmd);
    return row && !row->type;
}

int64_t sys_ioctl(Task *t, int fd, uint32_t cmd, gaddr arg)
{
    int64_t r;
    if (linux_abi.ioctl && linux_abi.ioctl(t, fd, cmd, arg, &r))
        return r;
    if ((sys_foreign() || t->cpu->mem_base) && ioctl_in_parts(t, fd, cmd, arg, &r))
        return r;
    if (!sys_foreign()) {
        const IoctlDesc *unlike = unlike_row(cmd);
        if (unlike)
            return by_row(t, fd, unlike, arg);
        if (t->cpu->mem_base && is_number(cmd))
            return safe_syscall(t, SYS_ioctl, (long)fd, (long)cmd, arg, 0L, 0L, 0L);
        if (t->tags && !is_number(cmd))
            arg = arch_untag(t->proc->arch, arg);
        uint32_t size = cmd >> 16 & 0x3fff;             /* as the number says it (asm-generic/ioctl.h); old numbers say
                                                         * nothing */
        return sys_host_out(
            t, arg, size ? size : 64, SYS_ioctl, fd, cmd, arg ? (uintptr_t)arg + t->cpu->mem_base : 0, 0, 0, 0);
    }
    const IoctlDesc *row = ioctl_row(cmd);
    if (row)
        return by_row(t, fd, row, arg);
    uint32_t plain = without_pointer(cmd);
    if (plain)
        return safe_syscall(t, SYS_ioctl, (long)fd, (long)plain, arg, 0L, 0L, 0L);
    if (log_on(LOG_unimp))
        log_printf("unsupported ioctl: 0x%x\n", cmd);
    return safe_syscall(t, SYS_ioctl, (long)fd, 0x7fffff00L, 0L, 0L, 0L, 0L) == -EBADF ? -EBADF : -ENOTTY;
}
