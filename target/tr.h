/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one translation, common to all guests: translators take a Tr, append IR to t->u and say by
 * the tr_* calls below when the straight line ends. tr.c runs the loop over guest instructions.
 * A Tr lives on the stack of GuestArch.tcg.translate; one thread.
 */
#ifndef TARGET_TR_H
#define TARGET_TR_H

#include <string.h>
#include "target/arch.h"

enum { TR_BUF = 64 };

typedef enum TrNext {
    TR_FALL,                        /* go on behind this instruction */
    TR_FOLLOW,                      /* go on at t->target (direct jump taken into the unit) */
    TR_END,                         /* an op that ends the unit was emitted */
} TrNext;

typedef struct Tr {
    IrUnit  *u;
    const uint64_t *features;       /* const: of the CPU model in force; owned by the guest's translate */
    gaddr    pc;                    /* of the current instruction */
    uint32_t len;                   /* its bytes; set by step before it calls a translator */
    uint64_t insn;                  /* its encoding */
    TrNext   next;
    gaddr    target;                /* TR_FOLLOW */
    int      n, max;                /* instructions so far, limit */
    gaddr    wrap;                  /* mask of addresses */
    uint64_t scratch[2];            /* the family's own, zero at the start of a unit */
    /* engine of tr.c */
    size_t (*fetch)(void *ctx, gaddr pc, void *buf, size_t len);
    void    *ctx;
    gaddr    buf_pc;
    size_t   buf_len;
    bool   (*step)(struct Tr *t);
    gaddr    block;                 /* where a unit that reaches the current instruction started, as far as known */
    bool     followed;              /* a jump was followed: look out for pcs already in the unit */
    uint8_t  buf[TR_BUF] __attribute__((aligned(8)));
} Tr;

static inline bool tr_has(const Tr *t, int feature) { return t->features[feature >> 6] >> (feature & 63) & 1; }

/* Translate from u->pc until an end. step sees t->pc, fetches with tr_fetch, sets t->len and t->insn, emits ir_insn,
 * and translates one instruction. Features ride in u->flags (the key of the unit), so that the guest has them at hand.
 * False: the code bytes are not executable (nothing was emitted). */
void tr_unit(IrUnit *u, const uint64_t *features, int max_insns,
             size_t (*fetch)(void *, gaddr, void *, size_t), void *ctx, bool (*step)(Tr *t));

const uint8_t *tr_fetch_more(Tr *t, gaddr pc, size_t len);      /* what tr_fetch does when the bytes are not at hand */

/* len (at most 16) code bytes at pc; NULL when fewer are executable. The pointer is 2-byte aligned at least when pc is
 * and good until the next call. */
static inline const uint8_t *tr_fetch(Tr *t, gaddr pc, size_t len)
{
    gaddr at = pc - t->buf_pc;
    return at < t->buf_len && at + len <= t->buf_len ? t->buf + at : tr_fetch_more(t, pc, len);
}

/* An instruction that ended in an OPF_END op says so. */
static inline void tr_end(Tr *t) { t->next = TR_END; }

/* Direct jump without link: followed into the unit when that pays, else emitted. */
void tr_jump(Tr *t, gaddr target);

/* Conditional direct branch, the last thing of its instruction: a side exit to target while the unit goes on behind the
 * instruction; or, where the code is known to go that way, the other way round. A branch over a few instructions that
 * only compute, which goes both ways, becomes a choice between the old and the new contents of their registers. */
void tr_branch(Tr *t, IrCond c, IrVal a, IrVal b, gaddr target);
void tr_branch_f(Tr *t, IrCond c, IrVal flags, gaddr target);

/* Leave with an exit code at this instruction (pc at it), or behind it. */
static inline void tr_raise(Tr *t, int code, int64_t arg)      { ir_raise(t->u, code, arg, t->pc); tr_end(t); }
void tr_raise_at(Tr *t, int code, gaddr addr);         /* with CpuState.fault_addr */
static inline void tr_raise_next(Tr *t, int code, int64_t arg) { ir_raise(t->u, code, arg, t->pc + t->len); tr_end(t); }

/* End the unit here and continue behind the instruction: after anything that changes u->flags, code or the FP mode. */
static inline void tr_stop(Tr *t) { ir_jump(t->u, t->pc + t->len); tr_end(t); }

#endif
