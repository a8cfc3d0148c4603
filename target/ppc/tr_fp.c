/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point. Loads, stores and moves are IR; arithmetic calls help_fp.c, which keeps FPSCR exact. */
#include "target/ppc/tr.h"
#include "ppc/ppc.decode.h"

void put_cr1(Tr *t)
{
    IrVal fpscr = ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, fpscr));
    ir_put(t->u, R_CR0 + 1, op2(t, IR_shr, fpscr, imm(t, 28)));
    forget_compare(t);
}

static bool done(Tr *t, int frt, IrVal v, int rc)
{
    put_f(t, frt, v);
    if (rc)
        put_cr1(t);
    return true;
}

static IrVal call(Tr *t, int helper, int n, IrVal a, IrVal b, IrVal c, IrVal d, IrVal e)
{
    IrVal args[] = { a, b, c, d, e };
    return ir_call(t->u, helper, n, args);
}

bool tr_farith(Tr *t, const OpFA *a, int op)
{
    return done(t, a->frt, call(t, H_fp2, 4, imm(t, op), get_f(t, a->fra), get_f(t, a->frb), get_f(t, a->frt), 0), a->rc);
}

bool tr_fmul(Tr *t, const OpFM *a, int single)
{
    return done(t, a->frt, call(t, H_fmul, 4, imm(t, single), get_f(t, a->fra), get_f(t, a->frc), get_f(t, a->frt), 0), a->rc);
}

bool tr_fmadd(Tr *t, const OpFMA *a, int neg)
{
    IrVal v = call(t, H_fma, 5, imm(t, neg), get_f(t, a->fra), get_f(t, a->frc), get_f(t, a->frb), get_f(t, a->frt));
    return done(t, a->frt, v, a->rc);
}

bool tr_funary(Tr *t, const OpFB *a, int op)
{
    return done(t, a->frt, call(t, H_fp1, 3, imm(t, op), get_f(t, a->frb), get_f(t, a->frt), 0, 0), a->rc);
}

bool tr_fsel(Tr *t, const OpFMA *a)
{
    IrVal x = get_f(t, a->fra);                         /* >= 0, -0 included, NaN not */
    IrVal magnitude = op2l(t, IR_and, x, ir_const(t->u, IR_I64, INT64_MAX));
    IrVal inf = ir_const(t->u, IR_I64, 0x7ff0000000000000), zero = ir_const(t->u, IR_I64, 0);
    IrVal v = ir_select(t->u, IR_I64, COND_GE, x, zero, get_f(t, a->frc), get_f(t, a->frb));
    v = ir_select(t->u, IR_I64, COND_EQ, magnitude, zero, get_f(t, a->frc), v);
    return done(t, a->frt, ir_select(t->u, IR_I64, COND_GTU, magnitude, inf, get_f(t, a->frb), v), a->rc);
}

bool tr_fmove(Tr *t, const OpFB *a, int op)
{
    IrVal v = get_f(t, a->frb), sign = ir_const(t->u, IR_I64, INT64_MIN);
    if (op == PPC_FNEG)
        v = op2l(t, IR_xor, v, sign);
    else if (op == PPC_FABS)
        v = op2l(t, IR_and, v, ir_const(t->u, IR_I64, INT64_MAX));
    else if (op == PPC_FNABS)
        v = op2l(t, IR_or, v, sign);
    return done(t, a->frt, v, a->rc);
}

bool tr_fcmp(Tr *t, const OpFCMP *a, int ordered)
{
    ir_put(t->u, R_CR0 + a->crf, call(t, H_fcmp, 3, imm(t, ordered), get_f(t, a->fra), get_f(t, a->frb), 0, 0));
    forget_compare(t);
    return true;
}

/* --- loads and stores; an update form needs ra != 0 */
static IrVal ea_fd(Tr *t, const OpFD *a) { return wide(t, op2(t, IR_add, get_r0(t, a->ra), imm(t, a->si))); }
static bool update(Tr *t, int kind, int ra, IrVal ea)
{
    if (kind & L_U)
        put_r(t, ra, low(t, ea));
    return true;
}
static bool valid(int kind, int ra) { return !(kind & L_U) || ra; }

