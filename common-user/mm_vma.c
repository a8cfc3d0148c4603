/* SPDX-License-Identifier: Apache-2.0 */
/* The ordered map of guest mappings: look-up, split, insert, remove, merge. Pure bookkeeping, no host calls. */
#include <string.h>
#include "common-user/mm_priv.h"

size_t vma_index(const Mm *mm, gaddr a)
{
    size_t lo = 0, hi = mm->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (mm->vma[mid].end <= a) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

Vma *vma_at(const Mm *mm, gaddr a)
{
    size_t i = vma_index(mm, a);
    return i < mm->n && mm->vma[i].start <= a ? &mm->vma[i] : NULL;
}

bool vma_free(const Mm *mm, gaddr a, uint64_t len)
{
    size_t i = vma_index(mm, a);
    return i == mm->n || mm->vma[i].start >= a + len;
}

bool vma_full(const Mm *mm, gaddr a, uint64_t len)
{
    gaddr end = a + len;
    for (size_t i = vma_index(mm, a); a < end; i++) {
        if (i == mm->n || mm->vma[i].start > a) return false;
        a = mm->vma[i].end;
    }
    return true;
}

static void slide(Vma *to, const Vma *from, size_t n)
{
    if (n)                              /* an empty table has no address */
        memmove(to, from, n * sizeof *to);
}

static void open_gap(Mm *mm, size_t i)
{
    if (mm->n == mm->cap) {
        mm->cap = mm->cap ? mm->cap * 2 : 64;
        mm->vma = g_renew(Vma, mm->vma, mm->cap);
    }
    slide(mm->vma + i + 1, mm->vma + i, mm->n - i);
    mm->n++;
}

size_t vma_split(Mm *mm, gaddr a)
{
    size_t i = vma_index(mm, a);
    if (i == mm->n || mm->vma[i].start >= a) return i;
    open_gap(mm, i);
    mm->vma[i] = mm->vma[i + 1];
    mm->vma[i].end = a;
    if (mm->vma[i + 1].ino) mm->vma[i + 1].off += a - mm->vma[i + 1].start;
    mm->vma[i + 1].start = a;
    return i + 1;
}

void vma_remove(Mm *mm, gaddr a, gaddr end)
{
    size_t i = vma_split(mm, a), j = vma_split(mm, end);
    slide(mm->vma + i, mm->vma + j, mm->n - j);
    mm->n -= j - i;
}

static bool can_merge(const Vma *a, const Vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->dev == b->dev && a->ino == b->ino
        && a->name == b->name && (!a->ino || a->off + (a->end - a->start) == b->off);
}

void vma_merge(Mm *mm, gaddr a, gaddr end)
{
    size_t i = vma_index(mm, a);
    if (i > 0) i--;
    while (i + 1 < mm->n && mm->vma[i].start <= end) {
        Vma *v = &mm->vma[i];
        if (!can_merge(v, v + 1)) { i++; continue; }
        v->end = v[1].end;
        v->has_code |= v[1].has_code;
        slide(v + 1, v + 2, mm->n - i - 2);
        mm->n--;
    }
}

void vma_insert(Mm *mm, const Vma *v)
{
    size_t i = vma_index(mm, v->start);
    open_gap(mm, i);
    mm->vma[i] = *v;
    vma_merge(mm, v->start, v->end);
}
