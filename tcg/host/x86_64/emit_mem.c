/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of guest memory accesses and atomics. Host TSO gives acquire and release loads and plain
 * release stores their order; a release store is an exchange because guests order it before later acquire loads. */
#include "emit.h"
#include "lower.h"
#include "ra.h"

static Mem mem_at(Em *e, int base, int64_t disp)
{
    if (disp != (int32_t)disp) {
        int t = tmp_g(e);
        mov_ri(e, t, disp);
        return (Mem){ (uint8_t)base, (uint8_t)t, 0, 0 };
    }
    return (Mem){ (uint8_t)base, NOREG, 0, (int32_t)disp };
}

static Mem const_mem(Em *e, int64_t addr)
{
    if (e->hc->base_reg && addr == (int32_t)addr)
        return (Mem){ MEM_BASE_REG, NOREG, 0, (int32_t)addr };
    int t = tmp_g(e);
    mov_ri(e, t, addr);
    return e->hc->base_reg ? (Mem){ MEM_BASE_REG, (uint8_t)t, 0, 0 } : (Mem){ (uint8_t)t, NOREG, 0, 0 };
}

Mem guest_mem(Em *e, const IrInsn *in)
{
    IrVal a = in->arg[0];
    int64_t c, disp = in->imm;
    if (use_imm(e, a, &c))
        return const_mem(e, c + disp);
    if (rv(e, a)->kind == V_DEFER) {
        const IrInsn *add = &e->u->insn[e->val[a].rep];
        IrVal x = add->arg[0], y = add->arg[1];
        if (use_imm(e, x, &c)) {
            IrVal t = x;
            x = y;
            y = t;
        }
        if (use_imm(e, y, &c))
            return mem_at(e, use_g(e, x), c + disp);
        int rx = use_g(e, x), ry = use_g(e, y);
        if (disp == (int32_t)disp)
            return (Mem){ (uint8_t)rx, (uint8_t)ry, 0, (int32_t)disp };
        int t = tmp_g(e);
        lea(e, true, t, (Mem){ (uint8_t)rx, (uint8_t)ry, 0, 0 });
        return mem_at(e, t, disp);
    }
    int r = use_g(e, a);
    if (!e->hc->base_reg)
        return mem_at(e, r, disp);
    if (disp == (int32_t)disp)
        return (Mem){ MEM_BASE_REG, (uint8_t)r, 0, (int32_t)disp };
    int t = tmp_g(e);
    mov_ri(e, t, disp);
    em_rr(e, 0x03 | RW, t, r);
    return (Mem){ MEM_BASE_REG, (uint8_t)t, 0, 0 };
}

static Opd opd(Mem m) { return (Opd){ true, 0, m }; }

/* MEM_ALIGN: leave with TCG_EXIT_ALIGN when misaligned. */
static void cold_align(Em *e, Cold *c)
{
    alu_ro(e, ALU_SUB, true, c->r[0], opd_env(offsetof(CpuState, mem_base)));
    mov_store(e, true, opd_env(offsetof(CpuState, fault_addr)).m, c->r[0]);
    ra_load_lent(e, (uint32_t)c->b);
    emit_raise(e, c->a, 0, TCG_EXIT_ALIGN);
}

static void check_align(Em *e, const IrInsn *in, Mem m)
{
    int size = 1 << (in->mem & MEM_SIZE);
    if (!(in->mem & MEM_ALIGN) || size == 1)
        return;
    int t = tmp_g(e);
    flags_clobber(e);
    Cold *c = cold_new(e, cold_align);
    lea(e, true, t, m);
    em_op(e, 0xf6 | BYTE_RM, 0, opd_reg(t), 1);
    em8(e, (unsigned)size - 1);
    c->r[0] = (uint8_t)t;
    c->a = e->pc;
    c->b = ra_lent(e);
    jcc_cold(e, CC_NE, c);
    e->lock[CL_G] &= ~(1u << t);
}

