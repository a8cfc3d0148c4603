/* SPDX-License-Identifier: Apache-2.0 */
/* Runs rows of expect.h on every engine. */
#include "expect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CODE_BYTES = 8, SKIPPED = 77 };

void expect_map(uintptr_t at, size_t len)
{
    if (mmap((void *)at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
        (void *)at)
        exit(SKIPPED);
}

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    if (pc < EXPECT_CODE || pc >= EXPECT_CODE + CODE_BYTES)
        return 0;
    if (len > EXPECT_CODE + CODE_BYTES - pc)
        len = EXPECT_CODE + CODE_BYTES - pc;
    memcpy(buf, (void *)(uintptr_t)pc, len);
    return len;
}

static void put_code(const Expect *x, int row)
{
    uint32_t code[] = { x->insn(row), x->syscall_insn };
    for (int i = 0; i < 2 && x->big_endian; i++)
        code[i] = __builtin_bswap32(code[i]);
    memcpy((void *)(uintptr_t)EXPECT_CODE, code, sizeof code);
}

static int run_rows(const Expect *x, const char *engine, const TcgOptions *opt)
{
    TcgHost host = { .fetch = fetch };
    Tcg *t = tcg_new(&guest_arch.tcg, &host, opt);
    CpuState *cpu = aligned_alloc(64, (guest_arch.tcg.state_size + 63) & ~63ul);
    int failed = 0;
    memset(cpu, 0, guest_arch.tcg.state_size);
    tcg_thread_init(t, cpu);
    for (int row = 0; row < x->nrows; row++) {
        put_code(x, row);
        tcg_flush(t);
        guest_arch.reset(cpu, guest_arch.models[0].features);
        cpu->pc = EXPECT_CODE;
        failed += !x->run(cpu, row, engine);
    }
    return failed;
}

int expect_main(const Expect *x)
{
    expect_map(EXPECT_CODE, 4096);
    int failed = run_rows(x, "interp", &(TcgOptions){ .interp = true });
    failed += run_rows(x, "tier1-noopt", &(TcgOptions){ .opt_level = 0, .alone = true });
    failed += run_rows(x, "tier1", &(TcgOptions){ .opt_level = 1 });
    printf("%s\n", failed ? "failed" : "ok");
    return failed != 0;
}
