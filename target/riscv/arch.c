/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and callbacks of GuestArch that RV32 and RV64 share. */
#include "arch.h"

const HelperDesc rv_helpers[H_COUNT] = {
#define HELPER(id, ret, n, a, b, c, d) \
    { #id, help_##id, IR_##ret, n, { IR_##a, IR_##b, IR_##c, IR_##d }, HELPER_NONE, HELPER_NONE, NULL, NULL, false },
#include "helpers.def"
#undef HELPER
};

const CpuFeature rv_features[] = {
#define FEATURE(id, name, needs) { name, FEAT_##id, FEAT_##needs },
#include "features.def"
#undef FEATURE
};

void rv_reset(CpuState *cpu, const uint64_t *f)
{
    RvCpu *c = (RvCpu *)cpu;
    memset(c->x, 0, sizeof c->x);
    memset(c->f, 0, sizeof c->f);
    c->res_addr = ~0ull;
    c->features[0] = f[0];
    cpu->tb_flags = f[0] << RV_TB_FEATURES;
    rv_set_fcsr(c, 0);
}

static const char *const reg_names[] = {
#define REG(id, name, field, class, pin, gdb, traits) name,
#include "regs.def"
#undef REG
};

/* digits: hex digits of an x register */
static void dump(const RvCpu *c, unsigned what, char *out, size_t cap, int digits)
{
    uint64_t mask = digits == 16 ? ~0ull : 0xffffffff;
    size_t n = snprintf(out, cap, " pc       %0*llx\n", digits, (unsigned long long)c->head.pc);
    for (int i = 0; i < 32 && n < cap; i++)
        n += snprintf(out + n, cap - n, " x%d/%-*s %0*llx%s", i, i < 10 ? 5 : 4, reg_names[R_X0 + i], digits,
                      (unsigned long long)(c->x[i] & mask), i % 4 == 3 ? "\n" : "");
    if (!(what & DUMP_FPU))
        return;
    for (int i = 0; i < 32 && n < cap; i++)
        n += snprintf(out + n, cap - n, " f%d/%-*s %016llx%s", i, i < 10 ? 5 : 4, reg_names[R_F0 + i],
                      (unsigned long long)c->f[i], i % 4 == 3 ? "\n" : "");
    if (n < cap)
        snprintf(out + n, cap - n, " fcsr     %02x\n", rv_fcsr(c));
}

void rv32_dump(const CpuState *cpu, unsigned what, char *out, size_t cap)
{
    dump((const RvCpu *)cpu, what, out, cap, 8);
}
void rv64_dump(const CpuState *cpu, unsigned what, char *out, size_t cap)
{
    dump((const RvCpu *)cpu, what, out, cap, 16);
}
