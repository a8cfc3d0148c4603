/* SPDX-License-Identifier: Apache-2.0 */
/* execve: a program for one of our guests re-executes this emulator or its sibling qemu-<arch>; a script is followed to its
 * interpreter to find out which; everything else is the host's own execve. No binfmt_misc is needed. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/process.h"
#include "common-user/log.h"
#include "linux-user/abi.h"
#include "linux-user/exec_file.h"
#include "linux-user/inherit.h"
#include "linux-user/options.h"
#include "linux-user/path.h"
#include "loader/elf.h"

enum { MAX_SCRIPTS = 5 };

/* Every guest that a sibling program may serve; one row per qemu-<program>. */
typedef struct Guest { ElfTarget elf; const char *program; } Guest;
enum { SMALLEST_PAGE = 4096 };
static const Guest guests[] = {
    { { EM_AARCH64, ELFCLASS64, ELFDATA2LSB, SMALLEST_PAGE, UINT64_MAX }, "aarch64" },
    { { EM_RISCV, ELFCLASS64, ELFDATA2LSB, SMALLEST_PAGE, UINT64_MAX }, "riscv64" },
    { { EM_RISCV, ELFCLASS32, ELFDATA2LSB, SMALLEST_PAGE, 1ull << 32 }, "riscv32" },
    { { EM_PPC, ELFCLASS32, ELFDATA2MSB, SMALLEST_PAGE, 1ull << 32 }, "ppc" },
};

typedef enum Kind { KIND_HOST, KIND_SELF, KIND_SIBLING } Kind;
typedef struct Target { Kind kind; const char *program; } Target;

static bool is_for(const ElfTarget *a, uint16_t machine, uint8_t class, uint8_t data)
{
    return a->machine == machine && a->class == class && a->data == data;
}

/* An ELF file: whom it is for, and whether they can run it. A sibling's interpreter is looked up by the sibling. */
static int classify_elf(const Process *p, int fd, uint16_t machine, uint8_t class, uint8_t data, Target *out)
{
    ElfTarget own = exec_file_target(p);
    if (is_for(&own, machine, class, data)) {
        *out = (Target){ KIND_SELF, p->arch->tcg.name };
        return exec_file_check(fd, &own, true);
    }
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
        if (!is_for(&guests[i].elf, machine, class, data)) continue;
        *out = (Target){ KIND_SIBLING, guests[i].program };
        return exec_file_check(fd, &guests[i].elf, false);
    }
    return 0;
}

/* What the file behind fd runs on. Scripts are followed through the prefix. -errno on failure. */
static int64_t classify(const Process *p, int fd, Target *out)
{
    char interp[PATH_MAX], arg[PATH_MAX];
    *out = (Target){ KIND_HOST, NULL };
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    for (int depth = 0; ; depth++) {
        FileKind kind;
        uint16_t machine = 0;
        uint8_t class = 0, data = 0;
        if (fd < 0) return depth ? fd : -errno;
        int e = file_kind(fd, &kind, &machine, &class, &data);
        if (!e && kind == FILE_ELF) e = classify_elf(p, fd, machine, class, data, out);
        bool script = !e && kind == FILE_SCRIPT && script_read(fd, interp, arg) == 0;
        close(fd);
        if (e < 0 || !script) return e;     /* what is neither: the host says what it is */
        if (depth == MAX_SCRIPTS) return -ELOOP;
        fd = exec_file_open(interp, true);
    }
}

/* The file again, to be read: fd may be O_PATH. -1: an execute-only file, which cannot be a guest's. */
static int open_readable(int dirfd, const char *path, int fd)
{
    char link[40];
    if (*path) return openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int again = open(link, O_RDONLY | O_CLOEXEC);
    return again >= 0 || errno == EACCES ? again : fcntl(fd, F_DUPFD_CLOEXEC, 0);      /* no /proc */
}

/* [qemu] options -0 argv0 -- path arguments... */
static char **emulator_argv(const Options *o, const char *inherit, const char *path, char *const argv[])
{
    size_t n = 0, k = 0;
    while (argv[n]) n++;
    char **out = calloc(o->forward->len + n + 10, sizeof *out);
    if (!out) return NULL;
    out[k++] = (char *)o->self;
    for (guint i = 0; i < o->forward->len; i++) out[k++] = g_ptr_array_index(o->forward, i);
    if (*inherit) { out[k++] = "-inherit"; out[k++] = (char *)inherit; }
    out[k++] = "-0";
    out[k++] = n ? argv[0] : "";
    out[k++] = "--";
    out[k++] = (char *)path;
    for (size_t i = 1; i < n; i++) out[k++] = argv[i];
    return out;
}

