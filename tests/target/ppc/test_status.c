/* SPDX-License-Identifier: Apache-2.0 */
/* FR, FI and FPRF: the host's arithmetic (help_fpfast.c) agrees with softfloat (help_fp.c) on random operations. */
#include <stdio.h>
#include <stdlib.h>
#include "target/ppc/help_fp.h"
#include "tests/target/difftest.h"

static uint64_t near_one(Rng *r)                        /* few bits, so that sums and products are exact now and then */
{
    uint64_t v = (1023ull + rng_below(r, 60) - 30) << 52 | (rng_next(r) & rng_next(r) & 0xfffffffffffff);
    v &= ~0ull << rng_below(r, 52);
    return rng_below(r, 16) ? v | rng_next(r) >> 63 << 63 : rng_fp(r, 64);
}

int main(void)
{
    static const uint32_t ops[] = {
        PPC_FADD, PPC_FSUB, PPC_FMUL, PPC_FDIV, PPC_FSQRT, PPC_FRSP, PPC_FMA,
        PPC_FMA | FMA_NEG_ADDEND << PPC_FP_NEG_SHIFT,
        PPC_FMA | FMA_NEG_RESULT << PPC_FP_NEG_SHIFT, PPC_FMA | (FMA_NEG_RESULT | FMA_NEG_ADDEND) << PPC_FP_NEG_SHIFT,
    };
    enum { BITS = FPSCR_FR | FPSCR_FI | FPSCR_FPRF, NOPS = sizeof ops / sizeof *ops };
    const char *iter = getenv("FUZZ_ITER");
    long n = (iter ? atol(iter) : 24) * 4000, fast = 0, failed = 0;
    Rng r = { 1 };
    PpcCpu *c = aligned_alloc(64, (sizeof *c + 63) & ~63ul);
    memset(c, 0, sizeof *c);
    for (long i = 0; i < n && failed < 10; i++) {
        uint32_t op = ops[rng_below(&r, NOPS)] | (rng_below(&r, 2) ? PPC_FP_SINGLE : 0), got;
        uint64_t a = near_one(&r), b = near_one(&r), x = near_one(&r);
        if (!ppc_fp_status_fast(op, a, b, x, &got))
            continue;
        fast++;
        ppc_set_fpscr(c, 0);
        h_fp_exact(&c->head, op, a, b, x, 0);
        if ((c->fpscr & BITS) != got) {
            printf("FAIL op %#x %016llx %016llx %016llx: %#x, softfloat %#x\n", op, (unsigned long long)a,
                (unsigned long long)b, (unsigned long long)x, got, c->fpscr & BITS);
            failed++;
        }
    }
    printf("%ld of %ld by the host\n", fast, n);
    return failed != 0;
}