/* --- loads */
static void load_int(Em *e, const IrInsn *in, int d, Mem m)
{
    int size = in->mem & MEM_SIZE;
    bool sign = in->mem & MEM_SIGNED, w = w64(in);
    bool be = (in->mem & MEM_BE) && size > 0;
    if (be && size == 1) {
        movzx16(e, d, opd(m));
        flags_clobber(e);
        em8(e, 0x66);                   /* rol d16, 8 */
        em_op(e, 0xc1, SH_ROL, opd_reg(d), 1);
        em8(e, 8);
        if (sign)
            movsx16(e, w, d, opd_reg(d));
        return;
    }
    if (be) {
        bool w8 = size == 3;
        if (e->hc->movbe) {
            em_op(e, M0F38 | 0xf0 | (w8 ? RW : 0), d, opd(m), 0);
        } else {
            mov_load(e, w8, d, m);
            bswap_r(e, w8, d);
        }
        if (sign && w && size == 2)
            movsxd(e, d, opd_reg(d));
        return;
    }
    switch (size) {
    case 0:
        if (sign)
            movsx8(e, w, d, opd(m));
        else
            movzx8(e, d, opd(m));
        break;
    case 1:
        if (sign)
            movsx16(e, w, d, opd(m));
        else
            movzx16(e, d, opd(m));
        break;
    case 2:
        if (sign && w)
            movsxd(e, d, opd(m));
        else
            mov_load(e, false, d, m);
        break;
    default:
        mov_load(e, w, d, m);
    }
}

static void reverse_x(Em *e, int d)
{
    Opd k = pool(e, 0x08090a0b0c0d0e0full, 0x0001020304050607ull);
    if (e->hc->avx)
        em_vex(e, P66 | M0F38 | 0x00, 0, d, d, k, 0);
    else
        em_op(e, P66 | M0F38 | 0x00, d, k, 0);
}

static void gpr_to_x(Em *e, bool w, int x, int g)
{
    if (e->hc->avx)
        em_vex(e, P66 | M0F | 0x6e | (w ? RW : 0), 0, x, 0, opd_reg(g), 0);
    else
        em_rr(e, P66 | M0F | 0x6e | (w ? RW : 0), x, g);
}

static void x_to_gpr(Em *e, bool w, int g, int x)
{
    if (e->hc->avx)
        em_vex(e, P66 | M0F | 0x7e | (w ? RW : 0), 0, x, 0, opd_reg(g), 0);
    else
        em_rr(e, P66 | M0F | 0x7e | (w ? RW : 0), x, g);
}

static void load_x(Em *e, const IrInsn *in, Mem m)
{
    int size = in->mem & MEM_SIZE;
    bool be = in->mem & MEM_BE;
    if (size < 2 || (be && size < 4)) {
        int t = tmp_g(e);
        IrInsn i = *in;
        i.type = size == 3 ? IR_I64 : IR_I32;
        load_int(e, &i, t, m);
        gpr_to_x(e, size == 3, def_x(e, 0), t);
        return;
    }
    int d = def_x(e, 0);
    mov_x_load(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, d, opd(m));
    x_set_clean(e, !be);
    if (be)
        reverse_x(e, d);
}

static void lower_load(Em *e, const IrInsn *in)
{
    Mem m = guest_mem(e, in);
    check_align(e, in, m);
    if (in->type == IR_I128) {
        int x = tmp_x(e);
        int32_t off;
        mov_x_load(e, IR_V128, x, opd(m));
        if (in->mem & MEM_BE)
            reverse_x(e, x);
        def_slot(e, &off);
        mov_x_store(e, IR_V128, opd_env(off), x);
    } else if (is_x_type(in->type)) {
        load_x(e, in, m);
    } else {
        load_int(e, in, def_g(e, 0), m);
    }
}

