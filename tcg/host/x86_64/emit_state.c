/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of constants, guest registers, CpuState, locals; and the recording of what depends on a place. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

/* --- constants, guest registers, environment, locals */
static void lower_const(Em *e, const IrInsn *in)
{
    (void)in;
    e->val[e->i].kind = V_CONST;
}

/* --- relocations */
void em_reloc(Em *e, RelocKind kind)
{
    e->reloc[e->nreloc++ & (RELOC_MAX - 1)] = (Reloc){ (uint32_t)(e->p - e->start), kind };
}

void em_guest_pc(Em *e, gaddr pc)
{
    em_reloc(e, RELOC_PC64);
    em64(e, pc);
}

static void em_to_tramp(Em *e, unsigned opcode, const uint8_t *to)
{
    em8(e, opcode);
    em_reloc(e, RELOC_TRAMPOLINE);
    em32(e, (uint32_t)(to - (e->p + 4)));
}

void call_tramp(Em *e, const uint8_t *to) { em_to_tramp(e, 0xe8, to); }
void jmp_tramp(Em *e, const uint8_t *to) { em_to_tramp(e, 0xe9, to); }

void mov_abs(Em *e, int dst, RelocKind kind, uint64_t v)
{
    em8(e, 0x48 | (dst >> 3));
    em8(e, 0xb8 | (dst & 7));
    em_reloc(e, kind);
    em64(e, v);
}

static void mov_addr(Em *e, int dst, gaddr a)
{
    if (a >> 32) {
        mov_abs(e, dst, RELOC_PC64, a);
        return;
    }
    if (dst & 8)
        em8(e, 0x41);
    em8(e, 0xb8 | (dst & 7));
    em_reloc(e, RELOC_PC32U);
    em32(e, (uint32_t)a);
}

static void lower_addr(Em *e, const IrInsn *in)
{
    mov_addr(e, def_g(e, 0), in->type == IR_I32 ? (uint32_t)in->imm : (gaddr)in->imm);
}

static void lower_get(Em *e, const IrInsn *in) { ra_get(e, in->aux); }

static void lower_put(Em *e, const IrInsn *in)
{
    if (e->val[in->arg[0]].kind == V_DEFER) {
        ra_detach(e, in->aux);
        emit_put_flags(e, e->u->insn[in->arg[0]].arg[0]);
    } else {
        ra_put(e, in->aux, in->arg[0]);
    }
}

static void sync_env(Em *e, int32_t off, int size, bool back)
{
    int last = -1;
    for (int32_t o = off & ~3; o < off + size && o < (int32_t)e->guest->state_size; o += 4) {
        int r = e->hc->env_reg[o >> 2];
        if (r < 0 || r == last)
            continue;
        last = r;
        int pin = e->hc->pin[r];
        Opd home = opd_env((int32_t)e->guest->regs[r].offset);
        if (pin < 0) {
            if (!back)
                ra_detach(e, r);
            continue;
        }
        if (e->lent[e->hc->cls[r]] >> pin & 1)
            continue;                   /* it is at home */
        unsigned t = e->guest->regs[r].type;
        if (e->hc->cls[r] == CL_X) {
            if (back)
                mov_x_load(e, (int)t, pin, home);
            else
                mov_x_store(e, (int)t, home, pin);
        } else if (back) {
            mov_load(e, t == IR_I64, pin, home.m);
        } else {
            mov_store(e, t == IR_I64, home.m, pin);
        }
    }
}

static void lower_ld_env(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    bool sign = in->mem & MEM_SIGNED;
    Opd o = opd_env((int32_t)in->imm);
    sync_env(e, (int32_t)in->imm, 1 << size, false);
    if (is_x_type(in->type)) {
        mov_x_load(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, def_x(e, 0), o);
        return;
    }
    if (in->type == IR_I128) {
        em_unsupported(e);
        return;
    }
    int d = def_g(e, 0);
    if (size == 0 && sign)
        movsx8(e, w64(in), d, o);
    else if (size == 0)
        movzx8(e, d, o);
    else if (size == 1 && sign)
        movsx16(e, w64(in), d, o);
    else if (size == 1)
        movzx16(e, d, o);
    else if (size == 2 && sign && w64(in))
        movsxd(e, d, o);
    else
        mov_load(e, size == 3, d, o.m);
}

static void lower_st_env(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    Opd o = opd_env((int32_t)in->imm);
    for (int32_t b = (int32_t)in->imm & ~3; b < (int32_t)in->imm + (1 << size); b += 4)
        if (e->hc->env_reg[b >> 2] >= 0)
            ra_detach(e, e->hc->env_reg[b >> 2]);
    sync_env(e, (int32_t)in->imm, 1 << size, false);
    if (is_x_type(e->val[in->arg[0]].type)) {
        mov_x_store(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, o, use_x(e, in->arg[0]));
    } else if (e->val[in->arg[0]].type == IR_I128) {
        em_unsupported(e);
    } else {
        int r = use_g(e, in->arg[0]);
        if (size == 0) {
            em_op(e, 0x88 | BYTE_REG, r, o, 0);
        } else {
            if (size == 1)
                em8(e, 0x66);
            em_op(e, 0x89 | (size == 3 ? RW : 0), r, o, 0);
        }
    }
    sync_env(e, (int32_t)in->imm, 1 << size, true);
}

static void lower_local_get(Em *e, const IrInsn *in)
{
    Opd o = opd_env(hs_off(HS_LOCAL + 2 * in->aux));
    if (is_x_type(in->type)) {
        mov_x_load(e, in->type, def_x(e, 0), o);
    } else if (in->type == IR_FLAGS) {
        mov_load(e, false, def_g(e, 0), o.m);
        e->val[e->i].packed = true;
    } else if (in->type == IR_I128) {
        em_unsupported(e);
    } else {
        mov_load(e, w64(in), def_g(e, 0), o.m);
    }
}

static void lower_local_put(Em *e, const IrInsn *in)
{
    Opd o = opd_env(hs_off(HS_LOCAL + 2 * in->aux));
    unsigned t = e->val[in->arg[0]].type;
    if (is_x_type(t))
        mov_x_store(e, (int)t, o, use_x(e, in->arg[0]));
    else if (t == IR_FLAGS)
        mov_store(e, false, o.m, packed_reg(e, in->arg[0]));
    else if (t == IR_I128)
        em_unsupported(e);
    else
        mov_store(e, true, o.m, use_g(e, in->arg[0]));
}

const LowerRow lower_rows_state[] = {
    { IR_const, lower_const }, { IR_addr, lower_addr }, { IR_get, lower_get }, { IR_put, lower_put },
    { IR_ld_env, lower_ld_env },
    { IR_st_env, lower_st_env }, { IR_local_get, lower_local_get }, { IR_local_put, lower_local_put },
    { 0, NULL }
};
