/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads: arguments of clone, exec and wait, limits, prctl, capabilities. common-user/process.h does the
 * work. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common-user/host.h"
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/process.h"
#include "linux-user/inherit.h"
#include "linux-user/process_robust.h"
#include "linux-user/seccomp.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

int64_t sys_exit(Task *t, int code)
{
    signal_block_all();
    if (atomic_load(&t->pending))
        return -ERESTARTNOINTR;    /* taken already: it would end with the thread */
    process_exit_thread(t, code);
}

int64_t sys_exit_group(Task *t, int code) { process_exit_group(t, code); }

int64_t sys_fork(Task *t)
{
    return process_clone(t, &(CloneArgs){ .exit_signal = SIGCHLD });
}

int64_t sys_vfork(Task *t)
{
    return process_clone(t, &(CloneArgs){ .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD });
}

int64_t sys_clone(Task *t, uint64_t flags, gaddr stack, gaddr a, gaddr b, gaddr c)
{
    bool tls_first = linux_abi.clone_tls_before_ctid;
    CloneArgs args = {
        .flags = (uint32_t)flags & ~0xffu, .exit_signal = linux_sig_to_host(&linux_abi, flags & 0xff), .stack = stack,
        .parent_tid = a, .tls = tls_first ? b : c, .child_tid = tls_first ? c : b,
        .pidfd = flags & CLONE_PIDFD ? a : 0,
    };
    return process_clone(t, &args);
}

/* struct clone_args as it grew: later kernels' fields must be 0 (copy_struct_from_user). */
enum { CLONE_ARGS_WORDS = sizeof(struct clone_args) / 8, SET_TID_MAX = 32 /* MAX_PID_NS_LEVEL */ };
static int64_t get_clone_args(Task *t, gaddr at, uint64_t size, struct clone_args *out)
{
    uint64_t w[CLONE_ARGS_WORDS] = { 0 };
    uint8_t tail;
    int64_t r = 0;
    if (size > mm_page_size(t->proc->mm))
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    for (uint64_t i = sizeof w; i < size; i++) {
        if ((r = gmem_get_u8(t, at + i, &tail)) < 0)
            return r;
        if (tail)
            return -E2BIG;
    }
    uint8_t raw[sizeof w] = { 0 };
    if ((r = gmem_read(t, raw, at, size < sizeof w ? size : sizeof w)) < 0)
        return r;
    for (int i = 0; i < CLONE_ARGS_WORDS; i++)
        w[i] = thunk_load(raw + 8 * i, 8, false, linux_abi.big_endian);
    memcpy(out, w, sizeof *out);
    return 0;
}

