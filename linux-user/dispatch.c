/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one system call from its row: fetches arguments, converts what the guest's layout makes different, calls the
 * host kernel or the row's `hand` function, converts back. Structures whose bytes equal the host's, and plain buffers,
 * go to the host kernel in place, which then answers EFAULT by itself. docs/syscalls.md follows one call through this
 * file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "common-user/log.h"
#include "common-user/mm.h"
#include "common-user/ownfd.h"
#include "linux-user/own_fds.h"
#include "linux-user/proc.h"
#include "linux-user/seccomp.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { POOL = 2048, MAX_IOV = 1024, MAX_ELEMENTS = 1 << 20 };

/* One call in flight. a[] is what the host gets. */
typedef struct Call {
    Task *t;
    const SysDesc *d;
    bool hand;
    uint64_t g[8], a[8];            /* guest values; host values */
    uint64_t n[8];                  /* A_STRUCT, A_IOV: elements; A_BUF: bytes; A_SOCKADDR: guest's length */
    bool copied[8];                 /* a[] points to a converted copy */
    void *heap[8];
    unsigned nheap;
    size_t used;
    socklen_t socklen;
    _Alignas(16) uint8_t pool[POOL];
} Call;

const ThunkModel *sys_model(void)
{
    static ThunkModel m;            /* const after the first call; every writer writes the same */
    if (!m.word) {
        m.family = sys_table.family;
        m.big_endian = linux_abi.big_endian;
        m.layout = linux_abi.word == 8 ? LAYOUT_LP64
            : linux_abi.align64 == 4   ? LAYOUT_ILP32_A4
            : linux_abi.align64 == 2   ? LAYOUT_ILP32_A2
                                       : LAYOUT_ILP32_A8;
        m.word = linux_abi.word;
    }
    return &m;
}

bool sys_foreign(void)
{
    return linux_abi.word != 8 || linux_abi.big_endian;
}

static void *pool_get(Call *c, size_t len)
{
    len = (len + 15) & ~(size_t)15;
    if (c->used + len <= POOL) {
        void *p = c->pool + c->used;
        c->used += len;
        return p;
    }
    void *p = malloc(len);
    if (p)
        c->heap[c->nheap++] = p;
    return p;
}

/* --- arguments */

static uint64_t fetch_one(const SysArg *arg, const uint64_t *raw, unsigned *at)
{
    bool narrow = linux_abi.word == 4;
    uint64_t v;
    switch (arg->kind) {
    case A_OFF64:
        if (!narrow)
            return raw[(*at)++];
        if (linux_abi.pairs_aligned)
            *at = (*at + 1) & ~1u;
        v = linux_abi.big_endian ? raw[*at] << 32 | (uint32_t)raw[*at + 1] : raw[*at + 1] << 32 | (uint32_t)raw[*at];
        *at += 2;
        return v;
    case A_POSLH:
        v = narrow ? raw[*at + 1] << 32 | (uint32_t)raw[*at] : raw[*at];
        *at += 2;
        return v;
    case A_INT: return (uint64_t)(int64_t)(int32_t)raw[(*at)++];
    case A_UINT: return (uint32_t)raw[(*at)++];
    case A_LONG: v = raw[(*at)++]; return narrow ? (uint64_t)(int64_t)(int32_t)v : v;
    default: v = raw[(*at)++]; return narrow ? (uint32_t)v : v;
    }
}

static void fetch_args(Call *c, const uint64_t raw[7])
{
    uint64_t padded[12] = { 0 };
    memcpy(padded, raw, 7 * sizeof *raw);
    unsigned at = 0;
    for (int i = 0; i < c->d->nargs && at < 8; i++)
        c->g[i] = fetch_one(&c->d->args[i], padded, &at);
}

/* Calls on names: none follows a link at the end. */
static const int16_t on_names[] = {
    SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_link, SYS_linkat, SYS_symlink,
    SYS_symlinkat, SYS_readlink, SYS_readlinkat, SYS_mkdir, SYS_mkdirat, SYS_mknod, SYS_mknodat, SYS_lchown,
    SYS_lgetxattr, SYS_lsetxattr, SYS_llistxattr, SYS_lremovexattr,
};

