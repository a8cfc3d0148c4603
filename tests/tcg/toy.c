/* SPDX-License-Identifier: Apache-2.0 */
/* See toy.h. */
#include "toy.h"
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct ToyEngine {
    TcgGuest guest;
    Tcg *tcg;
    const ToyProgram *program;
    ToyCpu *cpu;
    uint8_t *mem;               /* TOY_MEM bytes, then a page that faults */
    bool based;
    char name[48];
};

/* --- registers */
static RegDesc regs[TOY_NREGS];
static char reg_names[TOY_NREGS][16];

static void describe(int first, int n, char letter, size_t offset, size_t size, IrType t, int pins)
{
    for (int k = 0; k < n; k++) {
        snprintf(reg_names[first + k], sizeof reg_names[0], "%c%d", letter, k);
        regs[first + k] = (RegDesc){ .name = reg_names[first + k], .offset = (uint32_t)(offset + (size_t)k * size),
                                     .type = (uint8_t)t, .pin = (uint8_t)(k < pins ? k + 1 : 0) };
    }
}

/* --- helpers: every kind of operand, result and effect */
static uint64_t mix(uint64_t a, uint64_t b) { return (a ^ b * 0x9e3779b97f4a7c15u) + (b >> 7); }
static uint64_t help_mix(CpuState *c, uint64_t a, uint32_t b) { return mix(a, b); }
static uint32_t help_six(CpuState *c, uint64_t a, uint64_t b, uint32_t d, uint64_t e, uint32_t f, uint64_t g)
{
    return (uint32_t)mix(mix(mix(a, b), mix(d, e)), mix(f, g));
}
static void help_vec(CpuState *c, void *out, const void *a, const void *b)
{
    uint8_t r[16];
    for (int k = 0; k < 16; k++)
        r[k] = (uint8_t)(((const uint8_t *)a)[k] + ((const uint8_t *)b)[15 - k]);
    memcpy(out, r, 16);
}
static void help_wide(CpuState *c, void *out, uint64_t a)
{
    U128 r = (U128)a << 64 | ~a;
    memcpy(out, &r, 16);
}
static uint64_t help_all(CpuState *c, uint64_t a)
{
    ToyCpu *t = (ToyCpu *)c;
    t->r[1] += a + t->r[2];
    t->v[1] ^= t->v[0];
    t->w[0]++;
    return t->r[3];
}
static uint64_t help_list(CpuState *c, uint64_t a)
{
    ToyCpu *t = (ToyCpu *)c;
    t->r[5] = t->r[4] + a;
    return t->r[4];
}
static void help_void(CpuState *c, uint64_t a) { ((ToyCpu *)c)->env[7] ^= a; }
static double help_f64(CpuState *c, double a, float b) { return b < 0 ? a : -a; }
static float help_f32(CpuState *c, float a) { return -a; }
/* Rounds and raises; the last faults, too, when it divides by 12345. */
static double help_quot(CpuState *c, double a, double b) { return a / b; }
static double help_trip(CpuState *c, double a, double b)
{
    static volatile double q;
    static const char *volatile nowhere = (const char *)8;      /* volatile: the compiler knows it too well */
    q = a / b;
    return b == 12345 ? *(volatile const char *)nowhere : q;
}

static const uint16_t reads4[] = { TOY_R + 4, 0xffff }, writes5[] = { TOY_R + 5, 0xffff };
static const HelperDesc helpers[] = {
    { "mix", help_mix, IR_I64, 2, { IR_I64, IR_I32 } },
    { "six", help_six, IR_I32, 6, { IR_I64, IR_I64, IR_I32, IR_I64, IR_I32, IR_I64 } },
    { "vec", help_vec, IR_V128, 2, { IR_V128, IR_V128 } },
    { "wide", help_wide, IR_I128, 1, { IR_I64 } },
    { "all", help_all, IR_I64, 1, { IR_I64 }, HELPER_ALL, HELPER_ALL },
    { "list", help_list, IR_I64, 1, { IR_I64 }, HELPER_LIST, HELPER_LIST, reads4, writes5 },
    { "void", help_void, IR_VOID, 1, { IR_I64 } },
    { "f64", help_f64, IR_F64, 2, { IR_F64, IR_F32 } },
    { "f32", help_f32, IR_F32, 1, { IR_F32 }, .no_fp = true },
    { "quot", help_quot, IR_F64, 2, { IR_F64, IR_F64 } },
    { "trip", help_trip, IR_F64, 2, { IR_F64, IR_F64 }, .faults = true },
};

