/* SPDX-License-Identifier: Apache-2.0 */
/* /proc files that must show the guest and not the emulator: rows of name and writer; each open gives a memory file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "common-user/mm.h"
#include "common-user/ownfd.h"
#include "common-user/process.h"
#include "linux-user/inherit.h"
#include "linux-user/options.h"
#include "linux-user/seccomp.h"

enum { STAT_FIELDS = 52 };

static void write_maps(Task *t, const char *host, FILE *out) { mm_maps(t->proc->mm, out); }
static void write_cmdline(Task *t, const char *host, FILE *out)
{
    /* the guest may rewrite its argument area (setproctitle): show memory, fall back to what exec put there */
    Process *p = t->proc;
    char *now = malloc(p->cmdline_len + 1);
    if (now && !gmem_read(t, now, p->arg_start, p->cmdline_len)) fwrite(now, 1, p->cmdline_len, out);
    else fwrite(p->cmdline, 1, p->cmdline_len, out);
    free(now);
}
static void write_environ(Task *t, const char *host, FILE *out)
{
    Process *p = t->proc;
    size_t len = p->env_end - p->env_start;
    char *now = malloc(len + 1);
    if (now) fwrite(now, 1, gmem_read_some(t, now, p->env_start, len), out);
    free(now);
}

/* What uname(2) tells, -r included. */
static void host_uname(Task *t, struct utsname *u)
{
    uname(u);
    if (t->proc->opt->uname_release) snprintf(u->release, sizeof u->release, "%s", t->proc->opt->uname_release);
}

static void write_osrelease(Task *t, const char *host, FILE *out)
{
    struct utsname u;
    host_uname(t, &u);
    fprintf(out, "%s\n", u.release);
}

/* "Linux version RELEASE ..." */
static void write_version(Task *t, const char *host, FILE *out)
{
    struct utsname u;
    char line[512] = "";
    int at = 0;
    host_uname(t, &u);
    FILE *f = fopen(host, "re");
    if (f && fgets(line, sizeof line, f)) sscanf(line, "Linux version %*s%n", &at);
    if (at) fprintf(out, "Linux version %s%s", u.release, line + at);
    else fputs(line, out);
    if (f) fclose(f);
}

static void write_arch(Task *t, const char *host, FILE *out) { fprintf(out, "%s\n", t->proc->arch->uname_machine); }

/* Code of the program itself. */
static uint64_t own_text(Process *p)
{
    MmInfo info;
    return mm_query(p->mm, p->entry, &info) ? info.end - info.start : 0;
}

/* proc(5): size resident shared text lib data dt, in pages. */
static void write_statm(Task *t, const char *host, FILE *out)
{
    unsigned long long resident = 0, shared = 0, page = mm_page_size(t->proc->mm), unit = (unsigned long long)sysconf(_SC_PAGESIZE);
    MmSums s = mm_sums(t->proc->mm);
    FILE *f = fopen(host, "re");
    if (f && fscanf(f, "%*u %llu %llu", &resident, &shared) != 2) resident = shared = 0;
    if (f) fclose(f);
    fprintf(out, "%llu %llu %llu %llu 0 %llu 0\n", s.total / page, resident * unit / page, shared * unit / page,
            own_text(t->proc) / page, (s.data + s.stack) / page);
}

static void write_auxv(Task *t, const char *host, FILE *out) { fwrite(t->proc->auxv, 1, t->proc->auxv_len, out); }

static void write_cpuinfo(Task *t, const char *host, FILE *out)
{
    enum { ROOM = 1 << 16, CPUS = 64 };
    char *text = malloc(ROOM);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    int len = text && t->proc->abi->cpuinfo ? t->proc->abi->cpuinfo(t->cpu, n > CPUS ? CPUS : (int)n, text, ROOM) : 0;
    if (len > 0) fwrite(text, 1, (size_t)len < ROOM ? (size_t)len : ROOM, out);
    free(text);
}

/* proc(5): 23 vsize, 26-28 startcode endcode startstack, 45-51 the data, brk, arg and env areas. */
static void write_stat(Task *t, const char *host, FILE *out)
{
    char line[4096], *save = NULL;
    FILE *f = fopen(host, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f) fclose(f);
    line[n] = 0;
    char *close_paren = strrchr(line, ')');
    if (!close_paren) { fputs(line, out); return; }
    fwrite(line, 1, (size_t)(close_paren + 1 - line), out);
    Process *p = t->proc;
    const struct { int field; uint64_t value; } guest[] = {
        { 23, mm_sums(p->mm).total }, { 26, p->load_bias }, { 27, p->entry }, { 28, p->stack_top },
        { 29, p->abi->get_sp(t->cpu) }, { 30, t->cpu->pc },
        { 48, p->arg_start }, { 49, p->arg_end }, { 50, p->env_start }, { 51, p->env_end },
    };
    int i = 3;
    for (char *w = strtok_r(close_paren + 1, " \n", &save); w; w = strtok_r(NULL, " \n", &save), i++) {
        bool done = false;
        for (size_t k = 0; k < sizeof guest / sizeof *guest; k++)
            if (guest[k].field == i) { fprintf(out, " %llu", (unsigned long long)guest[k].value); done = true; }
        if (!done) fprintf(out, " %s", w);
    }
    fputc('\n', out);
}