/* --- stores */
static void store_int(Em *e, int size, bool be, Mem m, int r)
{
    switch (size) {
    case 0: em_op(e, 0x88 | BYTE_REG, r, opd(m), 0); return;
    case 1:
        if (be) {
            int t = tmp_g(e);
            em_rr(e, 0x8b, t, r);
            bswap_r(e, false, t);
            flags_clobber(e);
            shift_ri(e, SH_SHR, false, t, 16);
            r = t;
        }
        em8(e, 0x66);
        em_op(e, 0x89, r, opd(m), 0);
        return;
    default:
        if (be && e->hc->movbe) {
            em_op(e, M0F38 | 0xf1 | (size == 3 ? RW : 0), r, opd(m), 0);
            return;
        }
        if (be) {
            int t = tmp_g(e);
            mov_rr(e, true, t, r);
            bswap_r(e, size == 3, t);
            r = t;
        }
        mov_store(e, size == 3, m, r);
    }
}

static bool store_imm(Em *e, const IrInsn *in, Mem m)
{
    int size = in->mem & MEM_SIZE;
    int64_t c;
    if (is_x_type(e->val[in->arg[1]].type) || !use_imm(e, in->arg[1], &c) || (in->mem & MEM_RELEASE) ||
        ((in->mem & MEM_BE) && c != 0))
        return false;
    if (size == 3 && c != (int32_t)c)
        return false;
    if (size == 1)
        em8(e, 0x66);
    em_op(e, size == 0 ? 0xc6 : 0xc7 | (size == 3 ? RW : 0), 0, opd(m), size == 0 ? 1 : size == 1 ? 2 : 4);
    if (size == 0)
        em8(e, (unsigned)c & 0xff);
    else if (size == 1)
        em16(e, (unsigned)c & 0xffff);
    else
        em32(e, (uint32_t)c);
    return true;
}

/* Nobody but this thread sees guest memory, and code that relies on it is dropped when that changes. */
static bool alone(Em *e) { return e->alone = atomic_load_explicit(&e->th->tcg->alone, memory_order_relaxed); }

static void full_fence(Em *e)
{
    if (alone(e))
        return;
    flags_clobber(e);
    em8(e, 0xf0);                       /* lock or dword [rsp - 8], 0: cheaper than mfence */
    em_op(e, 0x83, ALU_OR, opd_mem(RSP, -8), 1);
    em8(e, 0);
}

static void lower_store(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    unsigned vt = e->val[in->arg[1]].type;
    bool be = in->mem & MEM_BE;
    Mem m = guest_mem(e, in);
    check_align(e, in, m);
    if (vt == IR_I128) {
        const Val *x = rv(e, in->arg[1]);
        int t = tmp_x(e);
        if (x->kind != V_ENV) {
            em_unsupported(e);
            return;
        }
        ra_note(e, (RaStep){ .kind = RA_USE_AT, .off = x->off, .v = in->arg[1] });
        mov_x_load(e, IR_V128, t, opd_env(x->off));
        if (be)
            reverse_x(e, t);
        mov_x_store(e, IR_V128, opd(m), t);
    } else if (is_x_type(vt)) {
        int r = use_x(e, in->arg[1]);
        if (size < 2 || (be && size < 4)) {
            int t = tmp_g(e);
            x_to_gpr(e, size == 3, t, r);
            store_int(e, size, be, m, t);
        } else if (be) {
            int t = tmp_x(e);
            mov_xx(e, t, r);
            reverse_x(e, t);
            mov_x_store(e, IR_V128, opd(m), t);
        } else {
            mov_x_store(e, size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128, opd(m), r);
        }
    } else if (!store_imm(e, in, m)) {
        store_int(e, size, be, m, use_g(e, in->arg[1]));
    }
    if (in->mem & MEM_RELEASE)
        full_fence(e);
}

static void lower_fence(Em *e, const IrInsn *in)
{
    if (in->aux & FENCE_WR)
        full_fence(e);
}

static void lower_prefetch(Em *e, const IrInsn *in) { (void)e; (void)in; }

/* --- atomics. Sizes below 4 use the byte and word forms. */
static void locked(Em *e, int size, unsigned op8, unsigned op, int reg, Mem m)
{
    if (!alone(e))
        em8(e, 0xf0);
    if (size == 1)
        em8(e, 0x66);
    em_op(e, size == 0 ? op8 | BYTE_REG : op | (size == 3 ? RW : 0), reg, opd(m), 0);
}

