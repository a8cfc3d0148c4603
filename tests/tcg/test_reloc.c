/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations say all that depends on place: a random unit's code, copied elsewhere and adjusted by them for a guest
 * program that has moved, too, is byte for byte what the backend emits there.
 *
 *   test_reloc [COUNT [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg/engine.h"
#include "toy.h"

enum { MAX_RELOCS = 4096 };

/* The guest: one unit, standing where it is asked for; away from toy_pc, all its addresses move with it. */
static void translate(IrUnit *u, int max, size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx)
{
    const IrUnit *from = *(const IrUnit **)ctx;
    uint64_t by = u->pc - from->pc;
    for (uint32_t n = 1; n < from->n; n++) {
        IrInsn i = from->insn[n];
        switch (i.op) {
        case IR_insn: ir_insn(u, (gaddr)i.imm + by, i.aux); continue;
        case IR_addr: case IR_exit_if: case IR_exit_if_f: case IR_jump: i.imm += (int64_t)by; break;
        case IR_calljump: i.imm += (int64_t)by; i.imm2 += by; break;
        case IR_calljump_ind: case IR_raise: i.imm2 += by; break;
        default: break;
        }
        if (i.op == IR_addr && i.type == IR_I32)
            i.imm = (int32_t)i.imm;
        *ir_emit(u, (IrOp)i.op, (IrType)i.type) = i;
    }
    u->nlabels = from->nlabels;
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    memset(buf, 0, len);
    return len;
}

/* The next unit at a cache line, so that two places are a multiple of 64 apart. */
static const Unit *unit_at(TcgThread *th, gaddr pc)
{
    if (!th->chunk || th->chunk_end - th->chunk < UNIT_MAX_CODE + 64)
        cache_chunk(th);
    th->chunk = (uint8_t *)(((uintptr_t)th->chunk + 63) & ~(uintptr_t)63);
    return engine_unit(th, pc, 0);
}

static void add32(uint8_t *p, uint64_t d) { uint32_t v; memcpy(&v, p, 4); v += (uint32_t)d; memcpy(p, &v, 4); }
static void add64(uint8_t *p, uint64_t d) { uint64_t v; memcpy(&v, p, 8); v += d; memcpy(p, &v, 8); }

/* What a user of the relocations does. */
static void move(uint8_t *code, const Unit *from, const Unit *to)
{
    static Reloc r[MAX_RELOCS];
    int n = reloc_decode(from, r, MAX_RELOCS);
    for (int k = 0; k < n; k++) {
        uint8_t *p = code + r[k].at;
        switch (r[k].kind) {
        case RELOC_PC64: add64(p, to->pc - from->pc); break;
        case RELOC_PC32U: case RELOC_PC32S: add32(p, to->pc - from->pc); break;
        case RELOC_TRAMPOLINE: add32(p, (uint64_t)((uint8_t *)from->code - (uint8_t *)to->code)); break;
        case RELOC_COUNT:
            add32(p,
                (uint64_t)((uint8_t *)from->code - (uint8_t *)to->code + (uint8_t *)to->left - (uint8_t *)from->left));
            break;
        case RELOC_HELPER: break;                       /* the same process */
        }
    }
}

static int compare(const Unit *a, const Unit *b)
{
    static uint8_t code[UNIT_MAX_CODE];
    if (a->code_len != b->code_len)
        return -2;
    memcpy(code, a->code, a->code_len);
    move(code, a, b);
    for (uint32_t k = 0; k < a->code_len; k++)
        if (code[k] != ((uint8_t *)b->code)[k])
            return (int)k;
    return -1;
}

static bool moves(TcgThread *th, gaddr pc, gaddr apart)
{
    const Unit *a = unit_at(th, pc), *b = unit_at(th, pc + apart);
    int at = a->code && b->code ? compare(a, b) : -1;
    if (at == -1)
        return true;
    printf("FAIL unit at 0x%llx and 0x%llx: ", (unsigned long long)a->pc, (unsigned long long)b->pc);
    if (at == -2)
        printf("%u and %u bytes\n", a->code_len, b->code_len);
    else
        printf("byte %d of %u differs\n", at, a->code_len);
    return false;
}

static int test(unsigned cold_runs, int count, uint64_t seed)
{
    int failures = 0;
    Rng rng = { seed };
    static ToyProgram p;
    static ToyCpu cpu;
    const IrUnit *source = NULL;
    TcgGuest guest = *toy_guest(TOY_CANON);
    TcgHost host = { .fetch = fetch, .ctx = &source };
    TcgOptions options = { .opt_level = 1, .cold_runs = cold_runs };
    guest.translate = translate;
    for (int k = 0; k < TOY_UNITS; k++)
        ir_unit_init(&p.unit[k], &guest);
    Tcg *t = tcg_new(&guest, &host, &options);
    tcg_thread_init(t, &cpu.cpu);
    TcgThread *th = cpu.cpu.thread;
    cache_enter(th);
    for (int n = 0; n < count && failures < 10; n++) {
        /* addresses below 4 GiB stand in 32-bit fields, others in 64-bit ones; moves keep that, and the pages */
        gaddr far = n & 1 ? 0x7f0000000000 : 0, apart = (gaddr)(1 + rng_below(&rng, 1000)) << 20;
        gen_program(&rng, &p, 0x1000, 30, -1);
        for (int k = 0; k < p.n; k++) {
            source = &p.unit[k];
            failures += !moves(th, toy_pc(k) + far, apart);
            tcg_invalidate(t, 0, ~(gaddr)0);
        }
    }
    return failures;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1500;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20261121;
    int failures = test(0, count, seed) + test(64, count, seed);
    printf(failures ? "%d units did not move\n" : "ok\n", failures);
    return failures != 0;
}
