/* SPDX-License-Identifier: Apache-2.0 */
/* What openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS) does, for kernels and filters that refuse it: one component at
 * a time by openat(2), links read and put in front of what is left of the name.
 * Rules: path_resolution(7), openat2(2). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "linux-user/path.h"

enum { LINKS_MAX = 40, STEP = O_PATH | O_NOFOLLOW | O_CLOEXEC, PROC_ROOT_INO = 1 };

typedef struct {
    int root, at;               /* descriptors; at is owned */
    int depth;                  /* directories below the root */
    int links;
    char *left, *buf;           /* what is left of the name; the allocation it lies in, or NULL */
    bool (*meets)(const char *);        /* path_meets: asked of each part; magic links are followed then */
} Walk;
enum { MET = -4096 };           /* no errno */

static void move_to(Walk *w, int fd, int depth)
{
    close(w->at);
    w->at = fd;
    w->depth = depth;
}

/* Links of a process' directory name objects, not places; those of /proc itself (self, mounts) are ordinary. */
static bool is_magic(int dir, int link)
{
    struct statfs fs;
    struct stat d;
    return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
        !(fstat(dir, &d) == 0 && d.st_ino == PROC_ROOT_INO);
}

/* The link's target goes in front of what is left. */
static int enter_link(Walk *w, int link)
{
    char target[PATH_MAX];
    if (w->links++ >= LINKS_MAX || (is_magic(w->at, link) && !w->meets))
        return -ELOOP;
    ssize_t n = readlinkat(link, "", target, sizeof target);
    if (n < 0)
        return -errno;
    char *buf = malloc((size_t)n + strlen(w->left) + 1);
    if (!buf)
        return -ENOMEM;
    memcpy(buf, target, (size_t)n);
    strcpy(buf + n, w->left);
    free(w->buf);
    w->left = w->buf = buf;
    if (buf[0] != '/')
        return 0;
    int fd = openat(w->root, ".", STEP);
    if (fd < 0)
        return -errno;
    move_to(w, fd, 0);
    return 0;
}

static bool meets(const Walk *w, int fd)
{
    char link[40], place[PATH_MAX];
    if (!w->meets)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, place, sizeof place - 1);
    place[n > 0 ? n : 0] = 0;
    return n > 0 && w->meets(place);
}

/* What a magic link stands for. 0 or -errno. */
static int enter_object(Walk *w, const char *name)
{
    int fd = openat(w->at, name, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    move_to(w, fd, w->depth);
    return 0;
}

/* One component. 0 or -errno. */
static int step(Walk *w, const char *name, bool follow)
{
    bool up = !strcmp(name, ".."), stay = !strcmp(name, ".") || (up && !w->depth);
    int fd = openat(w->at, stay ? "." : name, STEP);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (meets(w, fd)) {
        close(fd);
        return MET;
    }
    if (fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode) || (!follow && !w->left[0])) {
        move_to(w, fd, w->depth + (stay ? 0 : up ? -1 : 1));
        return 0;
    }
    int r = w->meets && is_magic(w->at, fd) ? enter_object(w, name) : enter_link(w, fd);
    close(fd);
    return r;
}

static int walk(Walk *w, bool follow)
{
    char name[NAME_MAX + 1];
    for (int r;;) {
        bool slash = w->left[0] == '/';
        w->left += strspn(w->left, "/");
        size_t n = strcspn(w->left, "/");
        if (n > NAME_MAX)
            return -ENAMETOOLONG;
        if (!n && !slash)
            return 0;
        memcpy(name, n ? w->left : ".", n ? n : 1);         /* a slash at the end: must be a directory */
        name[n ? n : 1] = 0;
        w->left += n;
        if ((r = step(w, name, follow)) < 0)
            return r;
    }
}

int path_walk(int root, const char *name, bool follow)
{
    Walk w = { .root = root, .at = openat(root, ".", STEP), .left = (char *)name };
    if (w.at < 0)
        return -errno;
    int r = name[0] ? walk(&w, follow) : -ENOENT;
    free(w.buf);
    if (r >= 0)
        return w.at;
    close(w.at);
    return r;
}

bool path_meets(int dirfd, const char *name, bool follow, bool (*place)(const char *))
{
    /* depth: the kernel's own ".." stops at the root */
    Walk w = { .root = open("/", STEP), .depth = 1 << 20, .left = (char *)name, .meets = place };
    w.at = openat(dirfd, ".", STEP);
    if (name[0] == '/' && w.at >= 0) {
        close(w.at);
        w.at = openat(w.root, ".", STEP);
    }
    bool met = name[0] && w.root >= 0 && w.at >= 0 && walk(&w, follow) == MET;
    free(w.buf);
    if (w.at >= 0)
        close(w.at);
    if (w.root >= 0)
        close(w.root);
    return met;
}
