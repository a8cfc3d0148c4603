/* SPDX-License-Identifier: Apache-2.0 */
/* The log: items, file, address filter. */
#include <fcntl.h>
#include <glib.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/log.h"
#include "common-user/ownfd.h"
#include "common-user/task.h"
#include "tcg/lock.h"

typedef struct LogItem { const char *name; uint32_t bit; const char *text; } LogItem;
static const LogItem items[] = {
#define LOG(name, bit, text) { #name, 1u << (bit), text },
#include "common-user/log.def"
#undef LOG
};
enum { NITEMS = sizeof items / sizeof *items, MAX_RANGES = 32 };

/* Written by option handling before any thread exists, constant afterwards; but for the lock. */
static struct {
    Lock lock;
    uint32_t mask;
    int handle;
    char *name;
    struct { gaddr lo, hi; } range[MAX_RANGES];
    int nranges;
    _Atomic int open_line;              /* thread whose line has no end yet, 0 none */
} log_state = { .handle = OWNFD_NONE };

uint32_t log_mask(void) { return log_state.mask; }
void log_add_items(uint32_t bits) { log_state.mask |= bits; }

void log_lock(void) { lock_take(&log_state.lock, task_lock_id(NULL)); }
void log_owner_gone(uint32_t id) { lock_bury(&log_state.lock, id); }
void log_unlock(void) { lock_drop(&log_state.lock); }
void log_after_fork(bool child)
{
    if (child)
        lock_init(&log_state.lock);
    else
        log_unlock();
}

static int open_log(int id, int flags)
{
    const char *d = strstr(log_state.name, "%d");
    char *name = d ? g_strdup_printf("%.*s%d%s", (int)(d - log_state.name), log_state.name, id, d + 2) : NULL;
    int fd = open(name ? name : log_state.name, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | flags, 0666);
    g_free(name);
    return fd < 0 ? OWNFD_NONE : ownfd_keep(fd);
}

/* With the item `tid` each thread has a file of its own. */
static int log_fd(void)
{
    Task *t = current;
    if (log_state.handle == OWNFD_NONE)
        return 2;
    if (!t || t->proc->shares_memory || !(log_state.mask & LOG_tid) || !strstr(log_state.name, "%d"))
        return ownfd_get(log_state.handle);
    if (t->log_tid != t->tid) {                         /* new, or the child of a fork */
        if (t->log_tid)
            ownfd_close(t->log);
        t->log = open_log(t->tid, t->tid == getpid() ? 0 : O_TRUNC);
        t->log_tid = t->tid;
    }
    return ownfd_get(t->log != OWNFD_NONE ? t->log : log_state.handle);
}

static void put(const char *text, size_t n)
{
    if (write(log_fd(), text, n) < 0) { /* a log that cannot be written is no reason to stop */ }
}

void log_break(void)
{
    static const char text[] = " <unfinished ...>\n";
    if (atomic_exchange(&log_state.open_line, 0))
        put(text, sizeof text - 1);
}

void log_begin(int tid, const char *text)
{
    log_break();
    put(text, strlen(text));
    if (!(log_state.mask & LOG_tid))
        atomic_store(&log_state.open_line, tid);
}

bool log_end(int tid)
{
    return log_state.mask & LOG_tid || atomic_compare_exchange_strong(&log_state.open_line, &tid, 0);
}

void log_before_fork(void)
{
    log_lock();
    log_break();
}

void log_printf(const char *fmt, ...)
{
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof line)
        n = sizeof line - 1;
    log_break();
    put(line, (size_t)n);
}

bool log_in_range(gaddr pc, uint64_t len)
{
    if (!log_state.nranges)
        return true;
    for (int i = 0; i < log_state.nranges; i++)
        if (pc <= log_state.range[i].hi && (pc >= log_state.range[i].lo || log_state.range[i].lo - pc < len))
            return true;
    return false;
}

char *log_set_items(const char *list)
{
    char **names = g_strsplit(list, ",", -1), *err = NULL;
    log_state.mask = 0;
    for (char **n = names; *n && !err; n++) {
        bool found = !strcmp(*n, "all");
        if (found)
            log_state.mask |= ~(uint32_t)(LOG_nochain | LOG_tid);
        for (int i = 0; i < NITEMS; i++)
            if (!strcmp(*n, items[i].name)) {
                log_state.mask |= items[i].bit;
                found = true;
            }
        if (g_str_has_prefix(*n, "trace:"))
            found = true;
        if (!found && **n)
            err = g_strdup_printf("unknown log item '%s'; -d help lists them", *n);
    }
    g_strfreev(names);
    return err;
}

char *log_set_file(const char *path, bool append)
{
    const char *d = strstr(path, "%d");
    if (strchr(path, '%') && (!d || strchr(d + 1, '%') || strchr(path, '%') != d))
        return g_strdup_printf("bad log file name '%s': only one %%d may be in it", path);
    ownfd_close(log_state.handle);
    g_free(log_state.name);
    log_state.name = g_canonicalize_filename(path, NULL);
    log_state.handle = open_log(getpid(), append ? 0 : O_TRUNC);
    return log_state.handle == OWNFD_NONE ? g_strdup_printf("cannot open log file '%s'", path) : NULL;
}

static bool parse_range(const char *text, gaddr *lo, gaddr *hi)
{
    char *end;
    gaddr a = strtoull(text, &end, 0), b;
    char op = *end;
    if (end == text)
        return false;
    const char *rest = op == '.' && end[1] == '.' ? end + 2 : op == '+' || op == '-' ? end + 1 : NULL;
    if (!rest || !*rest)
        return false;
    b = strtoull(rest, &end, 0);
    if (*end)
        return false;
    *lo = op == '-' ? a - (b ? b - 1 : 0) : a;
    *hi = op == '+' ? a + (b ? b - 1 : 0) : op == '-' ? a : b;
    return *lo <= *hi;
}

char *log_set_filter(const char *ranges)
{
    char **parts = g_strsplit(ranges, ",", -1), *err = NULL;
    log_state.nranges = 0;
    for (char **p = parts; *p && !err; p++) {
        int n = log_state.nranges;
        if (n == MAX_RANGES || !parse_range(*p, &log_state.range[n].lo, &log_state.range[n].hi))
            err = g_strdup_printf("bad address range '%s': want a..b, a+n or a-n", *p);
        else
            log_state.nranges++;
    }
    g_strfreev(parts);
    return err;
}

void log_help(void)
{
    printf("Log items (comma separated):\n");
    for (int i = 0; i < NITEMS; i++)
        printf("%-15s %s\n", items[i].name, items[i].text);
    printf("%-15s %s\n", "all", "everything but nochain and tid");
}
