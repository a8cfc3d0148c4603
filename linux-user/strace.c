/* SPDX-License-Identifier: Apache-2.0 */
/* -strace: one line per system call, from its row, as strace -f shows it: `1234 openat(AT_FDCWD, "/etc/passwd",
 * O_RDONLY|O_CLOEXEC) = 3`. What only the kernel writes is shown when it has; the line up to there when the call
 * starts, so that one that blocks is seen. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "common-user/log.h"
#include "linux-user/sys_common.h"

enum { LINE = 4096, SHOWN = 32 };

static void print_buffer(Task *t, uint64_t at, uint64_t len, char *out, size_t *n)
{
    uint8_t buf[SHOWN];
    size_t got = gmem_read_some(t, buf, at, len < SHOWN ? len : SHOWN);
    if (!got && len)
        thunk_append(out, LINE, n, "0x%" PRIx64, at);
    else
        thunk_print_bytes(buf, len < SHOWN ? got : len, got, out, LINE, n);
}

static void print_string(Task *t, uint64_t at, char *out, size_t *n)
{
    char buf[512];
    int64_t len = gmem_strncpy(t, buf, at, sizeof buf);
    if (!at)
        thunk_append(out, LINE, n, "NULL");
    else if (len == -EFAULT)
        thunk_append(out, LINE, n, "0x%" PRIx64, at);
    else
        thunk_print_bytes(buf, len < 0 ? sizeof buf : (size_t)len, sizeof buf, out, LINE, n);
}

static void print_pointer(uint64_t at, char *out, size_t *n)
{
    thunk_append(out, LINE, n, at ? "0x%" PRIx64 : "NULL", at);
}

static void print_struct(Task *t, const ThunkStruct *type, uint64_t at, char *out, size_t *n)
{
    uint8_t host[1024];
    if (!at || type->host_size > sizeof host || sys_get_struct(t, type, host, at) < 0)
        print_pointer(at, out, n);
    else
        thunk_print_struct(type, host, out, LINE, n);
}

/* An ioctl's request by its row's name, and its argument as the row takes it. */
static void print_request(uint32_t cmd, char *out, size_t *n)
{
    const IoctlDesc *row = ioctl_row(cmd);
    if (row)
        thunk_append(out, LINE, n, "%s", row->name);
    else
        thunk_append(out, LINE, n, "0x%" PRIx32, cmd);
}

static void print_request_arg(Task *t, uint32_t cmd, uint64_t arg, char *out, size_t *n)
{
    const IoctlDesc *row = ioctl_row(cmd);
    if (row && row->type && row->dir & DIR_IN)
        print_struct(t, row->type, arg, out, n);
    else if (row && !row->type)
        thunk_append(out, LINE, n, "%" PRId64, (int64_t)arg);
    else
        print_pointer(arg, out, n);
}

/* Arguments whose text is the call's result. */
static bool is_result(const SysArg *arg)
{
    return (arg->kind == A_BUF || arg->kind == A_STRUCT) && arg->dir & DIR_OUT && !(arg->dir & DIR_IN);
}

/* How many arguments are known when the call starts. */
static int known_args(const SysDesc *d)
{
    int n = 0;
    while (n < d->nargs && !is_result(&d->args[n]))
        n++;
    return n;
}

static void print_result_arg(Task *t, const SysDesc *d, int i, const uint64_t *g, int64_t ret, char *out, size_t *n)
{
    const SysArg *arg = &d->args[i];
    uint64_t at = g[i], limit = arg->count_arg >= 0 ? g[arg->count_arg] : 0;
    if (ret < 0 || !at)
        print_pointer(at, out, n);
    else if (arg->kind == A_BUF && arg->count_arg >= 0 && ret && (uint64_t)ret <= limit)
        print_buffer(t, at, (uint64_t)ret, out, n);
    else if (arg->kind == A_STRUCT && arg->count_arg < 0)
        print_struct(t, arg->type, at, out, n);
    else
        print_pointer(at, out, n);
}

