/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's housekeeping: what threads leave behind, who holds a lock when he dies, what an invalidation costs
 * others, and where code may be written. */
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tcg/engine.h"
#include "cells.h"

static int failures;

static void check(bool ok, const char *what)
{
    if (!ok)
        failures++;
    printf("%s %s\n", ok ? "ok" : "FAIL", what);
}

static Tcg *engine(TcgOptions o, TcgHost h)
{
    o.opt_level = 1;
    h.fetch = cells_fetch;
    return tcg_new(&cells_guest, &h, &o);
}

/* --- memory that threads take */
static void short_threads(void)
{
    Tcg *t = engine((TcgOptions){ 0 }, (TcgHost){ 0 });
    for (unsigned n = 0; n < 10000; n++) {
        CellCpu *c = cells_cpu(t);
        unsigned k = n % CONST_CELLS;
        tcg_invalidate(t, cell_pc(k), cell_pc(k) + CELL);
        cells_run(c, k, 1);
        cells_cpu_free(c);
    }
    check(t->n_flush == 0, "ten thousand threads that compile one after the other flush nothing");
}

static void many_threads(void)
{
    enum { N = 2000 };
    static CellCpu *c[N];
    Tcg *t = engine((TcgOptions){ 0 }, (TcgHost){ 0 });
    for (unsigned n = 0; n < N; n++)
        c[n] = cells_cpu(t);
    for (unsigned n = 0; n < 2 * N; n++)
        cells_run(c[n % N], n % CONST_CELLS, 2);
    check(
        t->n_flush == 0 && t->code_next < t->code_size / 2, "two thousand living threads that compile share the cache");
    for (unsigned n = 0; n < N; n++)
        cells_cpu_free(c[n]);
}

/* --- locks */
static pid_t holder(Lock *l)
{
    pid_t p = fork();
    if (p)
        return p;
    lock_take(l, lock_thread_id());
    atomic_store(&l[1].word, 1);
    for (;;)
        pause();
}

static void dead_owner(void)
{
    Lock *l = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t p = holder(l);
    while (!atomic_load(&l[1].word))
        usleep(100);
    check(!lock_gone((uint32_t)p, lock_thread_id()), "a living owner is not gone");
    kill(p, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)p, &info, WEXITED | WNOWAIT);
    check(lock_gone((uint32_t)p, lock_thread_id()), "a zombie is gone");
    check(!lock_gone((uint32_t)p | LOCK_FOREIGN, lock_thread_id()), "a stranger is not judged");
    check(!lock_take(l, lock_thread_id()), "a dead owner's lock is taken over, and that is said");
    lock_drop(l);
    check(lock_take(l, lock_thread_id()), "then it is an ordinary one");
    lock_drop(l);
    waitpid(p, NULL, 0);
}

/* --- invalidations elsewhere */
static _Atomic bool done;
static _Atomic unsigned compiled, translated;

static void count(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    if (stage == TCG_STAGE_CODE)
        compiled++;
    else if (stage == TCG_STAGE_OP)
        translated++;
}

static void *invalidate_elsewhere(void *arg)
{
    for (Tcg *t = arg; !done; )
        tcg_invalidate(t, cell_pc(CELLS) + 0x10000, cell_pc(CELLS) + 0x10040);
    return NULL;
}

static void elsewhere(const char *what, TcgOptions o, _Atomic unsigned *counter, unsigned times)
{
    pthread_t th;
    o.on_translate = count;
    Tcg *t = engine(o, (TcgHost){ 0 });
    CellCpu *c = cells_cpu(t);
    done = false;
    compiled = translated = 0;
    pthread_create(&th, NULL, invalidate_elsewhere, t);
    for (unsigned k = 0; k < 1000; k++)
        for (unsigned n = 0; n < times; n++)
            cells_run(c, 4 * k, 1);
    done = true;
    pthread_join(th, NULL);
    cells_cpu_free(c);
    printf("# %u for 1000\n", *counter);
    check(*counter < 1100, what);
}

int main(void)
{
    short_threads();
    many_threads();
    dead_owner();
    elsewhere("code is compiled once while another place is invalidated all the time", (TcgOptions){ 0 }, &compiled, 1);
    elsewhere(
        "interpreted code is kept meanwhile", (TcgOptions){ .interp_runs = 100, .cold_runs = 10 }, &translated, 20);
    return failures != 0;
}
