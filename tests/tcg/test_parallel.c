/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads in one translator while code changes: lookup, translation, links, the jump table, invalidation,
 * flushes of a cache that is much too small. tests/tools/tsan.sh runs this under ThreadSanitizer, too. */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "cells.h"

enum { RUNNERS = 3, STEPS = 400 };
static _Atomic bool done;
static _Atomic unsigned changers;           /* each has words of its own */

static void *runner(void *arg)
{
    CellCpu *c = cells_cpu(arg);
    unsigned k = 1, wrong = 0;
    for (long n = 0; !atomic_load(&done); n++) {
        k = (k * 7 + 3) % CONST_CELLS;
        cells_run(c, k, STEPS);
        wrong += c->sum != cells_sum(k, STEPS);
    }
    cells_cpu_free(c);
    return (void *)(uintptr_t)wrong;
}

/* Whoever changes a word and invalidates it sees the new one from then on. */
static void *changer(void *arg)
{
    Tcg *t = arg;
    CellCpu *c = cells_cpu(t);
    unsigned wrong = 0, own = atomic_fetch_add(&changers, 1) & 1;
    for (unsigned n = 1; !atomic_load(&done); n++) {
        unsigned k = CONST_CELLS + (2 * n + own) % (CELLS - CONST_CELLS);
        cells_run(c, k, 1);
        atomic_store(&cells_code[k], n);
        tcg_invalidate(t, cell_pc(k), cell_pc(k) + CELL);
        cells_run(c, k, 1);
        wrong += c->sum != n;
        tcg_invalidate(t, cell_pc(n % CONST_CELLS), cell_pc(n % CONST_CELLS + 8));      /* others run there */
        if (n % 512 == 0)
            tcg_flush(t);
    }
    cells_cpu_free(c);
    return (void *)(uintptr_t)wrong;
}

static int play(const char *name, TcgOptions o, unsigned ms)
{
    const TcgHost host = { .fetch = cells_fetch };
    pthread_t th[RUNNERS + 2];
    unsigned wrong = 0;
    Tcg *t = tcg_new(&cells_guest, &host, &o);
    atomic_store(&done, false);
    for (int i = 0; i < RUNNERS + 2; i++)
        pthread_create(&th[i], NULL, i < RUNNERS ? runner : changer, t);
    g_usleep(ms * 1000);
    atomic_store(&done, true);
    for (int i = 0; i < RUNNERS + 2; i++) {
        void *w;
        pthread_join(th[i], &w);
        wrong += (unsigned)(uintptr_t)w;
    }
    printf("%s %s: %u wrong\n", wrong ? "FAIL" : "ok", name, wrong);
    return wrong != 0;
}

int main(void)
{
    const char *s = getenv("PARALLEL_MS");
    unsigned ms = s ? (unsigned)atoi(s) : 700;
    for (unsigned k = 0; k < CELLS; k++)
        atomic_store(&cells_code[k], k * 2654435761u);
    int bad = play("backend", (TcgOptions){ .opt_level = 1 }, ms);
    bad += play("backend, small cache", (TcgOptions){ .opt_level = 1, .cache_bytes = 1 << 20 }, ms);
    bad += play("backend, cold units",
        (TcgOptions){ .opt_level = 1, .interp_runs = 3, .cold_runs = 8, .cache_bytes = 1 << 20 }, ms);
    bad += play("interpreter", (TcgOptions){ .interp = true, .opt_level = 1 }, ms);
    return bad;
}
