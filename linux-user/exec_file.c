/* SPDX-License-Identifier: Apache-2.0 */
/* Files that execve may run. The emulator reads them itself, so the kernel's checks are ours; Linux: fs/exec.c,
 * fs/binfmt_elf.c. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/mm.h"
#include "common-user/ownfd.h"
#include "linux-user/abi.h"
#include "linux-user/exec_file.h"
#include "linux-user/path.h"

int exec_file_find(int dirfd, const char *path, int flags)
{
    struct stat st;
    struct statfs fs;
    int fd = openat(dirfd, *path ? path : ".", O_PATH | O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0));
    if (!*path && (flags & AT_EMPTY_PATH)) {
        if (fd >= 0)
            close(fd);
        fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    }
    if (fd < 0)
        return -errno;
    int r = fd;
    if (fstat(fd, &st) < 0)
        r = -errno;
    else if (S_ISLNK(st.st_mode))
        r = -ELOOP;
    else if (!S_ISREG(st.st_mode) || (!fstatfs(fd, &fs) && fs.f_flags & ST_NOEXEC))
        r = -EACCES;
    else {
        /* by descriptor, so that no /proc is needed; kernels before 5.8 lack the call and then only access(2)'s answer
         * counts */
        long e = host_syscall(SYS_faccessat2, fd, (long)"", X_OK, AT_EACCESS | AT_EMPTY_PATH, 0, 0);
        if (e == -ENOSYS)
            e = *path && faccessat(dirfd, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
        if (e < 0)
            r = (int)e;
    }
    if (r < 0)
        close(fd);
    return r;
}

int exec_file_allowed(int fd)
{
    enum { EXECVE_CHECK = 0x10000 };        /* AT_EXECVE_CHECK, Linux 6.14 */
    char *words[] = { "", NULL };
    long r = host_syscall(SYS_execveat, fd, (long)"", (long)words, (long)(words + 1), AT_EMPTY_PATH | EXECVE_CHECK, 0);
    return r == -EINVAL || r == -ENOSYS ? 0 : (int)r;
}

void exec_file_identify(Process *p, int fd, const char *name)
{
    char link[40], path[PATH_MAX];
    struct stat st, named;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    p->exe = n > 0 ? strdup(path) : realpath(name, NULL);       /* no /proc */
    p->exe_handle = OWNFD_NONE;
    if (!p->exe || fstat(fd, &st))
        return;
    if (!stat(p->exe, &named) && named.st_dev == st.st_dev && named.st_ino == st.st_ino)
        return;
    p->exe_handle = ownfd_keep(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int exec_file_open(const char *path, bool as_guest)
{
    char mapped[PATH_MAX];
    const char *name = as_guest && path_apply_prefix(path, mapped) ? mapped : path;
    if (!*name)
        return -ENOENT;
    int found = exec_file_find(AT_FDCWD, name, 0);
    if (found < 0)
        return found;
    close(found);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);     /* a FIFO that came in between does not stop us */
    return fd < 0 ? -errno : fd;
}

ElfTarget exec_file_target(const Process *p)
{
    return (
        ElfTarget){ p->arch->elf_machine, p->arch->elf_class, p->arch->elf_data, p->abi->page_size, p->abi->task_size };
}

static int check_interp(const char *path, const ElfTarget *want)
{
    char err[256];
    struct stat st;
    int fd = exec_file_open(path, true);
    if (fd < 0)
        return fd;
    size_t header = want->class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    ElfImage *m = malloc(sizeof *m);
    int e = !m                                           ? -ENOMEM
        : !fstat(fd, &st) && (size_t)st.st_size < header ? -EIO
        : elf_read(fd, want, m, err, sizeof err) < 0     ? -ELIBBAD
                                                         : 0;
    free(m);
    close(fd);
    return e;
}

int exec_file_check(int fd, const ElfTarget *want, bool interp)
{
    char err[256];
    ElfImage *m = malloc(sizeof *m);
    if (!m)
        return -ENOMEM;
    int e = elf_read(fd, want, m, err, sizeof err) < 0 ? -ENOEXEC
        : *m->interp && interp                         ? check_interp(m->interp, want)
                                                       : 0;
    free(m);
    return e;
}