/* Does the call look at a symbolic link itself? Rows say so in their flags; lstat has none. */
static PathUse path_use(const Call *c, const SysArg *arg)
{
    bool lookup = arg->kind == A_LOOKUP, link = lookup && c->d->host_nr == SYS_lstat;
    for (unsigned i = 0; !lookup && i < sizeof on_names / sizeof *on_names; i++)
        link |= c->d->host_nr == on_names[i];
    if (link)
        return lookup ? PATH_LINK : PATH_RAW_LINK;
    for (int i = 0; i < c->d->nargs; i++) {
        if (c->d->args[i].flags == &flags_atflags && c->g[i] & AT_SYMLINK_NOFOLLOW)
            return lookup ? PATH_LINK : PATH_RAW_LINK;
        if (c->d->args[i].flags == &flags_open &&
            thunk_flags_to_host(&flags_open, sys_model(), (uint32_t)c->g[i]) & O_NOFOLLOW)
            return PATH_LINK;
    }
    return lookup ? PATH_FOLLOW : PATH_RAW;
}

/* What a name is relative to: the argument before it, where that is a directory. */
static int dir_of(const Call *c, int i)
{
    return i && c->d->args[i - 1].style == STYLE_ATFD ? (int)c->g[i - 1] : AT_FDCWD;
}

static int64_t take_string(Call *c, int i)
{
    const SysArg *arg = &c->d->args[i];
    if (!c->g[i]) {
        c->a[i] = 0;
        return 0;
    }
    bool checked = arg->kind != A_STR && ownfd_any();
    if (arg->kind != A_LOOKUP && !c->hand && !checked) {
        c->a[i] = (uintptr_t)gmem_host(c->t, c->g[i], 1);
        return 0;
    }
    if (arg->kind == A_STR) {
        int64_t err = 0;
        char *s = gmem_strdup(c->t, c->g[i], 1 << 16, &err);
        if (!s)
            return err;
        c->heap[c->nheap++] = s;
        c->a[i] = (uintptr_t)s;
        return 0;
    }
    char *buf = c->heap[c->nheap] = malloc(PATH_MAX);
    if (!buf)
        return -ENOMEM;
    c->nheap++;
    int64_t r = path_get(c->t, dir_of(c, i), c->g[i], buf, path_use(c, arg));
    c->a[i] = (uintptr_t)buf;
    return r < 0 ? r : 0;
}

static uint64_t element_count(const Call *c, const SysArg *arg)
{
    if (arg->count_arg < 0)
        return arg->count;
    uint64_t n = c->g[arg->count_arg];
    return c->d->args[arg->count_arg].kind == A_INT && (int64_t)n < 0 ? UINT64_MAX : n;
}

/* Written when the call is interrupted, and not always then: an absolute time leaves no rest. */
enum { NOTHING = 0xff };            /* bytes of a rest that the host has not written */
static bool is_rest(const SysArg *arg) { return arg->dir == (DIR_OUT | DIR_ON_ERROR); }
static bool host_wrote(const Call *c, int i)
{
    const uint8_t *p = (const uint8_t *)(uintptr_t)c->a[i];
    for (size_t k = 0; k < c->d->args[i].type->host_size; k++)
        if (p[k] != NOTHING)
            return true;
    return false;
}

static int64_t take_struct(Call *c, int i)
{
    const SysArg *arg = &c->d->args[i];
    const ThunkModel *m = sys_model();
    uint64_t n = element_count(c, arg);
    size_t gsize = thunk_size(arg->type, m), hsize = arg->type->host_size;
    c->a[i] = 0;
    if (!c->g[i])
        return 0;
    c->n[i] = n;
    bool polls = arg->type == &struct_pollfd && ownfd_any();
    if (!c->hand && thunk_same(arg->type, m) && !polls) {
        c->a[i] = (uintptr_t)gmem_host(c->t, c->g[i], n < MAX_ELEMENTS ? n * gsize : gsize);
        return 0;
    }
    if (n > MAX_ELEMENTS) {  /* the host kernel refuses such a count */
        c->n[i] = 0;
        c->a[i] = 1;
        return 0;
    }
    uint8_t *host = pool_get(c, n * hsize);
    if (!host)
        return -ENOMEM;
    c->copied[i] = true;
    c->a[i] = (uintptr_t)host;
    if (is_rest(arg))
        memset(host, NOTHING, n * hsize);
    else if (!(arg->dir & DIR_IN))
        memset(host, 0, n * hsize);
    if (!(arg->dir & DIR_IN))
        return 0;
    uint8_t *guest = pool_get(c, n * gsize);
    if (!guest)
        return -ENOMEM;
    int64_t r = gmem_read(c->t, guest, c->g[i], n * gsize);
    if (r == 0)
        thunk_to_host(arg->type, m, host, guest, n);
    if (polls)
        own_fds_poll(host, n, true);
    return r;
}

