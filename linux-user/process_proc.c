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
#include <sys/stat.h>
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

/* What the kernel says of a process: real, effective, saved and file-system ids, and capabilities. */
typedef struct Rights { unsigned uid[4], gid[4]; unsigned long long caps; ino_t space; } Rights;

static bool rights_of(const char *dir, Rights *r)
{
    char name[40], *line = NULL;
    struct stat st;
    size_t cap = 0;
    int found = 0;
    snprintf(name, sizeof name, "%s/status", dir);
    FILE *f = fopen(name, "re");
    while (f && getline(&line, &cap, f) > 0) {
        unsigned *uid = r->uid, *gid = r->gid;
        found += sscanf(line, "Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) == 4;
        found += sscanf(line, "Gid: %u %u %u %u", &gid[0], &gid[1], &gid[2], &gid[3]) == 4;
        found += sscanf(line, "CapPrm: %llx", &r->caps) == 1;
    }
    free(line);
    if (f)
        fclose(f);
    snprintf(name, sizeof name, "%s/ns/user", dir);
    r->space = r->caps && !stat(name, &st) ? st.st_ino : 0;
    return found == 3;
}

/* Could the process do all that we can, as the kernel sees it (ptrace(2), "Ptrace access mode checking")? Then what it
 * says of itself gains it nothing; a process that we merely may look at can have written anything. */
static bool is_peer(pid_t pid)
{
    char dir[24];
    Rights we = { 0 }, it = { 0 };
    snprintf(dir, sizeof dir, "/proc/%d", (int)pid);
    if (!rights_of("/proc/thread-self", &we) || !rights_of(dir, &it))
        return false;
    for (int i = 0; i < 4; i++)
        if (we.uid[i] != it.uid[0] || it.uid[i] != it.uid[0] || we.gid[i] != it.gid[0] || it.gid[i] != it.gid[0])
            return false;
    return !(we.caps & ~it.caps) && (!we.caps || we.space == it.space);
}

/* What the process says that it runs, and where it says so; nothing of this need be true. */
static bool claim_of(FILE *maps, char exe[PATH_MAX], uint64_t *at)
{
    static const char tag[] = "/memfd:" ANNOUNCED, end[] = " (deleted)";
    char *line = NULL, *name;
    size_t cap = 0;
    bool found = false;
    while (!found && getline(&line, &cap, maps) > 0) {
        line[strcspn(line, "\n")] = 0;
        name = strstr(line, tag);
        size_t len = name ? strlen(name) : 0;
        if (len < sizeof tag + sizeof end || strcmp(name + len - (sizeof end - 1), end))
            continue;
        name[len - (sizeof end - 1)] = 0;
        snprintf(exe, PATH_MAX, "%s", name + sizeof tag - 1);
        *at = strtoull(line, NULL, 16);
        found = true;
    }
    free(line);
    return found;
}

static FILE *maps_of(pid_t pid)
{
    char name[40];
    snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
    return may_be_emulator(pid) ? fopen(name, "re") : NULL;
}

bool process_proc_guest(pid_t pid, char exe[PATH_MAX], ProcGuest *g)
{
    uint64_t at;
    FILE *f = maps_of(pid);
    bool found = f && is_peer(pid) && claim_of(f, exe, &at);
    if (found && g) {
        struct iovec here = { g, sizeof *g }, there = { (void *)(uintptr_t)at, sizeof *g };
        found = process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof *g;
    }
    if (f)
        fclose(f);
    return found && is_peer(pid);       /* all the time: it may have changed its ids meanwhile */
}

/* The kernel's own link to a file that the process has mapped under that name. */
static bool mapped_link(FILE *maps, pid_t pid, const char *exe, char out[PATH_MAX])
{
    struct stat st;
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    rewind(maps);
    while (!found && getline(&line, &cap, maps) > 0) {
        unsigned long start, end, ino;
        int at = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu %n", &start, &end, &ino, &at) < 3 || !ino || !at)
            continue;
        found = !strcmp(line + at, exe);
        snprintf(out, PATH_MAX, "/proc/%d/map_files/%lx-%lx", (int)pid, start, end);
    }
    free(line);
    return found && !stat(out, &st) && S_ISREG(st.st_mode);
}

/* Which names a program's file: what readlink shows, or what to open. */
typedef enum ExeName { EXE_SHOWN, EXE_OPENED } ExeName;

/* Of others than peers only what the kernel vouches for: the name is that of a file which they have mapped, and that
 * file is opened, whatever the name leads to here. */
static bool other_exe(pid_t pid, ExeName which, char out[PATH_MAX])
{
    char exe[PATH_MAX], link[PATH_MAX];
    uint64_t at;
    if (process_proc_guest(pid, out, NULL))
        return true;
    FILE *f = maps_of(pid);
    bool found = f && claim_of(f, exe, &at) && mapped_link(f, pid, exe, link);
    if (f)
        fclose(f);
    if (found)
        strcpy(out, which == EXE_SHOWN ? exe : link);
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
static void own_exe(Task *t, ExeName which, char out[PATH_MAX])
{
    int fd = which == EXE_OPENED ? ownfd_get(t->proc->exe_handle) : -1;
    if (fd >= 0)
        snprintf(out, PATH_MAX, "/proc/self/fd/%d", fd);
    else
        snprintf(out, PATH_MAX, "%s", t->proc->exe);
}

/* path: a kernel's name */
static bool exe_of(Task *t, char *path, ExeName which, char out[PATH_MAX])
{
    ProcOwner o;
    if (!proc_cut_name(path, "exe") || !proc_cut_owner(t, path, &o))
        return false;
    if (!o.own)
        return o.pid && other_exe(o.pid, which, out);
    own_exe(t, which, out);
    return true;
}

static bool exe_at(Task *t, int dir, const char *name, ExeName which, char out[PATH_MAX])
{
    char path[PATH_MAX];
    if (!t->proc->exe)
        return false;
    if (is_own_exe(name)) {
        own_exe(t, which, out);
        return true;
    }
    return link_name(dir, name, path) && exe_of(t, path, which, out);
}

bool process_proc_exe(Task *t, int dir, const char *name, char out[PATH_MAX])
{
    return exe_at(t, dir, name, EXE_OPENED, out);
}

int64_t process_proc_readlink(Task *t, int dir, const char *path, char *buf, size_t cap)
{
    char exe[PATH_MAX], name[PATH_MAX];
    bool by_fd = t->proc->exe && !*path && dir >= 0 && fd_name(dir, name);      /* a descriptor of the link itself */
    if (by_fd ? !exe_of(t, name, EXE_SHOWN, exe) : !exe_at(t, dir, path, EXE_SHOWN, exe))
        return -ENOENT;
    size_t n = strlen(exe);
    if (n > cap)
        n = cap;
    memcpy(buf, exe, n);
    return (int64_t)n;
}