static void xchg(Em *e, int size, int reg, Mem m)      /* locked without a prefix */
{
    if (size == 1)
        em8(e, 0x66);
    em_op(e, size == 0 ? 0x86 | BYTE_REG : 0x87 | (size == 3 ? RW : 0), reg, opd(m), 0);
}

static void zero_extend(Em *e, int size, int r)
{
    if (size == 0)
        movzx8(e, r, opd_reg(r));
    else if (size == 1)
        movzx16(e, r, opd_reg(r));
    else if (size == 2)
        em_rr(e, 0x8b, r, r);
}

static void swap_bytes(Em *e, int size, int r)
{
    if (size == 1) {
        em8(e, 0x66);
        em_op(e, 0xc1, SH_ROL, opd_reg(r), 1);
        em8(e, 8);
    } else if (size > 1) {
        bswap_r(e, size == 3, r);
    }
}

static void lower_xchg(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    bool be = in->mem & MEM_BE, add = in->op == IR_fetch_add;
    Mem m = guest_mem(e, in);
    check_align(e, in, m);
    int rb = use_g(e, in->arg[1]), t = tmp_g(e);
    flags_clobber(e);
    if (!add && !be && alone(e)) {
        IrInsn ld = { .type = size == 3 ? IR_I64 : IR_I32, .mem = (uint16_t)size };
        load_int(e, &ld, t, m);
        store_int(e, size, false, m, rb);
        def_at_g(e, t);
        return;
    }
    mov_rr(e, true, t, rb);
    if (be)
        swap_bytes(e, size, t);
    if (add)
        locked(e, size, M0F | 0xc0, M0F | 0xc1, t, m);
    else
        xchg(e, size, t, m);
    if (be)
        swap_bytes(e, size, t);
    zero_extend(e, size, t);
    def_at_g(e, t);
}

/* new = op(old, b) in t, which holds b's copy for and/or/xor, else chosen by compare */
static void rmw_compute(Em *e, const IrInsn *in, int size, int t, Opd ob)
{
    static const struct { uint8_t alu, cc; } row[] = {
        [IR_fetch_add - IR_fetch_add] = { ALU_ADD, 0 }, [IR_fetch_and - IR_fetch_add] = { ALU_AND, 0 },
        [IR_fetch_or - IR_fetch_add] = { ALU_OR, 0 }, [IR_fetch_xor - IR_fetch_add] = { ALU_XOR, 0 },
        [IR_fetch_smin - IR_fetch_add] = { ALU_CMP, CC_G }, [IR_fetch_smax - IR_fetch_add] = { ALU_CMP, CC_L },
        [IR_fetch_umin - IR_fetch_add] = { ALU_CMP, CC_A }, [IR_fetch_umax - IR_fetch_add] = { ALU_CMP, CC_B },
    };
    int k = in->op - IR_fetch_add;
    if (row[k].alu != ALU_CMP) {
        alu_ro(e, row[k].alu, size == 3, t, ob);
        return;
    }
    if (size == 1)
        em8(e, 0x66);
    if (size == 0)
        em_op(e, 0x3a | BYTE_REG | BYTE_RM, t, ob, 0);
    else
        em_op(e, 0x3b | (size == 3 ? RW : 0), t, ob, 0);
    cmov(e, row[k].cc, size == 3, t, ob);
}

