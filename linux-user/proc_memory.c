/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc whose subject is memory: maps and its PROCMAP_QUERY, smaps, mem, pagemap. Addresses are the guest's;
 * the process may be another emulator's, whose map is read from its memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common-user/log.h"
#include "common-user/mm_view.h"
#include "linux-user/proc.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

MmView *proc_map(const ProcView *v)
{
    char exe[PATH_MAX];
    ProcGuest g;
    if (proc_is_own(v))
        return mm_view(v->t->proc->mm);
    return process_proc_guest(v->pid, exe, &g) ? mm_view_of(v->pid, g.mm, g.sizes) : NULL;
}

void proc_write_maps(const ProcView *v, FILE *out)
{
    MmView *m = proc_map(v);
    if (m)
        mm_view_maps(m, out);
    mm_view_free(m);
}

static void write_smaps(const ProcView *v, bool rollup, FILE *out)
{
    char name[32], *text;
    MmView *m = proc_map(v);
    snprintf(name, sizeof name, "/proc/%d/smaps", (int)v->pid);
    FILE *f = rollup ? fopen(name, "re") : NULL;
    text = proc_host_text(f ? &(ProcView){ .fd = fileno(f) } : v);
    if (m)
        mm_view_smaps(m, text, rollup, out);
    free(text);
    if (f)
        fclose(f);
    mm_view_free(m);
}
void proc_write_smaps(const ProcView *v, FILE *out) { write_smaps(v, false, out); }
void proc_write_smaps_rollup(const ProcView *v, FILE *out) { write_smaps(v, true, out); }

/* --- mem. The kernel writes whatever the protection; code that was translated from there is dropped. */

/* The end of what is mapped at an address (0: nothing), and whether it may be run. */
static gaddr mapped_to(const ProcView *v, const MmView *m, gaddr at, bool *code)
{
    MmInfo info;
    if (!m) {
        if (!mm_query(v->t->proc->mm, at, &info))
            return 0;
        *code = info.prot & PROT_EXEC;
        return info.end;
    }
    const MmArea *a = mm_view_area(m, at);
    *code = a && a->prot & PROT_EXEC;
    return a && a->start <= at ? a->end : 0;
}

/* One mapping's part. Bytes, 0 where nothing is mapped, or -errno. */
static int64_t move_part(const ProcView *v, const MmView *m, bool in, void *buf, size_t len, gaddr at)
{
    Mm *mm = v->t->proc->mm;
    bool code = false;
    gaddr end = mapped_to(v, m, at, &code);
    if (!end)
        return 0;
    if (len > end - at)
        len = end - at;
    if (in && m && code) {
        if (log_on(LOG_unimp))
            log_printf("/proc/%d/mem: write to code of another emulator's guest\n", (int)v->pid);
        return -EIO;
    }
    off_t host = (off_t)((m ? m->base : mm_base(mm)) + at);
    if (in && !m)
        mm_unprotect_code(mm, at, len);
    ssize_t n = in ? pwrite(v->fd, buf, len, host) : pread(v->fd, buf, len, host);
    int64_t r = n < 0 ? -errno : n;
    if (in && !m && r > 0)
        mm_icache_flush(mm, at, (uint64_t)r);
    return r;
}

int64_t proc_move_mem(const ProcView *v, bool in, void *buf, size_t len, uint64_t pos)
{
    MmView *m = proc_is_own(v) ? NULL : proc_map(v);
    size_t done = 0;
    int64_t r = proc_is_own(v) || m ? 1 : -EIO;
    while (done < len && r > 0) {
        r = move_part(v, m, in, (char *)buf + done, len - done, pos + done);
        if (r > 0)
            done += (size_t)r;
    }
    mm_view_free(m);
    return done ? (int64_t)done : r < 0 ? r : len ? -EIO : 0;
}

/* --- pagemap: a word for each page. Documentation/admin-guide/mm/pagemap.rst */

/* One guest page's. Linux: what is not mapped is zero. */
static uint64_t page_word(const ProcView *v, const MmView *m, gaddr at)
{
    uint64_t word = 0, base = m ? m->base : mm_base(v->t->proc->mm), host_page = (uint64_t)sysconf(_SC_PAGESIZE);
    bool code;
    if (!mapped_to(v, m, at, &code))
        return 0;
    return pread(v->fd, &word, sizeof word, (off_t)((base + at) / host_page * sizeof word)) == sizeof word ? word : 0;
}

int64_t proc_move_pagemap(const ProcView *v, bool in, void *buf, size_t len, uint64_t pos)
{
    enum { WORD = 8 };
    if (in)
        return -EBADF;
    if (pos % WORD || len % WORD)
        return -EINVAL;
    MmView *m = proc_is_own(v) ? NULL : proc_map(v);
    uint64_t page = m ? m->page : mm_page_size(v->t->proc->mm), last = mm_task_size(v->t->proc->mm) / page, word;
    size_t done = 0;
    int64_t r = proc_is_own(v) || m ? 0 : -EIO;
    for (uint64_t i = pos / WORD; r == 0 && done < len && i < last; i++, done += WORD) {
        thunk_store(&word, WORD, linux_abi.big_endian, page_word(v, m, i * page));
        if (host_copy((char *)buf + done, &word, WORD))
            r = -EFAULT;
    }
    mm_view_free(m);
    return r < 0 ? r : (int64_t)done;
}

