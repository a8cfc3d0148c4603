/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps of the guest: its own ranges and protections; device, inode and path from the host's view of the same
 * memory, so that no path is stored per mapping. Another emulator's map is read as a debugger would, node by node. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "common-user/mm_priv.h"
#include "common-user/mm_view.h"

/* --- the host's lines */

static GArray *host_lines(pid_t pid)
{
    char name[32];
    GArray *a = g_array_new(FALSE, TRUE, sizeof(MmLine));
    snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
    FILE *f = fopen(pid ? name : "/proc/self/maps", "re");
    char *line = NULL;
    size_t cap = 0;
    while (f && getline(&line, &cap, f) > 0) {
        MmLine h = { 0 };
        int at = 0;
        if (sscanf(line, "%lx-%lx %*4s %lx %15s %lu %n", &h.start, &h.end, &h.off, h.dev, &h.ino, &at) < 5)
            continue;
        line[strcspn(line, "\n")] = 0;
        h.path = h.ino && at ? g_strdup(line + at) : NULL;
        g_array_append_val(a, h);
    }
    free(line);
    if (f)
        fclose(f);
    return a;
}

static const MmLine *line_at(const MmView *v, uint64_t addr)
{
    size_t lo = 0, hi = v->nlines;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (v->lines[mid].end <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < v->nlines && v->lines[lo].start <= addr ? &v->lines[lo] : NULL;
}

/* --- views */

static void add_area(GArray *areas, const Vma *v, const char *name)
{
    MmArea a = { v->start, v->end, v->dev, v->ino, v->off, v->flags, v->prot, "" };
    if (name)
        g_strlcpy(a.name, name, sizeof a.name);
    if (!(v->flags & VMA_HIDDEN))
        g_array_append_val(areas, a);
}

static MmView *make(pid_t pid, const Mm *mm, GArray *areas, GArray *lines)
{
    MmView *v = g_new0(MmView, 1);
    *v = (MmView){ pid, mm->base, mm->page, mm->hpage, mm->sums, .nareas = areas->len, .nlines = lines->len };
    v->areas = (MmArea *)(void *)g_array_free(areas, FALSE);
    v->lines = (MmLine *)(void *)g_array_free(lines, FALSE);
    return v;
}

MmView *mm_view(Mm *mm)
{
    GArray *areas = g_array_new(FALSE, FALSE, sizeof(MmArea));
    mm_lock(mm);
    GArray *lines = host_lines(0);
    for (const Vma *v = mm->first; v; v = v->next)
        add_area(areas, v, v->name);
    mm_unlock(mm, NULL);
    return make(getpid(), mm, areas, lines);
}

static bool read_remote(pid_t pid, uint64_t at, void *to, size_t len)
{
    struct iovec here = { to, len }, there = { (void *)(uintptr_t)at, len };
    ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);
    return n >= 0 && (size_t)n == len;
}

/* Nothing that is read there is to be trusted: pages are divided by. -p takes as much. */
static bool is_page(uint64_t size)
{
    return size >= 4096 && size <= 1 << 20 && !(size & (size - 1));
}

/* One walk; false: the list changed meanwhile, or is not to be read. */
static bool walk(pid_t pid, uint64_t at, Mm *mm, GArray *areas)
{
    enum { MOST = 1 << 20 };
    char name[sizeof((MmArea *)0)->name];
    Mm after;
    uint32_t n = 0;
    Vma v = { 0 };
    gaddr last = 0;
    if (!read_remote(pid, at, mm, sizeof *mm) || !is_page(mm->page) || !is_page(mm->hpage))
        return false;
    for (uint64_t p = (uintptr_t)mm->first; p; p = (uintptr_t)v.next) {
        if (n++ >= mm->count || n > MOST || !read_remote(pid, p, &v, sizeof v) || v.start < last || v.end <= v.start)
            return false;
        last = v.end;
        *name = 0;
        if (v.name && read_remote(pid, (uintptr_t)v.name, name, sizeof name - 1))
            name[sizeof name - 1] = 0;
        add_area(areas, &v, name);
    }
    return read_remote(pid, at, &after, sizeof after) && after.ranks == mm->ranks && after.first == mm->first &&
           !memcmp(&after.sums, &mm->sums, sizeof after.sums);
}

