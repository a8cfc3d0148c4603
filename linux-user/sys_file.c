/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, reading links, fcntl: calls where the guest must see itself in /proc, or whose layout depends
 * on a command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <linux/close_range.h>
#include <linux/kcmp.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "common-user/ownfd.h"
#include "linux-user/exec_busy.h"
#include "linux-user/own_fds.h"
#include "linux-user/proc.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { HOST_LARGEFILE = 0100000 };  /* the C library's O_LARGEFILE is 0 */
/* Host form of the kernel's open_how. */
typedef struct OpenHow { uint64_t flags, mode, resolve; } OpenHow;

/* Names in trees that packages own, and ways to open, that lead to no file of /proc: those are not looked at. */
static bool may_be_proc(const char *path, uint64_t how)
{
    static const char *const elsewhere[] = { "/usr/", "/lib/", "/lib64/" };
    if (how & (O_PATH | O_CREAT | O_TRUNC | O_DIRECTORY) || (how & O_ACCMODE) == O_WRONLY)
        return false;
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (!strncmp(path, elsewhere[i], strlen(elsewhere[i])) && !strstr(path, ".."))
            return false;
    return true;
}

/* A new descriptor, or -errno: too large a file for the guest is none, and one of /proc may have to show the guest. */
static int64_t opened(Task *t, int64_t fd, const char *path, uint64_t how)
{
    struct stat st;
    if (fd < 0)
        return fd;
    if (linux_abi.off32 && !(how & (O_PATH | HOST_LARGEFILE)) && !fstat((int)fd, &st) && S_ISREG(st.st_mode) &&
        st.st_size > INT32_MAX) {
        close((int)fd);
        return -EOVERFLOW;          /* Linux: generic_file_open */
    }
    if (may_be_proc(path, how))
        proc_fds_opened(t, (int)fd);
    return fd;
}

/* Does opening so mean to write to what is there? */
static bool writes(uint64_t how)
{
    bool fresh = (how & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) || how & O_PATH;
    return !fresh && ((how & O_ACCMODE) != O_RDONLY || how & O_TRUNC);
}

