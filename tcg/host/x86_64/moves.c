/* SPDX-License-Identifier: Apache-2.0 */
/* Moving values between registers and CpuState, and the notes that regcheck.c reads. */
#include <stdlib.h>
#include "emit.h"
#include "ra.h"

void mov_xx(Em *e, int dst, int src)
{
    if (dst == src)
        return;
    if (e->hc->avx)
        em_vex(e, M0F | 0x28, 0, dst, 0, opd_reg(src), 0);
    else
        em_rr(e, M0F | 0x28, dst, src);
}

static unsigned x_move_op(int type, bool store)
{
    switch (type) {
    case IR_F32: return P66 | M0F | (store ? 0x7e : 0x6e);      /* movd */
    case IR_F64: case IR_V64: return store ? P66 | M0F | 0xd6 : PF3 | M0F | 0x7e;   /* movq */
    default: return M0F | (store ? 0x11 : 0x10);                                /* movups */
    }
}

void mov_x_load(Em *e, int type, int dst, Opd m)
{
    if (e->hc->avx)
        em_vex(e, x_move_op(type, false), 0, dst, 0, m, 0);
    else
        em_op(e, x_move_op(type, false), dst, m, 0);
}

void mov_x_store(Em *e, int type, Opd m, int src)
{
    if (e->hc->avx)
        em_vex(e, x_move_op(type, true), 0, src, 0, m, 0);
    else
        em_op(e, x_move_op(type, true), src, m, 0);
}

static bool wide(unsigned t) { return t == IR_I64; }

void ra_note_add(Em *e, RaStep s)
{
    RaLog *l = &e->log;
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 1024;
        l->step = realloc(l->step, l->cap * sizeof *l->step);
    }
    l->step[l->n++] = s;
}

void x_set_clean(Em *e, bool clean)
{
    e->val[e->i].top = clean ? (uint8_t)x_bits(e->val[e->i].type) : 0;
    if (clean)
        ra_note(e, (RaStep){ .kind = RA_CLEAN });
}

void move_reg(Em *e, int cl, unsigned type, int dst, int src)
{
    ra_note(e,
        (RaStep){
            .kind = RA_MOVE, .cl = (uint8_t)cl, .reg = (uint8_t)dst, .from = (uint8_t)src, .type = (uint8_t)type });
    if (cl == CL_X)
        mov_xx(e, dst, src);
    else
        mov_rr(e, wide(type), dst, src);
}

void load_reg(Em *e, int cl, unsigned type, int dst, int32_t off)
{
    ra_note(e, (RaStep){ .kind = RA_LOAD, .cl = (uint8_t)cl, .reg = (uint8_t)dst, .off = off, .type = (uint8_t)type });
    if (cl == CL_X)
        mov_x_load(e, (int)type, dst, opd_env(off));
    else
        mov_load(e, wide(type), dst, opd_env(off).m);
}

void store_reg(Em *e, int cl, unsigned type, int32_t off, int src)
{
    ra_note(e, (RaStep){ .kind = RA_STORE, .cl = (uint8_t)cl, .reg = (uint8_t)src, .off = off, .type = (uint8_t)type });
    if (cl == CL_X)
        mov_x_store(e, (int)type, opd_env(off), src);
    else
        mov_store(e, wide(type), opd_env(off).m, src);
}