static void print_arg(Task *t, const SysDesc *d, int i, const uint64_t *g, uint64_t host, char *out, size_t *n)
{
    const SysArg *arg = &d->args[i];
    switch (arg->kind) {
    case A_STR: case A_PATH: case A_LOOKUP: print_string(t, g[i], out, n); return;
    case A_FLAGS: thunk_print_flags(arg->flags, (uint32_t)host, out, LINE, n); return;
    case A_BUF:
        if (arg->dir & DIR_IN)
            print_buffer(t, g[i], arg->count_arg < 0 ? arg->count : g[arg->count_arg], out, n);
        else
            thunk_append(out, LINE, n, "0x%" PRIx64, g[i]);
        return;
    case A_STRUCT:
        if (arg->dir & DIR_IN && arg->count_arg < 0)
            print_struct(t, arg->type, g[i], out, n);
        else
            print_pointer(g[i], out, n);
        return;
    case A_PTR: case A_IOV: case A_SOCKADDR:
        if (arg->style == STYLE_NAME)
            print_string(t, g[i], out, n);
        else if (arg->style == STYLE_REQARG)
            print_request_arg(t, (uint32_t)g[i - 1], g[i], out, n);
        else
            print_pointer(g[i], out, n);
        return;
    }
    switch (arg->style) {
    case STYLE_HEX: thunk_append(out, LINE, n, g[i] ? "0x%" PRIx64 : "0", g[i]); break;
    case STYLE_OCT: thunk_append(out, LINE, n, "0%" PRIo64, g[i]); break;
    case STYLE_REQUEST: print_request((uint32_t)g[i], out, n); break;
    case STYLE_SIG:
        if (g[i] > 0 && g[i] < 32 && sigabbrev_np((int)g[i]))
            thunk_append(out, LINE, n, "SIG%s", sigabbrev_np((int)g[i]));
        else
            thunk_append(out, LINE, n, "%" PRId64, g[i]);
        break;
    case STYLE_ATFD:
        if ((int)g[i] == AT_FDCWD) {
            thunk_append(out, LINE, n, "AT_FDCWD");
            break;
        }
        /* fall through */
    default: thunk_append(out, LINE, n, arg->kind == A_UINT || arg->kind == A_ULONG ? "%" PRIu64 : "%" PRId64, g[i]);
    }
}

static bool never_returns(const char *name) { return !strcmp(name, "exit") || !strcmp(name, "exit_group"); }

void strace_enter(Task *t, const SysDesc *d, const char *name, uint64_t nr, const uint64_t *guest, const uint64_t *host)
{
    char line[LINE];
    size_t n = 0;
    thunk_append(line, LINE, &n, "%d %s(", (int)t->tid, name);
    for (int i = 0; i < known_args(d); i++) {
        if (i)
            thunk_append(line, LINE, &n, ", ");
        print_arg(t, d, i, guest, host[i], line, &n);
    }
    if (!d->args && !strncmp(name, "syscall_", 8))
        for (int i = 0; i < 6; i++)
            thunk_append(line, LINE, &n, i ? ", 0x%" PRIx64 : "0x%" PRIx64, guest[i]);
    if (never_returns(name))
        log_printf("%s) = ?\n", line);
    else
        log_begin(t->tid, line);
}

static void print_result(const SysDesc *d, int64_t ret, char *line, size_t *n)
{
    if (ret < 0 && ret >= -ERESTARTNOHAND - 2 && -ret >= ERESTARTSYS) {
        thunk_append(line, LINE, n, "? (to be restarted)");
    } else if (ret < 0 && ret >= -4095) {
        const char *name = strerrorname_np((int)-ret);
        if (name)
            thunk_append(line, LINE, n, "-1 %s (%s)", name, strerrordesc_np((int)-ret));
        else
            thunk_append(line, LINE, n, "-1 errno %d", (int)-ret);
    } else if (d->ret_flags) {
        thunk_print_flags(d->ret_flags, ret, line, LINE, n);
    } else {
        thunk_append(line, LINE, n,
            d->ret_style == STYLE_HEX       ? "0x%" PRIx64
                : d->ret_style == STYLE_OCT ? "0%" PRIo64
                                            : "%" PRId64,
            ret);
    }
}

void strace_leave(Task *t, const SysDesc *d, const char *name, const uint64_t *guest, const uint64_t *host, int64_t ret)
{
    char line[LINE];
    size_t n = 0;
    if (!log_end(t->tid))
        thunk_append(line, LINE, &n, "%d <... %s resumed>", (int)t->tid, name);
    for (int i = known_args(d); i < d->nargs; i++) {
        if (i)
            thunk_append(line, LINE, &n, ", ");
        if (is_result(&d->args[i]))
            print_result_arg(t, d, i, guest, ret, line, &n);
        else
            print_arg(t, d, i, guest, host[i], line, &n);
    }
    thunk_append(line, LINE, &n, ") = ");
    print_result(d, ret, line, &n);
    log_printf("%s\n", line);
}