static void lower_rmw(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    bool be = in->mem & MEM_BE;
    if (in->op <= IR_fetch_xor && !e->val[e->i].uses && !be) {
        static const uint8_t alu[] = { ALU_ADD, ALU_AND, ALU_OR, ALU_XOR };
        unsigned op = (unsigned)alu[in->op - IR_fetch_add] << 3;
        Mem m = guest_mem(e, in);
        check_align(e, in, m);
        int rb = use_g(e, in->arg[1]);
        flags_clobber(e);
        locked(e, size, op, op | 1, rb, m);
        return;
    }
    if (in->op == IR_fetch_add && !be) {
        lower_xchg(e, in);
        return;
    }
    take_g(e, RAX);
    Mem m = guest_mem(e, in);
    check_align(e, in, m);
    Opd ob = use_o(e, in->arg[1]);
    int t = tmp_g(e);
    flags_clobber(e);
    IrInsn ld = { .type = size == 3 ? IR_I64 : IR_I32, .mem = (uint16_t)size };
    load_int(e, &ld, RAX, m);
    uint8_t *again = e->p;
    mov_rr(e, size == 3, t, RAX);
    if (be)
        swap_bytes(e, size, t);
    rmw_compute(e, in, size, t, ob);
    if (be)
        swap_bytes(e, size, t);
    if (alone(e)) {
        store_int(e, size, false, m, t);
    } else {
        locked(e, size, M0F | 0xb0, M0F | 0xb1, t, m);
        em8(e, 0x70 | CC_NE);
        em8(e, (unsigned)(again - e->p - 1) & 0xff);
    }
    if (be)
        swap_bytes(e, size, RAX);
    zero_extend(e, size, RAX);
    def_at_g(e, RAX);
}

/* The same with a branch, which is cheaper, where nobody comes between: old value in RAX. */
static void cas_alone(Em *e, int size, int rn, Mem m)
{
    bool w = size == 3;
    em_op(e, 0x3b | (w ? RW : 0), RAX, opd(m), 0);      /* cmp rax, mem */
    em8(e, 0x75);                                       /* jne */
    em8(e, 0);
    uint8_t *from = e->p;
    mov_store(e, w, m, rn);
    em8(e, 0xeb);
    em8(e, 0);
    uint8_t *end = e->p;
    from[-1] = (uint8_t)(e->p - from);
    mov_load(e, w, RAX, m);
    end[-1] = (uint8_t)(e->p - end);
}

static void lower_cas(Em *e, const IrInsn *in)
{
    int size = in->mem & MEM_SIZE;
    bool be = in->mem & MEM_BE;
    if (in->type == IR_I128) {
        if (in->mem & MEM_ALIGN)
            check_align(e, in, guest_mem(e, in));
        emit_cas128(e, in);
        return;
    }
    take_g(e, RAX);
    em_op(e, 0x8b | (size == 3 ? RW : 0), RAX, use_o(e, in->arg[1]), 0);
    ra_release(e);                      /* it need not be in a register any more: few are left for the others */
    take_g(e, RAX);
    Mem m = guest_mem(e, in);
    check_align(e, in, m);
    Opd on = use_o(e, in->arg[2]);
    int rn = on.reg;
    if (be || on.mem) {
        rn = tmp_g(e);
        em_op(e, 0x8b | (size == 3 ? RW : 0), rn, on, 0);
    }
    flags_clobber(e);
    if (be) {
        swap_bytes(e, size, rn);
        swap_bytes(e, size, RAX);
    }
    if (alone(e) && size >= 2)
        cas_alone(e, size, rn, m);
    else
        locked(e, size, M0F | 0xb0, M0F | 0xb1, rn, m);
    if (be)
        swap_bytes(e, size, RAX);
    if (size < 2)
        zero_extend(e, size, RAX);
    def_at_g(e, RAX);
}

const LowerRow lower_rows_mem[] = {
    { IR_load, lower_load }, { IR_store, lower_store }, { IR_fence, lower_fence }, { IR_prefetch, lower_prefetch },
    { IR_cas, lower_cas }, { IR_xchg, lower_xchg }, { IR_fetch_add, lower_rmw },
    { IR_fetch_and, lower_rmw }, { IR_fetch_or, lower_rmw }, { IR_fetch_xor, lower_rmw },
    { IR_fetch_smin, lower_rmw }, { IR_fetch_smax, lower_rmw }, { IR_fetch_umin, lower_rmw },
    { IR_fetch_umax, lower_rmw },
    { 0, NULL }
};
