/* SPDX-License-Identifier: Apache-2.0 */
/* A64 loads and stores of general and FP/SIMD registers (ldst.decode). Base registers are written after the
 * access, so that a fault leaves them alone. The exclusive monitor is address and value in A64Cpu; the store
 * exclusive is a compare-and-swap against that value. */
#include "tr_a64.h"
#include "aarch64/ldst.decode.h"
#include "aarch64/ldst.decode.inc"

enum { OPC_STORE, OPC_LOAD, OPC_LOAD_S64, OPC_LOAD_S32 };
enum { SIZE_X = 3 };

/* --- addresses */

IrVal mem_addr(Tr *t, IrVal a) { return t->u->flags & A64_TB_TAGGED ? ir_sextract(t->u, IR_I64, a, 0, 56) : a; }

static IrVal offset(Tr *t, IrVal base, int64_t off)
{
    return off ? ir_op2(t->u, IR_add, IR_I64, base, imm_x(t, off)) : base;
}

IrVal a64_load(Tr *t, IrType type, int mem, IrVal base, int64_t off)
{
    if (t->u->flags & A64_TB_TAGGED)
        base = mem_addr(t, offset(t, base, off)), off = 0;
    return ir_load(t->u, type, mem, base, off);
}

void a64_store(Tr *t, int mem, IrVal base, int64_t off, IrVal v)
{
    if (t->u->flags & A64_TB_TAGGED)
        base = mem_addr(t, offset(t, base, off)), off = 0;
    ir_store(t->u, mem, base, off, v);
}

/* --- one register */

/* General register: size 0..3, opc as in the encodings. */
static void ldst(Tr *t, int size, int opc, int rt, IrVal base, int64_t off)
{
    if (opc == OPC_STORE) {
        a64_store(t, size, base, off, size == SIZE_X ? get_x(t, rt) : get_w(t, rt));
    } else if (opc == OPC_LOAD) {
        put_x(t, rt, a64_load(t, IR_I64, size, base, off));
    } else if (opc == OPC_LOAD_S64) {
        put_x(t, rt, a64_load(t, IR_I64, size | MEM_SIGNED, base, off));
    } else {
        put_w(t, rt, a64_load(t, IR_I32, size | MEM_SIGNED, base, off));
    }
}

/* FP/SIMD register of 1 << size bytes, 0..4. */
static IrVal loadv(Tr *t, int size, IrVal base, int64_t off)
{
    switch (size) {
    case MEM_128: return a64_load(t, IR_V128, MEM_128, base, off);
    case MEM_64:  return v_zext(t, IR_F64, a64_load(t, IR_F64, MEM_64, base, off));
    case MEM_32:  return v_zext(t, IR_F32, a64_load(t, IR_F32, MEM_32, base, off));
    default:      return v_zext(t, IR_I32, a64_load(t, IR_I32, size, base, off));
    }
}

static void storev(Tr *t, int size, int rt, IrVal base, int64_t off)
{
    IrVal v = size == MEM_128 ? get_v(t, rt)
        : size == MEM_64      ? get_d(t, rt)
        : size == MEM_32      ? get_s(t, rt)
                              : get_sbits(t, rt);
    a64_store(t, size, base, off, v);
}

static int v_size(int size, int opc) { return opc & 2 ? MEM_128 : size; }
static void ldstv(Tr *t, int size, int opc, int rt, IrVal base, int64_t off)
{
    if (opc & 1)
        put_v(t, rt, loadv(t, v_size(size, opc), base, off));
    else
        storev(t, v_size(size, opc), rt, base, off);
}

/* size:opc that exist (prefetch is 3:2 and has its own rows); vector: opc bit 1 means Q and needs size 0 */
static bool ok_size(int size, int opc) { return !(size == 3 && opc >= 2) && !(size == 2 && opc == 3); }
static bool ok_vsize(int size, int opc) { return !(opc & 2) || size == 0; }

enum { MODE_UNSCALED, MODE_POST, MODE_UNPRIV, MODE_PRE };
bool ok_i9(const OpI9 *a) { return ok_size(a->size, a->opc); }
bool ok_i9v(const OpI9 *a) { return a->mode != MODE_UNPRIV && ok_vsize(a->size, a->opc); }

bool tr_ldst9(Tr *t, const OpI9 *a)
{
    IrVal base = get_x_sp(t, a->rn);
    ldst(t, a->size, a->opc, a->rt, base, a->mode == MODE_POST ? 0 : a->imm9);
    if (a->mode & 1)
        put_x_sp(t, a->rn, offset(t, base, a->imm9));
    return true;
}

bool tr_ldst9v(Tr *t, const OpI9 *a)
{
    IrVal base = get_x_sp(t, a->rn);
    ldstv(t, a->size, a->opc, a->rt, base, a->mode == MODE_POST ? 0 : a->imm9);
    if (a->mode & 1)
        put_x_sp(t, a->rn, offset(t, base, a->imm9));
    return true;
}

