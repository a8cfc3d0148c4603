/* SPDX-License-Identifier: Apache-2.0 */
/* Integer instruction encoders. An opcode is one number: low byte the opcode, then escape map, prefix and flag bits;
 * every operand is a register or a memory operand (Opd). Source: AMD64 Architecture Programmer's Manual vol. 3. */
#ifndef TCG_X86_ASM_INT_H
#define TCG_X86_ASM_INT_H

#include <string.h>
#include "em.h"

enum {
    M0F = 0x100, M0F38 = 0x200, M0F3A = 0x300, MAPS = 0x300,
    P66 = 0x1000, PF3 = 0x2000, PF2 = 0x3000, PREFIXES = 0x3000,
    RW = 0x10000,                       /* REX.W */
    BYTE_REG = 0x20000,                 /* byte register operand in reg */
    BYTE_RM = 0x40000,                  /* byte register operand in rm */
};
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAR = 7 };

static inline void em8(Em *e, unsigned b) { *e->p++ = (uint8_t)b; }
static inline void em16(Em *e, unsigned v) { memcpy(e->p, &(uint16_t){ (uint16_t)v }, 2); e->p += 2; }
static inline void em32(Em *e, uint32_t v) { memcpy(e->p, &v, 4); e->p += 4; }
static inline void em64(Em *e, uint64_t v) { memcpy(e->p, &v, 8); e->p += 8; }

/* ModRM, SIB and displacement; tail = bytes of immediate that follow (for RIP-relative operands). */
void  em_modrm(Em *e, int reg, Opd rm, int tail);
/* Legacy encoding: prefixes, REX, opcode, operands. */
void  em_op(Em *e, unsigned op, int reg, Opd rm, int tail);
static inline void em_rr(Em *e, unsigned op, int reg, int rm) { em_op(e, op, reg, opd_reg(rm), 0); }
/* VEX encoding; op as above (map and prefix bits, RW = VEX.W); l256 = VEX.L */
void  em_vex(Em *e, unsigned op, int l256, int reg, int vvvv, Opd rm, int tail);

/* w: 64-bit operation */
void  mov_rr(Em *e, bool w, int dst, int src);
void  mov_ri(Em *e, int dst, int64_t v);            /* shortest that leaves EFLAGS alone; 64-bit result */
void  mov_load(Em *e, bool w, int dst, Mem m);
void  mov_store(Em *e, bool w, Mem m, int src);
void  lea(Em *e, bool w, int dst, Mem m);
static inline void alu_ro(Em *e, int alu, bool w, int dst, Opd src)
{
    em_op(e, (unsigned)(alu << 3 | 3) | (w ? RW : 0), dst, src, 0);
}
static inline void alu_rr(Em *e, int alu, bool w, int dst, int src) { alu_ro(e, alu, w, dst, opd_reg(src)); }
void  alu_oi(Em *e, int alu, bool w, Opd dst, int32_t imm);
static inline void alu_ri(Em *e, int alu, bool w, int dst, int32_t imm) { alu_oi(e, alu, w, opd_reg(dst), imm); }
void  test_ri(Em *e, bool w, Opd a, int32_t imm);
static inline void test_rr(Em *e, bool w, int a, int b) { em_rr(e, 0x85 | (w ? RW : 0), a, b); }
void  shift_ri(Em *e, int sh, bool w, int dst, int n);
static inline void shift_cl(Em *e, int sh, bool w, int dst) { em_rr(e, 0xd3 | (w ? RW : 0), sh, dst); }
static inline void setcc(Em *e, int cc, int dst) { em_op(e, M0F | BYTE_RM | 0x90 | (unsigned)cc, 0, opd_reg(dst), 0); }
static inline void movzx8(Em *e, int dst, Opd s) { em_op(e, M0F | BYTE_RM | 0xb6, dst, s, 0); }
static inline void movzx16(Em *e, int dst, Opd s) { em_op(e, M0F | 0xb7, dst, s, 0); }
static inline void movsx8(Em *e, bool w, int dst, Opd s) { em_op(e, M0F | BYTE_RM | 0xbe | (w ? RW : 0), dst, s, 0); }
static inline void movsx16(Em *e, bool w, int dst, Opd s) { em_op(e, M0F | 0xbf | (w ? RW : 0), dst, s, 0); }
static inline void movsxd(Em *e, int dst, Opd s) { em_op(e, 0x63 | RW, dst, s, 0); }
static inline void cmov(Em *e, int cc, bool w, int dst, Opd s)
{
    em_op(e, M0F | 0x40 | (unsigned)cc | (w ? RW : 0), dst, s, 0);
}
static inline void bswap_r(Em *e, bool w, int r)
{
    em8(e, 0x40 | (w ? 8u : 0) | (unsigned)(r >> 3));
    em8(e, 0x0f);
    em8(e, 0xc8 | (r & 7));
}
/* Short forward jump: returns the byte to patch with jump_here. */
static inline uint8_t *jcc_short(Em *e, int cc) { em8(e, 0x70 | cc); em8(e, 0); return e->p - 1; }
static inline uint8_t *jmp_short(Em *e) { em8(e, 0xeb); em8(e, 0); return e->p - 1; }
static inline void jump_here(Em *e, uint8_t *at) { *at = (uint8_t)(e->p - at - 1); }
void  jmp_to(Em *e, const uint8_t *target);         /* rel32 */
void  call_to(Em *e, const uint8_t *target);        /* within what moves together; else call_tramp, jmp_tramp */
static inline void jcc_rel32(Em *e, int cc) { em8(e, 0x0f); em8(e, 0x80 | cc); em32(e, 0); }    /* field at p - 4 */

#endif
