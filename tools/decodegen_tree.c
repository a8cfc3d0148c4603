/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher: a tree of switches over short runs of bits, chosen greedily so that the rows that
 * remain shrink fastest. A row that leaves a switched bit open is carried into every case, so
 * pick groups keep their order without back-tracking.
 */
#include <stdlib.h>
#include <string.h>
#include "decodegen.h"

enum { MAX_WINDOW = 7, LEAF_ROWS = 2 };

typedef struct Set { int *row; int n; } Set;

/* Rows of set that agree with value in the window. */
static Set bucket(const Spec *s, const Set *set, int lo, int width, uint64_t value)
{
    Set out = { calloc(set->n, sizeof(int)), 0 };
    uint64_t win = ((1ull << width) - 1) << lo;
    for (int i = 0; i < set->n; i++) {
        const Row *r = &s->row[set->row[i]];
        if (!((r->bits ^ (value << lo)) & r->mask & win))
            out.row[out.n++] = set->row[i];
    }
    return out;
}

/* Expected rows left after switching on the window, plus a price for copying rows and for size. */
static double score(const Spec *s, const Set *set, int lo, int width)
{
    double sum = 0, squares = 0;
    int count[1 << MAX_WINDOW] = { 0 };
    uint64_t all = (1ull << width) - 1;
    for (int i = 0; i < set->n; i++) {
        const Row *r = &s->row[set->row[i]];
        uint64_t open = ~(r->mask >> lo) & all, base = (r->bits >> lo) & all;
        for (uint64_t sub = open; ; sub = (sub - 1) & open) {
            count[(base & ~open) | sub]++;
            if (!sub)
                break;
        }
    }
    for (uint64_t v = 0; v <= all; v++) {
        sum += count[v];
        squares += (double)count[v] * count[v];
    }
    return squares / sum + 1.0 * (sum / set->n - 1) + 0.02 * width;
}

/* The best window, as its low bit; 0 width when nothing helps. */
static int choose(const Spec *s, const Set *set, uint64_t tested, int *width)
{
    double best = set->n - 0.5;
    int best_lo = 0;
    *width = 0;
    for (int lo = 0; lo < s->width; lo++) {
        for (int w = 1; w <= MAX_WINDOW && lo + w <= s->width && !(tested >> (lo + w - 1) & 1); w++) {
            double v = score(s, set, lo, w);
            if (v < best) {
                best = v;
                best_lo = lo;
                *width = w;
            }
        }
    }
    return best_lo;
}

static void emit_leaf(const Spec *s, const Set *set, uint64_t tested, int depth, FILE *out)
{
    for (int i = 0; i < set->n; i++) {
        const Row *r = &s->row[set->row[i]];
        fprintf(out, "%*sif (", depth * 4, "");
        row_conditions(s, r, r->mask & ~tested, out);
        fprintf(out, ") return %d; /* %s */\n", set->row[i], r->name);
    }
    fprintf(out, "%*sreturn -1;\n", depth * 4, "");
}

static void emit_node(const Spec *s, const Set *set, uint64_t tested, int depth, FILE *out)
{
    int width, lo = 0;
    if (set->n > LEAF_ROWS)
        lo = choose(s, set, tested, &width);
    if (set->n <= LEAF_ROWS || !width) {
        emit_leaf(s, set, tested, depth, out);
        return;
    }
    uint64_t win = ((1ull << width) - 1) << lo;
    fprintf(out, "%*sswitch (insn >> %d & %#llx) {\n", depth * 4, "", lo, (1ull << width) - 1);
    for (uint64_t v = 0; v < 1ull << width; v++) {
        Set b = bucket(s, set, lo, width, v);
        if (!b.n)
            continue;
        fprintf(out, "%*scase %#llx:", depth * 4, "", (unsigned long long)v);
        for (uint64_t k; v + 1 < 1ull << width; v = k) {        /* neighbours with the same rows share the code */
            k = v + 1;
            Set same = bucket(s, set, lo, width, k);
            if (same.n != b.n || memcmp(same.row, b.row, b.n * sizeof(int)))
                break;
            fprintf(out, " case %#llx:", (unsigned long long)k);
        }
        fprintf(out, "\n");
        emit_node(s, &b, tested | win, depth + 1, out);
        free(b.row);
    }
    fprintf(out, "%*s}\n%*sreturn -1;\n", depth * 4, "", depth * 4, "");
}

void spec_tree(const Spec *s, FILE *out)
{
    Set all = { calloc(s->nrows, sizeof(int)), s->nrows };
    for (int i = 0; i < s->nrows; i++)
        all.row[i] = i;
    emit_node(s, &all, 0, 1, out);
}
