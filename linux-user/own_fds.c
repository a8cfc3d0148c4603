/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <linux/loop.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/ownfd.h"
#include "common-user/process.h"
#include "linux-user/own_fds.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* --- names */

/* "/proc/PID/fd/N", "/proc/PID/task/TID/fdinfo/N", wherever that proc is mounted: PID, and N (-1 for the directory). */
static bool parse_place(const char *place, int *pid, int *n)
{
    static const char *const forms[] = {
        "%d/fd%n/%d%n", "%d/fdinfo%n/%d%n", "%d/task/%*d/fd%n/%d%n", "%d/task/%*d/fdinfo%n/%d%n",
    };
    for (const char *at = strchr(place, '/'); at; at = strchr(at + 1, '/'))
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            int directory = 0, end = 0;
            *n = -1;
            sscanf(at + 1, forms[i], pid, &directory, n, &end);
            if (directory && (!at[1 + directory] || (end && !at[1 + end])))
                return true;
        }
    return false;
}

static bool is_us(int pid) { return pid == getpid() || !syscall(SYS_tgkill, getpid(), pid, 0); }

bool own_fds_marked(int fd) { return fcntl(fd, F_GETSIG) == OWNFD_MARK; }

bool own_fds_of(int pid, int fd)
{
    if (fd < 0)
        return false;
    if (is_us(pid))
        return ownfd_is(fd);
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    int copy = process >= 0 ? (int)syscall(SYS_pidfd_getfd, process, fd, 0) : -1;
    bool marked = copy >= 0 && own_fds_marked(copy);
    if (copy >= 0)
        close(copy);
    if (process >= 0)
        close(process);
    return marked;
}

bool own_fds_place(const char *place)
{
    int pid, n;
    return parse_place(place, &pid, &n) && own_fds_of(pid, n);
}

bool own_fds_directory(const char *place, int *pid)
{
    int n;
    return parse_place(place, pid, &n) && n < 0;
}

bool own_fds_in_path(int dirfd, const char *path, bool follow)
{
    if (!ownfd_any() && (strncmp(path, "/proc/", 6) || !strstr(path, "/fd")))
        return false;
    return path_meets(dirfd, path, follow, own_fds_place);
}

/* --- memory */

static int64_t in_message(Task *t, gaddr at)
{
    struct msghdr h;
    unsigned w = linux_abi.word;
    uint64_t len, head = 2 * (uint64_t)w > w + 8u ? 2 * (uint64_t)w : w + 8u;
    uint32_t level, type, fd;
    if (sys_get_struct(t, &struct_msghdr, &h, at))
        return 0;    /* the call itself will say */
    gaddr c = (uintptr_t)h.msg_control, end = c + h.msg_controllen;
    for (; c + head <= end; c += (len + w - 1) & ~(uint64_t)(w - 1)) {
        if (gmem_get_word(t, c, &len) || gmem_get_u32(t, c + w, &level) || gmem_get_u32(t, c + w + 4, &type))
            return 0;
        if (len < head || len > end - c)
            return 0;
        for (gaddr p = c + head; level == SOL_SOCKET && type == SCM_RIGHTS && p + 4 <= c + len; p += 4)
            if (!gmem_get_u32(t, p, &fd) && ownfd_is((int)fd))
                return -EBADF;
    }
    return 0;
}

static int64_t sendmsg_fds(Task *t, const uint64_t *g) { return in_message(t, g[1]); }

static int64_t sendmmsg_fds(Task *t, const uint64_t *g)
{
    unsigned w = linux_abi.word;
    uint64_t stride = (thunk_size(&struct_msghdr, sys_model()) + 4 + w - 1) & ~(uint64_t)(w - 1);
    int64_t r = 0;
    for (uint64_t i = 0; i < g[2] && i < 1024 && !r; i++)
        r = in_message(t, g[1] + i * stride);
    return r;
}

static bool word_is_own(Task *t, gaddr at)
{
    uint32_t v;
    return !gmem_get_u32(t, at, &v) && ownfd_is((int)v);
}

static int64_t landlock_fds(Task *t, const uint64_t *g)
{
    return g[1] == LANDLOCK_RULE_PATH_BENEATH && word_is_own(t, g[2] + 8) ? -EBADF : 0;
}