static int64_t take_iov(Call *c, int i)
{
    uint64_t n = element_count(c, &c->d->args[i]);
    c->n[i] = n;
    if (!sys_foreign() && mm_base(c->t->proc->mm) == 0 && !c->t->tags) {
        c->a[i] = c->g[i];
        return 0;
    }
    if (n > MAX_IOV) {  /* the kernel says EINVAL, in its turn */
        c->a[i] = 0;
        return 0;
    }
    struct iovec *v = pool_get(c, n * sizeof *v + 1);
    if (!v)
        return -ENOMEM;
    c->a[i] = (uintptr_t)v;
    return sys_read_iov(c->t, v, c->g[i], n);
}

static int64_t take_sockaddr(Call *c, int i)
{
    const SysArg *arg = &c->d->args[i];
    c->a[i] = (uintptr_t)gmem_host(c->t, c->g[i], 1);
    if (!linux_abi.big_endian || !c->g[i])
        return 0;
    uint32_t len = c->g[arg->count_arg];
    if (arg->count_is_ptr) {
        int64_t r = gmem_get_u32(c->t, c->g[arg->count_arg], &len);
        if (r < 0)
            return r;
        c->socklen = (int32_t)len > (int32_t)sizeof(struct sockaddr_storage) ? sizeof(struct sockaddr_storage) : len;
        c->a[arg->count_arg] = (uintptr_t)&c->socklen;
    }
    /* the kernel says EINVAL, in its turn */
    if (len > sizeof(struct sockaddr_storage) && (!arg->count_is_ptr || (int32_t)len < 0))
        return 0;
    c->n[i] = len;
    struct sockaddr_storage *s = pool_get(c, sizeof *s);
    memset(s, 0, sizeof *s);
    c->a[i] = (uintptr_t)s;
    c->copied[i] = true;
    if (!(arg->dir & DIR_IN))
        return 0;
    int64_t r = gmem_read(c->t, s, c->g[i], len);
    sys_sockaddr_swap(s, len, true);
    return r;
}

/* What could not be read the host kernel cannot read either, and it knows which of several errors comes first. */
static int64_t let_host_fault(Call *c, int i)
{
    c->a[i] = (uintptr_t)gmem_host(c->t, UINT64_MAX, 1);
    c->copied[i] = false;
    if (c->d->args[i].kind != A_IOV)
        c->n[i] = 0;
    return 0;
}

static int64_t take_value(Call *c, int i)
{
    const SysArg *arg = &c->d->args[i];
    switch (arg->kind) {
    case A_FLAGS: c->a[i] = thunk_flags_to_host(arg->flags, sys_model(), (uint32_t)c->g[i]); return 0;
    case A_PTR: c->a[i] = c->hand || !c->g[i] ? c->g[i] : (uintptr_t)gmem_host(c->t, c->g[i], 1); return 0;
    case A_STR: case A_PATH: case A_LOOKUP: return take_string(c, i);
    case A_BUF:
        c->n[i] = element_count(c, arg);
        c->a[i] = c->hand || !c->g[i] ? c->g[i] : (uintptr_t)gmem_host(c->t, c->g[i], c->n[i]);
        return 0;
    case A_STRUCT: return take_struct(c, i);
    case A_IOV:
        if (!c->hand)
            return take_iov(c, i);
        c->a[i] = c->g[i];
        return 0;
    case A_SOCKADDR: c->a[i] = c->g[i]; return 0;       /* in a second pass: it also sets the length's argument */
    default: c->a[i] = c->g[i]; return 0;
    }
}

static int64_t take_arg(Call *c, int i)
{
    int64_t r = take_value(c, i);
    return r == -EFAULT && !c->hand ? let_host_fault(c, i) : r;
}