/* The program that serves the target: ourselves, or qemu-<arch> beside us. */
static void emulator_path(const Options *o, const Target *to, char out[PATH_MAX])
{
    char self[PATH_MAX];
    snprintf(out, PATH_MAX, "%s", access("/proc/self/exe", X_OK) && o->self_path ? o->self_path : "/proc/self/exe");
    if (to->kind == KIND_SELF) return;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 32);
    if (n <= 0) n = snprintf(self, sizeof self - 32, "%s", o->self_path ? o->self_path : "");
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) snprintf(slash + 1, sizeof self - (size_t)(slash + 1 - self), "qemu-%s", to->program);
    strcpy(out, self);
}

/* A signal that comes before the kernel has the call is the guest's, with the call to be made again after it; one that comes
 * later is the new program's. */
static int64_t exec_call(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    if (!signal_before_exec(t)) return -ERESTARTNOINTR;
    int64_t r = dirfd == AT_FDCWD && !flags ? safe_syscall(t, SYS_execve, path, argv, envp, 0L, 0L, 0L)
                                            : safe_syscall(t, SYS_execveat, (long)dirfd, path, argv, envp, (long)flags, 0L);
    signal_after_exec(t);
    return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

static int64_t exec_raw(Task *t, const char *path, char *const argv[], char *const envp[])
{
    log_break();
    return exec_call(t, AT_FDCWD, path, argv, envp, 0);
}

static int64_t exec_guest(Task *t, const Target *to, int dirfd, const char *path, int fd, char *const argv[], char *const envp[])
{
    char emulator[PATH_MAX], name[PATH_MAX];
    emulator_path(t->proc->opt, to, emulator);
    int keep = -1;
    if (*path == '/' || (dirfd == AT_FDCWD && *path)) {
        snprintf(name, sizeof name, "%s", path);
    } else if (*path && dirfd >= 0 && !(fcntl(dirfd, F_GETFD) & FD_CLOEXEC)) {
        snprintf(name, sizeof name, "/dev/fd/%d/%s", dirfd, path);     /* the kernel's own form */
    } else {
        keep = fcntl(fd, F_DUPFD, 3);                   /* survives the exec: the emulator opens it by name */
        snprintf(name, sizeof name, "/dev/fd/%d", keep);
    }
    char handed[16] = "";
    int inherit = inherit_give(t);
    if (inherit >= 0) snprintf(handed, sizeof handed, "%d", inherit);
    char **words = inherit == INHERIT_FAILED ? NULL : emulator_argv(t->proc->opt, handed, name, argv);
    t->exec.words = words;
    int64_t r = words ? exec_raw(t, emulator, words, envp) : -ENOMEM;
    t->exec.words = NULL;
    free(words);
    if (inherit >= 0) close(inherit);
    if (keep >= 0) close(keep);
    return r;
}

/* A program of the host: filters of system calls cannot go with it; the guest's limits become the host's. */
static int64_t exec_host(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    struct rlimit as, data;
    const TaskLimits *l = &t->proc->limits;
    if (atomic_load(&t->seccomp)) {
        if (log_on(LOG_unimp)) log_printf("execve of a host program under a seccomp filter: %s\n", path);
        return -EPERM;
    }
    log_break();
    bool limited = l->set && !getrlimit(RLIMIT_AS, &as) && !getrlimit(RLIMIT_DATA, &data);
    if (limited) {
        setrlimit(RLIMIT_AS, &(struct rlimit){ l->as.cur, as.rlim_max });
        setrlimit(RLIMIT_DATA, &(struct rlimit){ l->data.cur, data.rlim_max });
    }
    int64_t r = exec_call(t, dirfd, path, argv, envp, flags);
    if (limited) {
        setrlimit(RLIMIT_AS, &as);
        setrlimit(RLIMIT_DATA, &data);
    }
    return r;
}

int64_t process_exec(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    Process *p = t->proc;
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    if (!*path && !(flags & AT_EMPTY_PATH)) return -ENOENT;
    char own[64];
    snprintf(own, sizeof own, "/proc/%d/exe", (int)getpid());
    if (p->exe && (!strcmp(path, "/proc/self/exe") || !strcmp(path, own) || !strcmp(path, "/proc/thread-self/exe"))) path = p->exe;
    int64_t fd = exec_file_find(dirfd, path, flags);
    if (fd < 0) return fd;
    int rfd = open_readable(dirfd, path, (int)fd);
    Target to = { KIND_HOST, NULL };
    int64_t r = rfd >= 0 ? classify(p, rfd, &to) : 0;
    if (r == 0) {
        if (to.kind != KIND_HOST) {
            r = exec_guest(t, &to, dirfd, path, (int)fd, argv, envp);
        } else {
            r = exec_host(t, dirfd, path, argv, envp, flags);
        }
    }
    if (rfd >= 0) close(rfd);
    close((int)fd);
    return r;
}