static uint64_t mask_of(Process *p, bool ignored)
{
    uint64_t m = 0;
    for (int s = 1; s <= TASK_NSIG; s++) {
        gaddr h = signal_get_action(p, s).handler;
        if (ignored ? h == 1 : h > 1) m |= SIG_BIT(s);
    }
    return linux_mask_to_guest(p->abi, m);
}

static void write_status(Task *t, const char *host, FILE *out)
{
    MmSums sums = mm_sums(t->proc->mm);
    uint64_t text = own_text(t->proc);
    const struct { const char *key; uint64_t value; const char *fmt; } guest[] = {
        { "SigBlk:", linux_mask_to_guest(t->proc->abi, t->sigmask), "%016llx\n" },
        { "SigIgn:", mask_of(t->proc, true), "%016llx\n" },
        { "SigCgt:", mask_of(t->proc, false), "%016llx\n" },
        { "Seccomp:", (uint64_t)seccomp_mode(t), "%llu\n" },
        { "Seccomp_filters:", seccomp_count(t), "%llu\n" },
        { "VmPeak:", sums.total / 1024, "%8llu kB\n" }, { "VmSize:", sums.total / 1024, "%8llu kB\n" },
        { "VmData:", sums.data / 1024, "%8llu kB\n" }, { "VmStk:", sums.stack / 1024, "%8llu kB\n" },
        { "VmExe:", text / 1024, "%8llu kB\n" }, { "VmLib:", (sums.text > text ? sums.text - text : 0) / 1024, "%8llu kB\n" },
    };
    FILE *f = fopen(host, "re");
    char line[512];
    while (f && fgets(line, sizeof line, f)) {
        bool done = false;
        for (size_t k = 0; k < sizeof guest / sizeof *guest; k++)
            if (!strncmp(line, guest[k].key, strlen(guest[k].key))) {
                fprintf(out, "%s\t", guest[k].key);
                fprintf(out, guest[k].fmt, (unsigned long long)guest[k].value);
                done = true;
            }
        if (!done) fputs(line, out);
    }
    if (f) fclose(f);
}

/* proc(5): the rows of what the guest keeps itself. */
static void write_limits(Task *t, const char *host, FILE *out)
{
    TaskLimits all = process_limits(t->proc);
    const struct { const char *key; TaskLimit l; } guest[] = { { "Max address space", all.as }, { "Max data size", all.data } };
    FILE *f = fopen(host, "re");
    char line[256], text[2][24];
    while (f && fgets(line, sizeof line, f)) {
        bool done = false;
        for (int k = 0; k < 2; k++) {
            if (strncmp(line, guest[k].key, strlen(guest[k].key))) continue;
            for (int i = 0; i < 2; i++) {
                uint64_t v = i ? guest[k].l.max : guest[k].l.cur;
                snprintf(text[i], sizeof text[i], v == RLIM_INFINITY ? "unlimited" : "%llu", (unsigned long long)v);
            }
            fprintf(out, "%-25s %-20s %-20s bytes     \n", guest[k].key, text[0], text[1]);
            done = true;
        }
        if (!done) fputs(line, out);
    }
    if (f) fclose(f);
}

typedef struct ProcFile { const char *name; bool own; void (*write)(Task *, const char *host, FILE *); } ProcFile;
static const ProcFile files[] = {
    { "maps", true, write_maps }, { "cmdline", true, write_cmdline }, { "auxv", true, write_auxv },
    { "environ", true, write_environ }, { "statm", true, write_statm }, { "sys/kernel/arch", false, write_arch },
    { "stat", true, write_stat }, { "status", true, write_status }, { "limits", true, write_limits }, { "cpuinfo", false, write_cpuinfo },
    { "sys/kernel/osrelease", false, write_osrelease }, { "version", false, write_version },
};

