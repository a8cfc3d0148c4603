/* SPDX-License-Identifier: Apache-2.0 */
/* Branches over a few instructions (target/tr.c): which of them become a choice between registers, and that it chooses
 * right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "target/riscv/cpu.h"
#include "tcg/interp.h"

enum { CODE = 0x10000, A0 = 10, A2 = 12, A5 = 15, ECALL = 0x73 };

/* Entered `came` times, `on` of them past the branch. a0 = 5, a2 = 0x123456; a5 as given; a0 + a2 wanted. */
typedef struct Case {
    const char *name;
    uint32_t code[5];
    unsigned came, on;
    bool chosen;
    struct {
        uint64_t a5, want;
    } run[2];
} Case;

static const Case cases[] = {
    /* beqz a5, 1f; slli a0, a2, 48; srli a0, a0, 48; 1: */
    { "zero-extension", { 0x00078663, 0x03061513, 0x03055513 }, 40, 20, true,
        { { 0, 5 + 0x123456 }, { 1, 0x3456 + 0x123456 } } },
    { "always on", { 0x00078663, 0x03061513, 0x03055513 }, 40, 40, false, { { 1, 0x3456 + 0x123456 } } },
    { "hardly ever on", { 0x00078663, 0x03061513, 0x03055513 }, 40, 2, false, { { 1, 0x3456 + 0x123456 } } },
    /* bltu a5, a0, 1f; mv a0, a5; 1: */
    { "maximum", { 0x00a7e463, 0x00078513 }, 66, 30, true, { { 4, 5 + 0x123456 }, { 9, 9 + 0x123456 } } },
    /* beqz a5, 1f; addi a0, a0, 1; add a2, a0, a0; 1: */
    { "one of the other", { 0x00078663, 0x00150513, 0x00a50633 }, 40, 20, true, { { 0, 5 + 0x123456 }, { 1, 18 } } },
    /* beqz a5, 1f; addi a5, a5, 1; add a0, a5, a0; 1: */
    { "of what is compared", { 0x00078663, 0x00178793, 0x00a78533 }, 40, 20, true,
        { { 0, 5 + 0x123456 }, { 1, 7 + 0x123456 } } },
    /* beqz a5, 1f; ld a0, 0(a1); 1: and with div a0, a0, a2 */
    { "a load stays", { 0x00078463, 0x0005b503 }, 40, 20, false, { { 0, 0 } } },
    { "a division stays", { 0x00078463, 0x02c54533 }, 40, 20, false, { { 0, 0 } } },
};

static size_t fetch(void *ctx, gaddr pc, void *buf, size_t len)
{
    const Case *c = ctx;
    uint32_t code[6] = { 0 };
    memcpy(code, c->code, sizeof c->code);
    for (int k = 0; k < 6; k++)
        code[k] = code[k] ? code[k] : ECALL;
    if (pc < CODE || pc - CODE >= sizeof code)
        return 0;
    len = len < CODE + sizeof code - pc ? len : CODE + sizeof code - pc;
    memcpy(buf, (char *)code + (pc - CODE), len);
    return len;
}

static unsigned seen(void *ctx, gaddr pc)
{
    const Case *c = ctx;
    return pc == CODE ? c->came : pc == CODE + 4 ? c->on : 1;
}

static int count(const IrUnit *u, int op)
{
    int n = 0;
    for (uint32_t k = 1; k < u->n; k++)
        n += u->insn[k].op == op;
    return n;
}

static bool runs(const Case *c, const IrUnit *u, CpuState *cpu)
{
    bool ok = true;
    for (int k = 0; k < 2 && c->run[k].want; k++) {
        uint64_t *x = ((RvCpu *)cpu)->x;
        x[A0] = 5;
        x[A2] = 0x123456;
        x[A5] = c->run[k].a5;
        ok &= interp_unit(u, cpu) == EX_SYSCALL && x[A0] + x[A2] == c->run[k].want;
    }
    return ok;
}

static bool check(const Case *c, CpuState *cpu, unsigned opt)
{
    IrUnit u;
    ir_unit_init(&u, &guest_arch.tcg);
    ir_unit_reset(&u, CODE, cpu->tb_flags);
    u.seen = seen;
    u.seen_ctx = (void *)c;
    guest_arch.tcg.translate(&u, 16, fetch, (void *)c);
    bool chosen = !count(&u, IR_exit_if);
    if (opt)
        ir_optimize(&u, 1);
    bool ok = chosen == c->chosen && runs(c, &u, cpu);
    ir_unit_free(&u);
    printf("%s %s\n", ok ? "ok" : "FAIL", c->name);
    return ok;
}

int main(void)
{
    CpuState *cpu = calloc(1, sizeof(RvCpu));
    int bad = 0;
    guest_arch.reset(cpu, guest_arch.models[0].features);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        bad += !check(&cases[k], cpu, 0) || !check(&cases[k], cpu, 1);
    free(cpu);
    return bad != 0;
}
