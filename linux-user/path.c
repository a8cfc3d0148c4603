/* SPDX-License-Identifier: Apache-2.0 */
/* File names from the guest: copying them in, and -L: an absolute name that exists below the prefix is taken from there.
 * Symbolic links inside the prefix that are absolute are resolved inside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "linux-user/path.h"
#include "linux-user/sys_common.h"

static char *prefix;                /* const after path_prefix_set; resolved, NULL: none */

void path_prefix_set(const char *p)
{
    char *real = p && *p ? realpath(p, NULL) : NULL;
    prefix = real && !strcmp(real, "/") ? NULL : real;
}

const char *path_prefix(void)
{
    return prefix;
}

/* Follows absolute links at the end of a path below the prefix, so that they stay below it. */
static void follow_inside(char *out)
{
    char link[PATH_MAX];
    for (int hops = 0; hops < 40; hops++) {
        ssize_t n = readlink(out, link, sizeof link - 1);
        if (n <= 0 || link[0] != '/') return;
        link[n] = 0;
        char next[2 * PATH_MAX];
        if (snprintf(next, sizeof next, "%s%s", prefix, link) >= PATH_MAX || faccessat(AT_FDCWD, next, F_OK, AT_SYMLINK_NOFOLLOW)) return;
        strcpy(out, next);
    }
}

bool path_apply_prefix(const char *path, char *out)
{
    if (!prefix || path[0] != '/') return false;
    char full[2 * PATH_MAX];
    if (snprintf(full, sizeof full, "%s%s", prefix, path) >= PATH_MAX) return false;
    if (faccessat(AT_FDCWD, full, F_OK, AT_SYMLINK_NOFOLLOW)) return false;
    follow_inside(full);
    strcpy(out, full);
    return true;
}

/* Names of the guest's own executable: what the host has there is the emulator. */
static bool is_own_exe(const char *path)
{
    char own[64];
    if (strncmp(path, "/proc/", 6) || !current->proc->exe) return false;
    snprintf(own, sizeof own, "/proc/%d/exe", (int)getpid());
    return !strcmp(path, "/proc/self/exe") || !strcmp(path, "/proc/thread-self/exe") || !strcmp(path, own);
}

int64_t path_get(Task *t, gaddr at, char *out, bool lookup)
{
    int64_t n = gmem_strncpy(t, out, at, PATH_MAX);
    if (n < 0 || !lookup || out[0] != '/') return n;
    char below[PATH_MAX];
    if (is_own_exe(out)) snprintf(out, PATH_MAX, "%s", t->proc->exe);
    else if (path_apply_prefix(out, below)) strcpy(out, below);
    return n;
}
