/* SPDX-License-Identifier: Apache-2.0 */
/* The generic differential runner; difftest.h is the contract. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "difftest.h"
#include "tcg/engine.h"

enum { MAX_RECORD = 256 + 1 + DIFF_MEM_WORDS, MAX_ENGINES = 4, SEQUENCE = 6, MAX_REPORTS = 20 };

typedef struct Case { const DecodeIsa *isa; int row; bool oracle; uint8_t len; } Case;     /* isa NULL: a sequence */

typedef struct Diff {
    const DiffGuest *g;
    TcgGuest tcg_guest;
    Rng rng;
    int words;                      /* of a record */
    struct { const char *name; Tcg *tcg; CpuState *cpu; } engine[MAX_ENGINES];
    int nengines;
    Case cases[DIFF_BATCH];
    int n;                          /* cases in this batch */
    uint64_t *start, *want;         /* records: initial; result of the reference */
    uint64_t *shared;               /* DIFF_CASES, mapped from the file that the oracle gets */
    char dir[64], file[96], runner[96];
    bool have_oracle;
    long total, by_oracle;
    uint64_t interpreted;           /* units of compiling engines that the backend declined */
    bool vector_fp;                 /* the case has vector FP operations */
    int reports;
} Diff;

static CpuState *running;           /* for the fault handler */

static void on_fault(int sig, siginfo_t *info, void *uc)
{
    if (running && tcg_fault(running, uc, info->si_addr))
        return;
    signal(sig, SIG_DFL);
}

/* --- memory and engines */

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    bool stub = pc >= DIFF_STUB && pc < DIFF_STUB + 4096,
         code = pc >= DIFF_CODE && pc < DIFF_CODE + DIFF_BATCH * DIFF_SLOT;
    if (!stub && !code)
        return 0;
    memcpy(buf, (void *)(uintptr_t)pc, len);
    return len;
}

/* Every unit must pass the verifier before and after the passes. */
static void on_translate(void *ctx, const IrUnit *u, int stage, const void *code, size_t len)
{
    Diff *d = ctx;
    for (uint32_t i = 1; i < u->n && stage == TCG_STAGE_OP; i++)
        d->vector_fp |= u->insn[i].op >= IR_vfadd && u->insn[i].op <= IR_vfcvt_uf;
    char *why = stage == TCG_STAGE_CODE ? NULL : ir_verify(u);
    if (why && ++d->reports <= MAX_REPORTS)
        printf("FAIL verify of unit %#llx (%s): %s\n", (unsigned long long)u->pc,
            stage == TCG_STAGE_OP ? "op" : "op_opt", why);
}

static void map_fixed(uintptr_t at, size_t len, int flags, int fd)
{
    if (mmap((void *)at, len, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE | flags, fd, 0) != (void *)at) {
        printf("cannot map %#lx: %s\n", (unsigned long)at, strerror(errno));
        exit(77);
    }
}

static void add_engine(Diff *d, const char *name, bool interp, unsigned level)
{
    TcgHost host = { .fetch = fetch };
    TcgOptions opt = { .interp = interp,
        .opt_level = level,
        .cache_bytes = 32 << 20,
        .alone = level == 0,
        .on_translate = on_translate,
        .log_ctx = d };
    Tcg *t = tcg_new(&d->tcg_guest, &host, &opt);
    if (!t) {
        printf("no engine %s: %s\n", name, strerror(errno));
        return;
    }
    CpuState *cpu = aligned_alloc(64, (d->tcg_guest.state_size + 63) & ~63ull);
    memset(cpu, 0, d->tcg_guest.state_size);
    tcg_thread_init(t, cpu);
    d->engine[d->nengines].name = name;
    d->engine[d->nengines].tcg = t;
    d->engine[d->nengines++].cpu = cpu;
}

static bool setup_oracle(Diff *d)
{
    char cmd[1024];
    const char *off = getenv("DIFF_ORACLE"), *src = getenv("SRC");
    if (!d->g->oracle || (off && *off == '0'))
        return false;
    snprintf(d->runner, sizeof d->runner, "%s/runner", d->dir);
    snprintf(cmd, sizeof cmd,
        "command -v %s >/dev/null 2>&1 && %s %s -nostdlib -static -o %s %s/%s -Wl,-Ttext=%#x 2>%s/log", d->g->oracle,
        d->g->cc, d->g->cc_args, d->runner, src ? src : ".", d->g->runner, DIFF_STUB, d->dir);
    if (system(cmd) == 0)
        return true;
    printf("no oracle: %s or %s is missing or failed\n", d->g->oracle, d->g->cc);
    return false;
}

