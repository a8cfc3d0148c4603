/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "linux-user/exec_busy.h"

static struct flock far_byte(short type)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = INT64_MAX - 1, .l_len = 1 };
}

/* Where a lock asks no server. linux/magic.h. */
static bool is_local(int fd)
{
    static const uint32_t types[] = {
        0xef53 /* ext4 */, 0x58465342 /* xfs */, 0x9123683e /* btrfs */, 0xf2f52010 /* f2fs */, 0x01021994 /* tmpfs */,
        0x858458f6 /* ramfs */, 0x794c7630 /* overlayfs */,
    };
    struct statfs fs;
    if (fstatfs(fd, &fs))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint32_t)fs.f_type == types[i])
            return true;
    return false;
}

void exec_busy_mark(int fd)
{
    struct flock l = far_byte(F_RDLCK);
    if (is_local(fd) && !fcntl(fd, F_OFD_SETLK, &l))
        mmap(NULL, 1, PROT_NONE, MAP_PRIVATE, fd, 0);    /* holds it */
}

bool exec_busy(int dirfd, const char *path)
{
    struct stat st;
    struct flock l = far_byte(F_WRLCK);
    if (fstatat(dirfd, path, &st, 0) || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        return false;
    if (faccessat(dirfd, path, W_OK, AT_EACCESS))
        return false;    /* another error comes first */
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool busy = fd >= 0 && !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return busy;
}
