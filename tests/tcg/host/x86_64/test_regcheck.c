/* SPDX-License-Identifier: Apache-2.0 */
/* The register checker must find what is wrong: a sequence of notes by hand with one mistake each, and, in debug
 * builds, the allocator's own notes of random units with one step of each changed, and an allocator that was broken on
 * purpose. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tcg/host/x86_64/ra.h"
#include "tests/tcg/toy.h"

static const HostCode *hc;
static const TcgGuest *guest;
static int bad;

/* --- by hand. Unit: a = get r0; b = get r1; sum = add a b; low = trunc32 sum; z = zext32 low; put r2 sum; put r3 z;
 * jump */
typedef struct Hand {
    IrUnit u;
    IrVal a, b, sum, low, z, put2, put3, jump;
    uint8_t pin[4];             /* the host registers of r0 to r3 */
    int32_t slot;               /* a free spill slot */
} Hand;

static void hand_unit(Hand *h)
{
    IrUnit *u = &h->u;
    ir_unit_init(u, guest);
    ir_unit_reset(u, TOY_PC, 0);
    h->a = ir_get(u, TOY_R);
    h->b = ir_get(u, TOY_R + 1);
    h->sum = ir_op2(u, IR_add, IR_I64, h->a, h->b);
    h->low = ir_op1(u, IR_trunc32, IR_I32, h->sum);
    h->z = ir_op1(u, IR_zext32, IR_I64, h->low);
    h->put2 = u->n;
    ir_put(u, TOY_R + 2, h->sum);
    h->put3 = u->n;
    ir_put(u, TOY_R + 3, h->z);
    h->jump = u->n;
    ir_jump(u, TOY_PC);
    for (int r = 0; r < 4; r++)
        h->pin[r] = (uint8_t)hc->pin[TOY_R + r];
    h->slot = hs_off(HS_SPILL);
}

enum { STEPS = 18 };

/* What a right allocator would note for the unit. */
static void hand_steps(const Hand *h, RaStep to[STEPS])
{
    int32_t slot = h->slot;
    const RaStep good[STEPS] = {
        { .kind = RA_OP, .v = h->sum },
        { .kind = RA_USE, .reg = h->pin[0], .v = h->a },                        /* 1 */
        { .kind = RA_USE, .reg = h->pin[1], .v = h->b },
        { .kind = RA_SCRATCH, .reg = RCX },                                     /* 3 */
        { .kind = RA_DEF, .reg = RCX, .v = h->sum },
        { .kind = RA_OP, .v = h->low },                                         /* 5 */
        { .kind = RA_STORE, .reg = RCX, .off = slot, .type = IR_I64 },
        { .kind = RA_SCRATCH, .reg = RCX },                                     /* 7 */
        { .kind = RA_OP, .v = h->z },
        { .kind = RA_USE_AT, .off = slot, .v = h->low },                        /* 9 */
        { .kind = RA_SCRATCH, .reg = RDX },
        { .kind = RA_LOAD, .reg = RDX, .off = slot, .type = IR_I32 },           /* 11 */
        { .kind = RA_DEF, .reg = RDX, .v = h->z },
        { .kind = RA_OP, .v = h->put2 },                                        /* 13 */
        { .kind = RA_LOAD, .reg = h->pin[2], .off = slot, .type = IR_I64 },
        { .kind = RA_OP, .v = h->put3 },                                        /* 15 */
        { .kind = RA_MOVE, .reg = h->pin[3], .from = RDX, .type = IR_I64 },
        { .kind = RA_OP, .v = h->jump },                                        /* 17 */
    };
    memcpy(to, good, sizeof good);
}

/* The checker's complaint (freed by the caller) or NULL. */
static char *check_steps(const IrUnit *u, const RaStep s[STEPS])
{
    RaLog log = { (RaStep *)s, STEPS, STEPS };
    return regcheck(hc, guest, u, &log);
}

/* step `at` becomes `to`; say: part of the complaint */
typedef struct Edit { const char *what; int at; RaStep to; const char *say; } Edit;
static const RaStep none = { .kind = RA_RELEASE };                                        /* nothing */

static void try_edit(const Hand *h, const Edit *edit)
{
    RaStep s[STEPS];
    hand_steps(h, s);
    s[edit->at] = edit->to;
    g_autofree char *e = check_steps(&h->u, s);
    if (!e || !strstr(e, edit->say)) {
        printf("FAIL %s: %s\n", edit->what, e ? e : "not noticed");
        bad++;
    }
}