/* Linux: copy_clone_args_from_user, clone3_args_valid */
static bool clone_args_valid(const struct clone_args *k, uint64_t size)
{
    if (k->set_tid_size > SET_TID_MAX || !k->set_tid != !k->set_tid_size || k->exit_signal > TASK_NSIG)
        return false;
    if ((k->flags & CLONE_INTO_CGROUP) && (k->cgroup > INT_MAX || size < CLONE_ARGS_SIZE_VER2))
        return false;
    if (k->flags & ~(0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
        return false;
    if (k->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
        return false;
    if ((k->flags & (CLONE_THREAD | CLONE_PARENT)) && k->exit_signal)
        return false;
    return !k->stack == !k->stack_size && k->stack < linux_abi.task_size &&
        k->stack_size <= linux_abi.task_size - k->stack;
}

int64_t sys_clone3(Task *t, gaddr at, uint64_t size)
{
    struct clone_args k;
    int32_t tids[SET_TID_MAX];
    int64_t r = get_clone_args(t, at, size, &k);
    if (r < 0)
        return r;
    if (!clone_args_valid(&k, size))
        return -EINVAL;
    CloneArgs a = { .flags = k.flags, .exit_signal = linux_sig_to_host(&linux_abi, k.exit_signal),
        .stack = k.stack + k.stack_size,
        .tls = k.tls, .parent_tid = k.parent_tid, .child_tid = k.child_tid, .pidfd = k.pidfd,
        .set_tid = k.set_tid_size ? tids : NULL, .set_tid_size = k.set_tid_size, .cgroup = (int)k.cgroup };
    for (unsigned i = 0; i < k.set_tid_size; i++) {
        uint32_t v;
        if ((r = gmem_get_u32(t, k.set_tid + 4 * i, &v)) < 0)
            return r;
        tids[i] = (int32_t)v;
    }
    return process_clone(t, &a);
}

/* --- exec: vectors of guest strings in one list of allocations */
static void free_vector(char **v)
{
    for (char **p = v; p && *p; p++)
        free(*p);
    free(v);
}

static char **get_vector(Task *t, gaddr at, int64_t *err)
{
    enum { MAX_STRING = 32 * 4096 };
    size_t n = 0, cap = 16;
    char **v = calloc(cap, sizeof *v);
    for (; v && at; at += linux_abi.word) {
        uint64_t p;
        if ((*err = gmem_get_word(t, at, &p)) < 0)
            goto bad;
        if (!p)
            break;
        if (n + 2 > cap) {
            char **bigger = realloc(v, (cap *= 2) * sizeof *v);
            if (!bigger)
                break;
            v = bigger;
        }
        v[n] = gmem_strdup(t, p, MAX_STRING, err);
        v[n + 1] = NULL;
        if (!v[n]) {
            if (*err == -ENAMETOOLONG)
                *err = -E2BIG;
            goto bad;
        }
        n++;
    }
    *err = v ? 0 : -ENOMEM;
    return v;
bad:
    free_vector(v);
    return NULL;
}

int64_t sys_execveat(Task *t, int dirfd, gaddr path, gaddr argv, gaddr envp, uint64_t flags)
{
    char given[PATH_MAX], name[PATH_MAX];
    int64_t r = path_get(t, dirfd, path, given, PATH_RAW);
    if (r < 0)
        return r;
    path_place(t, dirfd, strcpy(name, given), flags & AT_SYMLINK_NOFOLLOW ? PATH_LINK : PATH_FOLLOW);
    char **args = get_vector(t, argv, &r);
    if (!args)
        return r;
    char **env = get_vector(t, envp, &r);
    t->exec.argv = args;            /* a parent that shares our memory frees them when we are gone */
    t->exec.envp = env;
    if (env)
        r = process_exec(t, &(ExecName){ dirfd, name, given }, args, env, flags);
    t->exec.argv = t->exec.envp = NULL;
    free_vector(args);
    free_vector(env);
    return r;
}
int64_t sys_execve(Task *t, gaddr path, gaddr argv, gaddr envp)
{
    return sys_execveat(t, AT_FDCWD, path, argv, envp, 0);
}

/* --- wait */
static int status_to_guest(int st)
{
    if (WIFSIGNALED(st))
        return (st & ~0x7f) | linux_sig_to_guest(&linux_abi, WTERMSIG(st));
    if (WIFSTOPPED(st))
        return (st & ~0xff00) | linux_sig_to_guest(&linux_abi, WSTOPSIG(st)) << 8;
    return st;
}

int64_t sys_wait4(Task *t, int pid, gaddr status, uint64_t options, void *usage)
{
    int st = 0;
    int64_t r = safe_syscall(t, SYS_wait4, (long)pid, &st, (long)(int)options, usage, 0L, 0L);
    if (r > 0 && status) {
        int64_t e = gmem_put_u32(t, status, status_to_guest(st));
        if (e < 0)
            return e;
    }
    return r;
}
int64_t sys_waitpid(Task *t, int pid, gaddr status, uint64_t options)
{
    return sys_wait4(t, pid, status, options, NULL);
}

int64_t sys_waitid(Task *t, uint64_t type, int id, gaddr info, uint64_t options, void *usage)
{
    siginfo_t si;
    uint8_t raw[128];
    memset(&si, 0, sizeof si);
    int64_t r = safe_syscall(t, SYS_waitid, (long)type, (long)id, &si, (long)(int)options, usage, 0L);
    if (r == -EINTR || r <= -ERESTARTSYS || !info)
        return r;
    linux_siginfo_to_guest(&linux_abi, raw, &si);
    if (r < 0 || !si.si_signo)
        memset(raw, 0, sizeof raw);    /* Linux: written whatever the result is */
    int64_t e = gmem_write(t, info, raw, linux_abi.word == 8 ? 28 : 24);
    return e < 0 ? e : r;
}

int64_t sys_set_tid_address(Task *t, gaddr at) { return process_set_tid_address(t, at); }

int64_t sys_set_robust_list(Task *t, gaddr head, uint64_t len)
{
    if (len != 3u * linux_abi.word)
        return -EINVAL;
    robust_set(t, head);
    return 0;
}

int64_t sys_get_robust_list(Task *t, int pid, gaddr head, gaddr len)
{
    Process *p = t->proc;
    gaddr list = t->robust_list;
    bool own = !pid || pid == t->tid;
    pthread_mutex_lock(&p->task_lock);
    for (Task *o = p->tasks; o && !own; o = o->next)
        if (o->tid == pid) {
            list = o->robust_list;
            own = true;
        }
    pthread_mutex_unlock(&p->task_lock);
    if (!own) {
        size_t host_len;
        void *host;
        int64_t e = host_syscall(SYS_get_robust_list, pid, (long)&host, (long)&host_len, 0, 0, 0);
        if (e < 0)
            return e;
        if (!robust_by_host(p))
            return -EPERM;    /* another process: its emulator knows */
        list = (uintptr_t)host;
    }
    int64_t r = gmem_put_word(t, len, 3u * linux_abi.word);
    return r < 0 ? r : gmem_put_word(t, head, list);
}

/* --- limits. AS and DATA count the guest's map (common-user/mm_limit.c); on the host they would
 * bind the translator. */
static TaskLimit *own_limit(TaskLimits *l, uint64_t resource)
{
    return resource == RLIMIT_AS ? &l->as : resource == RLIMIT_DATA ? &l->data : NULL;
}

TaskLimits process_limits(Process *p)
{
    struct rlimit as, data;
    if (p->limits.set || getrlimit(RLIMIT_AS, &as) || getrlimit(RLIMIT_DATA, &data))
        return p->limits;
    return (TaskLimits){ false, { as.rlim_cur, as.rlim_max }, { data.rlim_cur, data.rlim_max } };
}

bool sys_capable(int capability)
{
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct d[2] = { { 0 } };
    return !syscall(SYS_capget, &h, d) && d[0].effective >> capability & 1;
}

static int64_t set_own_limit(Process *p, uint64_t resource, const struct rlimit *new, struct rlimit *old)
{
    TaskLimits all = process_limits(p);
    TaskLimit *l = own_limit(&all, resource);
    TaskLimit was = *l;
    if (new && new->rlim_cur > new->rlim_max)
        return -EINVAL;
    if (new && new->rlim_max > l->max && !sys_capable(CAP_SYS_RESOURCE))
        return -EPERM;
    if (new) {
        *l = (TaskLimit){ new->rlim_cur, new->rlim_max };
        all.set = true;
        pthread_mutex_lock(&p->task_lock);
        p->limits = all;
        pthread_mutex_unlock(&p->task_lock);
    }
    if (old) *old = (struct rlimit){ was.cur, was.max };
    return 0;
}

int64_t sys_prlimit64(Task *t, int pid, uint64_t resource, void *new, void *old)
{
    bool own = resource == RLIMIT_AS || resource == RLIMIT_DATA;
    if (own && (pid == 0 || pid == getpid()))
        return set_own_limit(t->proc, resource, new, old);
    if (own && new) {               /* another guest's emulator keeps them */
        sys_unsupported("prlimit64: RLIMIT_AS or RLIMIT_DATA of another process");
        return -EPERM;
    }
    return safe_syscall(t, SYS_prlimit64, (long)pid, (long)resource, new, old, 0L, 0L);
}

static uint64_t narrow_limit(uint64_t v)
{
    return linux_abi.word == 4 && v > 0xffffffff ? 0xffffffff : v;
}

int64_t sys_getrlimit(Task *t, uint64_t resource, void *limit)
{
    struct rlimit l, *out = limit;
    int64_t r = sys_prlimit64(t, 0, resource, NULL, &l);
    if (r < 0 || !out)
        return r < 0 ? r : -EFAULT;
    *out = (struct rlimit){ narrow_limit(l.rlim_cur), narrow_limit(l.rlim_max) };
    return r;
}
/* Linux: sys_old_getrlimit, from when limits were signed */
int64_t sys_old_getrlimit(Task *t, uint64_t resource, void *limit)
{
    struct rlimit *l = limit;
    int64_t r = sys_getrlimit(t, resource, l);
    if (r == 0 && l->rlim_cur > INT32_MAX)
        l->rlim_cur = INT32_MAX;
    if (r == 0 && l->rlim_max > INT32_MAX)
        l->rlim_max = INT32_MAX;
    return r;
}
int64_t sys_ugetrlimit(Task *t, uint64_t resource, void *limit) { return sys_getrlimit(t, resource, limit); }

int64_t sys_setrlimit(Task *t, uint64_t resource, void *limit)
{
    struct rlimit *l = limit;
    if (!l)
        return -EFAULT;
    if (linux_abi.word == 4) {
        if (l->rlim_cur == 0xffffffff)
            l->rlim_cur = RLIM_INFINITY;
        if (l->rlim_max == 0xffffffff)
            l->rlim_max = RLIM_INFINITY;
    }
    return sys_prlimit64(t, 0, resource, l, NULL);
}

int64_t sys_nice(Task *t, int inc)
{
    long now = safe_syscall(t, SYS_getpriority, (long)PRIO_PROCESS, 0L, 0L, 0L, 0L, 0L);    /* 20 - nice */
    if (now < 0)
        return now;
    long want = 20 - now + (inc < -40 ? -40 : inc > 40 ? 40 : inc);
    want = want < -20 ? -20 : want > 19 ? 19 : want;
    long r = safe_syscall(t, SYS_setpriority, (long)PRIO_PROCESS, 0L, want, 0L, 0L, 0L);
    return r == -EACCES ? -EPERM : r;
}

int64_t sys_personality(Task *t, uint64_t persona)
{
    int64_t was = safe_syscall(t, SYS_personality, (long)(uint32_t)persona, 0L, 0L, 0L, 0L, 0L);
    if (was >= 0 && (uint32_t)persona != UINT32_MAX)
        mm_set_read_exec(t->proc->mm, persona & READ_IMPLIES_EXEC);
    return was;
}

/* --- prctl: integers pass; rows say which argument is a pointer, and what would act on the emulator itself */
typedef enum PrctlHow {
    PRCTL_CALL = 1, PRCTL_STR16_OUT, PRCTL_STR16_IN, PRCTL_INT_OUT, PRCTL_REFUSE, PRCTL_VMA, PRCTL_FPEXC,
    PRCTL_SIG_IN, PRCTL_SIG_OUT, PRCTL_AUXV,
} PrctlHow;
typedef struct PrctlRow {
    int option;
    PrctlHow how;
    const char *name;
    PrctlCall *call;                /* PRCTL_CALL */
} PrctlRow;
static const PrctlRow prctl_rows[] = {
    { PR_SET_NAME, PRCTL_STR16_IN, "PR_SET_NAME" },
    { PR_GET_NAME, PRCTL_STR16_OUT, "PR_GET_NAME" },
    { PR_SET_PDEATHSIG, PRCTL_SIG_IN, "PR_SET_PDEATHSIG" },
    { PR_GET_PDEATHSIG, PRCTL_SIG_OUT, "PR_GET_PDEATHSIG" },
    { PR_GET_CHILD_SUBREAPER, PRCTL_INT_OUT, "PR_GET_CHILD_SUBREAPER" },
    { PR_GET_ENDIAN, PRCTL_REFUSE, "PR_GET_ENDIAN" },
    { PR_GET_UNALIGN, PRCTL_REFUSE, "PR_GET_UNALIGN" },
    { PR_GET_FPEMU, PRCTL_REFUSE, "PR_GET_FPEMU" },
    { PR_GET_FPEXC, PRCTL_FPEXC, "PR_GET_FPEXC" },
    { PR_SET_FPEXC, PRCTL_FPEXC, "PR_SET_FPEXC" },
    { PR_GET_TSC, PRCTL_REFUSE, "PR_GET_TSC" },
    { PR_SET_TSC, PRCTL_REFUSE, "PR_SET_TSC" },
    { PR_SET_MM, PRCTL_REFUSE, "PR_SET_MM" },
    { PR_GET_TID_ADDRESS, PRCTL_REFUSE, "PR_GET_TID_ADDRESS" },
    { 59, PRCTL_REFUSE, "PR_SET_SYSCALL_USER_DISPATCH" },
    { PR_SET_TAGGED_ADDR_CTRL, PRCTL_CALL, "PR_SET_TAGGED_ADDR_CTRL", prctl_tags },
    { PR_GET_TAGGED_ADDR_CTRL, PRCTL_CALL, "PR_GET_TAGGED_ADDR_CTRL", prctl_tags },
    { OPT_SET_MDWE, PRCTL_CALL, "PR_SET_MDWE", prctl_mdwe },
    { OPT_GET_MDWE, PRCTL_CALL, "PR_GET_MDWE", prctl_mdwe },
    { 0x53564d41, PRCTL_VMA, "PR_SET_VMA" },
    { 0x41555856, PRCTL_AUXV, "PR_GET_AUXV" },
};

static int64_t fpexc(Task *t, int option, uint64_t a)
{
    if (!linux_abi.fpexc)
        return -EINVAL;
    if (option == PR_SET_FPEXC)
        return linux_abi.fpexc(t, a & 0xffffffff);
    return gmem_put_u32(t, a, (uint32_t)linux_abi.fpexc(t, -1));
}

/* Linux: prctl_get_auxv. The size of the whole, however much is copied. */
static int64_t get_auxv(Task *t, gaddr to, uint64_t len, uint64_t c, uint64_t d)
{
    const Process *p = t->proc;
    if (c || d)
        return -EINVAL;
    int64_t r = gmem_write(t, to, p->auxv, len < p->auxv_len ? len : p->auxv_len);
    return r < 0 ? r : (int64_t)p->auxv_len;
}

int64_t sys_prctl(Task *t, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    char name[16] = { 0 };
    int value = 0;
    const PrctlRow *row = NULL;
    for (unsigned i = 0; i < sizeof prctl_rows / sizeof *prctl_rows; i++)
        if (prctl_rows[i].option == option)
            row = &prctl_rows[i];
    uint64_t arg = a;
    if (option == PR_GET_SECCOMP)
        return seccomp_mode(t);
    if (option == PR_SET_SECCOMP)
        return seccomp_prctl(t, a, b);
    switch (row ? (int)row->how : 0) {
    case PRCTL_REFUSE:
        if (log_on(LOG_unimp))
            log_printf("unsupported prctl: %s\n", row->name);
        return -EINVAL;
    case PRCTL_CALL: return row->call(t, option, a, b, c, d);
    case PRCTL_FPEXC: return fpexc(t, option, a);
    case PRCTL_AUXV: return get_auxv(t, a, b, c, d);
    case PRCTL_STR16_IN: {
        int64_t n = gmem_strncpy(t, name, a, sizeof name);
        if (n < 0 && n != -ENAMETOOLONG)
            return n;
        name[15] = 0;
    }   /* fall through */
    case PRCTL_STR16_OUT: arg = (uintptr_t)name; break;
    case PRCTL_INT_OUT: case PRCTL_SIG_OUT: arg = (uintptr_t)&value; break;
    case PRCTL_SIG_IN: arg = linux_sig_to_host(&linux_abi, a); break;
    case PRCTL_VMA:
        b = (uintptr_t)gmem_host(t, b, c);
        d = (uintptr_t)gmem_host(t, d, 1);
        break;
    }
    int64_t r = safe_syscall(t, SYS_prctl, (long)option, arg, b, c, d, 0L);
    if (r < 0)
        return r;
    int64_t e = 0;
    if (row && row->how == PRCTL_STR16_OUT)
        e = gmem_write(t, a, name, sizeof name);
    else if (row && row->how == PRCTL_INT_OUT)
        e = gmem_put_u32(t, a, value);
    else if (row && row->how == PRCTL_SIG_OUT)
        e = gmem_put_u32(t, a, linux_sig_to_guest(&linux_abi, value));
    return e < 0 ? e : r;
}

/* As a kernel whose security module forbids it (Yama, scope 3): callers know that answer, ENOSYS none expects. */
int64_t sys_ptrace(Task *t, int64_t request, int pid, gaddr addr, gaddr data)
{
    sys_unsupported("ptrace");
    return -EPERM;
}

/* --- capabilities: version 1 has one data block, later ones two. The order of looks at memory is
 * kernel/capability.c's. */
typedef struct CapHeader { uint32_t version; int pid; unsigned words; } CapHeader;

/* 0, or -EINVAL for a version that is none: the guest's is then the one to use. */
static int64_t cap_header(Task *t, gaddr at, CapHeader *h)
{
    int64_t r = gmem_get_u32(t, at, &h->version);
    if (r < 0)
        return r;
    h->words = h->version == _LINUX_CAPABILITY_VERSION_1 ? 3 : 6;
    if (h->version == _LINUX_CAPABILITY_VERSION_1 || h->version == _LINUX_CAPABILITY_VERSION_2 ||
        h->version == _LINUX_CAPABILITY_VERSION_3)
        return 0;
    r = gmem_put_u32(t, at, _LINUX_CAPABILITY_VERSION_3);
    return r < 0 ? r : -EINVAL;
}

int64_t sys_capget(Task *t, gaddr header, gaddr data)
{
    CapHeader h;
    uint32_t d[6], pid;
    int64_t r = cap_header(t, header, &h);
    if (r < 0 || !data)
        return !data && r == -EINVAL ? 0 : r;
    if ((r = gmem_get_u32(t, header + 4, &pid)) < 0)
        return r;
    h.pid = (int)pid;
    r = safe_syscall(t, SYS_capget, &h, d, 0L, 0L, 0L, 0L);
    for (unsigned i = 0; r == 0 && i < h.words; i++)
        r = gmem_put_u32(t, data + 4 * i, d[i]);
    return r;
}

int64_t sys_capset(Task *t, gaddr header, gaddr data)
{
    CapHeader h;
    uint32_t d[6] = { 0 }, pid;
    int64_t r = cap_header(t, header, &h);
    if (r < 0 || (r = gmem_get_u32(t, header + 4, &pid)) < 0)
        return r;
    h.pid = (int)pid;
    for (unsigned i = 0; r == 0 && i < h.words; i++)
        r = gmem_get_u32(t, data + 4 * i, &d[i]);
    return r < 0 ? r : safe_syscall(t, SYS_capset, &h, d, 0L, 0L, 0L, 0L);
}

/* --- process_vm_*: only guests with the host's layout can see another process, of their own kind */
static int64_t vm_transfer(
    Task *t, long nr, int pid, gaddr local, uint64_t nlocal, gaddr remote, uint64_t nremote, uint32_t flags)
{
    if (nlocal > 1024 || nremote > 1024)
        return -EINVAL;
    struct iovec l[1024], r[1024];
    int64_t e = sys_read_iov(t, l, local, nlocal);
    if (e == 0)
        e = sys_read_iov(t, r, remote, nremote);
    if (e < 0)
        return e;
    if (pid != getpid() && sys_foreign())
        return sys_unsupported("process_vm access to another process");
    bool in = nr == SYS_process_vm_readv, own = pid == getpid() || !syscall(SYS_tgkill, getpid(), pid, 0);
    if (in || own)
        sys_unprotect_iov(t, in ? local : remote, in ? nlocal : nremote);
    int64_t done = safe_syscall(t, nr, (long)pid, l, nlocal, r, nremote, (long)flags);
    int64_t left = in || !own ? 0 : done;
    for (uint64_t i = 0; i < nremote && left > 0; left -= (int64_t)r[i++].iov_len)      /* it may be code */
        mm_icache_flush(t->proc->mm, (uintptr_t)r[i].iov_base - mm_base(t->proc->mm), r[i].iov_len);
    return done;
}
int64_t sys_process_vm_readv(
    Task *t, int pid, gaddr local, uint64_t nlocal, gaddr remote, uint64_t nremote, uint32_t flags)
{
    return vm_transfer(t, SYS_process_vm_readv, pid, local, nlocal, remote, nremote, flags);
}
int64_t sys_process_vm_writev(
    Task *t, int pid, gaddr local, uint64_t nlocal, gaddr remote, uint64_t nremote, uint32_t flags)
{
    return vm_transfer(t, SYS_process_vm_writev, pid, local, nlocal, remote, nremote, flags);
}
