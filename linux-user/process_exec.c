/* SPDX-License-Identifier: Apache-2.0 */
/* execve: a program for one of our guests re-executes this emulator or its sibling qemu-<arch>; a script is followed to
 * its interpreter to find out which; everything else is the host's own execve. No binfmt_misc is needed. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/process.h"
#include "common-user/log.h"
#include "common-user/ownfd.h"
#include "linux-user/abi.h"
#include "linux-user/exec_file.h"
#include "linux-user/exec_raise.h"
#include "linux-user/exec_self.h"
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
/* What a file runs on; what its ELF file (a script's interpreter) adds to the caller's privileges; who grants it. */
typedef struct Target { Kind kind; const char *program; bool script; Raise raise; int registered; } Target;

static bool is_for(const ElfTarget *a, uint16_t machine, uint8_t class, uint8_t data)
{
    return a->machine == machine && a->class == class && a->data == data;
}

/* An ELF file: whom it is for, and whether they can run it. A sibling's interpreter is looked up by the sibling. */
static int classify_elf(const Process *p, int fd, uint16_t machine, uint8_t class, uint8_t data, Target *out)
{
    ElfTarget own = exec_file_target(p);
    const ElfTarget *want = is_for(&own, machine, class, data) ? &own : NULL;
    out->kind = KIND_SELF;
    for (size_t i = 0; !want && i < sizeof guests / sizeof *guests; i++) {
        if (!is_for(&guests[i].elf, machine, class, data))
            continue;
        want = &guests[i].elf;
        out->kind = KIND_SIBLING;
        out->program = guests[i].program;
    }
    if (!want)
        out->kind = KIND_HOST;
    int e = want ? exec_file_check(fd, want, want == &own) : 0;
    if (e < 0 || !want)
        return e;
    out->raise = raise_of(fd);
    if (out->raise.any && !raise_by_ids(&out->raise))
        out->registered = raise_by_kernel(fd);
    return 0;
}

/* What the file behind fd runs on. Scripts are followed through the prefix. -errno on failure. */
static int64_t classify(const Process *p, int fd, Target *out)
{
    char interp[PATH_MAX], arg[PATH_MAX];
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    for (int depth = 0; ; depth++) {
        FileKind kind;
        uint16_t machine = 0;
        uint8_t class = 0, data = 0;
        if (fd < 0)
            return depth ? fd : -errno;
        int e = file_kind(fd, &kind, &machine, &class, &data);
        if (!e && kind == FILE_ELF)
            e = classify_elf(p, fd, machine, class, data, out);
        bool script = !e && kind == FILE_SCRIPT && script_read(fd, interp, arg) == 0;
        close(fd);
        if (e < 0 || !script)
            return e;    /* what is neither: the host says what it is */
        if (depth == MAX_SCRIPTS)
            return -ELOOP;
        out->script = true;
        fd = exec_file_open(interp, true);
    }
}

/* The file again, to be read: fd is O_PATH. -1: an execute-only file, which cannot be a guest's. */
static int open_readable(const ExecName *n, int fd)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int again = open(link, O_RDONLY | O_CLOEXEC);
    if (again >= 0 || errno == EACCES)
        return again;
    return *n->path ? openat(n->dirfd, n->path, O_RDONLY | O_CLOEXEC) : fcntl(fd, F_DUPFD_CLOEXEC, 0);  /* no /proc */
}

/* [qemu] -inherit N options -0 argv0 -- name arguments... */
static char **emulator_argv(const Options *o, const char *inherit, const char *name, char *const argv[])
{
    size_t n = 0, k = 0;
    while (argv[n])
        n++;
    char **out = calloc(o->forward->len + n + 10, sizeof *out);
    if (!out)
        return NULL;
    out[k++] = (char *)o->self;
    out[k++] = INHERIT_OPTION;
    out[k++] = (char *)inherit;
    for (guint i = 0; i < o->forward->len; i++)
        out[k++] = g_ptr_array_index(o->forward, i);
    out[k++] = "-0";
    out[k++] = n ? argv[0] : "";
    out[k++] = "--";
    out[k++] = (char *)name;
    for (size_t i = 1; i < n; i++)
        out[k++] = argv[i];
    return out;
}

/* A signal that comes before the kernel has the call is the guest's, with the call to be made again after it; one that
 * comes later is the new program's. */