int64_t sys_openat(Task *t, int dir, const char *path, uint64_t how, uint32_t mode)
{
    if (!path)
        return -EFAULT;
    if (writes(how) && exec_busy(dir, path))
        return -ETXTBSY;
    return opened(t, safe_syscall(t, SYS_openat, (long)dir, path, (long)(int)how, (long)mode, 0L, 0L), path, how);
}
int64_t sys_open(Task *t, const char *path, uint64_t how, uint32_t mode)
{
    return sys_openat(t, AT_FDCWD, path, how, mode);
}
int64_t sys_creat(Task *t, const char *path, uint32_t mode)
{
    return sys_openat(t, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int64_t sys_truncate(Task *t, const char *path, int64_t length)
{
    if (!path)
        return -EFAULT;
    if (length >= 0 && exec_busy(AT_FDCWD, path))
        return -ETXTBSY;
    return safe_syscall(t, SYS_truncate, path, length, 0L, 0L, 0L, 0L);
}
int64_t sys_truncate64(Task *t, const char *path, int64_t length) { return sys_truncate(t, path, length); }

/* Linux: copy_struct_from_user; a longer structure of a later kernel is fine while its tail is zero. */
static int64_t open_how_get(Task *t, OpenHow *h, gaddr how, uint64_t size)
{
    enum { MOST = 4096 };
    uint8_t raw[MOST];
    if (size < sizeof *h)
        return -EINVAL;
    if (size > MOST)
        return -E2BIG;
    int64_t r = gmem_read(t, raw, how, size);
    if (r < 0)
        return r;
    for (uint64_t i = sizeof *h; i < size; i++)
        if (raw[i])
            return -E2BIG;
    h->flags = thunk_load(raw, 8, false, linux_abi.big_endian);
    h->mode = thunk_load(raw + 8, 8, false, linux_abi.big_endian);
    h->resolve = thunk_load(raw + 16, 8, false, linux_abi.big_endian);
    h->flags = thunk_flags_to_host(&flags_open, sys_model(), (uint32_t)h->flags) | (h->flags & ~0xffffffffull);
    return 0;
}

int64_t sys_openat2(Task *t, int dir, gaddr name, gaddr how, uint64_t size)
{
    OpenHow h;
    char path[PATH_MAX];
    int64_t r = open_how_get(t, &h, how, size);
    if (r < 0)
        return r;
    bool limited = h.resolve & ~(uint64_t)RESOLVE_CACHED;       /* then it matters how the name leads to the file */
    PathUse use = h.flags & O_NOFOLLOW ? PATH_LINK : limited ? PATH_NO_MAGIC : PATH_FOLLOW;
    if ((r = path_get(t, dir, name, path, use)) < 0)
        return r;
    if (writes(h.flags) && !h.resolve && exec_busy(dir, path))
        return -ETXTBSY;
    return opened(t, safe_syscall(t, SYS_openat2, (long)dir, path, &h, sizeof h, 0L, 0L), path, h.flags);
}

int64_t sys_readlinkat(Task *t, int dir, const char *path, gaddr buf, uint64_t size)
{
    char out[PATH_MAX], below[PATH_MAX];
    if (!path)
        return -EFAULT;
    if ((int64_t)(int)size <= 0)
        return -EINVAL;
    int64_t n = process_proc_readlink(t, dir, path, out, sizeof out);
    if (n == -ENOENT) {
        if (path_resolve(path, below, false))
            path = below;
        n = safe_syscall(t, SYS_readlinkat, (long)dir, path, out, sizeof out, 0L, 0L);
    }
    if (n < 0)
        return n;
    if ((uint64_t)n > size)
        n = size;
    int64_t r = gmem_write(t, buf, out, n);
    return r < 0 ? r : n;
}
int64_t sys_readlink(Task *t, const char *path, gaddr buf, uint64_t size)
{
    return sys_readlinkat(t, AT_FDCWD, path, buf, size);
}

static int64_t statfs_result(Task *t, long nr, uint64_t first, uint64_t size, void *buf)
{
    if (size != thunk_size(&struct_statfs64, sys_model()))
        return -EINVAL;
    return buf ? safe_syscall(t, nr, first, buf, 0L, 0L, 0L, 0L) : -EFAULT;
}
int64_t sys_statfs64(Task *t, const char *path, uint64_t size, void *buf)
{
    return path ? statfs_result(t, SYS_statfs, (uintptr_t)path, size, buf) : -EFAULT;
}
int64_t sys_fstatfs64(Task *t, int fd, uint64_t size, void *buf)
{
    return statfs_result(t, SYS_fstatfs, (long)fd, size, buf);
}

int64_t sys_mount(Task *t, const char *source, const char *target, const char *type, uint64_t flags, const char *data)
{
    return safe_syscall(t, SYS_mount, source, target, type, flags, data, 0L);
}

/* --- file handles: { u32 bytes, s32 type, opaque } */
enum { HANDLE_MAX = 128 };

int64_t sys_name_to_handle_at(Task *t, int dir, const char *path, gaddr handle, gaddr mount_id, uint64_t flags)
{
    enum { UNIQUE_MOUNT_ID = 1 };   /* AT_HANDLE_MNT_ID_UNIQUE: 64 bits */
    struct { uint32_t bytes; int32_t type; uint8_t data[HANDLE_MAX]; } h;
    uint64_t mount = 0;
    if (!path)
        return -EFAULT;
    int64_t r = gmem_get_u32(t, handle, &h.bytes);
    if (r < 0)
        return r;
    if (h.bytes > HANDLE_MAX)
        return -EINVAL;
    uint32_t room = h.bytes;
    int64_t ret = safe_syscall(t, SYS_name_to_handle_at, (long)dir, path, &h, &mount, (long)(int)flags, 0L);
    if (ret < 0 && ret != -EOVERFLOW)
        return ret;
    r = flags & UNIQUE_MOUNT_ID ? gmem_put_u64(t, mount_id, mount) : gmem_put_u32(t, mount_id, (uint32_t)mount);
    if (r < 0)
        return r;
    if ((r = gmem_put_u32(t, handle, h.bytes)) < 0)
        return r;
    if (ret < 0)
        return ret;
    if ((r = gmem_put_u32(t, handle + 4, h.type)) < 0)
        return r;
    r = gmem_write(t, handle + 8, h.data, h.bytes < room ? h.bytes : room);
    return r < 0 ? r : ret;
}

int64_t sys_open_by_handle_at(Task *t, int mount_fd, gaddr handle, uint64_t how)
{
    struct { uint32_t bytes, type; uint8_t data[HANDLE_MAX]; } h;
    int64_t r;
    if ((r = gmem_get_u32(t, handle, &h.bytes)) < 0 || (r = gmem_get_u32(t, handle + 4, &h.type)) < 0)
        return r;
    if (h.bytes > HANDLE_MAX)
        return -EINVAL;
    if ((r = gmem_read(t, h.data, handle + 8, h.bytes)) < 0)
        return r;
    return safe_syscall(t, SYS_open_by_handle_at, (long)mount_fd, &h, (long)(int)how, 0L, 0L, 0L);
}

/* --- ranges of 32-bit guests */

/* Linux: do_sendfile, MAX_NON_LFS */
int64_t sys_sendfile(Task *t, int out, int in, void *off, uint64_t count)
{
    long *at = off, max = linux_abi.word == 4 ? INT32_MAX : INT64_MAX;
    if (at && *at >= 0 && count > (uint64_t)(max - *at)) {
        if (*at >= max)
            return -EOVERFLOW;
        count = (uint64_t)(max - *at);
    }
    return safe_syscall(t, SYS_sendfile, (long)out, (long)in, off, count, 0L, 0L);
}
int64_t sys_sync_file_range2(Task *t, int fd, uint32_t flags, int64_t off, int64_t n)
{
    return safe_syscall(t, SYS_sync_file_range, (long)fd, off, n, (long)flags, 0L, 0L);
}
int64_t sys_ppc_fadvise64_64(Task *t, int fd, int advice, int64_t off, int64_t len)
{
    return safe_syscall(t, SYS_fadvise64, (long)fd, off, len, (long)advice, 0L, 0L);
}

/* --- descriptors. Passes over the emulator's own, which close on exec anyway. */
int64_t sys_close_range(Task *t, uint32_t first, uint32_t last, uint32_t flags)
{
    if (first > last || flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
        return -EINVAL;
    int64_t r = 0;
    for (int own; !(flags & CLOSE_RANGE_CLOEXEC) && r == 0 && first <= INT_MAX; first = (uint32_t)own + 1) {
        if ((own = ownfd_next((int)first)) < 0 || (uint32_t)own > last)
            break;
        if ((uint32_t)own > first)
            r = safe_syscall(t, SYS_close_range, (long)first, (long)own - 1, (long)flags, 0L, 0L, 0L);
    }
    return r == 0 && first <= last ? safe_syscall(t, SYS_close_range, (long)first, (long)last, (long)flags, 0L, 0L, 0L)
                                   : r;
}

/* What is found is an emulator's own where it bears the mark, whichever process that is. */
int64_t sys_pidfd_getfd(Task *t, int pidfd, int target, uint32_t flags)
{
    int64_t fd = safe_syscall(t, SYS_pidfd_getfd, (long)pidfd, (long)target, (long)flags, 0L, 0L, 0L);
    if (fd < 0 || !own_fds_marked((int)fd))
        return fd;
    close((int)fd);
    return -EBADF;
}

int64_t sys_kcmp(Task *t, int pid1, int pid2, int type, uint64_t a, uint64_t b)
{
    if ((type == KCMP_FILE || type == KCMP_EPOLL_TFD) && own_fds_of(pid1, (int)a))
        return -EBADF;
    if (type == KCMP_FILE && own_fds_of(pid2, (int)b))
        return -EBADF;
    return safe_syscall(t, SYS_kcmp, (long)pid1, (long)pid2, (long)type, a, b, 0L);
}

/* --- fcntl */
typedef enum FcntlHow {
    FC_INT, FC_FLAGS_IN, FC_FLAGS_OUT, FC_LOCK, FC_LOCK_OUT, FC_OWNER_IN, FC_OWNER_OUT, FC_SIG_IN, FC_SIG_OUT,
    FC_U64_IN, FC_U64_OUT,
} FcntlHow;
/* wide: struct flock64 on a 32-bit guest */
typedef struct FcntlRow { int guest, host; uint8_t how; bool wide; } FcntlRow;
/* asm-generic/fcntl.h */
enum { K_GETLK64 = 12, K_SETLK64, K_SETLKW64, K_SETSIG = 10, K_GETSIG = 11, K_SETOWN_EX = 15, K_GETOWN_EX = 16 };
static const FcntlRow fcntl_rows[] = {
    { F_GETFL, F_GETFL, FC_FLAGS_OUT }, { F_SETFL, F_SETFL, FC_FLAGS_IN },
    { 5, 5, FC_LOCK_OUT }, { 6, 6, FC_LOCK }, { 7, 7, FC_LOCK },
    { K_GETLK64, 5, FC_LOCK_OUT, true }, { K_SETLK64, 6, FC_LOCK, true }, { K_SETLKW64, 7, FC_LOCK, true },
    { F_OFD_GETLK, F_OFD_GETLK, FC_LOCK_OUT, true }, { F_OFD_SETLK, F_OFD_SETLK, FC_LOCK, true },
    { F_OFD_SETLKW, F_OFD_SETLKW, FC_LOCK, true },
    { K_SETOWN_EX, K_SETOWN_EX, FC_OWNER_IN }, { K_GETOWN_EX, K_GETOWN_EX, FC_OWNER_OUT },
    { K_SETSIG, K_SETSIG, FC_SIG_IN }, { K_GETSIG, K_GETSIG, FC_SIG_OUT },
    { 1035, 1035, FC_U64_OUT }, { 1036, 1036, FC_U64_IN }, { 1037, 1037, FC_U64_OUT }, { 1038, 1038, FC_U64_IN },
};

static int64_t fcntl_lock(Task *t, int fd, const FcntlRow *row, gaddr arg)
{
    const ThunkStruct *s = row->wide ? &struct_flock64 : &struct_flock;
    struct flock l;
    int64_t r = sys_get_struct(t, s, &l, arg);
    if (r < 0)
        return r;
    r = safe_syscall(t, SYS_fcntl, (long)fd, (long)row->host, &l, 0L, 0L, 0L);
    if (r < 0 || row->how != FC_LOCK_OUT)
        return r;
    int64_t top = row->wide || linux_abi.word == 8 ? INT64_MAX : INT32_MAX;
    if (l.l_start > top || l.l_len > top)
        return -EOVERFLOW;
    return sys_put_struct(t, s, arg, &l);
}

int64_t sys_fcntl(Task *t, int fd, int cmd, gaddr arg)
{
    const FcntlRow *row = NULL;
    for (unsigned i = 0; i < sizeof fcntl_rows / sizeof *fcntl_rows; i++)
        if (fcntl_rows[i].guest == cmd)
            row = &fcntl_rows[i];
    if (row && row->guest >= K_GETLK64 && row->guest <= K_SETLKW64 && linux_abi.word == 8)
        return -EINVAL;
    uint64_t host = arg;
    struct f_owner_ex owner = { 0 };
    uint64_t hint = 0;
    int64_t r = 0;
    switch (row ? row->how : FC_INT) {
    case FC_LOCK: case FC_LOCK_OUT: return fcntl_lock(t, fd, row, arg);
    case FC_FLAGS_IN: host = thunk_flags_to_host(&flags_open, sys_model(), (uint32_t)arg); break;
    case FC_OWNER_IN: r = sys_get_struct(t, &struct_f_owner_ex, &owner, arg);   /* fall through */
    case FC_OWNER_OUT: host = (uintptr_t)&owner; break;
    case FC_U64_IN: r = gmem_get_u64(t, arg, &hint);                            /* fall through */
    case FC_U64_OUT: host = (uintptr_t)&hint; break;
    case FC_SIG_IN: host = linux_sig_to_host(&linux_abi, arg); break;
    default: if (linux_abi.word == 4) host = (uint64_t)(int64_t)(int32_t)arg; break;
    }
    if (r < 0)
        return r;
    r = safe_syscall(t, SYS_fcntl, (long)fd, (long)cmd, host, 0L, 0L, 0L);
    if (r < 0 || !row)
        return r;
    switch (row->how) {
    case FC_FLAGS_OUT: return thunk_flags_to_guest(&flags_open, sys_model(), r);
    case FC_SIG_OUT: return linux_sig_to_guest(&linux_abi, r);
    case FC_OWNER_OUT: return sys_put_struct(t, &struct_f_owner_ex, arg, &owner);
    case FC_U64_OUT: return gmem_put_u64(t, arg, hint);
    default: return r;
    }
}
int64_t sys_fcntl64(Task *t, int fd, int cmd, gaddr arg) { return sys_fcntl(t, fd, cmd, arg); }

/* --- interfaces with opaque structures: same-layout guests only */
int64_t sys_quotactl(Task *t, uint32_t cmd, const char *special, uint32_t id, gaddr addr)
{
    return sys_unsupported("quotactl");
}
int64_t sys_quotactl_fd(Task *t, int fd, uint32_t cmd, uint32_t id, gaddr addr)
{
    return sys_unsupported("quotactl_fd");
}

/* --- Landlock: attributes are 64-bit words, of which a newer program may give more than this kernel knows */

int64_t sys_landlock_create_ruleset(Task *t, gaddr attr, uint64_t size, uint32_t flags)
{
    enum { WORDS = 512 };           /* as much as the kernel takes: a page */
    uint64_t words[WORDS] = { 0 };
    bool plain = !attr || size > sizeof words || size % 8;          /* the version, or nothing the kernel takes */
    int64_t r = plain ? 0 : gmem_read(t, words, attr, size);
    for (unsigned i = 0; i < WORDS; i++)
        words[i] = gmem_swap64(t, words[i]);
    if (r < 0)
        return r;
    return safe_syscall(
        t, 444 /* landlock_create_ruleset */, plain ? gmem_host(t, attr, size) : words, size, (long)flags, 0L, 0L, 0L);
}

int64_t sys_landlock_add_rule(Task *t, int fd, uint32_t type, gaddr attr, uint32_t flags)
{
    static const ThunkStruct *const shapes[] = {
        [1] = &struct_landlock_path_beneath_attr, [2] = &struct_landlock_net_port_attr
    };
    uint64_t host[2] = { 0 };
    void *at = gmem_host(t, attr, sizeof host);
    if (type >= 1 && type <= 2 && !sys_get_struct(t, shapes[type], host, attr))
        at = host;
    return safe_syscall(t, 445 /* landlock_add_rule */, (long)fd, (long)type, at, (long)flags, 0L, 0L);
}
