/* SPDX-License-Identifier: Apache-2.0 */
/* read and write of big-endian guests: descriptors of the kernel that carry integers (eventfd, timerfd, signalfd,
 * inotify) give records in host byte order. What a descriptor is comes from the kernel itself (its anonymous inode's
 * name), so dup, fork, exec and passing over a socket need no bookkeeping; only transfers of a possible record size are
 * looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "linux-user/sys_common.h"
#include "linux-user/sys_netlink.h"
#include "linux-user/sysrows.h"

typedef enum RecordKind { RECORD_NONE, RECORD_U64, RECORD_SIGNAL, RECORD_INOTIFY, RECORD_FANOTIFY } RecordKind;

static RecordKind record_kind(int fd)
{
    static const struct { const char *name; RecordKind kind; } names[] = {
        { "anon_inode:[eventfd]", RECORD_U64 }, { "anon_inode:[timerfd]", RECORD_U64 },
        { "anon_inode:[signalfd]", RECORD_SIGNAL }, { "anon_inode:inotify", RECORD_INOTIFY },
        { "anon_inode:[fanotify]", RECORD_FANOTIFY },
    };
    struct stat st;
    char path[64], name[64];
    if (fstat(fd, &st) || st.st_mode & S_IFMT)
        return RECORD_NONE;    /* anonymous inodes have no type */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, name, sizeof name - 1);
    if (n <= 0)
        return RECORD_NONE;
    name[n] = 0;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i].name))
            return names[i].kind;
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
        { 0, 4 }, { 4, 4 }, { 8, 4 }, { 12, 4 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, { 28, 4 }, { 32, 4 }, { 36, 4 },
        { 40, 4 }, { 44, 4 },
        { 48, 8 }, { 56, 8 }, { 64, 8 }, { 72, 8 }, { 80, 2 }, { 84, 4 }, { 88, 8 }, { 96, 4 },
    };
    for (unsigned i = 0; i < sizeof f / sizeof *f; i++)
        swap(p + f[i].off, f[i].bytes);
}

/* Fields behind the u8 type, u8 pad and u16 len of an information record, as widths (linux/fanotify.h). A file handle
 * is opaque bytes behind its size and type. */
static const char *const fanotify_info[] = {
    [1 /* FAN_EVENT_INFO_TYPE_FID */] = "4444", [2 /* DFID_NAME */] = "4444", [3 /* DFID */] = "4444",
    [4 /* PIDFD */] = "4",
    [5 /* ERROR */] = "44", [6 /* RANGE */] = "488", [7 /* MNT */] = "8", [10 /* OLD_DFID_NAME */] = "4444",
    [12 /* NEW_DFID_NAME */] = "4444",
};

static void swap_fanotify_info(uint8_t *p, size_t len)
{
    enum { KINDS = sizeof fanotify_info / sizeof *fanotify_info };
    for (size_t at = 0, whole; at + 4 <= len; at += whole) {
        whole = thunk_load(p + at + 2, 2, false, false);
        swap(p + at + 2, 2);
        if (whole < 4 || whole > len - at)
            return;
        const char *w = p[at] < KINDS ? fanotify_info[p[at]] : NULL;
        for (size_t to = at + 4; w && *w && to + (size_t)(*w - '0') <= at + whole; to += (size_t)(*w++ - '0'))
            swap(p + to, (unsigned)(*w - '0'));
    }
}

/* struct fanotify_event_metadata: u32 event_len, u8 vers, u8, u16 metadata_len, u64 mask, s32 fd, s32 pid; then
 * information. */
static void swap_fanotify(uint8_t *p, size_t len)
{
    static const struct { uint8_t off, bytes; } f[] = { { 0, 4 }, { 6, 2 }, { 8, 8 }, { 16, 4 }, { 20, 4 } };
    enum { HEAD = 24 };
    for (size_t at = 0, whole; at + HEAD <= len; at += whole) {
        whole = thunk_load(p + at, 4, false, false);
        if (whole < HEAD || whole > len - at)
            return;
        for (unsigned i = 0; i < sizeof f / sizeof *f; i++)
            swap(p + at + f[i].off, f[i].bytes);
        swap_fanotify_info(p + at + HEAD, whole - HEAD);
    }
}

static void swap_records(RecordKind kind, uint8_t *p, size_t len)
{
    switch (kind) {
    case RECORD_U64: for (size_t i = 0; i + 8 <= len; i += 8) swap(p + i, 8); break;
    case RECORD_SIGNAL: for (size_t i = 0; i + 128 <= len; i += 128) swap_signal(p + i); break;
    case RECORD_INOTIFY:
        for (size_t i = 0, name; i + 16 <= len; i += 16 + name) {
            name = thunk_load(p + i + 12, 4, false, false);
            for (int j = 0; j < 16; j += 4)
                swap(p + i + j, 4);
        }
        break;
    case RECORD_FANOTIFY: swap_fanotify(p, len); break;
    default: break;
    }
}

static int64_t convert_in_guest(Task *t, gaddr buf, size_t len, RecordKind kind)
{
    uint8_t raw[16384];
    if (len > sizeof raw)
        return -EINVAL;
    int64_t r = gmem_read(t, raw, buf, len);
    if (r < 0)
        return r;
    swap_records(kind, raw, len);
    return gmem_write(t, buf, raw, len);
}

int64_t sys_read(Task *t, int fd, gaddr buf, uint64_t count)
{
    struct iovec v = { gmem_host(t, buf, count), count };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    if (count >= 16 && netlink_converts(fd))
        return netlink_receive(t, fd, &m, 0);
    if (linux_abi.big_endian && count > 16384 && record_kind(fd) != RECORD_NONE)
        count = 16384;
    int64_t r = sys_host_out(t, buf, count, SYS_read, fd, (uintptr_t)gmem_host(t, buf, count), count, 0, 0, 0);
    if (r < 8 || !linux_abi.big_endian || r % 4)
        return r;
    RecordKind kind = record_kind(fd);
    if (kind == RECORD_NONE)
        return r;
    int64_t e = convert_in_guest(t, buf, r, kind);
    return e < 0 ? e : r;
}

/* An eventfd's number, or struct fanotify_response { s32 fd; u32 response; }. */
static void swap_answer(RecordKind kind, uint8_t v[8])
{
    if (kind == RECORD_U64)
        swap(v, 8);
    else
        swap(v, 4), swap(v + 4, 4);
}

int64_t sys_write(Task *t, int fd, gaddr buf, uint64_t count)
{
    uint8_t v[8];
    struct iovec whole = { gmem_host(t, buf, count), count };
    if (count >= 16 && netlink_converts(fd))
        return netlink_send(t, fd, &(struct msghdr){ .msg_iov = &whole, .msg_iovlen = 1 }, 0);
    RecordKind kind = linux_abi.big_endian && count == 8 ? record_kind(fd) : RECORD_NONE;
    if (kind != RECORD_U64 && kind != RECORD_FANOTIFY)
        return safe_syscall(t, SYS_write, (long)fd, gmem_host(t, buf, count), count, 0L, 0L, 0L);
    int64_t r = gmem_read(t, v, buf, sizeof v);
    swap_answer(kind, v);
    return r < 0 ? r : safe_syscall(t, SYS_write, (long)fd, v, (long)sizeof v, 0L, 0L, 0L);
}

int64_t sys_socket(Task *t, uint64_t domain, uint64_t type, int protocol)
{
    if (netlink_refused(domain, protocol))
        return -EPROTONOSUPPORT;
    return safe_syscall(t, SYS_socket, (long)domain, (long)type, (long)protocol, 0L, 0L, 0L);
}