bool ok_i12(const OpI12 *a) { return ok_size(a->size, a->opc); }
bool ok_i12v(const OpI12 *a) { return ok_vsize(a->size, a->opc); }
bool tr_ldst12(Tr *t, const OpI12 *a)
{
    ldst(t, a->size, a->opc, a->rt, get_x_sp(t, a->rn), (int64_t)a->imm12 << a->size);
    return true;
}
bool tr_ldst12v(Tr *t, const OpI12 *a)
{
    ldstv(t, a->size, a->opc, a->rt, get_x_sp(t, a->rn), (int64_t)a->imm12 << v_size(a->size, a->opc));
    return true;
}

bool ok_rr(const OpRr *a) { return a->option & 2 && ok_size(a->size, a->opc); }
bool ok_rrv(const OpRr *a) { return a->option & 2 && ok_vsize(a->size, a->opc); }
static IrVal rr_addr(Tr *t, const OpRr *a, int size)
{
    IrVal m = a64_extend(t, 1, a->rm, a->option, a->s ? size : 0);
    return ir_op2(t->u, IR_add, IR_I64, get_x_sp(t, a->rn), m);
}
bool tr_ldstr(Tr *t, const OpRr *a) { ldst(t, a->size, a->opc, a->rt, rr_addr(t, a, a->size), 0); return true; }
bool tr_ldstrv(Tr *t, const OpRr *a)
{
    ldstv(t, a->size, a->opc, a->rt, rr_addr(t, a, v_size(a->size, a->opc)), 0);
    return true;
}

bool tr_prfm(Tr *t, const OpPrf *a) { return true; }
bool tr_prfm_lit(Tr *t, const OpN *a) { return true; }

/* --- literal: opc 0 W/S, 1 X/D, 2 LDRSW/Q */

bool ok_lit(const OpLit *a) { return a->size != 3; }
bool ok_litv(const OpLit *a) { return a->size != 3; }
bool tr_ldr_lit(Tr *t, const OpLit *a)
{
    IrVal at = addr_x(t, t->pc + (int64_t)a->imm19);
    put_x(t, a->rt, ir_load(t->u, IR_I64, a->size == 1 ? MEM_64 : a->size == 2 ? MEM_32 | MEM_SIGNED : MEM_32, at, 0));
    return true;
}
bool tr_ldrv_lit(Tr *t, const OpLit *a)
{
    IrVal at = addr_x(t, t->pc + (int64_t)a->imm19);
    put_v(t, a->rt, loadv(t, MEM_32 + a->size, at, 0));
    return true;
}

/* --- pairs; idx 0 no-allocate, 1 post, 2 offset, 3 pre */

enum { PAIR_POST = 1, PAIR_PRE = 3 };
bool ok_pair(const OpPair *a) { return a->size != 3 && !(a->size == 1 && (!a->load || !a->idx)); }
bool ok_pairv(const OpPair *a) { return a->size != 3; }

static void pair_writeback(Tr *t, const OpPair *a, IrVal base, int64_t off)
{
    if (a->idx & 1)
        put_x_sp(t, a->rn, offset(t, base, off));
}

bool tr_pair(Tr *t, const OpPair *a)
{
    int mem = a->size == 2 ? MEM_64 : MEM_32, step = 1 << mem;
    IrVal base = get_x_sp(t, a->rn);
    int64_t off = (int64_t)a->imm7 * step, at = a->idx == PAIR_POST ? 0 : off;
    if (a->load) {
        if (a->size == 1)
            mem |= MEM_SIGNED;
        IrVal v = a64_load(t, IR_I64, mem, base, at), w = a64_load(t, IR_I64, mem, base, at + step);
        put_x(t, a->rt, v);
        put_x(t, a->rt2, w);
    } else {
        a64_store(t, mem, base, at, get_r(t, a->size == 2, a->rt));
        a64_store(t, mem, base, at + step, get_r(t, a->size == 2, a->rt2));
    }
    pair_writeback(t, a, base, off);
    return true;
}

bool tr_pairv(Tr *t, const OpPair *a)
{
    int mem = MEM_32 + a->size, step = 1 << mem;
    IrVal base = get_x_sp(t, a->rn);
    int64_t off = (int64_t)a->imm7 * step, at = a->idx == PAIR_POST ? 0 : off;
    if (a->load) {
        IrVal v = loadv(t, mem, base, at), w = loadv(t, mem, base, at + step);
        put_v(t, a->rt, v);
        put_v(t, a->rt2, w);
    } else {
        storev(t, mem, a->rt, base, at);
        storev(t, mem, a->rt2, base, at + step);
    }
    pair_writeback(t, a, base, off);
    return true;
}

bool tr_ldra(Tr *t, const OpPacL *a)
{
    enum { KEY_DA = 2 };
    IrVal base = offset(t, pac_auth(t, get_x_sp(t, a->rn), imm_x(t, 0), KEY_DA + a->key), a->imm10);
    IrVal v = a64_load(t, IR_I64, MEM_64, base, 0);
    if (a->wb)
        put_x_sp(t, a->rn, base);
    put_x(t, a->rt, v);
    return true;
}

bool a64_decode_ldst(Tr *t, uint32_t insn) { return decode_a64_ldst(t, insn); }