static void setup(Diff *d, const DiffGuest *g)
{
    const char *seed = getenv("FUZZ_SEED");
    d->g = g;
    d->words = g->nregs + 1 + DIFF_MEM_WORDS;
    d->rng.s = seed ? strtoull(seed, NULL, 0) : 1;
    d->tcg_guest = guest_arch.tcg;
    d->start = calloc(DIFF_BATCH, d->words * 8);
    d->want = calloc(DIFF_BATCH, d->words * 8);
    strcpy(d->dir, "/tmp/difftest.XXXXXX");
    if (!mkdtemp(d->dir))
        exit(77);
    snprintf(d->file, sizeof d->file, "%s/batch", d->dir);
    int fd = open(d->file, O_RDWR | O_CREAT | O_EXCL, 0600);
    size_t code = DIFF_BATCH * DIFF_SLOT, recs = DIFF_BATCH * d->words * 8ul;
    if (fd < 0 || ftruncate(fd, code + recs + 4096) < 0)
        exit(77);
    map_fixed(DIFF_STUB, 4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    map_fixed(DIFF_DATA, 4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    map_fixed(DIFF_CODE, code, MAP_SHARED, fd);
    if (mmap((void *)DIFF_CASES, (recs + 4095) & ~4095ul, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
            code) != (void *)DIFF_CASES)
        exit(77);
    close(fd);
    d->shared = (uint64_t *)DIFF_CASES;
    memcpy((void *)DIFF_STUB, g->syscall_insn, 4);
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    add_engine(d, "interp", true, 0);
    add_engine(d, "interp-opt", true, 1);
    add_engine(d, "tier1-noopt", false, 0);
    add_engine(d, "tier1", false, 1);
    d->have_oracle = setup_oracle(d);
}

/* --- making cases */

static bool oracle_knows(const DiffGuest *g, const DecodeRow *row)
{
    for (const struct DiffSkip *s = g->oracle_skip; s && s->why; s++) {
        if (s->row && !strcmp(s->row, row->name))
            return false;
        if (s->feature && strstr(row->features, s->feature))
            return false;
    }
    return true;
}

/* Code of one random instance at out; false when the row is not testable. */
static bool instance(Diff *d, const DecodeIsa *isa, int row, uint8_t *out, int *len)
{
    const DecodeRow *r = &isa->rows[row];
    uint64_t all = isa->width == 64 ? ~0ull : (1ull << isa->width) - 1;
    for (int tries = 0; tries < 2000; tries++) {
        uint64_t insn = (rng_next(&d->rng) & all & ~r->mask) | r->bits;
        *len = d->g->generate(&d->rng, isa, row, insn, out);
        if (*len < 0)
            return false;
        if (*len > 0 && isa->match(d->g->model->features, insn) == row)
            return true;
    }
    return false;
}

static void new_state(Diff *d, int i)
{
    uint64_t *rec = d->start + (size_t)i * d->words;
    d->g->random_state(&d->rng, rec, DIFF_CASES + (gaddr)i * d->words * 8);
    rec[d->g->nregs] = 0;
    for (int k = 0; k < DIFF_MEM_WORDS; k++)
        rec[d->g->nregs + 1 + k] = k & 1 ? rng_int(&d->rng) : rng_fp(&d->rng, 64);
}

/* Starts case d->n; returns its slot with the prologue in place. */
static uint8_t *slot(Diff *d, int *pos)
{
    uint8_t *p = (uint8_t *)(uintptr_t)(DIFF_CODE + d->n * DIFF_SLOT);
    memset(p, 0, DIFF_SLOT);
    *pos = d->g->prologue(p);
    return p;
}

static void commit(Diff *d, uint8_t *p, int pos, const DecodeIsa *isa, int row, bool oracle)
{
    d->g->jump(p + pos, (uintptr_t)p + pos, DIFF_STUB);
    d->cases[d->n] = (Case){ isa, row, oracle, pos };
    new_state(d, d->n++);
}

static bool add_single(Diff *d, const DecodeIsa *isa, int row)
{
    int pos, len;
    uint8_t *p = slot(d, &pos);
    if (!instance(d, isa, row, p + pos, &len))
        return false;
    commit(d, p, pos + len, isa, row, oracle_knows(d->g, &isa->rows[row]));
    return true;
}

static void add_sequence(Diff *d)
{
    int pos, len, done = 0;
    uint8_t *p = slot(d, &pos);
    bool oracle = true;
    for (int tries = 0; tries < 100 && done < SEQUENCE && pos + 48 < DIFF_SLOT; tries++) {
        const DecodeIsa *isa = d->g->isas[rng_below(&d->rng, d->g->nisas)];
        int row = rng_below(&d->rng, isa->nrows);
        if (!instance(d, isa, row, p + pos, &len))
            continue;
        oracle &= oracle_knows(d->g, &isa->rows[row]);
        pos += len;
        done++;
    }
    commit(d, p, pos, NULL, 0, oracle);
}

/* --- running and comparing */

static void run_engine(Diff *d, int e, int i, uint64_t *out)
{
    const uint64_t *rec = d->start + (size_t)i * d->words;
    CpuState *cpu = d->engine[e].cpu;
    int nregs = d->g->nregs;
    memcpy(d->shared + (size_t)i * d->words, rec, d->words * 8ul);     /* the prologue reads its record */
    memcpy((void *)DIFF_DATA, rec + nregs + 1, DIFF_MEM_WORDS * 8);
    guest_arch.reset(cpu, d->g->model->features);
    d->g->load(cpu, rec);
    cpu->pc = DIFF_CODE + i * DIFF_SLOT;
    running = cpu;
    d->vector_fp = false;
    int code = tcg_run(cpu);
    for (int k = 0; k < 10 && (code == TCG_EXIT_POLL || code == EX_ICACHE); k++)
        code = tcg_run(cpu);
    running = NULL;
    d->g->save(cpu, out);
    out[nregs] = code == EX_SYSCALL && cpu->pc == DIFF_STUB + 4 ? 0
        : code == EX_ILLEGAL || code == EX_PRIVILEGED           ? 1
                                                                : 100 + code;
    memcpy(out + nregs + 1, (void *)DIFF_DATA, DIFF_MEM_WORDS * 8);
}

static void show_case(Diff *d, int i)
{
    uint8_t *p = (uint8_t *)(uintptr_t)(DIFF_CODE + i * DIFF_SLOT);
    char text[128];
    for (int at = 0; at < d->cases[i].len; ) {
        int n = d->g->isas[0] ? guest_arch.tcg.disas((uintptr_t)p + at, p + at, d->cases[i].len - at, text, sizeof text)
                              : 0;
        if (n <= 0)
            break;
        uint64_t raw = 0;
        memcpy(&raw, p + at, n > 8 ? 8 : n);
        printf("    %0*llx  %s\n", n * 2, (unsigned long long)raw, text);
        at += n;
    }
}

static void compare(Diff *d, int i, const char *who, const uint64_t *got, const char *ref, const uint64_t *want)
{
    const uint64_t *rec = d->start + (size_t)i * d->words;
    if (!memcmp(got, want, d->words * 8ul))
        return;
    const Case *c = &d->cases[i];
    if (++d->reports > MAX_REPORTS)
        return;
    printf("FAIL %s: %s differs from %s\n", c->isa ? c->isa->rows[c->row].name : "sequence", who, ref);
    show_case(d, i);
    for (int k = 0; k < d->words; k++) {
        if (got[k] == want[k])
            continue;
        char name[32];
        if (k > d->g->nregs)
            snprintf(name, sizeof name, "mem+%d", (k - d->g->nregs - 1) * 8);
        else
            snprintf(name, sizeof name, "%s", k == d->g->nregs ? "exit" : d->g->reg_name(k));
        printf("    %-8s was %016llx, %s %016llx, %s %016llx\n", name, (unsigned long long)rec[k], who,
               (unsigned long long)got[k], ref, (unsigned long long)want[k]);
    }
    for (int k = 0; k < d->g->nregs && d->reports <= 2; k++)
        printf("%s%s=%llx", k % 8 ? " " : "\n    ", d->g->reg_name(k), (unsigned long long)rec[k]);
    printf("\n");
}

/* Units that the backend declines run in the interpreter, right but slow. Only chains of vector FP operations, which
 * keep many operands until they are checked, may run out of registers. */
static void check_compiled(Diff *d, int e, int i)
{
    const Tcg *t = d->engine[e].tcg;
    const Case *c = &d->cases[i];
    if (t->opt.interp || t->n_interp == d->interpreted)
        return;
    d->interpreted = t->n_interp;
    if (d->vector_fp || ++d->reports > MAX_REPORTS)
        return;
    printf("FAIL %s has no host code on %s\n", c->isa ? c->isa->rows[c->row].name : "sequence", d->engine[e].name);
    show_case(d, i);
}

/* The oracle's results, in place of the records. False: it did not run to the end. */
static bool run_oracle(Diff *d)
{
    char n[16];
    int status;
    memcpy(d->shared, d->start, (size_t)d->n * d->words * 8);
    for (int i = 0; i < d->n; i++)
        if (!d->cases[i].oracle)    /* an exit word of 2 tells the runner to leave the case out */
            d->shared[(size_t)i * d->words + d->g->nregs] = 2;
    snprintf(n, sizeof n, "%d", d->n);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(120);
        if (d->g->oracle_cpu)
            execlp(d->g->oracle, d->g->oracle, "-cpu", d->g->oracle_cpu, d->runner, d->file, n, NULL);
        else
            execlp(d->g->oracle, d->g->oracle, d->runner, d->file, n, NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        printf("FAIL oracle: %s ended with status %#x\n", d->g->oracle, status);
        d->reports++;
        return false;
    }
    return true;
}

static void run_batch(Diff *d)
{
    uint64_t got[MAX_RECORD];
    if (!d->n)
        return;
    for (int i = 0; i < d->n; i++)
        run_engine(d, 0, i, d->want + (size_t)i * d->words);
    for (int e = 1; e < d->nengines; e++) {
        d->interpreted = d->engine[e].tcg->n_interp;
        for (int i = 0; i < d->n; i++) {
            run_engine(d, e, i, got);
            check_compiled(d, e, i);
            compare(d, i, d->engine[e].name, got, d->engine[0].name, d->want + (size_t)i * d->words);
        }
    }
    if (d->have_oracle && run_oracle(d)) {
        for (int i = 0; i < d->n; i++) {
            if (!d->cases[i].oracle)
                continue;
            uint64_t *o = d->shared + (size_t)i * d->words, *ours = d->want + (size_t)i * d->words;
            if (d->g->forgive)
                d->g->forgive(ours, o);
            compare(d, i, d->engine[0].name, ours, "oracle", o);
            d->by_oracle++;
        }
    }
    d->total += d->n;
    d->n = 0;
    for (int e = 0; e < d->nengines; e++)
        tcg_flush(d->engine[e].tcg);
}

static void clean(Diff *d)
{
    char path[96];
    static const char *const names[] = { "batch", "runner", "log" };
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, names[i]);
        unlink(path);
    }
    rmdir(d->dir);
}

int difftest_main(const DiffGuest *g)
{
    static Diff d;
    const char *it = getenv("FUZZ_ITER"), *only = getenv("DIFF_ROW");
    long iter = it ? atol(it) : 24;
    int untested = 0;
    setup(&d, g);
    for (int k = 0; k < g->nisas; k++) {
        for (int row = 0; row < g->isas[k]->nrows; row++) {
            const DecodeRow *r = &g->isas[k]->rows[row];
            if (only && strcmp(only, r->name))
                continue;
            for (long i = 0; i < iter; i++) {
                if (!add_single(&d, g->isas[k], row)) {
                    if (getenv("DIFF_VERBOSE"))
                        printf("untested: %s %s\n", r->name, r->features);
                    untested++;
                    break;
                }
                if (d.n == DIFF_BATCH)
                    run_batch(&d);
            }
        }
    }
    for (long i = 0; !only && i < iter * 100; i++) {
        add_sequence(&d);
        if (d.n == DIFF_BATCH)
            run_batch(&d);
    }
    run_batch(&d);
    clean(&d);
    printf("%ld cases on %d engines, %ld against the oracle; %d rows untested here; %d differences\n",
           d.total, d.nengines, d.by_oracle, untested, d.reports);
    return d.reports != 0;
}