static int64_t exec_call(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    if (!signal_before_exec(t))
        return -ERESTARTNOINTR;
    int64_t r;
    if (dirfd == AT_FDCWD && !flags)
        r = safe_syscall(t, SYS_execve, path, argv, envp, 0L, 0L, 0L);
    else
        r = safe_syscall(t, SYS_execveat, (long)dirfd, path, argv, envp, (long)flags, 0L);
    signal_after_exec(t);
    return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

static int64_t exec_raw(Task *t, const ExecSelf *self, char *const argv[], char *const envp[])
{
    log_break();
    if (self->fd < 0)
        return exec_call(t, AT_FDCWD, self->path, argv, envp, 0);
    return exec_call(t, self->fd, "", argv, envp, AT_EMPTY_PATH);
}

/* Linux: alloc_bprm. A name relative to a descriptor is spelled /dev/fd/N/name, /dev/fd/N for the file itself. */
static void spell_name(const ExecName *n, char out[PATH_MAX])
{
    if (*n->given == '/' || n->dirfd == AT_FDCWD)
        snprintf(out, PATH_MAX, "%s", n->given);
    else
        snprintf(out, PATH_MAX, "/dev/fd/%d%s%s", n->dirfd, *n->given ? "/" : "", n->given);
}

/* Does nothing lead there after the exec? Then a script's interpreter could not open it. */
static bool goes_away(const ExecName *n)
{
    return *n->given != '/' && n->dirfd != AT_FDCWD && fcntl(n->dirfd, F_GETFD) & FD_CLOEXEC;
}

/* Since Linux 6.14 a task that executed a descriptor has the file's own name, before that the descriptor's number. */
static void task_name(const ExecName *n, int fd, char out[16])
{
    char link[40], path[PATH_MAX];
    struct utsname u;
    int major = 0, minor = 0;
    if (*n->given || uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
        return;
    if (major < 6 || (major == 6 && minor < 14))
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    char *slash = strrchr(path, '/'), *deleted = strstr(path, " (deleted)");
    if (deleted && !deleted[10])
        *deleted = 0;
    if (slash)
        snprintf(out, 16, "%.15s", slash + 1);
}

static int64_t exec_guest(Task *t, const Target *to, const ExecName *n, int fd, char *const argv[], char *const envp[])
{
    ExecSelf self;
    char name[PATH_MAX], handed[16];
    if (to->script && goes_away(n))
        return -ENOENT;
    int64_t r = exec_self_find(t->proc, to->kind == KIND_SELF ? NULL : to->program, &self);
    if (r < 0)
        return r;
    const Raise *raise = &to->raise;
    Handed h = { .self = self.fd, .raise = raise->any, .uid = raise->uid, .gid = raise->gid };
    h.program = fcntl(fd, F_DUPFD, 3);
    task_name(n, fd, h.comm);
    spell_name(n, name);
    int inherit = h.program < 0 ? -errno : inherit_give(t, &h);
    snprintf(handed, sizeof handed, "%d", inherit);
    char **words = inherit < 0 ? NULL : emulator_argv(t->proc->opt, handed, name, argv);
    t->exec.words = words;
    r = words ? exec_raw(t, &self, words, envp) : inherit < 0 ? inherit : -ENOMEM;
    t->exec.words = NULL;
    free(words);
    if (inherit >= 0)
        close(inherit);
    if (h.program >= 0)
        close(h.program);
    if (self.fd >= 0)
        close(self.fd);
    return r;
}

/* A program of the host: filters of system calls cannot go with it; the guest's limits become the host's. */
static int64_t exec_host(Task *t, int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
    struct rlimit as, data;
    const TaskLimits *l = &t->proc->limits;
    if (atomic_load(&t->seccomp)) {
        if (log_on(LOG_unimp))
            log_printf("execve of a host program under a seccomp filter: %s\n", path);
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

/* Privileges that only the kernel can give, where binfmt_misc lets it: it executes the file itself. Our options do not
 * go with it, so where its entries are not to be seen it is tried only when there are none. */
static int64_t exec_raised(Task *t, const Target *to, const ExecName *n, char *const argv[], char *const envp[],
                           int flags)
{
    const Options *o = t->proc->opt;
    bool may = to->registered > 0 || (to->registered < 0 && !o->forward->len);
    bool same = !to->script || !path_prefix();          /* the kernel knows no prefix for the interpreter */
    int64_t r = may && same ? exec_host(t, n->dirfd, n->path, argv, envp, flags) : -ENOEXEC;
    if (r != -ENOEXEC)
        return r;
    if (log_on(LOG_unimp))
        log_printf("execve of %s refused: its privileges need a binfmt_misc entry with flag C\n", n->path);
    return -EPERM;
}

/* /proc/self/exe and the like are the program. A descriptor where no name leads to it, else -1 and n->path names it. */
static int find_own(Process *p, ExecName *n)
{
    const char *own = p->exe ? process_proc_own(n->given) : NULL;
    if (!own || strcmp(own, "exe"))
        return -1;
    n->path = p->exe;
    return ownfd_get(p->exe_handle);
}

int64_t process_exec(Task *t, const ExecName *name, char *const argv[], char *const envp[], int flags)
{
    ExecName n = *name;
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    if (!*n.path && !(flags & AT_EMPTY_PATH))
        return -ENOENT;
    int own = flags & AT_SYMLINK_NOFOLLOW ? -1 : find_own(t->proc, &n);
    int64_t fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 0) : exec_file_find(n.dirfd, n.path, flags);
    if (fd < 0)
        return fd;
    int rfd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 0) : open_readable(&n, (int)fd);
    Target to = { KIND_HOST, NULL, .raise = { false } };
    int64_t r = exec_file_allowed((int)fd);
    if (r == 0 && rfd >= 0)
        r = classify(t->proc, rfd, &to);
    if (r == 0) {
        if (to.kind == KIND_HOST)
            r = exec_host(t, n.dirfd, n.path, argv, envp, flags);
        else if (to.raise.any && !raise_by_ids(&to.raise))
            r = exec_raised(t, &to, &n, argv, envp, flags);
        else
            r = exec_guest(t, &to, &n, rfd, argv, envp);
    }
    if (rfd >= 0)
        close(rfd);
    close((int)fd);
    return r;
}