uint64_t mm_view_sizes(void) { return sizeof(Mm) << 32 | sizeof(Vma); }

MmView *mm_view_of(pid_t pid, uint64_t at, uint64_t sizes)
{
    enum { TRIES = 20 };
    if (sizes != mm_view_sizes())
        return NULL;
    for (int i = 0; i < TRIES; i++) {
        Mm mm;
        GArray *areas = g_array_new(FALSE, FALSE, sizeof(MmArea));
        if (walk(pid, at, &mm, areas))
            return make(pid, &mm, areas, host_lines(pid));
        g_array_free(areas, TRUE);
    }
    return NULL;
}

void mm_view_free(MmView *v)
{
    for (size_t i = 0; v && i < v->nlines; i++)
        g_free(v->lines[i].path);
    if (v) {
        g_free(v->areas);
        g_free(v->lines);
    }
    g_free(v);
}

const MmArea *mm_view_area(const MmView *v, gaddr at)
{
    size_t lo = 0, hi = v->nareas;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (v->areas[mid].end <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < v->nareas ? &v->areas[lo] : NULL;
}

/* --- lines of the guest */

/* A line of the host for another mapping of the same file; NULL: none. */
static const MmLine *same_file(const MmView *v, const MmArea *a)
{
    for (size_t i = 0; i < v->nareas; i++) {
        const MmArea *o = &v->areas[i];
        if (o->dev != a->dev || o->ino != a->ino)
            continue;
        const MmLine *h = line_at(v, (v->base + o->start + v->hpage - 1) & ~(v->hpage - 1));
        if (h && h->ino == a->ino)
            return h;
    }
    return NULL;
}

MmBacking mm_view_backing(const MmView *v, const MmArea *a)
{
    bool partial = v->hpage != v->page;
    const MmLine *h = a->ino ? line_at(v, v->base + a->start) : NULL;
    if (h && !h->ino && partial)
        h = same_file(v, a);    /* a copy of a piece of a file */
    return (MmBacking){
        .dev = h ? h->dev : "00:00", .ino = h ? h->ino : 0, .path = *a->name ? a->name : h && h->path ? h->path : "",
        .off = h && h->ino && !partial ? h->off + (v->base + a->start - h->start) : a->off,
    };
}

void mm_view_line(const MmView *v, const MmArea *a, FILE *out)
{
    MmBacking b = mm_view_backing(v, a);
    int n = fprintf(out, "%08llx-%08llx %c%c%c%c %08llx %s %llu ",
        (unsigned long long)a->start, (unsigned long long)a->end,
        a->prot & PROT_READ ? 'r' : '-', a->prot & PROT_WRITE ? 'w' : '-', a->prot & PROT_EXEC ? 'x' : '-',
        a->flags & MAP_SHARED ? 's' : 'p', (unsigned long long)b.off, b.dev, (unsigned long long)b.ino);
    if (*b.path)
        fprintf(out, "%*s%s", n < 73 ? 73 - n : 0, "", b.path);
    fputc('\n', out);
}

void mm_view_maps(const MmView *v, FILE *out)
{
    for (size_t i = 0; i < v->nareas; i++)
        mm_view_line(v, &v->areas[i], out);
}

void mm_maps(Mm *mm, FILE *out)
{
    MmView *v = mm_view(mm);
    mm_view_maps(v, out);
    mm_view_free(v);
}

bool mm_file_path(Mm *mm, gaddr at, char path[PATH_MAX])
{
    GArray *lines = host_lines(0);
    MmView v = { .nlines = lines->len, .lines = (MmLine *)(void *)lines->data };
    const MmLine *h = line_at(&v, mm->base + at);
    bool found = h && h->path;
    if (found)
        g_strlcpy(path, h->path, PATH_MAX);
    for (guint i = 0; i < lines->len; i++)
        g_free(v.lines[i].path);
    g_array_free(lines, TRUE);
    return found;
}