static bool load_single(Tr *t, int kind, int frt, int ra, IrVal ea)
{
    IrVal v = ir_load(t->u, IR_I32, MEM_32 | MEM_BE, ea, 0);
    put_f(t, frt, call(t, H_s2d, 1, v, 0, 0, 0, 0));
    return update(t, kind, ra, ea);
}

static bool load_double(Tr *t, int kind, int frt, int ra, IrVal ea)
{
    put_f(t, frt, ir_load(t->u, IR_I64, MEM_64 | MEM_BE, ea, 0));
    return update(t, kind, ra, ea);
}

static bool store_single(Tr *t, int kind, int frt, int ra, IrVal ea)
{
    ir_store(t->u, MEM_32 | MEM_BE, ea, 0, call(t, H_d2s, 1, get_f(t, frt), 0, 0, 0, 0));
    return update(t, kind, ra, ea);
}

static bool store_double(Tr *t, int kind, int frt, int ra, IrVal ea)
{
    ir_store(t->u, MEM_64 | MEM_BE, ea, 0, get_f(t, frt));
    return update(t, kind, ra, ea);
}

bool tr_lfs(Tr *t, const OpFD *a, int k) { return valid(k, a->ra) && load_single(t, k, a->frt, a->ra, ea_fd(t, a)); }
bool tr_lfd(Tr *t, const OpFD *a, int k) { return valid(k, a->ra) && load_double(t, k, a->frt, a->ra, ea_fd(t, a)); }
bool tr_stfs(Tr *t, const OpFD *a, int k) { return valid(k, a->ra) && store_single(t, k, a->frt, a->ra, ea_fd(t, a)); }
bool tr_stfd(Tr *t, const OpFD *a, int k) { return valid(k, a->ra) && store_double(t, k, a->frt, a->ra, ea_fd(t, a)); }
bool tr_lfsx(Tr *t, const OpFX *a, int k) { return valid(k, a->ra) && load_single(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb)); }
bool tr_lfdx(Tr *t, const OpFX *a, int k) { return valid(k, a->ra) && load_double(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb)); }
bool tr_stfsx(Tr *t, const OpFX *a, int k) { return valid(k, a->ra) && store_single(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb)); }
bool tr_stfdx(Tr *t, const OpFX *a, int k) { return valid(k, a->ra) && store_double(t, k, a->frt, a->ra, ea_x(t, a->ra, a->rb)); }

bool tr_stfiwx(Tr *t, const OpFX *a)
{
    ir_store(t->u, MEM_32 | MEM_BE, ea_x(t, a->ra, a->rb), 0, low(t, get_f(t, a->frt)));
    return true;
}

/* --- FPSCR */
static bool write_fpscr(Tr *t, IrVal value, uint32_t mask, int rc)
{
    call(t, H_fpscr_write, 2, value, imm(t, mask), 0, 0, 0);
    if (rc)
        put_cr1(t);
    return true;
}

bool tr_mffs(Tr *t, const OpFT *a)
{
    IrVal v = wide(t, ir_ld_env(t->u, IR_I32, MEM_32, offsetof(PpcCpu, fpscr)));
    return done(t, a->frt, op2l(t, IR_or, v, ir_const(t->u, IR_I64, 0xfff8000000000000)), a->rc);
}

bool tr_mtfsf(Tr *t, const OpMTFSF *a)
{
    uint32_t mask = 0;
    for (int i = 0; i < 8; i++)
        if (a->flm >> i & 1)
            mask |= 15u << 4 * i;
    return write_fpscr(t, low(t, get_f(t, a->frb)), mask, a->rc);
}

bool tr_mtfsfi(Tr *t, const OpMTFSFI *a)
{
    int shift = 28 - 4 * a->crf;
    return write_fpscr(t, imm(t, (uint32_t)a->imm << shift), 15u << shift, a->rc);
}

bool tr_mtfsb(Tr *t, const OpBT *a, int one)
{
    uint32_t bit = 1u << (31 - a->bt);
    if (!one)
        return write_fpscr(t, imm(t, 0), bit, a->rc);
    call(t, H_fpscr_set, 1, imm(t, bit), 0, 0, 0, 0);
    if (a->rc)
        put_cr1(t);
    return true;
}

bool tr_mcrfs(Tr *t, const OpMCRF *a)
{
    ir_put(t->u, R_CR0 + a->crf, call(t, H_mcrfs, 1, imm(t, a->crs), 0, 0, 0, 0));
    forget_compare(t);
    return true;
}
