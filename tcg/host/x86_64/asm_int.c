/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders behind asm_int.h. */
#include "emit.h"

static void em_disp_pool(Em *e, int index, int tail)
{
    if (e->nfix == FIX_MAX) {
        e->toobig = true;
        e->nfix = 0;
    }
    e->fix[e->nfix].at = e->p;
    e->fix[e->nfix].pool = index;
    e->fix[e->nfix++].tail = tail;
    em32(e, 0);
}

/* Through a pointer of their own: bytes stored may be anything to the compiler, e->p among it. */
static inline uint8_t *put8(uint8_t *p, unsigned b) { *p = (uint8_t)b; return p + 1; }
static inline uint8_t *put32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); return p + 4; }

static uint8_t *put_memory(uint8_t *p, unsigned r, Mem m)
{
    if (m.base == NOREG) {              /* [index * scale + disp32] */
        p = put8(p, r | 4);
        p = put8(p, (unsigned)m.scale << 6 | (m.index & 7u) << 3 | 5);
        return put32(p, (uint32_t)m.disp);
    }
    unsigned mod = m.disp == 0 && (m.base & 7) != RBP ? 0 : m.disp == (int8_t)m.disp ? 1 : 2;
    if (m.index == NOREG && (m.base & 7) != RSP) {
        p = put8(p, mod << 6 | r | (m.base & 7u));
    } else {
        unsigned idx = m.index == NOREG ? 4 : m.index & 7u;
        p = put8(p, mod << 6 | r | 4);
        p = put8(p, (unsigned)m.scale << 6 | idx << 3 | (m.base & 7u));
    }
    return mod == 1 ? put8(p, (unsigned)m.disp) : mod == 2 ? put32(p, (uint32_t)m.disp) : p;
}

void em_modrm(Em *e, int reg, Opd rm, int tail)
{
    unsigned r = (unsigned)(reg & 7) << 3;
    if (!rm.mem) {
        em8(e, 0xc0 | r | (rm.reg & 7u));
    } else if (rm.m.base == REG_RIPREL) {
        em8(e, r | 5);
        em_disp_pool(e, rm.m.disp, tail);
    } else {
        e->p = put_memory(e->p, r, rm.m);
    }
}

static inline unsigned rex_bits(int reg, Opd rm)
{
    unsigned b = (reg & 8) >> 1;
    if (!rm.mem)
        return b | (rm.reg & 8) >> 3;
    if (rm.m.base < REG_RIPREL)
        b |= (rm.m.base & 8) >> 3;
    return rm.m.index == NOREG ? b : b | (rm.m.index & 8) >> 2;
}

void em_op(Em *e, unsigned op, int reg, Opd rm, int tail)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned rex = rex_bits(reg, rm) | (op & RW ? 8 : 0);
    uint8_t *p = e->p;
    if (op & PREFIXES)
        p = put8(p, prefix[(op & PREFIXES) >> 12]);
    bool byte = op & (BYTE_REG | BYTE_RM) &&
        (((op & BYTE_REG) && reg >= RSP && reg <= RDI) ||
            ((op & BYTE_RM) && !rm.mem && rm.reg >= RSP && rm.reg <= RDI));
    if (rex || byte)
        p = put8(p, 0x40 | rex);
    if (op & MAPS) {
        p = put8(p, 0x0f);
        if ((op & MAPS) == M0F38)
            p = put8(p, 0x38);
        else if ((op & MAPS) == M0F3A)
            p = put8(p, 0x3a);
    }
    p = put8(p, op & 0xff);
    if (!rm.mem) {
        e->p = put8(p, 0xc0 | (unsigned)(reg & 7) << 3 | (rm.reg & 7u));
        return;
    }
    e->p = p;
    em_modrm(e, reg, rm, tail);
}

void em_vex(Em *e, unsigned op, int l256, int reg, int vvvv, Opd rm, int tail)
{
    static const uint8_t pp[4] = { 0, 1, 2, 3 };
    unsigned rex = rex_bits(reg, rm), map = (op & MAPS) >> 8, w = op & RW ? 0x80 : 0;
    unsigned low = (unsigned)(~vvvv & 15) << 3 | (l256 ? 4u : 0) | pp[(op & PREFIXES) >> 12];
    if (map == 1 && !w && !(rex & 3)) {
        em8(e, 0xc5);
        em8(e, (rex & 4 ? 0 : 0x80) | low);
    } else {
        em8(e, 0xc4);
        em8(e, (rex & 4 ? 0 : 0x80u) | (rex & 2 ? 0 : 0x40u) | (rex & 1 ? 0 : 0x20u) | map);
        em8(e, w | low);
    }
    em8(e, op & 0xff);
    em_modrm(e, reg, rm, tail);
}

void mov_rr(Em *e, bool w, int dst, int src)
{
    if (dst != src || !w)
        em_rr(e, 0x8b | (w ? RW : 0), dst, src);
}

void mov_ri(Em *e, int dst, int64_t v)
{
    if (v == (int64_t)(uint32_t)v) {
        if (dst & 8)
            em8(e, 0x41);
        em8(e, 0xb8 | (dst & 7));
        em32(e, (uint32_t)v);
    } else if (v == (int32_t)v) {
        em_op(e, 0xc7 | RW, 0, opd_reg(dst), 4);
        em32(e, (uint32_t)v);
    } else {
        em8(e, 0x48 | (dst >> 3));
        em8(e, 0xb8 | (dst & 7));
        em64(e, (uint64_t)v);
    }
}

void mov_load(Em *e, bool w, int dst, Mem m) { em_op(e, 0x8b | (w ? RW : 0), dst, (Opd){ true, 0, m }, 0); }
void mov_store(Em *e, bool w, Mem m, int src) { em_op(e, 0x89 | (w ? RW : 0), src, (Opd){ true, 0, m }, 0); }
void lea(Em *e, bool w, int dst, Mem m) { em_op(e, 0x8d | (w ? RW : 0), dst, (Opd){ true, 0, m }, 0); }

void alu_oi(Em *e, int alu, bool w, Opd dst, int32_t imm)
{
    bool small = imm == (int8_t)imm;
    em_op(e, (small ? 0x83 : 0x81) | (w ? RW : 0), alu, dst, small ? 1 : 4);
    if (small)
        em8(e, (unsigned)imm);
    else
        em32(e, (uint32_t)imm);
}

void test_ri(Em *e, bool w, Opd a, int32_t imm)
{
    em_op(e, 0xf7 | (w ? RW : 0), 0, a, 4);
    em32(e, (uint32_t)imm);
}

void shift_ri(Em *e, int sh, bool w, int dst, int n)
{
    em_op(e, (n == 1 ? 0xd1 : 0xc1) | (w ? RW : 0), sh, opd_reg(dst), n != 1);
    if (n != 1)
        em8(e, (unsigned)n);
}

void jmp_to(Em *e, const uint8_t *target)
{
    em8(e, 0xe9);
    em32(e, (uint32_t)(target - (e->p + 4)));
}

void call_to(Em *e, const uint8_t *target)
{
    em8(e, 0xe8);
    em32(e, (uint32_t)(target - (e->p + 4)));
}
