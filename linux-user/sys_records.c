/* SPDX-License-Identifier: Apache-2.0 */
/* read and write of big-endian guests: descriptors of the kernel that carry integers (eventfd, timerfd, signalfd, inotify)
 * give records in host byte order. What a descriptor is comes from the kernel itself (its anonymous inode's name), so
 * dup, fork, exec and passing over a socket need no bookkeeping; only transfers of a possible record size are looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/log.h"
#include "linux-user/sys_common.h"
#include "linux-user/sys_netlink.h"
#include "linux-user/sysrows.h"

typedef enum RecordKind { RECORD_NONE, RECORD_U64, RECORD_SIGNAL, RECORD_INOTIFY } RecordKind;

static RecordKind record_kind(int fd)
{
    static const struct { const char *name; RecordKind kind; } names[] = {
        { "anon_inode:[eventfd]", RECORD_U64 }, { "anon_inode:[timerfd]", RECORD_U64 },
        { "anon_inode:[signalfd]", RECORD_SIGNAL }, { "anon_inode:inotify", RECORD_INOTIFY },
    };
    struct stat st;
    char path[64], name[64];
    if (fstat(fd, &st) || st.st_mode & S_IFMT) return RECORD_NONE;     /* anonymous inodes have no type */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, name, sizeof name - 1);
    if (n <= 0) return RECORD_NONE;
    name[n] = 0;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) if (!strcmp(name, names[i].name)) return names[i].kind;
    return RECORD_NONE;
}

static void swap(uint8_t *p, unsigned bytes)
{
    thunk_store(p, bytes, true, thunk_load(p, bytes, false, false));
}

static void swap_signal(uint8_t *p)
{
    /* sys/signalfd.h: ten words, four 64-bit, one u16 pair, one word, two 64-bit, arch */
    static const struct { uint8_t off, bytes; } f[] = {
        { 0, 4 }, { 4, 4 }, { 8, 4 }, { 12, 4 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, { 28, 4 }, { 32, 4 }, { 36, 4 }, { 40, 4 }, { 44, 4 },
        { 48, 8 }, { 56, 8 }, { 64, 8 }, { 72, 8 }, { 80, 2 }, { 84, 4 }, { 88, 8 }, { 96, 4 },
    };
    for (unsigned i = 0; i < sizeof f / sizeof *f; i++) swap(p + f[i].off, f[i].bytes);
}

static void swap_records(RecordKind kind, uint8_t *p, size_t len)
{
    switch (kind) {
    case RECORD_U64: for (size_t i = 0; i + 8 <= len; i += 8) swap(p + i, 8); break;
    case RECORD_SIGNAL: for (size_t i = 0; i + 128 <= len; i += 128) swap_signal(p + i); break;
    case RECORD_INOTIFY:
        for (size_t i = 0, name; i + 16 <= len; i += 16 + name) {
            name = thunk_load(p + i + 12, 4, false, false);
            for (int j = 0; j < 16; j += 4) swap(p + i + j, 4);
        }
        break;
    default: break;
    }
}

static int64_t convert_in_guest(Task *t, gaddr buf, size_t len, RecordKind kind)
{
    uint8_t raw[16384];
    if (len > sizeof raw) return -EINVAL;
    int64_t r = gmem_read(t, raw, buf, len);
    if (r < 0) return r;
    swap_records(kind, raw, len);
    return gmem_write(t, buf, raw, len);
}

int64_t sys_read(Task *t, int fd, gaddr buf, uint64_t count)
{
    struct iovec v = { gmem_host(t, buf, count), count };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    if (count >= 16 && netlink_converts(fd)) return netlink_receive(t, fd, &m, 0);
    if (linux_abi.big_endian && count > 16384 && record_kind(fd) != RECORD_NONE) count = 16384;
    int64_t r = sys_host_out(t, buf, count, SYS_read, fd, (uintptr_t)gmem_host(t, buf, count), count, 0, 0, 0);
    if (r < 8 || !linux_abi.big_endian || r % 8) return r;
    RecordKind kind = record_kind(fd);
    if (kind == RECORD_NONE) return r;
    int64_t e = convert_in_guest(t, buf, r, kind);
    return e < 0 ? e : r;
}

int64_t sys_write(Task *t, int fd, gaddr buf, uint64_t count)
{
    uint64_t v;
    struct iovec whole = { gmem_host(t, buf, count), count };
    if (count >= 16 && netlink_converts(fd)) return netlink_send(t, fd, &(struct msghdr){ .msg_iov = &whole, .msg_iovlen = 1 }, 0);
    if (count != 8 || !linux_abi.big_endian || record_kind(fd) != RECORD_U64)
        return safe_syscall(t, SYS_write, (long)fd, gmem_host(t, buf, count), count, 0L, 0L, 0L);
    int64_t r = gmem_get_u64(t, buf, &v);
    return r < 0 ? r : safe_syscall(t, SYS_write, (long)fd, &v, 8L, 0L, 0L, 0L);
}

/* Packet sockets' control data is host-order structures: not converted, so not offered to big-endian guests. */
int64_t sys_socket(Task *t, uint64_t domain, uint64_t type, int protocol)
{
    if (netlink_refused(domain, protocol)) return -EPROTONOSUPPORT;
    if (linux_abi.big_endian && domain == AF_PACKET) {
        if (log_on(LOG_unimp)) log_printf("unsupported socket family %d on a big-endian guest\n", (int)domain);
        return -EAFNOSUPPORT;
    }
    return safe_syscall(t, SYS_socket, (long)domain, (long)type, (long)protocol, 0L, 0L, 0L);
}