static void try_edits(const Hand *h)
{
    int32_t slot = h->slot;
    const Edit edits[] = {
        { "operand from another register", 1, { .kind = RA_USE, .reg = h->pin[1], .v = h->a }, "is read in" },
        { "operand from a free register", 2, { .kind = RA_USE, .reg = RAX, .v = h->b }, "is read in" },
        { "an operand's register is taken", 3, { .kind = RA_SCRATCH, .reg = h->pin[0] }, "is taken" },
        { "result nowhere", 4, none, "" },
        { "result over an operand too early", 4, { .kind = RA_DEF_EARLY, .reg = h->pin[0], .v = h->sum },
            "overwrites" },
        { "result over a guest register", 4, { .kind = RA_DEF, .reg = h->pin[0], .v = h->sum }, "" },
        { "no spill", 6, none, "slot" },
        { "spill of half", 6, { .kind = RA_STORE, .reg = RCX, .off = slot, .type = IR_I32 }, "" },
        { "spill to another slot", 6, { .kind = RA_STORE, .reg = RCX, .off = slot + 16, .type = IR_I64 }, "slot" },
        { "operand from another slot", 9, { .kind = RA_USE_AT, .off = slot + 8, .v = h->low }, "slot" },
        { "view of a value with a dirty upper half", 11, { .kind = RA_USE_AT, .off = slot, .v = h->z }, "extended" },
        { "put without its move", 14, none, "r2 is not at home" },
        { "put of the old value", 14, { .kind = RA_MOVE, .reg = h->pin[2], .from = h->pin[0], .type = IR_I64 },
            "r2 is not at home" },
        { "put of half", 14, { .kind = RA_LOAD, .reg = h->pin[2], .off = slot, .type = IR_I32 }, "r2 is not at home" },
        { "put of an unextended value", 16, { .kind = RA_LOAD, .reg = h->pin[3], .off = slot, .type = IR_I64 },
            "r3 is not at home" },
        { "put that destroys another guest register", 16,
            { .kind = RA_MOVE, .reg = h->pin[0], .from = RDX, .type = IR_I64 }, "not at home" },
        { "guest register lost before the unit is left", 16, { .kind = RA_SCRATCH, .reg = h->pin[1] }, "not at home" },
        { "call that nobody prepared", 7, { .kind = RA_FLAGS_USE, .v = h->sum }, "EFLAGS" },
    };
    for (size_t k = 0; k < G_N_ELEMENTS(edits); k++)
        try_edit(h, &edits[k]);
}

static void by_hand(void)
{
    Hand h;
    RaStep good[STEPS];
    hand_unit(&h);
    hand_steps(&h, good);
    g_autofree char *fine = check_steps(&h.u, good);
    if (fine) {
        printf("FAIL good steps: %s\n", fine);
        bad++;
    }
    try_edits(&h);
    ir_unit_free(&h.u);
}

/* --- the allocator's own notes */
static bool used_later(const RaLog *log, uint32_t k)
{
    for (uint32_t n = k + 1; n < log->n; n++)
        if ((log->step[n].kind == RA_USE || log->step[n].kind == RA_HAS) && log->step[n].v == log->step[k].v)
            return true;
    return false;
}

/* Change step k so that it cannot be right; false: this one may be left out without harm. */
static bool corrupt(const RaLog *log, uint32_t k, RaStep *s)
{
    switch (s->kind) {
    case RA_USE: case RA_HAS:
        s->cl ^= 1;                     /* no value is in both kinds of registers */
        return true;
    case RA_USE_AT:
        s->off += 1 << 20;
        return true;
    case RA_DEF: case RA_DEF_EARLY:
        s->kind = RA_SCRATCH;
        return used_later(log, k);
    default:
        return false;
    }
}

static unsigned corrupt_all(const IrUnit *u, const RaLog *log)
{
    unsigned tried = 0;
    g_autofree char *fine = regcheck(hc, guest, u, log);
    if (fine) {
        printf("FAIL right code: %s\n", fine);
        bad++;
    }
    for (uint32_t k = 0; k < log->n; k++) {
        RaStep old = log->step[k];
        if (corrupt(log, k, &log->step[k])) {
            g_autofree char *e = regcheck(hc, guest, u, log);
            tried++;
            if (!e) {
                printf("FAIL step %u of kind %d (v%u) changed: not noticed\n", k, old.kind, old.v);
                bad++;
            }
        }
        log->step[k] = old;
    }
    return tried;
}

static bool compile(TcgThread *th, const IrUnit *u)
{
    Unit unit = { .pc = u->pc };
    int rc = host_compile(th, u, &unit);
    if (rc == HOST_FULL && cache_chunk(th))
        rc = host_compile(th, u, &unit);
    return rc == HOST_OK;
}

static void random_units(ToyEngine *e, int count)
{
    TcgThread *th = toy_cpu(e)->thread;
    static ToyProgram p;
    unsigned tried = 0, units = 0;
    for (int k = 0; k < TOY_UNITS; k++)
        ir_unit_init(&p.unit[k], guest);
    for (int n = 0; n < count && bad < 10; n++) {
        Rng r = { (uint64_t)n * 0x9e3779b97f4a7c15u + 1 };
        gen_program(&r, &p, toy_mem_address(e), 30, -1);
        for (int k = 0; k < p.n; k++)
            if (compile(th, &p.unit[k])) {
                units++;
                tried += corrupt_all(&p.unit[k], &((Em *)(void *)th->hs)->log);
            }
    }
    printf("%u corruptions in %u units\n", tried, units);
    if (units < 50 || tried < 5000) {
        printf("FAIL too few\n");
        bad++;
    }
}

/* An allocator that takes no op for a barrier changes pins ahead of an access that can fault: a debug
 * build must stop. */
static void broken_allocator(ToyEngine *e)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        freopen("/dev/null", "w", stderr);
        for (int op = 0; op < IR_NOPS; op++)
            ((HostCode *)hc)->bits[op] &= (uint16_t)~OPF_BARRIER;
        random_units(e, 400);
        _exit(0);
    }
    int st;
    waitpid(pid, &st, 0);
    if (!WIFSIGNALED(st)) {
        printf("FAIL a broken allocator was not noticed\n");
        bad++;
    }
}

int main(void)
{
    ToyEngine *e = toy_engine(TOY_CANON, false, 1, false);
    TcgThread *th = toy_cpu(e)->thread;
    hc = th->tcg->hc;
    guest = th->tcg->guest;
    by_hand();
    if (DEBUG_BUILD) {
        random_units(e, 100);
        broken_allocator(e);
    }
    if (!bad)
        printf("ok%s\n", DEBUG_BUILD ? "" : " (steps by hand; the allocator's own in debug builds)");
    return bad != 0;
}
