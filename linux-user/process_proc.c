/* SPDX-License-Identifier: Apache-2.0 */
/* Links of /proc that name programs: those that guests run, not the emulators. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "common-user/mm_view.h"
#include "common-user/ownfd.h"
#include "linux-user/proc.h"

const char *process_proc_own(const char *path)
{
    char prefix[64];
    const char *rest = NULL;
    if (strncmp(path, "/proc/", 6))
        return NULL;
    const char *const self[] = { "/proc/self/", "/proc/thread-self/" };
    for (int i = 0; i < 2; i++)
        if (!strncmp(path, self[i], strlen(self[i])))
            rest = path + strlen(self[i]);
    int n = snprintf(prefix, sizeof prefix, "/proc/%d/", (int)getpid());
    if (!strncmp(path, prefix, (size_t)n))
        rest = path + n;
    if (rest && !strncmp(rest, "task/", 5)) {
        char *end;
        long tid = strtol(rest + 5, &end, 10);
        /* a thread that has gone has no files */
        if (*end != '/' || tgkill(getpid(), (pid_t)tid, 0) < 0)
            return NULL;
        rest = end + 1;
    }
    return rest;
}

/* The host's maps of this process tell the emulators of others that it runs a guest: a mapping of a memory file that is
 * named for the program, and says where the guest's map is. */
#define ANNOUNCED "guest:"
void process_proc_announce(const Process *p)
{
    enum { NAME_MOST = 249, LEN = 4096 };               /* memfd_create(2) */
    char name[NAME_MOST + 1];
    if (!p->exe || snprintf(name, sizeof name, ANNOUNCED "%s", p->exe) > NAME_MOST)
        return;
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return;
    ProcGuest g = { mm_view_sizes(), (uintptr_t)p->mm, sizeof *p, (uintptr_t)p };
    if (write(fd, &g, sizeof g) == sizeof g)
        mmap(NULL, LEN, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
}

/* Cheap, for readers of every process' files: does it run a program with a name like ours? */
static bool may_be_emulator(pid_t pid)
{
    char link[2][32], name[2][PATH_MAX], *base[2];
    snprintf(link[0], sizeof link[0], "/proc/%d/exe", (int)pid);
    strcpy(link[1], "/proc/self/exe");
    for (int i = 0; i < 2; i++) {
        ssize_t n = readlink(link[i], name[i], PATH_MAX - 1);
        name[i][n < 0 ? 0 : n] = 0;
        base[i] = strrchr(name[i], '/');
        if (!base[i])
            return false;
        if (i == 0 && !strncmp(base[i], "/qemu-", 6))
            return true;
    }
    return !strcmp(base[0], base[1]);
}

bool process_proc_guest(pid_t pid, char exe[PATH_MAX], ProcGuest *g)
{
    static const char tag[] = "/memfd:" ANNOUNCED, end[] = " (deleted)";
    char maps[40], *line = NULL, *name;
    size_t cap = 0;
    if (!may_be_emulator(pid))
        return false;
    snprintf(maps, sizeof maps, "/proc/%d/maps", (int)pid);
    FILE *f = fopen(maps, "re");
    bool found = false;
    while (f && !found && getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        name = strstr(line, tag);
        size_t len = name ? strlen(name) : 0;
        if (len < sizeof tag + sizeof end || strcmp(name + len - (sizeof end - 1), end))
            continue;
        name[len - (sizeof end - 1)] = 0;
        snprintf(exe, PATH_MAX, "%s", name + sizeof tag - 1);
        struct iovec here = { g, sizeof *g }, there = { (void *)(uintptr_t)strtoull(line, NULL, 16), sizeof *g };
        found = !g || process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof *g;
    }
    free(line);
    if (f)
        fclose(f);
    return found;
}

/* The kernel's name of the file behind fd, when that is in /proc. */
static bool fd_name(int fd, char out[PATH_MAX])
{
    char link[40];
    struct statfs fs;
    if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, PATH_MAX - 1);
    out[len < 0 ? 0 : len] = 0;
    return len > 0;
}

/* That of the link itself when a name leads to ".../exe" in /proc. */
static bool link_name(int dir, const char *path, char out[PATH_MAX])
{
    size_t n = strlen(path);
    if (n < 3 || strcmp(path + n - 3, "exe") || (n > 3 && path[n - 4] != '/'))
        return false;
    int fd = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool found = fd >= 0 && fd_name(fd, out);
    if (fd >= 0)
        close(fd);
    return found;
}

/* The same without a look at the file system, for the name that programs use. */
static bool is_own_exe(const char *path)
{
    const char *own = process_proc_own(path);
    return own && !strcmp(own, "exe");
}

/* What to open for it; a descriptor where the file's name may have gone. */
#define OWN_LINK "/proc/self/fd/"
static void own_exe(Task *t, char out[PATH_MAX])
{
    int fd = ownfd_get(t->proc->exe_handle);
    if (fd >= 0)
        snprintf(out, PATH_MAX, OWN_LINK "%d", fd);
    else
        snprintf(out, PATH_MAX, "%s", t->proc->exe);
}

/* path: a kernel's name */
static bool exe_of(Task *t, char *path, char out[PATH_MAX])
{
    ProcOwner o;
    if (!proc_cut_name(path, "exe") || !proc_cut_owner(t, path, &o))
        return false;
    if (!o.own)
        return o.pid && process_proc_guest(o.pid, out, NULL);
    own_exe(t, out);
    return true;
}

bool process_proc_exe(Task *t, int dir, const char *name, char out[PATH_MAX])
{
    char path[PATH_MAX];
    if (!t->proc->exe)
        return false;
    if (is_own_exe(name)) {
        own_exe(t, out);
        return true;
    }
    return link_name(dir, name, path) && exe_of(t, path, out);
}

int64_t process_proc_readlink(Task *t, int dir, const char *path, char *buf, size_t cap)
{
    char exe[PATH_MAX], name[PATH_MAX];
    bool by_fd = t->proc->exe && !*path && dir >= 0 && fd_name(dir, name);      /* a descriptor of the link itself */
    if (by_fd ? !exe_of(t, name, exe) : !process_proc_exe(t, dir, path, exe))
        return -ENOENT;
    if (!strncmp(exe, OWN_LINK, sizeof OWN_LINK - 1))
        snprintf(exe, sizeof exe, "%s", t->proc->exe);
    size_t n = strlen(exe);
    if (n > cap)
        n = cap;
    memcpy(buf, exe, n);
    return (int64_t)n;
}