static int64_t take_address(Call *c, int i)
{
    int64_t r = take_sockaddr(c, i);
    return r == -EFAULT ? let_host_fault(c, i) : r;
}

/* --- results */

static int64_t give_struct(Call *c, int i, int64_t ret)
{
    const SysArg *arg = &c->d->args[i];
    const ThunkModel *m = sys_model();
    uint64_t n = c->d->ret_counts == i ? (ret < 0 ? 0 : (uint64_t)ret) : c->n[i];
    if (n > c->n[i])
        n = c->n[i];
    size_t bytes = n * thunk_size(arg->type, m);
    uint8_t *guest = pool_get(c, bytes);
    if (!guest)
        return -ENOMEM;
    if (arg->type == &struct_pollfd)
        own_fds_poll((void *)(uintptr_t)c->a[i], n, false);
    if (!thunk_to_guest(arg->type, m, guest, (void *)(uintptr_t)c->a[i], n))
        return -EOVERFLOW;
    return gmem_write(c->t, c->g[i], guest, bytes);
}

static int64_t give_sockaddr(Call *c, int i)
{
    uint32_t len = c->socklen;
    uint8_t *p = (uint8_t *)(uintptr_t)c->a[i];
    sys_sockaddr_swap(p, len, false);
    int64_t r = gmem_write(c->t, c->g[i], p, len < c->n[i] ? len : c->n[i]);
    return r < 0 ? r : gmem_put_u32(c->t, c->g[c->d->args[i].count_arg], len);
}

/* rest: when interrupted; left: then too; others: on success. */
static bool gives(const SysArg *arg, int64_t ret)
{
    bool on_success = !(arg->dir & DIR_ON_ERROR) || arg->dir & DIR_IN;
    bool interrupted = ret == -EINTR || ret == -ERESTARTSYS || ret == -ERESTARTNOHAND;
    return ret >= 0 ? on_success : interrupted && arg->dir & DIR_ON_ERROR;
}

static int64_t give_results(Call *c, int64_t ret)
{
    for (int i = 0; i < c->d->nargs; i++) {
        const SysArg *arg = &c->d->args[i];
        if (!c->copied[i] || !(arg->dir & DIR_OUT) || !gives(arg, ret))
            continue;
        if (is_rest(arg) && !host_wrote(c, i))
            continue;
        int64_t r = arg->kind == A_SOCKADDR ? give_sockaddr(c, i) : give_struct(c, i, ret);
        /* Linux: a rest that cannot be written is a failure, a timeout that counts down is none */
        if (r < 0 && (is_rest(arg) || (ret >= 0 && !(arg->dir & DIR_ON_ERROR))))
            return r;
    }
    return ret;
}

/* Opens pages that we write-protect in output ranges. Was there any? */
static bool unprotect_outputs(Call *c)
{
    bool again = false;
    for (int i = 0; i < c->d->nargs; i++) {
        const SysArg *arg = &c->d->args[i];
        uint64_t len = arg->kind == A_BUF ? c->n[i]
            : arg->kind == A_STRUCT       ? c->n[i] * thunk_size(arg->type, sys_model())
            : arg->kind == A_SOCKADDR     ? 128
            : arg->kind == A_PTR          ? 8
                                          : 0;
        if (arg->kind == A_IOV && arg->dir & DIR_OUT)
            again |= sys_unprotect_iov(c->t, c->g[i], c->n[i]);
        else if (len && c->g[i] && !c->copied[i] && (arg->dir & DIR_OUT || arg->kind == A_PTR))
            again |= mm_unprotect_code(c->t->proc->mm, c->g[i], len);
    }
    return again;
}

/* Pointers that the kernel follows may lie where a stack has yet to grow to. Did one? */
static bool grow_to_pointers(Call *c)
{
    bool again = false;
    for (int i = 0; i < c->d->nargs; i++) {
        const SysArg *arg = &c->d->args[i];
        bool direct = arg->kind == A_BUF || arg->kind == A_STRUCT || arg->kind == A_PTR || arg->kind == A_STR ||
                      arg->kind == A_SOCKADDR;
        if (c->copied[i] || !c->g[i])
            continue;
        if (arg->kind == A_IOV)
            again |= sys_mend_iov(c->t, c->g[i], c->n[i]);
        else if (direct)
            again |= mm_grow(c->t->proc->mm, c->g[i]);
    }
    return again;
}

