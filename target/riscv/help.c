/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers that translated code calls (helpers.def), and fcsr for the embedder. */
#include <time.h>
#include "cpu.h"
#include "help.h"
#include "tr_csr.h"
#include "tr_fp.h"

const FpRules rv_fp_rules = { .nan = NAN_CANON, .fma_inf_zero_nan_default = true };

/* --- rounding mode and flags */

static void set_mode(RvCpu *c)
{
    uint32_t mode = c->frm > 4 ? RV_TB_BADRM : c->frm == FP_RNA ? RV_TB_RMM : 0;
    c->head.tb_flags = (c->head.tb_flags & ~(uint32_t)(RV_TB_RMM | RV_TB_BADRM)) | mode;
    c->head.fp_round = c->frm > 4 ? FP_RNE : c->frm;
}

uint32_t help_set_frm(CpuState *cpu, uint32_t v)
{
    RvCpu *c = (RvCpu *)cpu;
    uint32_t before = cpu->tb_flags;
    c->frm = v & 7;
    set_mode(c);
    return before != cpu->tb_flags;
}

uint32_t help_get_frm(CpuState *cpu) { return ((RvCpu *)cpu)->frm; }

/* FPF_* is fflags with the bits in the reverse order. */
static uint32_t reverse5(uint32_t v)
{
    return (v & 1) << 4 | (v & 2) << 2 | (v & 4) | (v & 8) >> 2 | (v & 16) >> 4;
}

uint32_t rv_fcsr(const RvCpu *c) { return reverse5(c->head.fp_sticky & 31) | c->frm << 5; }

void rv_set_fcsr(RvCpu *c, uint32_t v)
{
    c->head.fp_sticky = reverse5(v & 31);
    c->frm = v >> 5 & 7;
    set_mode(c);
}

/* --- counters: time runs at 10 MHz, cycle and instret are the host's monotonic nanoseconds (linux-user/riscv/vdso.c
 * relies on it) */
uint64_t help_counter(CpuState *cpu, uint32_t csr)
{
    struct timespec ts;
    clock_gettime(csr == CSR_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, &ts);
    uint64_t ns = ts.tv_sec * 1000000000ull + ts.tv_nsec;
    return csr == CSR_TIME ? ns / 100 : ns;
}

/* --- binary16 */

static uint64_t half_arith(SfEnv *e, RvHalf h, uint64_t a, uint64_t b, uint64_t c)
{
    switch (h.op) {
    case IR_fadd:    return sf_add(e, SF16, a, b);
    case IR_fsub:    return sf_sub(e, SF16, a, b);
    case IR_fmul:    return sf_mul(e, SF16, a, b);
    case IR_fdiv:    return sf_div(e, SF16, a, b);
    case IR_fsqrt:   return sf_sqrt(e, SF16, a);
    case IR_fma:     return sf_fma(e, SF16, a, b, c, h.aux);
    case IR_fmin:    return sf_min(e, SF16, a, b, h.aux);
    case IR_fmax:    return sf_max(e, SF16, a, b, h.aux);
    case IR_fround:  return sf_round_int(e, SF16, a, h.aux);
    case IR_fcmp:    return sf_cmp(e, SF16, a, b, h.cond, h.aux);
    case IR_fcvt_ff: return sf_cvt(e, h.to, h.from, a);
    case IR_fcvt_fi: return sf_to_int(e, SF16, a, h.width, true, h.aux);
    case IR_fcvt_fu: return sf_to_int(e, SF16, a, h.width, false, h.aux);
    case IR_fcvt_if: return sf_from_int(e, SF16, a, h.width, true);
    default:         return sf_from_int(e, SF16, a, h.width, false);
    }
}

uint64_t help_half_op(CpuState *cpu, uint64_t packed, uint64_t a, uint64_t b, uint64_t c)
{
    RvHalf h = rv_half_unpack(packed);
    SfEnv e = { .round = h.round == FP_DYN ? cpu->fp_round : h.round, .rules = &rv_fp_rules };
    uint64_t r = half_arith(&e, h, a, b, c);
    cpu->fp_sticky |= e.flags;
    return r;
}

/* Bits 0..9: -inf, -normal, -subnormal, -0, +0, +subnormal, +normal, +inf, sNaN, qNaN. */
uint64_t help_fclass(CpuState *cpu, uint64_t bits, uint32_t fmt)
{
    static const uint8_t sign_bit[] = { 15, 31, 63 };
    bool negative = bits >> sign_bit[fmt] & 1;
    switch (sf_class(fmt, bits)) {
    case SF_CLASS_INF:       return negative ? 1 << 0 : 1 << 7;
    case SF_CLASS_NORMAL:    return negative ? 1 << 1 : 1 << 6;
    case SF_CLASS_SUBNORMAL: return negative ? 1 << 2 : 1 << 5;
    case SF_CLASS_ZERO:      return negative ? 1 << 3 : 1 << 4;
    case SF_CLASS_SNAN:      return 1 << 8;
    default:                 return 1 << 9;
    }
}