/* --- translation: copy what the test prepared */
static void translate(IrUnit *u, int max, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    const ToyProgram *p = ((ToyEngine *)ctx)->program;
    for (int k = 0; p && k < p->n; k++) {
        if (u->pc != toy_pc(k))
            continue;
        for (uint32_t n = 1; n < p->unit[k].n; n++) {
            const IrInsn *i = &p->unit[k].insn[n];
            if (i->op == IR_insn)
                ir_insn(u, (gaddr)i->imm, i->aux);
            else
                *ir_emit(u, (IrOp)i->op, (IrType)i->type) = *i;
        }
        u->nlabels = p->unit[k].nlabels;
        return;
    }
    ir_insn(u, u->pc, 4);
    ir_raise(u, TOY_STOP, 0, u->pc);
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    memset(buf, 0, len);
    return len;
}

static int disas(gaddr pc, const void *code, size_t avail, char *out, size_t cap)
{
    snprintf(out, cap, "toy");
    return 4;
}

static const FpRules rules[TOY_NRULES] = {
    [TOY_CANON] = { .nan = NAN_CANON },
    [TOY_ARM] = { .nan = NAN_SNAN_FIRST, .tiny_before_rounding = true, .fma_addend_first = true,
        .fma_inf_zero_nan_default = true },
    [TOY_PPC] = { .nan = NAN_FIRST, .tiny_before_rounding = true },
};

const TcgGuest *toy_guest(ToyRules which)
{
    static TcgGuest guest[TOY_NRULES];
    describe(TOY_R, TOY_NR, 'r', offsetof(ToyCpu, r), 8, IR_I64, 14);
    describe(TOY_W, TOY_NW, 'w', offsetof(ToyCpu, w), 4, IR_I32, 0);
    describe(TOY_F, TOY_NF, 'f', offsetof(ToyCpu, f), 8, IR_F64, 3);
    describe(TOY_G, TOY_NG, 'g', offsetof(ToyCpu, g), 4, IR_F32, 0);
    describe(TOY_V, TOY_NV, 'v', offsetof(ToyCpu, v), 16, IR_V128, 8);
    describe(TOY_N, 1, 'n', offsetof(ToyCpu, n), 4, IR_I32, 0);
    regs[TOY_N].traits = REG_FLAGS;
    for (int k = 0; k < TOY_NF; k++)
        regs[TOY_F + k].pin = (uint8_t)(k < 3 ? 20 + k : 0);     /* after the vectors */
    guest[which] = (TcgGuest){
        .name = "toy", .addr_bits = 64, .fp = rules[which], .state_size = sizeof(ToyCpu), .regs = regs,
        .nregs = TOY_NREGS,
        .helpers = helpers, .nhelpers = G_N_ELEMENTS(helpers), .translate = translate, .disas = disas,
    };
    return &guest[which];
}

/* --- running */
static CpuState *running;           /* for the signal handler; tests have one thread */

static void on_fault(int sig, siginfo_t *si, void *uc)
{
    if (running && tcg_fault(running, uc, si->si_addr))
        return;
    signal(sig, SIG_DFL);
}