/* --- PROCMAP_QUERY. Linux: fs/proc/task_mmu.c, do_procmap_query */

enum {
    QUERY = 0xc0686611, QUERY_R = 1, QUERY_W = 2, QUERY_X = 4, QUERY_SHARED = 8, QUERY_NEXT = 0x10, QUERY_FILE = 0x20,
    QUERY_FLAGS = 0x3f, QUERY_LEAST = 24,
};
typedef struct Query {
    uint64_t size, flags, addr, start, end, area_flags, page, off, ino;
    uint32_t dev_major, dev_minor, name_size, build_size;
    uint64_t name, build;
} Query;

static unsigned area_flags(const MmArea *a)
{
    return (a->prot & PROT_READ ? QUERY_R : 0) | (a->prot & PROT_WRITE ? QUERY_W : 0) |
           (a->prot & PROT_EXEC ? QUERY_X : 0) | (a->flags & MAP_SHARED ? QUERY_SHARED : 0);
}

static const MmArea *matching(const MmView *m, const Query *q)
{
    unsigned perms = q->flags & (QUERY_R | QUERY_W | QUERY_X | QUERY_SHARED);
    for (const MmArea *a = mm_view_area(m, q->addr); a && a < m->areas + m->nareas; a++) {
        bool fits = (area_flags(a) & perms) == perms && (!(q->flags & QUERY_FILE) || mm_view_backing(m, a).ino);
        if (fits && (q->flags & QUERY_NEXT || a->start <= q->addr))
            return a;
        if (!(q->flags & QUERY_NEXT))
            break;
    }
    return NULL;
}

/* The kernel reads the file's build id: it is asked about the host's mapping. */
static int64_t give_build_id(const ProcView *v, const MmView *m, const MmArea *a, Query *q)
{
    uint8_t id[64];
    Query h = { .size = sizeof h, .addr = m->base + a->start, .build = (uintptr_t)id };
    h.build_size = q->build_size < sizeof id ? q->build_size : sizeof id;
    int64_t r = safe_syscall(v->t, SYS_ioctl, (long)v->fd, (long)QUERY, &h, 0L, 0L, 0L);
    if (r < 0)
        return r;
    q->build_size = h.build_size;
    return gmem_write(v->t, q->build, id, h.build_size);
}

static int64_t answer(const ProcView *v, const MmView *m, Query *q)
{
    const MmArea *a = matching(m, q);
    if (!a)
        return -ENOENT;
    MmBacking b = mm_view_backing(m, a);
    q->start = a->start;
    q->end = a->end;
    q->area_flags = area_flags(a);
    q->page = m->page;
    q->off = b.ino ? b.off : 0;
    q->ino = b.ino;
    sscanf(b.dev, "%x:%x", &q->dev_major, &q->dev_minor);
    int64_t r = q->build ? give_build_id(v, m, a, q) : 0;
    if (r < 0 || !q->name)
        return r;
    size_t len = *b.path ? strlen(b.path) + 1 : 0;
    if (len > q->name_size)
        return -ENAMETOOLONG;
    q->name_size = (uint32_t)len;
    return gmem_write(v->t, q->name, b.path, len);
}

bool proc_query_map(const ProcView *v, uint32_t cmd, gaddr arg, int64_t *r)
{
    Query q = { 0 };
    uint8_t raw[4096] = { 0 }, tail = 0;
    uint64_t size;
    if (cmd != QUERY)
        return false;
    if ((*r = gmem_get_u64(v->t, arg, &size)) < 0)
        return true;
    *r = size > sizeof raw ? -E2BIG : size < QUERY_LEAST ? -EINVAL : gmem_read(v->t, raw, arg, size);
    if (*r < 0)
        return true;
    for (uint64_t i = sizeof q; i < size; i++)
        tail |= raw[i];
    thunk_to_host(&struct_procmap_query, sys_model(), &q, raw, 1);
    bool bad = q.flags & ~(uint64_t)QUERY_FLAGS || !q.name != !q.name_size || !q.build != !q.build_size;
    *r = tail ? -E2BIG : bad ? -EINVAL : 0;
    if (*r < 0)
        return true;
    MmView *m = proc_map(v);
    *r = m ? answer(v, m, &q) : -ESRCH;
    mm_view_free(m);
    if (*r < 0)
        return true;
    thunk_to_guest(&struct_procmap_query, sys_model(), raw, &q, 1);
    *r = gmem_write(v->t, arg, raw, size < sizeof q ? size : sizeof q);
    return true;
}
