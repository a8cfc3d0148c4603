/* SPDX-License-Identifier: Apache-2.0 */
/* File names from the guest: copying them in, and -L: an absolute name that exists below the prefix is taken from
 * there. The kernel resolves the name as if the prefix were the root (openat2, RESOLVE_IN_ROOT; path_walk.c where it is
 * refused), so absolute symbolic links on the way stay inside; names that already start with the prefix are resolved
 * the same way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/process.h"
#include "linux-user/own_fds.h"
#include "linux-user/path.h"
#include "linux-user/sys_common.h"

static char *prefix;                /* const after path_prefix_set; resolved, NULL: none */
static char **tops;                 /* const likewise: names right below the prefix; other names need no system call */

/* Never taken from the prefix: the running system's own trees, and the user's data. */
static bool is_host_only(const char *name)
{
    static const char *const trees[] = { ".", "..", "proc", "sys", "dev", "tmp", "run", "home", "root" };
    for (unsigned i = 0; i < sizeof trees / sizeof *trees; i++)
        if (!strcmp(name, trees[i]))
            return true;
    return false;
}

static void list_tops(void)
{
    size_t n = 0;
    DIR *d = opendir(prefix);
    for (struct dirent *e; d && (e = readdir(d)); ) {
        if (is_host_only(e->d_name))
            continue;
        char **more = realloc(tops, (n + 2) * sizeof *tops);
        if (!more)
            break;
        tops = more;
        tops[n++] = strdup(e->d_name);
        tops[n] = NULL;
    }
    if (d)
        closedir(d);
}

void path_prefix_set(const char *p)
{
    char *real = p && *p ? realpath(p, NULL) : NULL;
    prefix = real && !strcmp(real, "/") ? NULL : real;
    if (prefix)
        list_tops();
}

const char *path_prefix(void)
{
    return prefix;
}

/* Can the prefix have this absolute name? */
static bool may_be_inside(const char *path)
{
    while (*path == '/')
        path++;
    size_t n = strcspn(path, "/");
    for (char **t = tops; t && *t && n; t++)
        if (!strncmp(path, *t, n) && !(*t)[n])
            return true;
    return n > 0 && (path[0] == '.');       /* "/./x", "/../x": let the kernel say */
}

/* Resolves `rest` below the prefix; out gets the host path. */
static bool resolve_inside(const char *rest, char *out, bool follow)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    int root = open(prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return false;
    int fd = syscall(SYS_openat2, root, rest, &how, sizeof how);
    /* older kernels and containers' filters refuse it; EAGAIN: a ".." met a rename */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
        fd = path_walk(root, rest, follow);
    close(root);
    if (fd < 0)
        return false;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    close(fd);
    if (n <= 0)
        return false;
    out[n] = 0;
    return true;
}

bool path_resolve(const char *path, char *out, bool follow)
{
    if (!prefix || path[0] != '/')
        return false;
    size_t n = strlen(prefix);
    if (!strncmp(path, prefix, n) && path[n] == '/')
        return resolve_inside(path + n, out, follow);
    return may_be_inside(path) && resolve_inside(path, out, follow);
}

bool path_apply_prefix(const char *path, char *out)
{
    return path_resolve(path, out, true);
}

void path_place(Task *t, int dirfd, char *name, PathUse use)
{
    char below[PATH_MAX];
    if (use < PATH_FOLLOW)
        return;
    /* a guest's executable: what the host has there is the emulator */
    if (use == PATH_FOLLOW && process_proc_exe(t, dirfd, name, below))
        strcpy(name, below);
    else if (path_resolve(name, below, use != PATH_LINK)) {
        size_t n = strlen(name);
        bool slash = n > 1 && name[n - 1] == '/' && strlen(below) + 1 < PATH_MAX;       /* must stay a directory */
        strcpy(name, below);
        if (slash)
            strcat(name, "/");
    }
}

int64_t path_get(Task *t, int dirfd, gaddr at, char *out, PathUse use)
{
    int64_t n = gmem_strncpy(t, out, at, PATH_MAX);
    if (n >= 0 && own_fds_in_path(dirfd, out, use != PATH_LINK && use != PATH_RAW_LINK))
        return -ENOENT;
    if (n >= 0)
        path_place(t, dirfd, out, use);
    return n;
}
