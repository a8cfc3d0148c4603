/* SPDX-License-Identifier: Apache-2.0 */
/* The map of guest mappings: look-up, split, insert, remove, merge, free ranges, sums. Pure bookkeeping, no host calls.
 * A treap: a search tree by address that is a heap by random rank, so that its depth is logarithmic whatever the guest
 * does (Seidel, Aragon: Randomized search trees). Each node knows the largest free range below a mapping of its
 * subtree. */
#include <string.h>
#include "common-user/mm_priv.h"

/* --- the tree */

static gaddr end_before(const Vma *v) { return v->prev ? v->prev->end : 0; }
static gaddr gap_below(const Vma *v) { return v->low > end_before(v) ? v->low - end_before(v) : 0; }
static gaddr low_of(const Mm *mm, const Vma *v)
{
    gaddr gap = v->flags & MAP_GROWSDOWN ? STACK_GAP * mm->page : 0;
    return v->start > gap ? v->start - gap : 0;
}

static void pull(Vma *t)
{
    t->gap = gap_below(t);
    if (t->left && t->left->gap > t->gap)
        t->gap = t->left->gap;
    if (t->right && t->right->gap > t->gap)
        t->gap = t->right->gap;
}

static Vma *tree_insert(Vma *t, Vma *n)
{
    if (!t) {
        pull(n);
        return n;
    }
    bool low = n->start < t->start;
    Vma **side = low ? &t->left : &t->right, *child = *side = tree_insert(*side, n);
    if (child->rank > t->rank) {                    /* it rises, t becomes its child */
        Vma **inner = low ? &child->right : &child->left;
        *side = *inner;
        *inner = t;
        pull(t);
        pull(child);
        return child;
    }
    if (child->gap > t->gap)
        t->gap = child->gap;
    return t;
}

static Vma *tree_join(Vma *low, Vma *high)
{
    if (!low || !high)
        return low ? low : high;
    bool top = low->rank > high->rank;
    if (top)
        low->right = tree_join(low->right, high);
    else
        high->left = tree_join(low, high->left);
    pull(top ? low : high);
    return top ? low : high;
}

/* A subtree's largest range can only have become smaller where it is not larger than what was free below a node that
 * goes or changes: most walks look at no other child. */
static void pull_if(Vma *t, gaddr was) { if (was && t->gap <= was) pull(t); }

static Vma *tree_remove(Vma *t, const Vma *n)
{
    if (t == n)
        return tree_join(t->left, t->right);
    if (n->start < t->start)
        t->left = tree_remove(t->left, n);
    else
        t->right = tree_remove(t->right, n);
    pull_if(t, gap_below(n));
    return t;
}

/* The free range below n changed from `was`. */
static void tree_touch(Vma *t, const Vma *n, gaddr was)
{
    if (t != n)
        tree_touch(n->start < t->start ? t->left : t->right, n, was);
    gaddr now = gap_below(n);
    if (now >= t->gap)
        t->gap = now;
    else
        pull_if(t, was);
}

/* --- nodes: the tree, the list of neighbours, the list of mappings of the same object, the sums */

static Objects *object_of(Mm *mm, uint64_t dev, uint64_t ino)
{
    return &mm->objects[(dev ^ ino * 0x9e3779b97f4a7c15ull >> 32) % OBJECT_LISTS];
}

Vma *vma_object(Mm *mm, uint64_t dev, uint64_t ino) { return vma_same(object_of(mm, dev, ino)->first, dev, ino); }

Vma *vma_object_code(Mm *mm, uint64_t dev, uint64_t ino)
{
    return object_of(mm, dev, ino)->coded ? vma_object(mm, dev, ino) : NULL;
}

void vma_mark(Mm *mm, Vma *v, bool has_code)
{
    if (v->ino)
        object_of(mm, v->dev, v->ino)->coded += (uint32_t)has_code - v->has_code;
    v->has_code = has_code;
}

bool vma_is_data(uint32_t flags, int prot) { return (prot & PROT_WRITE) && !(flags & (MAP_SHARED | MAP_GROWSDOWN)); }

