/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-<arch>: options, the program, its first task, the loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/process.h"
#include "common-user/signals.h"
#include "linux-user/abi.h"
#include "linux-user/direct.h"
#include "linux-user/exec_file.h"
#include "linux-user/exec_load.h"
#include "linux-user/exec_self.h"
#include "linux-user/exec_stack.h"
#include "linux-user/inherit.h"
#include "linux-user/loop.h"
#include "linux-user/options.h"
#include "linux-user/own_stack.h"
#include "linux-user/path.h"
#include "linux-user/proc.h"
#include "linux-user/start.h"
#include "linux-user/trace.h"

enum { STARTUP_FAILED = 125 };

static void die(const char *what)
{
    fprintf(stderr, "qemu-%s: %s\n", guest_arch.tcg.name, what);
    exit(STARTUP_FAILED);
}

/* --- what the program sees */

static bool has_name(const char *entry, const char *name, size_t len)
{
    return !strncmp(entry, name, len) && entry[len] == '=';
}

static void env_remove(GPtrArray *env, const char *name, size_t len)
{
    for (guint i = env->len; i-- > 0; )
        if (has_name(g_ptr_array_index(env, i), name, len))
            g_ptr_array_remove_index(env, i);
}

static char **make_env(const Options *o)
{
    extern char **environ;
    GPtrArray *env = g_ptr_array_new();
    for (char **e = environ; *e; e++)
        g_ptr_array_add(env, strdup(*e));
    for (guint i = 0; i < o->env->len; i++) {
        char *e = g_ptr_array_index(o->env, i), *eq = strchr(e, '=');
        env_remove(env, e, eq ? (size_t)(eq - e) : strlen(e));
        if (eq)
            g_ptr_array_add(env, e);
    }
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

/* argv of the program; its own argv[0] may stand behind its name. */
static char **make_argv(const Options *o, const Start *s, int argc, char **argv, int program)
{
    int first = s->kept_argv0 ? program + 1 : program, n = argc - first;
    char **out = calloc((size_t)n + 1, sizeof *out);
    for (int i = 0; i < n; i++)
        out[i] = strdup(argv[first + i]);
    if (o->argv0)
        out[0] = strdup(o->argv0);
    return out;
}

/* Lets /proc/PID/cmdline of this process, as others see it, show the program's words: they move to the front of the
 * area. */
static void show_cmdline(int argc, char **argv, char *const *words)
{
    char *start = argv[0], *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1, *to = start;
    for (; *words; words++) {
        size_t n = strlen(*words) + 1;
        if ((size_t)(end - to) < n)
            return;
        memcpy(to, *words, n);
        to += n;
    }
    memset(to, 0, (size_t)(end - to));
    prctl(PR_SET_MM, PR_SET_MM_ARG_END, (unsigned long)to, 0, 0);      /* without the privilege trailing zeros stay */
}

static void show_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    prctl(PR_SET_NAME, slash ? slash + 1 : path);
}

/* --- the process */

static Mm *make_mm(const Options *o, const ElfImage *m)
{
    char err[256];
    uint64_t real = (uint64_t)sysconf(_SC_PAGESIZE), page = o->page_size > real ? o->page_size : real;
    if (o->guest_base & (page - 1))
        die("guest base is not aligned to the host page size");
    MmConfig c = { .arch = &guest_arch,
        .page_size = linux_abi.page_size,
        .host_page = page,
        .task_size = linux_abi.task_size,
        .mmap_base = linux_abi.mmap_base,
        .guest_base = o->guest_base,
        .reserved_va = o->reserved_va,
        .fixed = m->dyn ? 0 : m->lo,
        .fixed_end = m->dyn ? 0 : m->hi };
    exec_layout(o, &c);
    Mm *mm = mm_new(&c, err, sizeof err);
    if (!mm)
        die(err);
    return mm;
}

static Process *make_process(Options *o, bool secure)
{
    Process *p = calloc(1, sizeof *p);
    p->exe_handle = p->self_handle = p->self_fd = -1;
    p->arch = &guest_arch;
    p->abi = &linux_abi;
    p->opt = o;
    p->secure = secure;
    p->seed = o->seed;
    p->seeded = o->seeded;
    memcpy(p->features, o->features, sizeof p->features);
    pthread_mutex_init(&p->task_lock, NULL);
    return p;
}

