/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and seeking of guests whose records differ. Host file systems give 64-bit positions (ext4: hashes) that
 * do not fit a 32-bit guest's off_t, so positions that do not fit are replaced by cookies from a table, which lseek
 * undoes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/ownfd.h"
#include "linux-user/own_fds.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* Lock-free and private memory, so that fork needs nothing: slot i holds the position of cookie FIRST_COOKIE + i. */
enum { SLOTS = 1 << 20, FIRST_COOKIE = 0x40000000 };
typedef _Atomic uint64_t Slot;
static Slot *_Atomic cookie_table;  /* set once, by whoever needs it first */

static Slot *cookies(void)
{
    Slot *t = atomic_load(&cookie_table), *expect = NULL;
    if (t)
        return t;
    t = mmap(NULL, SLOTS * sizeof *t, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (t == MAP_FAILED)
        return NULL;
    if (atomic_compare_exchange_strong(&cookie_table, &expect, t))
        return t;
    munmap(t, SLOTS * sizeof *t);
    return expect;
}

/* Position → what the guest sees; -EOVERFLOW when the table is full. */
static int64_t cookie_for(int64_t off)
{
    if (linux_abi.word == 8 || (off >= 0 && off < FIRST_COOKIE))
        return off;
    Slot *t = cookies();
    uint64_t at = (uint64_t)off * 0x9e3779b97f4a7c15 >> 44;
    for (unsigned i = 0; t && i < SLOTS; i++, at = (at + 1) % SLOTS) {
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&t[at], &found, (uint64_t)off) || found == (uint64_t)off)
            return FIRST_COOKIE + (int64_t)at;
    }
    return -EOVERFLOW;
}

static int64_t position_of(int fd, int64_t cookie)
{
    struct stat st;
    Slot *t = atomic_load(&cookie_table);
    if (linux_abi.word == 8 || cookie < FIRST_COOKIE || cookie >= FIRST_COOKIE + SLOTS || !t)
        return cookie;
    if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
        return cookie;
    uint64_t off = atomic_load(&t[cookie - FIRST_COOKIE]);
    return off ? (int64_t)off : cookie;
}

static int64_t seek(Task *t, int fd, int64_t off, uint64_t whence)
{
    struct stat st;
    if (whence == SEEK_SET)
        off = position_of(fd, off);
    int64_t r = safe_syscall(t, SYS_lseek, (long)fd, off, (long)whence, 0L, 0L, 0L);
    return r >= FIRST_COOKIE && linux_abi.word == 4 && !fstat(fd, &st) && S_ISDIR(st.st_mode) ? cookie_for(r) : r;
}

/* Linux: a result that the guest's long cannot hold is EOVERFLOW (the position has moved all the same). */
int64_t sys_lseek(Task *t, int fd, int64_t off, uint64_t whence)
{
    int64_t r = seek(t, fd, off, whence);
    return r > INT32_MAX && linux_abi.word == 4 ? -EOVERFLOW : r;
}

int64_t sys__llseek(Task *t, int fd, uint64_t high, uint64_t low, gaddr result, uint64_t whence)
{
    int64_t r = seek(t, fd, high << 32 | (uint32_t)low, whence);
    if (r < 0)
        return r;
    int64_t e = gmem_put_u64(t, result, r);
    return e < 0 ? e : 0;
}

/* --- records */
typedef struct HostDirent {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
} __attribute__((packed)) HostDirent;

/* One record in the guest's shape (wide: linux_dirent64). Bytes, 0 when there is no room, or -EOVERFLOW. */
static int64_t put_dirent(uint8_t *out, size_t room, const HostDirent *d, bool wide)
{
    bool be = linux_abi.big_endian;
    unsigned w = wide ? 8 : linux_abi.word, head = 2 * w + 2 + wide;
    size_t name = strlen(d->name) + 1, len = (head + name + !wide + w - 1) & ~(size_t)(w - 1);
    int64_t off = cookie_for(d->off);
    if (off == -EOVERFLOW || (w == 4 && d->ino >> 32))
        return -EOVERFLOW;
    if (len > room)
        return 0;
    memset(out, 0, len);
    thunk_store(out, w, be, d->ino);
    thunk_store(out + w, w, be, off);
    thunk_store(out + 2 * w, 2, be, len);
    if (wide)
        out[2 * w + 2] = d->type;
    else
        out[len - 1] = d->type;
    memcpy(out + head, d->name, name);
    return len;
}

/* Directories of descriptors do not list those of an emulator. Whose it is, 0 another directory. */
static int lists_fds(int fd)
{
    char link[40], path[128];
    int pid;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n < 0 ? 0 : n] = 0;
    return own_fds_directory(path, &pid) ? pid : 0;
}

static bool is_hidden(int pid, const char *name) { return *name >= '0' && *name <= '9' && own_fds_of(pid, atoi(name)); }

static int64_t read_directory(Task *t, int fd, gaddr buf, uint32_t count, bool wide)
{
    enum { CHUNK = 32768 };
    _Alignas(8) uint8_t in[CHUNK], out[CHUNK];
    if (count > CHUNK)
        count = CHUNK;
    int lists = lists_fds(fd);
    int64_t last = lseek(fd, 0, SEEK_CUR);      /* position after the last record that was given */
    size_t used = 0;
    while (!used) {
        int64_t n = safe_syscall(t, SYS_getdents64, (long)fd, in, (long)count, 0L, 0L, 0L);
        if (n <= 0)
            return n;
        for (int64_t at = 0; at < n; ) {
            const HostDirent *d = (const HostDirent *)(in + at);
            bool hide = lists && is_hidden(lists, d->name);
            int64_t len = hide ? 0 : put_dirent(out + used, count - used, d, wide);
            if (len <= 0 && !hide) {            /* the rest is read again next time */
                lseek(fd, last, SEEK_SET);
                if (!used)
                    return len ? len : -EINVAL;
                break;
            }
            used += len;
            last = d->off;
            at += d->reclen;
        }
    }
    int64_t r = gmem_write(t, buf, out, used);
    return r < 0 ? r : (int64_t)used;
}

/* May it be a directory of descriptors, by the first names (behind "." and "..")? Only then is it worth asking. */
static bool may_list_fds(Task *t, gaddr buf, int64_t n)
{
    struct { HostDirent d; char first; } __attribute__((packed)) r;
    for (int i = 0; i < 3 && n >= (int64_t)sizeof r; i++, n -= r.d.reclen, buf += r.d.reclen) {
        if (gmem_read(t, &r, buf, sizeof r))
            return false;
        if (r.first >= '0' && r.first <= '9')
            return true;
    }
    return false;
}

int64_t sys_getdents64(Task *t, int fd, gaddr buf, uint32_t count)
{
    if (sys_foreign() || ownfd_any())
        return read_directory(t, fd, buf, count, true);
    int64_t at = lseek(fd, 0, SEEK_CUR);
    uintptr_t host = (uintptr_t)gmem_host(t, buf, count);
    int64_t n = sys_host_out(t, buf, count, SYS_getdents64, (uint64_t)fd, host, count, 0, 0, 0);
    if (n <= 0 || !may_list_fds(t, buf, n) || !lists_fds(fd))
        return n;
    lseek(fd, at, SEEK_SET);
    return read_directory(t, fd, buf, count, true);
}
int64_t sys_getdents(Task *t, int fd, gaddr buf, uint32_t count) { return read_directory(t, fd, buf, count, false); }