static void account(Mm *mm, const Vma *v, bool add)
{
    MmSums *s = &mm->sums;
    uint64_t len = add ? v->end - v->start : v->start - v->end;
    if (v->flags & VMA_HIDDEN)
        return;
    s->total += len;
    if (v->flags & MAP_GROWSDOWN)
        s->stack += len;
    else if (vma_is_data(v->flags, v->prot))
        s->data += len;
    else if ((v->prot & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC)
        s->text += len;
}

static Vma *node_new(Mm *mm)
{
    enum { CHUNK = 64 };
    if (!mm->spare) {
        Vma *chunk = g_new(Vma, CHUNK);
        for (int i = 0; i < CHUNK; i++) {
            chunk[i].next = mm->spare;
            mm->spare = &chunk[i];
        }
    }
    Vma *n = mm->spare;
    mm->spare = n->next;
    return n;
}

static void object_link(Mm *mm, Vma *n)
{
    if (!n->ino)
        return;
    Objects *list = object_of(mm, n->dev, n->ino);
    n->same_prev = NULL;
    n->same_next = list->first;
    if (list->first)
        list->first->same_prev = n;
    list->first = n;
    list->coded += n->has_code;
}

static void object_unlink(Mm *mm, Vma *v)
{
    if (!v->ino)
        return;
    Objects *list = object_of(mm, v->dev, v->ino);
    if (v->same_prev)
        v->same_prev->same_next = v->same_next;
    else
        list->first = v->same_next;
    if (v->same_next)
        v->same_next->same_prev = v->same_prev;
    list->coded -= v->has_code;
}

/* A node for *v before `next`. free_below: what the tree believes is free below `next` (most often nothing changes,
 * which saves a walk). */
static Vma *link_copy(Mm *mm, const Vma *v, Vma *next, gaddr free_below)
{
    Vma *n = node_new(mm), *prev = next ? next->prev : mm->last;
    *n = *v;
    n->left = n->right = NULL;
    mm->ranks = mm->ranks * 6364136223846793005ull + 1442695040888963407ull;    /* Knuth's MMIX generator */
    n->rank = (uint32_t)(mm->ranks >> 32);
    n->low = low_of(mm, n);
    n->prev = prev;
    n->next = next;
    if (prev)
        prev->next = n;
    if (next)
        next->prev = n;
    else
        mm->last = n;
    if (!prev)
        mm->first = n;
    mm->root = tree_insert(mm->root, n);
    if (next && gap_below(next) != free_below)
        tree_touch(mm->root, next, free_below);
    object_link(mm, n);
    account(mm, n, true);
    mm->count++;
    return n;
}

/* heir: v's range becomes part of a neighbour, so that nothing becomes free. */
static void unlink_free(Mm *mm, Vma *v, bool heir)
{
    mm->count--;
    account(mm, v, false);
    object_unlink(mm, v);
    gaddr free_below = v->next ? gap_below(v->next) : 0;
    mm->root = tree_remove(mm->root, v);
    if (v->prev)
        v->prev->next = v->next;
    else
        mm->first = v->next;
    if (v->next)
        v->next->prev = v->prev;
    else
        mm->last = v->prev;
    if (v->next && !heir)
        tree_touch(mm->root, v->next, free_below);
    v->next = mm->spare;
    mm->spare = v;
}

/* --- look-up */

Vma *vma_find(const Mm *mm, gaddr a)
{
    Vma *found = NULL;
    for (Vma *t = mm->root; t; )
        if (t->end > a) {
            found = t;
            t = t->left;
        }
        else
            t = t->right;
    return found;
}

Vma *vma_at(const Mm *mm, gaddr a)
{
    Vma *v = vma_find(mm, a);
    return v && v->start <= a ? v : NULL;
}

bool vma_free(const Mm *mm, gaddr a, uint64_t len)
{
    Vma *v = vma_find(mm, a);
    return !v || v->start >= a + len;
}

bool vma_hole(const Mm *mm, gaddr *a, gaddr end, gaddr *stop)
{
    Vma *v = vma_find(mm, *a);
    for (; v && v->start <= *a && *a < end; v = v->next)
        *a = v->end;
    *stop = v && v->start < end ? v->start : end;
    return *a < end;
}

/* The highest mapping that starts at or below `upto` with len free below it. */
static const Vma *highest_gap(const Vma *t, gaddr upto, uint64_t len)
{
    if (!t || t->gap < len)
        return NULL;
    if (t->start > upto)
        return highest_gap(t->left, upto, len);
    const Vma *r = highest_gap(t->right, upto, len);
    return r ? r : gap_below(t) >= len ? t : highest_gap(t->left, upto, len);
}

/* The lowest that starts at or above `from`. */
static const Vma *lowest_gap(const Vma *t, gaddr from, uint64_t len)
{
    if (!t || t->gap < len)
        return NULL;
    if (t->start < from)
        return lowest_gap(t->right, from, len);
    const Vma *l = lowest_gap(t->left, from, len);
    return l ? l : gap_below(t) >= len ? t : lowest_gap(t->right, from, len);
}

gaddr vma_gap(const Mm *mm, gaddr low, gaddr top, uint64_t len)
{
    const Vma *v = vma_find(mm, top - 1), *below = v ? v->prev : mm->last;
    gaddr ceiling = v && v->low < top ? v->low : top, floor = below ? below->end : 0;
    if (ceiling < floor || ceiling - floor < len) {                 /* not right at the top */
        v = below ? highest_gap(mm->root, below->start, len) : NULL;
        if (!v)
            return 0;
        ceiling = v->low;
        floor = end_before(v);
    }
    if (floor < low)
        floor = low;
    return ceiling > floor && ceiling - floor >= len ? ceiling - len : 0;
}

gaddr vma_gap_up(const Mm *mm, gaddr low, gaddr top, uint64_t len)
{
    const Vma *v = vma_find(mm, low);
    gaddr floor = low, ceiling = v ? v->low : top;
    if (ceiling < floor || ceiling - floor < len) {                 /* not right at the bottom */
        v = lowest_gap(mm->root, v ? v->end : low, len);
        floor = v ? end_before(v) : mm->last ? mm->last->end : low;
        ceiling = v ? v->low : top;
    }
    if (ceiling > top)
        ceiling = top;
    return ceiling > floor && ceiling - floor >= len ? floor : 0;
}

/* --- changes */

Vma *vma_split(Mm *mm, gaddr a)
{
    Vma *v = vma_find(mm, a);
    if (!v || v->start >= a)
        return v;
    Vma low = *v;
    gaddr free_below = gap_below(v);
    low.end = a;
    account(mm, v, false);
    if (v->ino)
        v->off += a - v->start;
    v->start = a;
    v->low = low_of(mm, v);
    account(mm, v, true);
    link_copy(mm, &low, v, free_below);
    return v;
}

void vma_remove(Mm *mm, gaddr a, gaddr end)
{
    vma_split(mm, end);                             /* first: a split keeps the upper part's node */
    for (Vma *v = vma_split(mm, a), *next; v && v->start < end; v = next) {
        next = v->next;
        unlink_free(mm, v, false);
    }
}

static bool can_merge(const Vma *a, const Vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->dev == b->dev && a->ino == b->ino
        && a->name == b->name && (!a->ino || a->off + (a->end - a->start) == b->off);
}

void vma_merge(Mm *mm, gaddr a, gaddr end)
{
    Vma *v = vma_find(mm, a);
    if (!v)
        v = mm->last;
    else if (v->prev)
        v = v->prev;
    while (v && v->next && v->start <= end) {
        Vma *next = v->next;
        if (!can_merge(v, next)) {
            v = next;
            continue;
        }
        gaddr stop = next->end;
        vma_mark(mm, v, v->has_code | next->has_code);
        unlink_free(mm, next, true);
        account(mm, v, false);
        v->end = stop;
        account(mm, v, true);
    }
}

/* Over a mapping of just this range its node is used again. */
static bool take_over(Mm *mm, const Vma *v)
{
    Vma *n = vma_find(mm, v->start);
    if (!n || n->start != v->start || n->end != v->end || (n->flags ^ v->flags) & MAP_GROWSDOWN)
        return false;
    account(mm, n, false);
    object_unlink(mm, n);
    n->dev = v->dev;
    n->ino = v->ino;
    n->off = v->off;
    n->name = v->name;
    n->flags = v->flags;
    n->prot = v->prot;
    n->has_code = v->has_code;
    object_link(mm, n);
    account(mm, n, true);
    return true;
}

void vma_insert(Mm *mm, const Vma *v)
{
    if (!take_over(mm, v)) {
        vma_remove(mm, v->start, v->end);
        Vma *next = vma_find(mm, v->start);
        link_copy(mm, v, next, next ? gap_below(next) : 0);
    }
    vma_merge(mm, v->start, v->end);
}

void vma_change(Mm *mm, Vma *v, uint8_t prot, uint32_t flags)
{
    account(mm, v, false);
    v->prot = prot;
    v->flags = flags;
    account(mm, v, true);
}

void vma_lower(Mm *mm, Vma *v, gaddr start)
{
    gaddr free_below = gap_below(v);
    account(mm, v, false);
    v->start = start;
    v->low = low_of(mm, v);
    account(mm, v, true);
    tree_touch(mm->root, v, free_below);
}
