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

static void make_room(Mm *mm)
{
    size_t cap = mm->n * 2 + 64, head = (cap - mm->n) / 2;
    Vma *room = g_new(Vma, cap);
    slide(room + head, mm->vma, mm->n);
    g_free(mm->room);
    mm->room = room;
    mm->vma = room + head;
    mm->cap = cap;
}

/* Both move the shorter side: new mappings come below the others, and there are few below them. */
static void open_gap(Mm *mm, size_t i)
{
    bool low = i < mm->n / 2;
    if (mm->vma == mm->room || mm->vma + mm->n == mm->room + mm->cap) make_room(mm);
    if (low) {
        slide(mm->vma - 1, mm->vma, i);
        mm->vma--;
    } else {
        slide(mm->vma + i + 1, mm->vma + i, mm->n - i);
    }
    mm->n++;
}

static void close_gap(Mm *mm, size_t i, size_t j)
{
    if (i < mm->n - j) {
        slide(mm->vma + (j - i), mm->vma, i);
        mm->vma += j - i;
    } else {
        slide(mm->vma + i, mm->vma + j, mm->n - j);
    }
    mm->n -= j - i;
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
    close_gap(mm, i, j);
    if (mm->full_from < end) mm->full_from = end;
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
        close_gap(mm, i + 1, i + 2);
    }
}

void vma_insert(Mm *mm, const Vma *v)
{
    size_t i = vma_index(mm, v->start);
    open_gap(mm, i);
    mm->vma[i] = *v;
    vma_merge(mm, v->start, v->end);
}
