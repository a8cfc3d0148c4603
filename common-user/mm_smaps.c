/* SPDX-License-Identifier: Apache-2.0 */
/* smaps and smaps_rollup: what the host counts for the guest's pages. Its mappings are split and merged in other places
 * than the guest's (pages that are write-protected for their code, protections that differ only for the guest), so the
 * count of one is shared out by resident pages. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common-user/mm_priv.h"
#include "common-user/mm_view.h"

enum { MAX_KEYS = 40, KEY_LEN = 24 };
typedef struct Keys { int n; char name[MAX_KEYS][KEY_LEN]; } Keys;
typedef struct Block { uint64_t start, end, value[MAX_KEYS], resident; const char *flags; bool counted; } Block;

static int key_of(Keys *k, const char *name, size_t len)
{
    if (len >= KEY_LEN)
        return -1;
    for (int i = 0; i < k->n; i++)
        if (!strncmp(k->name[i], name, len) && !k->name[i][len])
            return i;
    if (k->n == MAX_KEYS)
        return -1;
    memcpy(k->name[k->n], name, len);
    return k->n++;
}

static GArray *parse_blocks(char *text, Keys *keys)
{
    GArray *blocks = g_array_new(FALSE, TRUE, sizeof(Block));
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        Block b = { 0 }, *now = blocks->len ? &g_array_index(blocks, Block, blocks->len - 1) : NULL;
        size_t len = strcspn(line, ": ");
        if (line[len] != ':') {
            if (sscanf(line, "%lx-%lx", &b.start, &b.end) == 2)
                g_array_append_val(blocks, b);
        } else if (now && !strncmp(line, "VmFlags:", 8)) {
            now->flags = line + 8;
        } else if (now) {
            int k = key_of(keys, line, len);
            if (k >= 0)
                now->value[k] = strtoull(line + len + 1, NULL, 10);
        }
    }
    return blocks;
}

/* Pages of [start, end) that are in memory or swapped out. */
static uint64_t resident(int pagemap, uint64_t start, uint64_t end)
{
    enum { STEP = 512, HOST_PAGE = 4096 };
    uint64_t e[STEP], n = 0;
    for (uint64_t p = start / HOST_PAGE, last = end / HOST_PAGE; p < last; ) {
        size_t want = last - p < STEP ? last - p : STEP;
        ssize_t got = pread(pagemap, e, want * sizeof *e, (off_t)(p * sizeof *e));
        if (got <= 0)
            break;
        for (size_t i = 0; i < (size_t)got / sizeof *e; i++)
            n += e[i] >> 62 != 0;
        p += (size_t)got / sizeof *e;
    }
    return n;
}

typedef struct Share { uint64_t part, whole; } Share;

/* How much of a block's counts belongs to [start, end). */
static Share share_of(Block *b, const Keys *k, int pagemap, uint64_t start, uint64_t end)
{
    uint64_t lo = start > b->start ? start : b->start, hi = end < b->end ? end : b->end, any = 0;
    if (lo == b->start && hi == b->end) return (Share){ 1, 1 };
    for (int i = 0; i < k->n; i++)
        if (!strcmp(k->name[i], "Rss") || !strcmp(k->name[i], "Swap"))
            any |= b->value[i];
    if (!any) return (Share){ 0, 1 };
    if (!b->counted)
        b->resident = resident(pagemap, b->start, b->end);
    b->counted = true;
    return b->resident ? (Share){ resident(pagemap, lo, hi), b->resident } : (Share){ 0, 1 };
}

static bool is_shared_out(const char *key)
{
    static const char *const facts[] = { "Size", "KernelPageSize", "MMUPageSize", "THPeligible", "ProtectionKey" };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!strcmp(key, facts[i]))
            return false;
    return true;
}

/* The host's flags but for what the guest's protection says. */
static void print_flags(const MmArea *a, const char *flags, FILE *out)
{
    fprintf(out, "VmFlags: %s%s%s%s", a->prot & PROT_READ ? "rd " : "", a->prot & PROT_WRITE ? "wr " : "",
            a->prot & PROT_EXEC ? "ex " : "", a->flags & MAP_SHARED ? "sh " : "");
    for (const char *f = flags ? flags : ""; *(f += strspn(f, " ")); f += strcspn(f, " "))
        if (!memmem("rd wr ex sh", 11, f, 2))
            fprintf(out, "%.2s ", f);
    fputc('\n', out);
}

typedef struct Sum { uint64_t value[MAX_KEYS]; const char *flags; } Sum;

static Sum sum_up(const MmView *v, const MmArea *a, GArray *blocks, const Keys *k, int pagemap)
{
    Sum s = { 0 };
    uint64_t start = v->base + a->start, end = v->base + a->end;
    size_t lo = 0, hi = blocks->len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (g_array_index(blocks, Block, mid).end <= start)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < blocks->len && g_array_index(blocks, Block, lo).start < end; lo++) {
        Block *b = &g_array_index(blocks, Block, lo);
        Share part = share_of(b, k, pagemap, start, end);
        if (!s.flags)
            s.flags = b->flags;
        for (int i = 0; i < k->n; i++)
            if (is_shared_out(k->name[i]))
                s.value[i] += b->value[i] * part.part / part.whole;
            else if (b->value[i] > s.value[i])
                s.value[i] = b->value[i];
    }
    return s;
}

static void print_value(const char *key, uint64_t value, const char *unit, FILE *out)
{
    fprintf(out, "%s:%*s%8llu%s\n", key, 15 - (int)strlen(key), "", (unsigned long long)value, unit);
}

static void print_sum(const MmView *v, const MmArea *a, const Keys *k, const Sum *s, FILE *out)
{
    mm_view_line(v, a, out);
    for (int i = 0; i < k->n; i++) {
        bool page = strstr(k->name[i], "PageSize"), size = !strcmp(k->name[i], "Size");
        uint64_t n = size ? (a->end - a->start) / 1024 : page ? v->page / 1024 : s->value[i];
        print_value(k->name[i], n, is_shared_out(k->name[i]) || page || size ? " kB" : "", out);
    }
    print_flags(a, s->flags, out);
}

static void print_rollup(const MmView *v, const Keys *k, const Sum *all, FILE *out)
{
    if (!v->nareas)
        return;
    fprintf(out, "%08llx-%08llx ---p 00000000 00:00 0 %*s[rollup]\n", (unsigned long long)v->areas[0].start,
            (unsigned long long)v->areas[v->nareas - 1].end, 24, "");
    for (int i = 0; i < k->n; i++)
        if (is_shared_out(k->name[i]))
            print_value(k->name[i], all->value[i], " kB", out);
}

void mm_view_smaps(const MmView *v, char *host, bool rollup, FILE *out)
{
    char name[32];
    Keys keys = { 0 };
    Sum all = { 0 };
    GArray *blocks = parse_blocks(host, &keys);
    snprintf(name, sizeof name, "/proc/%d/pagemap", (int)v->pid);
    FILE *pagemap = fopen(name, "re");
    for (size_t i = 0; i < v->nareas; i++) {
        Sum s = sum_up(v, &v->areas[i], blocks, &keys, pagemap ? fileno(pagemap) : -1);
        if (!rollup)
            print_sum(v, &v->areas[i], &keys, &s, out);
        for (int k = 0; k < keys.n; k++)
            all.value[k] += s.value[k];
    }
    if (rollup)
        print_rollup(v, &keys, &all, out);
    if (pagemap)
        fclose(pagemap);
    g_array_free(blocks, TRUE);
}
