/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/maps of the guest: its own ranges and protections; device, inode and path from the host's view of the same
 * memory, so that no path is stored per mapping. */
#include <stdlib.h>
#include <string.h>
#include "common-user/mm_priv.h"

typedef struct HostLine { uint64_t start, end, off; char dev[16]; uint64_t ino; char *path; } HostLine;

static GArray *host_lines(void)
{
    GArray *a = g_array_new(FALSE, TRUE, sizeof(HostLine));
    FILE *f = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t cap = 0;
    while (f && getline(&line, &cap, f) > 0) {
        HostLine h = { 0 };
        int at = 0;
        if (sscanf(line, "%lx-%lx %*4s %lx %15s %lu %n", &h.start, &h.end, &h.off, h.dev, &h.ino, &at) < 5) continue;
        line[strcspn(line, "\n")] = 0;
        h.path = h.ino && at ? g_strdup(line + at) : NULL;
        g_array_append_val(a, h);
    }
    free(line);
    if (f) fclose(f);
    return a;
}

static const HostLine *line_at(const GArray *a, uint64_t addr)
{
    size_t lo = 0, hi = a->len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const HostLine *h = &g_array_index(a, HostLine, mid);
        if (h->end <= addr) lo = mid + 1;
        else hi = mid;
    }
    if (lo == a->len) return NULL;
    const HostLine *h = &g_array_index(a, HostLine, lo);
    return h->start <= addr ? h : NULL;
}

/* A line of the host for another mapping of the same file; NULL: none. */
static const HostLine *same_file(Mm *mm, const Vma *v, const GArray *host)
{
    for (const Vma *o = vma_object(mm, v->dev, v->ino); o; o = vma_same(o->same_next, v->dev, v->ino)) {
        const HostLine *h = line_at(host, (mm->base + o->start + mm->hpage - 1) & ~(mm->hpage - 1));
        if (h && h->ino == v->ino) return h;
    }
    return NULL;
}

static void print_vma(Mm *mm, const Vma *v, const GArray *host, FILE *out)
{
    const HostLine *h = v->ino ? line_at(host, mm->base + v->start) : NULL;
    if (h && !h->ino && mm_partial(mm)) h = same_file(mm, v, host);        /* a copy of a piece of a file */
    const char *path = v->name ? v->name : h && h->path ? h->path : "";
    uint64_t off = h && h->ino && !mm_partial(mm) ? h->off + (mm->base + v->start - h->start) : v->off;
    int n = fprintf(out, "%08llx-%08llx %c%c%c%c %08llx %s %llu ", (unsigned long long)v->start, (unsigned long long)v->end,
        v->prot & PROT_READ ? 'r' : '-', v->prot & PROT_WRITE ? 'w' : '-', v->prot & PROT_EXEC ? 'x' : '-',
        v->flags & MAP_SHARED ? 's' : 'p', (unsigned long long)off, h ? h->dev : "00:00", (unsigned long long)(h ? h->ino : 0));
    if (*path) fprintf(out, "%*s%s", n < 73 ? 73 - n : 0, "", path);
    fputc('\n', out);
}

static void free_lines(GArray *host)
{
    for (guint i = 0; i < host->len; i++) g_free(g_array_index(host, HostLine, i).path);
    g_array_free(host, TRUE);
}

bool mm_file_path(Mm *mm, gaddr at, char path[PATH_MAX])
{
    GArray *host = host_lines();
    const HostLine *h = line_at(host, mm->base + at);
    bool found = h && h->path;
    if (found) g_strlcpy(path, h->path, PATH_MAX);
    free_lines(host);
    return found;
}

void mm_maps(Mm *mm, FILE *out)
{
    mm_lock(mm);
    GArray *host = host_lines();
    for (const Vma *v = mm->first; v; v = v->next) if (!(v->flags & VMA_HIDDEN)) print_vma(mm, v, host, out);
    mm_unlock(mm, NULL);
    free_lines(host);
}