static void make_space(Process *p, Options *o, const ElfImage *m)
{
    p->mm = make_mm(o, m);
    trace_setup(&o->tcg, o);
    direct_setup(&o->tcg);
    TcgHost host = { .ctx = p->mm, .fetch = mm_fetch, .mem_base = mm_base(p->mm), .thread_id = task_lock_id };
    if (guest_arch.tcg.sees_stores)
        host.watched = mm_code_watched;
    p->tcg = tcg_new(&guest_arch.tcg, &host, &o->tcg);
    if (!p->tcg && !o->tcg.interp && (errno == EACCES || errno == EPERM)) {
        /* SELinux execmem, PR_SET_MDWE, systemd's MemoryDenyWriteExecute: slowly is better than not at all */
        if (log_mask())
            log_printf("the host refuses memory for code (%s): interpreting\n", strerror(errno));
        o->tcg.interp = true;
        p->tcg = tcg_new(&guest_arch.tcg, &host, &o->tcg);
    }
    if (!p->tcg)
        die("the translator cannot start: out of address space?");
    mm_set_tcg(p->mm, p->tcg);
    signal_init(p);
}

/* -L, or the cross sysroot when the machine has one. */
static void set_prefix(const Options *o)
{
    char sysroot[256];
    snprintf(sysroot, sizeof sysroot, "/usr/%s", guest_arch.triplet ? guest_arch.triplet : "none");
    if (o->prefix)
        path_prefix_set(o->prefix);
    else if (!access(sysroot, X_OK))
        path_prefix_set(sysroot);
}

/* Set-user-ID and set-group-ID: what the kernel does for a file of its own. Linux: PER_CLEAR_ON_SETID. */
static bool raise_ids(const Handed *h)
{
    if (!h->raise)
        return true;
    unsigned long cleared = READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO;
    personality((unsigned long)personality(0xffffffff) & ~cleared);
    return !setresgid((gid_t)-1, h->gid, h->gid) && !setresuid((uid_t)-1, h->uid, h->uid);
}

/* What our predecessor's execve handed on; false: nothing. */
static bool take_over(const Options *o, Inherit *from)
{
    if (!o->inherit)
        return false;
    if (!inherit_open(from, atoi(o->inherit)) || !raise_ids(&from->h))
        die("-inherit: not from execve");
    return true;
}

static int run(int argc, char **argv)
{
    static Options opt;             /* lives as long as the process */
    int program = 1, status = 0;
    Start start = start_look(argc, argv);
    if (!options_parse(&opt, &guest_arch, argc, argv, &start, &program, &status))
        return status;
    if (start.secure)
        options_unset_variables();
    set_prefix(&opt);
    if (!start.by_kernel && start.name)
        opt.self_path = realpath(start.name, NULL);
    Inherit from;
    bool handed = take_over(&opt, &from);

    Process *p = make_process(&opt, start.secure || geteuid() != getuid() || getegid() != getgid());
    if (handed && from.h.self >= 0)
        exec_self_kept(p, from.h.self);
    Program prog = { .argv = make_argv(&opt, &start, argc, argv, program), .envp = make_env(&opt) };
    status = exec_open(p, &prog, argv[program], handed ? from.h.program : start.fd);
    if (status)
        return status;
    if (start.by_kernel && start.name)
        prog.path = strdup(start.name);    /* of the script, when it is one */
    make_space(p, &opt, &prog.image);
    exec_file_identify(p, prog.fd, argv[program]);
    process_proc_announce(p);

    Task *t = task_new(p, NULL);
    if (!t)
        die("out of memory");
    task_link(t, NULL);
    signal_start(t);
    status = exec_load(t, &prog);
    if (status)
        return status;
    if (handed && !inherit_take(&from, t))
        die("-inherit: not from execve");
    if (log_on(LOG_page))
        trace_mappings(p->mm);
    show_name(handed && *from.h.comm ? from.h.comm : prog.path);
    show_cmdline(argc, argv, prog.argv);
    if (!handed)
        proc_fds_opened(t, STDIN_FILENO);
    loop_run();
}

int main(int argc, char **argv) { return own_stack_run(run, argc, argv); }
