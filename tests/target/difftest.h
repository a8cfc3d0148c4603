/* SPDX-License-Identifier: Apache-2.0 */
/* Differential tests of a guest's decode rows. Random encodings of every row, alone and in sequences, run from random
 * register states on each engine of ours and on an oracle (Debian's qemu-user), and must leave equal states.
 *
 * A guest supplies a DiffGuest and a main that calls difftest_main; its runner.S is the oracle's side. Both sides map
 * the same addresses: STUB (where every case jumps at its end), CODE (one slot per case), DATA (memory operands), CASES
 * (one record per case). A record is u64 words in host order: nregs registers, exit (0, or 1 for SIGILL),
 * DIFF_MEM_WORDS of memory; the oracle turns the records of a batch, a shared file, into results in place.
 *
 * Environment: FUZZ_ITER cases per row (default 24), FUZZ_SEED, DIFF_ROW=name only that row, DIFF_ORACLE=0 no oracle,
 * DIFF_VERBOSE lists the rows that are not testable.
 */
#ifndef TESTS_TARGET_DIFFTEST_H
#define TESTS_TARGET_DIFFTEST_H

#include "target/decode.h"

enum {
    DIFF_STUB = 0x1ff80000, DIFF_CODE = 0x20000000, DIFF_DATA = 0x30000000, DIFF_CASES = 0x31000000,
    DIFF_SLOT = 128, DIFF_BATCH = 4000,
    DIFF_MEM_WORDS = 128,           /* at DIFF_DATA */
    DIFF_MEM_MID = DIFF_DATA + 384, /* what base registers should hold */
};

typedef struct Rng { uint64_t s; } Rng;
uint64_t rng_next(Rng *r);
static inline uint32_t rng_below(Rng *r, uint32_t n) { return (rng_next(r) >> 32) * n >> 32; }
uint64_t rng_int(Rng *r);           /* likes 0, 1, -1, powers of two, limits */
uint64_t rng_fp(Rng *r, int bits);  /* a pattern of 16, 32 or 64 bits: zeros, NaNs, infinities, subnormals, halfway
                                     * cases, near numbers */

typedef struct DiffGuest {
    const DecodeIsa *const *isas; int nisas;            /* in the order in which the guest tries them */
    const CpuModel *model;
    int nregs;
    const char *(*reg_name)(int i);
    /* A start state; base and state registers included (record: address of this case's record). */
    void (*random_state)(Rng *r, uint64_t *regs, gaddr record);
    void (*load)(CpuState *cpu, const uint64_t *regs);
    void (*save)(CpuState *cpu, uint64_t *regs);
    /* What a case starts with (reload of the register that the oracle jumps through). Returns bytes. */
    int  (*prologue)(uint8_t *out);
    /* A testable instance of the row whose open bits are random in insn, as code (with instructions it needs around).
     * Returns bytes, at most 32; 0: draw again; -1: this row is never tested here. */
    int  (*generate)(Rng *r, const DecodeIsa *isa, int row, uint64_t insn, uint8_t *out);
    int  (*jump)(uint8_t *out, gaddr from, gaddr to);   /* direct jump; returns bytes */
    uint8_t syscall_insn[4];
    /* The oracle. */
    const char *oracle, *oracle_cpu;                    /* program, value of -cpu or NULL */
    const char *cc, *runner;                            /* cross compiler; source of the runner, from the source root */
    const char *cc_args;
    void (*forgive)(uint64_t *ours, uint64_t *oracle);  /* or NULL: erases from both what the oracle never gets right */
    /* Rows the oracle lacks or gets wrong: name, or features word, and why. Ends with NULL. */
    const struct DiffSkip { const char *row, *feature, *why; } *oracle_skip;
} DiffGuest;

int difftest_main(const DiffGuest *g);

#endif