/* struct iocb: aio_fildes at 20, aio_resfd at 60 (linux/aio_abi.h). */
static int64_t io_submit_fds(Task *t, const uint64_t *g)
{
    uint64_t iocb;
    for (uint64_t i = 0; i < g[1] && i < 1024; i++) {
        if (gmem_get_word(t, g[2] + i * linux_abi.word, &iocb))
            return 0;
        if (word_is_own(t, iocb + 20) || word_is_own(t, iocb + 60))
            return -EBADF;
    }
    return 0;
}

static int64_t fcntl_fds(Task *t, const uint64_t *g)
{
    enum { DUPFD_QUERY = 1027 };
    return g[1] == DUPFD_QUERY && ownfd_is((int)g[2]) ? -EBADF : 0;
}

/* Requests that take a descriptor, as their argument (AT_VALUE) or at an offset of what that points to. */
enum { AT_VALUE = -1, NUMBER_BITS = 0x1fffffff, SET_OUTPUT = 0x2405, SET_SOCK = 0xab00, MOVE_EXT = 0xc028660f };
static const struct { uint32_t request; int at; } requests[] = {
    { FICLONE, AT_VALUE }, { FICLONERANGE, 0 },
    { LOOP_SET_FD, AT_VALUE }, { LOOP_CHANGE_FD, AT_VALUE }, { LOOP_CONFIGURE, 0 },
    { SET_OUTPUT, AT_VALUE }, { SET_SOCK, AT_VALUE }, { MOVE_EXT, 4 },
};

/* file_dedupe_range: dest_count at 16, from 24 on records of 32 bytes that begin with dest_fd, 64 bits. */
static int64_t dedupe_fds(Task *t, gaddr at)
{
    uint8_t raw[8];
    if (gmem_read(t, raw, at + 16, 2))
        return 0;
    uint64_t n = thunk_load(raw, 2, false, linux_abi.big_endian);
    for (uint64_t i = 0; i < n; i++) {
        if (gmem_read(t, raw, at + 24 + 32 * i, 8))
            return 0;
        if (ownfd_is((int)thunk_load(raw, 8, true, linux_abi.big_endian)))
            return -EBADF;
    }
    return 0;
}

/* PowerPC says size and direction with one bit more and one less; the rest of the number is the same. */
static int64_t ioctl_fds(Task *t, const uint64_t *g)
{
    uint8_t raw[8];
    if (((g[1] ^ FIDEDUPERANGE) & NUMBER_BITS) == 0)
        return dedupe_fds(t, g[2]);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if ((g[1] ^ requests[i].request) & NUMBER_BITS)
            continue;
        if (requests[i].at == AT_VALUE)
            return ownfd_is((int)g[2]) ? -EBADF : 0;
        unsigned bytes = requests[i].request == FICLONERANGE ? 8 : 4;
        if (gmem_read(t, raw, g[2] + (unsigned)requests[i].at, bytes))
            return 0;
        return ownfd_is((int)thunk_load(raw, bytes, true, linux_abi.big_endian)) ? -EBADF : 0;
    }
    return 0;
}

int64_t own_fds_carried(Task *t, const SysDesc *d, const uint64_t *g)
{
    static const struct { const char *name; int64_t (*fds)(Task *, const uint64_t *); } carriers[] = {
        { "sendmsg", sendmsg_fds }, { "sendmmsg", sendmmsg_fds }, { "ioctl", ioctl_fds },
        { "fcntl", fcntl_fds }, { "fcntl64", fcntl_fds },
        { "landlock_add_rule", landlock_fds }, { "io_submit", io_submit_fds },
    };
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (!strcmp(d->name, carriers[i].name))
            return carriers[i].fds(t, g);
    return 0;
}

void own_fds_poll(void *fds, uint64_t n, bool hide)
{
    enum { HIDDEN = 1 << 30 };      /* beyond every table of descriptors */
    struct pollfd *p = fds;
    for (uint64_t i = 0; i < n; i++) {
        int plain = p[i].fd & ~HIDDEN;
        if (p[i].fd >= 0 && ownfd_is(plain))
            p[i].fd = hide ? plain | HIDDEN : plain;
    }
}
