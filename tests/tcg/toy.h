/* SPDX-License-Identifier: Apache-2.0 */
/* A guest for the translator's tests: its "instructions" are IR units prepared by the test. It runs them through
 * the public contract (tcg.h) on any engine, so a case is the same for the interpreter and the backend. */
#ifndef TESTS_TCG_TOY_H
#define TESTS_TCG_TOY_H

#include "tcg/tcg.h"

typedef unsigned __int128 U128;

typedef struct ToyCpu {
    CpuState cpu;
    U128     v[12];
    uint64_t r[18];
    uint64_t f[6];
    uint32_t w[4], g[2], n;
    uint64_t env[8];                /* for ld_env, st_env */
} __attribute__((aligned(64))) ToyCpu;

enum {                              /* register numbers */
    TOY_R = 0, TOY_NR = 18, TOY_W = TOY_R + TOY_NR, TOY_NW = 4, TOY_F = TOY_W + TOY_NW, TOY_NF = 6,
    TOY_G = TOY_F + TOY_NF, TOY_NG = 2, TOY_V = TOY_G + TOY_NG, TOY_NV = 12,
    TOY_N = TOY_V + TOY_NV,         /* RegDesc.flags: only exits put it */
    TOY_NREGS,
};
enum { TOY_MEM = 4096, TOY_UNITS = 4, TOY_PC = 0x10000, TOY_UNIT_SPAN = 0x1000, TOY_STOP = 99 };

typedef struct ToyProgram {
    IrUnit unit[TOY_UNITS];         /* unit k stands at toy_pc(k); any other pc raises TOY_STOP */
    int n;
} ToyProgram;
static inline gaddr toy_pc(int k) { return TOY_PC + (gaddr)k * TOY_UNIT_SPAN; }

typedef struct ToyState { ToyCpu c; uint8_t mem[TOY_MEM]; int code; } ToyState;

typedef enum ToyRules { TOY_CANON, TOY_ARM, TOY_PPC, TOY_NRULES } ToyRules;
typedef struct ToyEngine ToyEngine;
/* based: guest addresses count from the memory (mem_base), else they are host addresses. */
ToyEngine *toy_engine(ToyRules rules, bool interp, unsigned opt_level, bool based);
const TcgGuest *toy_guest(ToyRules rules);
CpuState *toy_cpu(ToyEngine *e);
const char *toy_engine_name(const ToyEngine *e);
gaddr toy_mem_address(const ToyEngine *e);      /* guest address of s->mem[0]; the page after it does not exist */
/* Run p from s; results in s. A fault ends it with TCG_EXIT_FAULT. */
void toy_run(ToyEngine *e, const ToyProgram *p, ToyState *s);
/* First difference as text (g_malloc'd), NULL: equal. */
char *toy_diff(const ToyState *want, const ToyState *have);
void toy_print(const ToyProgram *p);

/* gen_ir.c */
typedef struct Rng { uint64_t s; } Rng;
uint64_t rng_next(Rng *r);
static inline uint32_t rng_below(Rng *r, uint32_t n) { return (uint32_t)((rng_next(r) >> 33) % n); }
uint64_t rng_value(Rng *r, IrType t);           /* edge cases more often than not */
U128 rng_vector(Rng *r);
void gen_state(Rng *r, ToyState *s);
/* size: about that many ops per unit. Exactly one IrOp is favoured when focus >= 0. */
void gen_program(Rng *r, ToyProgram *p, gaddr mem, int size, int focus);

#endif
