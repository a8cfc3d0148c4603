/* SPDX-License-Identifier: Apache-2.0 */
/* Between the driver, the allocator (ra.c, analyse.c, lend.c, moves.c), its checker and the control-flow ops. Lowering
 * functions of ordinary ops need emit.h only. */
#ifndef TCG_X86_RA_H
#define TCG_X86_RA_H

#include "emit.h"

/* One decision of the allocator, for regcheck.c. Debug builds note them all. */
typedef enum RaKind {
    RA_OP,                              /* instruction v is lowered from here on */
    RA_MOVE, RA_LOAD, RA_STORE, RA_CONST, RA_STORE_CONST,       /* code that moves a value: registers reg, from; slot
                                                                 * off; width by type; constant c for v */
    RA_USE, RA_USE_AT,                  /* operand v is read in register reg, at slot off, until the end of the op or
                                         * RA_RELEASE */
    RA_HAS,                             /* reg holds a copy of v now, to be changed into the result */
    RA_DEF, RA_DEF_EARLY, RA_DEF_AT,    /* the result is written to reg (early: while operands are still read), to slot
                                         * off */
    RA_CLEAN,                           /* an XMM result has zeros above its type */
    RA_SCRATCH,                         /* reg is free for anything */
    RA_RELEASE,                         /* operands so far have been read */
    RA_CALL,                            /* C code runs: temporaries are lost */
    RA_LENT,                            /* the guest registers of these pins (c, as ra_lent) are at home in CpuState */
    RA_AWAY, RA_GONE,                   /* steps between are on a way out of the unit, where nothing is lent; what
                                         * follows does not see them */
    RA_FLAGS_DEF, RA_FLAGS_USE, RA_FLAGS_LOST,      /* EFLAGS: are v, are read as v, change */
    RA_PACK, RA_UNPACK,                 /* EFLAGS v to packed form in reg; from reg to EFLAGS, which spoils reg */
} RaKind;
struct RaStep { uint8_t kind, cl, reg, from, type; int32_t off; IrVal v; int64_t c; };

/* --- between the driver, the allocator and the control-flow ops (not for ordinary lowering functions) */
enum { OPF_BARRIER = 1 << 15, OPF_STATE = 1 << 14, OPF_VIEW = 1 << 13, OPF_ADDRESS = 1 << 12 };      /* analyse.c */
unsigned op_analysis_bits(int op);                    /* OPF_BARRIER and so on */
void  ra_analyse(Em *e);                /* the backward pass */
void  ra_block(Em *e);                  /* a basic block starts */
void  ra_end_op(Em *e);
void  ra_get(Em *e, int reg);
void  ra_put(Em *e, int reg, IrVal v);
void  ra_spill_all(Em *e);              /* move every temporary that lives on into memory, flags too */
void  ra_detach(Em *e, int reg);        /* guest register is about to change: values that mirror it move away */
/* lend.c: a pin whose guest register nothing in the rest of the unit mentions becomes one more temporary. */
bool  ra_hint_free(Em *e, int cl);      /* could the result go to its hint, operands aside? */
int   ra_def_hint_x(Em *e);             /* it goes there */
int   ra_free_x(Em *e);                 /* a temporary that is free, locked now, or -1 */
int   ra_lend(Em *e, int cl);           /* a pin, free now, or -1 */
uint32_t ra_lent(const Em *e);          /* the pins lent now, as in UnwindRow */
void  ra_load_lent(Em *e, uint32_t lent);           /* emit: guest registers back in these pins; the allocator's state
                                                     * stays */
void  ra_return_lent(Em *e);            /* the same for good, before control leaves or C sees the guest's state */
void  uw_note(Em *e);                   /* from here on, e->pc and the lent pins are what a fault sees */
void  ra_move_away(Em *e, int cl, int reg);         /* whatever value a temporary holds goes elsewhere */
void  def_flags(Em *e, bool inv);       /* EFLAGS are the result */
void  pack_to_rax(Em *e, IrVal f);      /* packed form of f, which is in EFLAGS; turns CF round when e->inv */
void  need_eflags(Em *e, IrVal f);      /* bring FLAGS value f into EFLAGS (e->inv says how C is kept) */
void  move_reg(Em *e, int cl, unsigned type, int dst, int src);         /* with a note for regcheck, as these: */
void  load_reg(Em *e, int cl, unsigned type, int dst, int32_t off);
void  store_reg(Em *e, int cl, unsigned type, int32_t off, int src);

void  ra_release(Em *e);                /* operands got so far have been read: their registers may be had again */
void  ra_note_add(Em *e, RaStep s);
static inline void ra_note(Em *e, RaStep s)
{
    if (DEBUG_BUILD)
        ra_note_add(e, s);
}
static inline void note_reg(Em *e, RaKind kind, int cl, int reg, IrVal v)
{
    ra_note(e, (RaStep){ .kind = (uint8_t)kind, .cl = (uint8_t)cl, .reg = (uint8_t)reg, .v = v });
}
/* Follows the notes with a model of registers and memory of its own and proves that every operand was where it was
 * read, and that guest registers were at home wherever guest state can be looked at. NULL, or a g_malloc'd message. */
char *regcheck(const HostCode *hc, const TcgGuest *g, const IrUnit *u, const RaLog *log);

#endif