static int64_t call_host(Call *c)
{
    uint64_t h[7] = { 0 };
    for (int i = 0, j = 0; i < c->d->nargs && j < 6; i++) {
        h[j++] = c->a[i];
        if (c->d->args[i].kind == A_POSLH && j < 6)
            h[j++] = 0;
    }
    if (c->d->host_nr < 0)
        return -ENOSYS;
    /* or the kernel would stop short there */
    if (__builtin_expect(mm_watches_code(c->t->proc->mm), 0))
        unprotect_outputs(c);
    int64_t ret = safe_syscall(c->t, c->d->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
    if (ret == -EFAULT && (unprotect_outputs(c) | grow_to_pointers(c)))
        ret = safe_syscall(c->t, c->d->host_nr, h[0], h[1], h[2], h[3], h[4], h[5]);
    return ret;
}

/* Descriptors of the emulator do not exist for the guest; a number that dup2 wants is given up. */
static bool names_own_fd(const Call *c)
{
    bool bad = false;
    for (int i = 0; i < c->d->nargs; i++) {
        const SysArg *arg = &c->d->args[i];
        if (arg->style == STYLE_FD || arg->style == STYLE_ATFD)
            bad |= ownfd_is((int)c->g[i]);
        /* the handle is the parent's too */
        if (arg->style == STYLE_NEWFD && c->t->proc->shares_memory)
            bad |= ownfd_is((int)c->g[i]);
        else if (arg->style == STYLE_NEWFD)
            ownfd_yield((int)c->g[i]);
    }
    return bad;
}

/* A descriptor that is none wins over a bad pointer behind it. Only asked when the call has failed already. */
static bool names_no_fd(const Call *c)
{
    for (int i = 0; i < c->d->nargs; i++)
        if (c->d->args[i].style == STYLE_FD && fcntl((int)c->g[i], F_GETFD) < 0)
            return true;
    return false;
}

/* Behind an argument that failed none has been converted: -strace still shows flags by name. */
static void show_flags(Call *c)
{
    for (int i = 0; i < c->d->nargs && log_on(LOG_strace); i++)
        if (c->d->args[i].kind == A_FLAGS)
            take_arg(c, i);
}

static int64_t run(Call *c, const char *name, uint64_t nr, const uint64_t *raw)
{
    int64_t r = 0;
    for (int i = 0; i < c->d->nargs && r == 0; i++)
        r = take_arg(c, i);
    if (r < 0)
        show_flags(c);
    for (int i = 0; i < c->d->nargs && r == 0; i++)
        if (c->d->args[i].kind == A_SOCKADDR && !c->hand)
            r = take_address(c, i);
    if (__builtin_expect(log_on(LOG_strace), 0))
        strace_enter(c->t, c->d, name, nr, c->g, c->a);
    if (r == 0 && __builtin_expect(ownfd_any(), 0))
        r = names_own_fd(c) ? -EBADF : own_fds_carried(c->t, c->d, c->g);
    if (r < 0 && names_no_fd(c))
        r = -EBADF;
    if (r < 0)
        return r;
    if (__builtin_expect(proc_fds_some(c->t->proc), 0) && proc_fds_call(c->t, c->d, c->g, &r)) {
        if (r == -EFAULT && grow_to_pointers(c))
            proc_fds_call(c->t, c->d, c->g, &r);
        return r;
    }
    r = c->hand ? c->d->hand(c->t, c->a) : call_host(c);
    if (r == -EFAULT && c->hand && grow_to_pointers(c))
        r = c->d->hand(c->t, c->a);
    if (__builtin_expect(proc_fds_some(current->proc), 0))
        proc_fds_after(current, c->d, c->g, r);
    r = give_results(c, r);
    if (c->d->ret_flags && r >= 0)
        r = thunk_flags_to_guest(c->d->ret_flags, sys_model(), r);
    return r;
}

int64_t sys_unsupported(const char *what)
{
    if (log_on(LOG_unimp))
        log_printf("unsupported system call: %s\n", what);
    return -ENOSYS;
}

static int64_t unknown(Task *t, uint64_t nr, const uint64_t *raw)
{
    static const SysDesc none = { .ret_counts = -1 };
    char text[64];
    const char *name = nr < sys_table.n && sys_table.names[nr] ? sys_table.names[nr] : NULL;
    if (name)
        snprintf(text, sizeof text, "%s", name);
    else
        snprintf(text, sizeof text, "syscall_%llu", (unsigned long long)nr);
    if (log_on(LOG_strace)) {
        strace_enter(t, &none, text, nr, raw, raw);
        strace_leave(t, &none, text, raw, raw, -ENOSYS);
    }
    return sys_unsupported(text);
}

static int64_t refuse(Task *t, const SysDesc *d, uint64_t nr, const uint64_t *raw)
{
    if (log_on(LOG_unimp))
        log_printf("%s refused: %s\n", d->name, d->why);
    if (log_on(LOG_strace)) {
        strace_enter(t, d, d->name, nr, raw, raw);
        strace_leave(t, d, d->name, raw, raw, -ENOSYS);
    }
    return -ENOSYS;
}

static void call_init(Call *c, Task *t, const SysDesc *d, const uint64_t raw[7])
{
    c->t = t; c->d = d; c->nheap = 0; c->used = 0;
    c->hand = d->attr & SYS_HAND || (d->attr & SYS_FOREIGN && (sys_foreign() || mm_base(t->proc->mm)));
    memset(c->copied, 0, sizeof c->copied);
    memset(c->n, 0, sizeof c->n);
    fetch_args(c, raw);
}

int64_t linux_syscall_refault(Task *t, uint64_t nr, const uint64_t args[7])
{
    Call c;
    call_init(&c, t, sys_table.rows[nr], args);
    for (int i = 0; i < c.d->nargs; i++)
        take_arg(&c, i);
    return unprotect_outputs(&c) | grow_to_pointers(&c) ? call_host(&c) : -EFAULT;
}

static void free_heap(Call *c)
{
    while (c->nheap)
        free(c->heap[--c->nheap]);
}

/* A structure that the host kernel had in place may have held tagged pointers, which only we accept. */
static int64_t again_without_tags(Call *c, Task *t, const SysDesc *d, uint64_t nr, const uint64_t raw[7])
{
    if (c->hand || !(d->attr & SYS_FOREIGN))
        return -EFAULT;
    call_init(c, t, d, raw);
    c->hand = true;
    int64_t ret = run(c, d->name, nr, raw);
    free_heap(c);
    return ret == -ENOSYS ? -EFAULT : ret;
}

int64_t sys_run_row(Task *t, const SysDesc *d, const char *name, uint64_t nr, const uint64_t raw[7])
{
    Call c;
    if (d->attr & SYS_REFUSED)
        return refuse(t, d, nr, raw);
    call_init(&c, t, d, raw);
    int64_t ret = run(&c, name, nr, raw);
    if (__builtin_expect(log_on(LOG_strace), 0))
        strace_leave(current, d, name, c.g, c.a, ret);
    free_heap(&c);
    return ret == -EFAULT && __builtin_expect(t->tags, 0) ? again_without_tags(&c, t, d, nr, raw) : ret;
}

int64_t linux_syscall(Task *t, uint64_t nr, const uint64_t args[7])
{
    const SysDesc *d = nr < sys_table.n ? sys_table.rows[nr] : NULL;
    int64_t denied;
    gaddr sp = linux_abi.get_sp(t->cpu);
    if (__builtin_expect(mm_in_gap(t->proc->mm, &sp, 1), 0))
        mm_grow(t->proc->mm, sp);    /* an untouched frame */
    if (__builtin_expect(atomic_load_explicit(&t->seccomp, memory_order_relaxed) != NULL, 0) &&
        !seccomp_allows(t, nr, args, &denied))
        return denied;
    return d ? sys_run_row(t, d, sys_table.names[nr], nr, args) : unknown(t, nr, args);
}

int64_t linux_errno_to_guest(const LinuxAbi *abi, int64_t ret)
{
    if (ret >= 0 || ret < -4095 || !abi->errno_map || -ret >= abi->errno_map_len || !abi->errno_map[-ret])
        return ret;
    return -(int64_t)abi->errno_map[-ret];
}