/* One for all engines, so that addresses are the same values on each. */
static uint8_t *guest_memory(void)
{
    static uint8_t *mem;
    if (!mem) {
        mem = mmap(NULL, TOY_MEM * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(mem + TOY_MEM, TOY_MEM, PROT_NONE);
    }
    return mem;
}

ToyEngine *toy_engine(ToyRules which, bool interp, unsigned opt_level, bool based)
{
    ToyEngine *e = g_new0(ToyEngine, 1);
    e->guest = *toy_guest(which);
    e->mem = guest_memory();
    e->based = based;
    e->cpu = aligned_alloc(64, (sizeof(ToyCpu) + 63) & ~63ul);
    memset(e->cpu, 0, sizeof *e->cpu);
    TcgHost h = { .ctx = e, .fetch = fetch, .mem_base = based ? (uintptr_t)e->mem : 0 };
    TcgOptions o = {
        .interp = interp, .opt_level = opt_level, .interp_runs = 2 * based, .cold_runs = based, .alone = !based
    };
    /* one of the engines counts runs, the other leaves out bus locks */
    e->tcg = tcg_new(&e->guest, &h, &o);
    if (!e->tcg) {
        perror("tcg_new");
        exit(1);
    }
    e->cpu->cpu.tcg = e->tcg;
    e->cpu->cpu.mem_base = h.mem_base;
    tcg_thread_init(e->tcg, &e->cpu->cpu);
    snprintf(e->name, sizeof e->name, "%s opt %u %s", interp ? "interpreter" : "backend", opt_level,
        based ? "based" : "identity");
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    return e;
}

CpuState *toy_cpu(ToyEngine *e) { return &e->cpu->cpu; }
const char *toy_engine_name(const ToyEngine *e) { return e->name; }
gaddr toy_mem_address(const ToyEngine *e) { return e->based ? 0 : (uintptr_t)e->mem; }

/* Registers only: the rest of CpuState belongs to the engine. */
static void copy_guest(ToyCpu *to, const ToyCpu *from)
{
    memcpy(to->v, from->v, sizeof *to - offsetof(ToyCpu, v));
    to->cpu.fp_sticky = from->cpu.fp_sticky;
    to->cpu.fp_round = from->cpu.fp_round;
    to->cpu.pc = from->cpu.pc;
    to->cpu.exit_arg = from->cpu.exit_arg;
}

void toy_run(ToyEngine *e, const ToyProgram *p, ToyState *s)
{
    e->program = p;
    tcg_flush(e->tcg);
    copy_guest(e->cpu, &s->c);
    e->cpu->cpu.fault_addr = 0;
    e->cpu->cpu.exit_arg = 0;
    memcpy(e->mem, s->mem, TOY_MEM);
    running = &e->cpu->cpu;
    s->code = tcg_run(running);
    running = NULL;
    copy_guest(&s->c, e->cpu);
    memcpy(s->mem, e->mem, TOY_MEM);
}

static char *diff_bytes(const char *what, const void *a, const void *b, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (((const uint8_t *)a)[k] != ((const uint8_t *)b)[k]) {
            size_t at = k & ~15ul, len = n - at < 16 ? n - at : 16;
            GString *s = g_string_new(NULL);
            g_string_printf(s, "%s", what);
            if (n > 16)
                g_string_append_printf(s, "+%zu", at);
            for (int side = 0; side < 2; side++) {
                g_string_append(s, side ? " is " : " should be ");
                for (size_t j = len; j--; )
                    g_string_append_printf(s, "%02x", ((const uint8_t *)(side ? b : a))[at + j]);
            }
            return g_string_free(s, FALSE);
        }
    return NULL;
}

enum { FLAGS_BITS = 0xc101 };

char *toy_diff(const ToyState *want, const ToyState *have)
{
    static const size_t size[IR_NTYPES] = { [IR_I32] = 4, [IR_I64] = 8, [IR_F32] = 4, [IR_F64] = 8, [IR_V128] = 16 };
    if (want->code != have->code)
        return g_strdup_printf("exit code should be %d is %d (pc 0x%lx, 0x%lx)", want->code, have->code,
                               (long)want->c.cpu.pc, (long)have->c.cpu.pc);
    char *d = diff_bytes("pc", &want->c.cpu.pc, &have->c.cpu.pc, 8);
    for (int r = 0; r < TOY_N && !d; r++)
        d = diff_bytes(
            regs[r].name, (char *)&want->c + regs[r].offset, (char *)&have->c + regs[r].offset, size[regs[r].type]);
    uint32_t flags[2] = { want->c.n & FLAGS_BITS, have->c.n & FLAGS_BITS };     /* junk elsewhere */
    if (!d)
        d = diff_bytes("flags", &flags[0], &flags[1], sizeof flags[0]);
    if (!d)
        d = diff_bytes("memory", want->mem, have->mem, TOY_MEM);
    if (!d)
        d = diff_bytes("env", want->c.env, have->c.env, sizeof want->c.env);
    if (!d)
        d = diff_bytes("fp_sticky", &want->c.cpu.fp_sticky, &have->c.cpu.fp_sticky, 8);
    if (!d && want->code > TCG_EXIT_GUEST)
        d = diff_bytes("exit_arg", &want->c.cpu.exit_arg, &have->c.cpu.exit_arg, 8);
    return d;
}

static void print_line(void *ctx, const char *line) { printf("    %s\n", line); }

void toy_print(const ToyProgram *p)
{
    for (int k = 0; k < p->n; k++)
        ir_print(&p->unit[k], print_line, NULL);
}