const char *process_proc_own(const char *path)
{
    char prefix[64];
    const char *rest = NULL;
    const char *const self[] = { "/proc/self/", "/proc/thread-self/" };
    for (int i = 0; i < 2; i++) if (!strncmp(path, self[i], strlen(self[i]))) rest = path + strlen(self[i]);
    int n = snprintf(prefix, sizeof prefix, "/proc/%d/", (int)getpid());
    if (!strncmp(path, prefix, (size_t)n)) rest = path + n;
    if (rest && !strncmp(rest, "task/", 5)) {
        char *end;
        long tid = strtol(rest + 5, &end, 10);
        if (*end != '/' || tgkill(getpid(), (pid_t)tid, 0) < 0) return NULL;     /* a thread that has gone has no files */
        rest = end + 1;
    }
    return rest;
}

/* The pid of "/proc/PID/name"; 0: it is another path. */
static int pid_of(const char *path, const char *name)
{
    int pid = 0, at = 0;
    return sscanf(path, "/proc/%d/%n", &pid, &at) == 1 && at && !strcmp(path + at, name) ? pid : 0;
}

/* The host's maps of this process name the program for the emulators of others: a mapping of an empty memory file. */
#define ANNOUNCED "guest:"
void process_proc_announce(const Process *p)
{
    enum { NAME_MOST = 249, LEN = 4096 };               /* memfd_create(2) */
    char name[NAME_MOST + 1];
    if (!p->exe || snprintf(name, sizeof name, ANNOUNCED "%s", p->exe) > NAME_MOST) return;
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) return;
    mmap(NULL, LEN, PROT_NONE, MAP_SHARED, fd, 0);
    close(fd);
}

static bool other_exe(const char *path, char out[PATH_MAX])
{
    static const char tag[] = "/memfd:" ANNOUNCED, end[] = " (deleted)";
    int pid = pid_of(path, "exe");
    char maps[40], *line = NULL, *name;
    size_t cap = 0;
    if (!pid) return false;
    snprintf(maps, sizeof maps, "/proc/%d/maps", pid);
    FILE *f = fopen(maps, "re");
    bool found = false;
    while (f && !found && getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        name = strstr(line, tag);
        size_t len = name ? strlen(name) : 0;
        if (len < sizeof tag + sizeof end || strcmp(name + len - (sizeof end - 1), end)) continue;
        name[len - (sizeof end - 1)] = 0;
        snprintf(out, PATH_MAX, "%s", name + sizeof tag - 1);
        found = true;
    }
    free(line);
    if (f) fclose(f);
    return found;
}

bool process_proc_exe(Task *t, const char *path, char out[PATH_MAX])
{
    if (strncmp(path, "/proc/", 6) || !t->proc->exe) return false;
    const char *own = process_proc_own(path);
    if (!own) return other_exe(path, out);
    if (strcmp(own, "exe")) return false;
    int fd = ownfd_get(t->proc->exe_handle);
    if (fd >= 0) snprintf(out, PATH_MAX, "/proc/self/fd/%d", fd);
    else snprintf(out, PATH_MAX, "%s", t->proc->exe);
    return true;
}

bool process_proc_may_be(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *slash = strrchr(files[i].name, '/'), *name = slash ? slash + 1 : files[i].name;
        size_t n = strlen(name);
        if (len >= n && !strcmp(path + len - n, name) && (len == n || path[len - n - 1] == '/')) return true;
    }
    return false;
}

int64_t process_proc_open(Task *t, const char *path, int flags)
{
    if (strncmp(path, "/proc/", 6) || (flags & O_ACCMODE) != O_RDONLY) return -ENOENT;
    const char *own = process_proc_own(path);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *name = files[i].own ? own : path + 6;
        if (!name || strcmp(name, files[i].name)) continue;
        char shown[PATH_MAX];
        snprintf(shown, sizeof shown, own ? "/proc/%2$d/%1$s" : "/proc/%1$s", name, (int)getpid());
        int fd = memfd_create(shown, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);       /* readlink strips what the kernel puts round the name */
        if (fd < 0) return -errno;
        FILE *out = fdopen(dup(fd), "w");
        if (!out) { close(fd); return -ENOMEM; }
        files[i].write(t, path, out);
        fclose(out);
        if (own && !process_proc_own(path)) { close(fd); return -ENOENT; }          /* it ended meanwhile */
        fchmod(fd, 0444);
        lseek(fd, 0, SEEK_SET);
        return fd;
    }
    return -ENOENT;
}

int64_t process_proc_readlink(Task *t, const char *path, char *buf, size_t cap)
{
    char exe[PATH_MAX];
    const char *own = t->proc->exe ? process_proc_own(path) : NULL;
    if (own && !strcmp(own, "exe")) snprintf(exe, sizeof exe, "%s", t->proc->exe);
    else if (!process_proc_exe(t, path, exe)) return -ENOENT;
    size_t n = strlen(exe);
    if (n > cap) n = cap;
    memcpy(buf, exe, n);
    return (int64_t)n;
}
