/* SPDX-License-Identifier: Apache-2.0 */
/* FP ops by value: sign operations here, everything that rounds or raises in softfloat. */
#include "eval.h"
#include "softfloat.h"

static bool sign_op(IrValue *r, const IrInsn *i, const IrValue *const *v)
{
    uint64_t a = v[0]->u[0], sign = i->type == IR_F32 ? 1u << 31 : 1ull << 63;
    switch (i->op) {
    case IR_fneg: a ^= sign; break;
    case IR_fabs: a &= ~sign; break;
    case IR_fcopysign: a = (a & ~sign) | (v[1]->u[0] & sign); break;
    case IR_fbits: case IR_ffrom: break;
    case IR_fbits_s: case IR_ffrom_s: case IR_fwiden: a = sf_scalar(NULL, sf_op(i), a, 0, 0); break;
    case IR_fbox: a |= ~0xffffffffull; break;
    case IR_funbox: a = a >> 32 == 0xffffffff ? (uint32_t)a : 0x7fc00000; break;
    default: return false;
    }
    r->u[0] = a;
    r->u[1] = 0;
    return true;
}

void eval_fp(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp)
{
    if (sign_op(r, i, v))
        return;
    SfOp op = sf_op(i);
    SfEnv e = sf_env(op, fp->rules, fp->round);
    uint64_t in[3] = { v[0]->u[0], i->nargs > 1 ? v[1]->u[0] : 0, i->nargs > 2 ? v[2]->u[0] : 0 };
    r->u[0] = sf_scalar(&e, op, in[0], in[1], in[2]);
    r->u[1] = 0;
    *fp->sticky |= e.flags;
    if (e.flags & FPF_INVALID && fp->invalid)
        fp->invalid(fp->cpu, &op, in);
}

void eval_vfp(IrValue *r, const IrInsn *i, const IrValue *const *v, EvalFp *fp)
{
    if (i->op == IR_vfneg || i->op == IR_vfabs) {
        uint64_t sign = i->lane == E32 ? 0x8000000080000000u : 1ull << 63;
        for (int h = 0; h < 2; h++)
            r->u[h] = i->op == IR_vfneg ? v[0]->u[h] ^ sign : v[0]->u[h] & ~sign;
    } else {
        static const IrValue zero;
        SfOp op = sf_op(i);
        SfEnv e = sf_env(op, fp->rules, fp->round);
        sf_vector(&e, op, r, v[0], i->nargs > 1 ? v[1] : &zero, i->nargs > 2 ? v[2] : &zero);
        *fp->sticky |= e.flags;
    }
    if (i->type == IR_V64)
        r->u[1] = 0;
}
