/* SPDX-License-Identifier: Apache-2.0 */
/* The x86-64 code generator: what a lowering function may use.
 *
 * One lowering function per IR op, in a row of a lower_rows_* list. It is called once per instruction,
 * in order, and must (1) fetch operands, (2) allocate its destination and scratch registers, (3) emit.
 * Everything it got is locked until it returns; operands that die here are freed after it.
 *
 *   static void lower_x(Em *e, const IrInsn *in)
 *   {
 *       int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]);
 *       int d = def_x(e, 0);                    // may equal a or b unless DEF_EARLY
 *       vex_op(e, ..., d, a, opd_reg(b));
 *   }
 *
 * Rules
 *  - Never write a register got from use_*; guest registers live there.
 *  - Host flags may hold a live IR flags value: call flags_clobber(e) before emitting anything that changes
 *    EFLAGS, after the last use_* (loads and moves do not change them).
 *  - An op that can fault on guest memory writes its destination only after its last access.
 *  - I32 values in GPRs have zero upper halves except when use_g was told of a truncation: write them with 32-bit
 *    instructions (which clear the upper half) and read only 32 bits.
 *  - F32 and F64 values sit in the low lanes, upper lanes undefined; V64 likewise. Sticky FP flags gather in MXCSR;
 *    MXCSR.RC is the guest's dynamic mode at all times in translated code.
 *  - What cannot be done: em_unsupported(e), and the whole unit is interpreted (counted).
 */
#ifndef TCG_X86_EMIT_H
#define TCG_X86_EMIT_H

#include <string.h>
#include "tcg/engine.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REG_RIPREL = 16, NOREG = 255 };

/* rbp = CpuState, rsp = pair stack. Temporaries: rax rcx rdx, xmm0-4. The rest are pins
 * (r15 is the guest memory base when there is one). */
enum { NTMP_G = 3, NTMP_X = 5, MEM_BASE_REG = R15 };

/* Slots of CpuState.host[] */
enum {
    HS_CSP, HS_PSP,                     /* saved C and pair stack pointers */
    HS_LINK,                            /* return address of the link stub that left, or 0 */
    HS_HASH,                            /* the shared table of units */
    HS_JTAB, HS_MXCSR,                  /* per-thread jump table; MXCSR as translated code left it */
    HS_HELPER,                          /* non-zero while C called from translated code runs: its unit return address */
    HS_TMP,                             /* scratch of trampolines */
    HS_RET, HS_RET_HI,                  /* helper result */
    HS_TMP2, HS_COLD,                   /* scratch; ColdRegs of the cold call in progress */
    HS_ARG = 12,                        /* helper arguments: 6 integers, then 6 x 8 bytes FP */
    HS_FARG = 18,
    HS_VARG = 24,                       /* and 6 vectors of 16 bytes, the helper's V128 result in HS_RET */
    HS_SPILL = 36, NSPILL = 28,         /* overlays nothing: 8 bytes each, pairs for 16 */
    HS_LOCAL = 64,                      /* 16 locals of 16 bytes */
};
static inline int32_t hs_off(int slot) { return (int32_t)(offsetof(CpuState, host) + 8 * (size_t)slot); }

typedef struct Mem { uint8_t base, index, scale; int32_t disp; } Mem;     /* index NOREG; scale 0..3; base REG_RIPREL: disp = pool index */
typedef struct Opd { bool mem; uint8_t reg; Mem m; } Opd;
static inline Opd opd_reg(int r) { return (Opd){ false, (uint8_t)r, { 0 } }; }
static inline Opd opd_mem(int base, int32_t disp) { return (Opd){ true, 0, { (uint8_t)base, NOREG, 0, disp } }; }
static inline Opd opd_env(int32_t off) { return opd_mem(RBP, off); }

typedef enum VKind { V_NONE, V_CONST, V_G, V_X, V_ENV, V_EFLAGS, V_DEFER } VKind;
typedef struct Val {
    uint8_t  kind, reg;
    uint8_t  hint;                      /* pin that the result may be computed into, or NOREG */
    uint8_t  type;
    bool     owned;                     /* reg is a temporary of this value (else a pin that holds guest register `guest`) */
    bool     dirty;                     /* I32 with undefined upper half */
    bool     packed;                    /* FLAGS value in packed form in a GPR or slot */
    bool     spilled;                   /* V_ENV is a spill slot of ours */
    uint8_t  top;                       /* XMM: bits from this one up to 128 are zero; 0 nothing known */
    uint16_t guest;                     /* guest register + 1 that it mirrors, 0 none */
    uint16_t uses;
    int32_t  off;                       /* V_ENV */
    uint32_t last;                      /* last use */
    IrVal    rep;                       /* representative (itself, or the value it is a view of) */
    IrVal    next;                      /* others mirroring the same guest register */
} Val;

typedef struct Em Em;
typedef struct Cold Cold;
struct Cold {
    void (*fn)(Em *e, Cold *c);
    uint8_t *from[4]; int nfrom;        /* rel32 fields that jump here */
    uint8_t *back;                      /* where the hot path goes on */
    const IrInsn *in;
    uint8_t r[8];                       /* registers, as the lowering function left them */
    uint64_t a, b;
};

/* An FP operation whose result is not checked yet (fp_later.c): registers of the result and the operands. */
enum { WAIT_MAX = 4 };
typedef struct Waiting { IrVal in; uint8_t r[4]; bool tiny; } Waiting;

typedef void Lower(Em *e, const IrInsn *in);

/* One decision of the allocator, for regcheck.c. Debug builds note them all. */
typedef enum RaKind {
    RA_OP,                              /* instruction v is lowered from here on */
    RA_MOVE, RA_LOAD, RA_STORE, RA_CONST, RA_STORE_CONST,       /* code that moves a value: registers reg, from; slot off; width by type; constant c for v */
    RA_USE, RA_USE_AT,                  /* operand v is read in register reg, at slot off, until the end of the op or RA_RELEASE */
    RA_HAS,                             /* reg holds a copy of v now, to be changed into the result */
    RA_DEF, RA_DEF_EARLY, RA_DEF_AT,    /* the result is written to reg (early: while operands are still read), to slot off */
    RA_CLEAN,                           /* an XMM result has zeros above its type */
    RA_SCRATCH,                         /* reg is free for anything */
    RA_RELEASE,                         /* operands so far have been read */
    RA_CALL,                            /* C code runs: temporaries are lost */
    RA_LENT,                            /* the guest registers of these pins (c, as ra_lent) are at home in CpuState */
    RA_AWAY, RA_GONE,                   /* steps between are on a way out of the unit, where nothing is lent; what follows does not see them */
    RA_FLAGS_DEF, RA_FLAGS_USE, RA_FLAGS_LOST,      /* EFLAGS: are v, are read as v, change */
    RA_PACK, RA_UNPACK,                 /* EFLAGS v to packed form in reg; from reg to EFLAGS, which spoils reg */
} RaKind;
typedef struct RaStep { uint8_t kind, cl, reg, from, type; int32_t off; IrVal v; int64_t c; } RaStep;
typedef struct RaLog { RaStep *step; uint32_t n, cap; } RaLog;

typedef struct HostCode {               /* const after host_init */
    Lower   *lower[IR_NOPS];            /* null: such units are interpreted */
    int8_t  *pin;                       /* per guest register: its GPR or XMM number, or -1 */
    uint8_t *cls;                       /* per guest register: CL_G or CL_X */
    int16_t  pinned[2][16];             /* the guest register of a host register, or -1 */
    uint8_t  nargs[IR_NOPS], fixed_type[IR_NOPS];       /* IrType of the result whatever insn.type says, or 0 */
    uint16_t bits[IR_NOPS];             /* OPF_* of ir.h and analyse.c */
    int16_t *env_reg;                   /* per 4 bytes of CpuState: the guest register there, or -1 */
    int16_t  flags_reg;                 /* the register whose slot may hold junk bits (RegDesc.flags), or -1 */
    bool     base_reg;                  /* guest memory is at r15 */
    bool     avx, avx2, fma, bmi1, bmi2, lzcnt, movbe, pclmul, aes;
    uint8_t *enter, *leave, *link, *hot, *poll, *raise, *ind_miss, *ret_miss, *cold_call, *helper_none, *helper_all, *fault_exit, *out, *call;
} HostCode;

enum { CL_G, CL_X };
enum { POOL_MAX = 64, COLD_MAX = 256, FIX_MAX = 256, UW_MAX = (UNIT_MAX_INSNS + 1) * 4 };

struct Em {
    uint8_t *p, *start, *limit;         /* next byte, first byte, end of the room */
    TcgThread *th; const HostCode *hc; const IrUnit *u; const TcgGuest *guest;
    uint32_t i;                         /* instruction being lowered */
    Val     *val;                       /* per IrVal */
    bool     unsupported, toobig;
    int      bad_op;                    /* for statistics */
    /* register state; index CL_G or CL_X */
    IrVal    own[2][16];                /* value that owns a temporary, 0 free */
    uint32_t lock[2];                   /* registers in use by this op */
    uint32_t borrowed[2];               /* pins that are scratch of this op; restored after it */
    uint32_t hold[2];                   /* registers of waiting operations */
    Waiting  wait[WAIT_MAX]; int nwait;
    uint32_t lent[2];                   /* pins that are temporaries for now, see lend.c */
    bool     tight;                     /* the unit is a short loop */
    bool     alone;                     /* so far, the unit leaves out barriers or bus locks (Unit.alone) */
    uint32_t ref_last[2][16];           /* last instruction that refers to the guest register of a pin */
    uint32_t pending[2];                /* pins that already hold a value whose put comes later */
    IrVal   *mirror;                    /* per guest register: values that mirror it */
    uint32_t spill_used;                /* slots */
    IrVal    spill_own[NSPILL];
    /* host flags */
    IrVal    eflags;                    /* FLAGS value that lives in EFLAGS, or 0 */
    IrVal    fp_eflags; bool fp_swap;   /* flags_fcmp of which EFLAGS are the UCOMIS result (operands swapped), or 0 */
    bool     inv;                       /* CF = NOT C (after a subtraction) */
    uint8_t  alu; uint8_t alu_type; IrVal alu_a, alu_b;     /* EFLAGS are those of this IR op (IR_add, IR_sub, IR_and), 0 unknown */
    /* deferred pieces */
    Cold    *cold; int ncold;
    struct { uint64_t lo, hi; } *pool; int npool;
    struct { uint8_t *at; int pool, tail; } *fix; int nfix;     /* disp32 fields of pool operands; tail: bytes of immediate after */
    uint8_t **label; struct { uint8_t *at; int label; } *lfix; int nlfix;
    UnwindRow *uw; int nuw;
    gaddr    pc;                        /* current guest instruction */
    const int32_t *left;                /* Unit.left */
    RaLog    log;                       /* of debug builds */
    Reloc   *reloc; int nreloc;         /* see reloc.c */
};
enum { RELOC_MAX = 1024 };

/* --- operands. Types are those of the IR; the value must be V_G-like for _g, V_X-like for _x. */
int   use_g(Em *e, IrVal v);            /* in a GPR, locked */
int   use_x(Em *e, IrVal v);            /* in an XMM register, locked */
Opd   use_o(Em *e, IrVal v);            /* register or memory, whichever it is in now (memory: as wide as its type; constants of vector type come from the pool) */
bool  use_imm(Em *e, IrVal v, int64_t *c);          /* constant? (any size) */
bool  use_imm32(Em *e, IrVal v, int64_t *c);        /* constant that fits a sign-extended 32-bit immediate of its type? */
bool  dies(Em *e, IrVal v);             /* no use after this op */

/* --- destination and scratch */
enum { DEF_EARLY = 1 };                 /* written before all operands are read: differs from all of them */
int   def_g(Em *e, int flags);
int   def_x(Em *e, int flags);
int   def_copy_g(Em *e, IrVal a, IrVal b);          /* destination that already holds a, and is not b's register (b = 0: no b); b is used (locked) too */
int   def_copy_x(Em *e, IrVal a, IrVal b);
void  def_at_g(Em *e, int reg);         /* the destination is this register, which take_g or tmp_g gave */
void  def_at_x(Em *e, int reg);
void  def_slot(Em *e, int32_t *off);    /* destination is a 16-byte memory slot (I128) */
int   tmp_g(Em *e);
int   tmp_x(Em *e);
void  take_g(Em *e, int reg);           /* this very temporary (rax, rcx, rdx): whoever was in it moves away */
void  view(Em *e, IrVal of);            /* the result is the same register content as `of` (set in analysis, too) */

/* --- what moves with the code, the guest or the translator: recorded before the field is emitted */
void  em_reloc(Em *e, RelocKind kind);
void  em_guest_pc(Em *e, gaddr pc);     /* a 64-bit field */
void  mov_abs(Em *e, int dst, RelocKind kind, uint64_t v);
void  call_tramp(Em *e, const uint8_t *to);
void  jmp_tramp(Em *e, const uint8_t *to);

/* --- host flags */
void  flags_clobber(Em *e);             /* before changing EFLAGS */

/* --- FP operations that wait for their check (fp_later.c) */
bool  fp_can_wait(const Em *e, const IrInsn *in);
bool  fp_may_pass(const Em *e, const IrInsn *in);   /* may this op come before they are settled? */
int   fp_def_waiting(Em *e, int *a, int *b, int *c);                    /* the destination; operands in use, may move; null: none */
void  fp_wait(Em *e, const IrInsn *in, bool tiny, const int r[4]);      /* emitted: r = destination and operands, or NOREG */
void  fp_settle(Em *e);                             /* emit the check */

/* --- cold code, emitted after the unit */
Cold *cold_new(Em *e, void (*fn)(Em *e, Cold *c));  /* in = the current instruction */
void  jcc_cold(Em *e, int cc, Cold *c);             /* hot: jump there on condition */
void  jmp_cold(Em *e, Cold *c);
void  cold_back(Em *e, Cold *c);                    /* hot: mark where the cold path returns */
void  jmp_back(Em *e, Cold *c);                     /* cold: return */

/* C from emitted code, hot or cold. Every register but EFLAGS survives, except what fn changes through regs. The
 * descriptor is a copy of the instruction's attributes and the registers r[] (0 the destination). */
enum { COLD_FP, COLD_EVAL, COLD_CAS128 };
typedef struct ColdDesc { uint16_t op; uint8_t type, type2, cond, lane, round, kind; uint16_t aux; uint8_t r[6]; int64_t imm; } ColdDesc;
typedef struct ColdRegs { uint64_t g[16]; struct { uint64_t lo, hi; } x[16]; uint32_t mxcsr; } ColdRegs;
void  call_fp_cold(Em *e, const IrInsn *in, const uint8_t r[6]);    /* -> fp_cold(cpu, regs, desc), fp_cold.c */
void  host_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d);    /* by kind */
bool  tramp_emit(Tcg *t, HostCode *hc);            /* the trampolines, at the start of the code region */
void  fp_cold(CpuState *cpu, ColdRegs *regs, const ColdDesc *d);

/* --- between the driver, the allocator and the control-flow ops (not for ordinary lowering functions) */
static inline Val *rv(Em *e, IrVal v) { return &e->val[e->val[v].rep]; }
/* XMM values: is everything above the value's own type zero, so that widening it to 16 bytes is nothing to do? */
static inline unsigned x_bits(unsigned t) { return t == IR_F32 ? 32 : t == IR_F64 || t == IR_V64 ? 64 : 128; }
static inline bool x_clean(Em *e, IrVal v) { const Val *x = rv(e, v); return x->top && x->top <= x_bits(e->val[v].type); }
void  x_set_clean(Em *e, bool clean);
static inline bool is_x_type(unsigned t) { return t >= IR_F32 && t <= IR_V256; }
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
void  ra_load_lent(Em *e, uint32_t lent);           /* emit: guest registers back in these pins; the allocator's state stays */
void  ra_return_lent(Em *e);            /* the same for good, before control leaves or C sees the guest's state */
void  uw_note(Em *e);                   /* from here on, e->pc and the lent pins are what a fault sees */
void  ra_move_away(Em *e, int cl, int reg);         /* whatever value a temporary holds goes elsewhere */
void  def_flags(Em *e, bool inv);       /* EFLAGS are the result */
void  pack_to_rax(Em *e, IrVal f);      /* packed form of f, which is in EFLAGS; turns CF round when e->inv */
void  need_eflags(Em *e, IrVal f);      /* bring FLAGS value f into EFLAGS (e->inv says how C is kept) */
void  mov_xx(Em *e, int dst, int src);
void  mov_x_load(Em *e, int type, int dst, Opd m);
void  mov_x_store(Em *e, int type, Opd m, int src);
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

void  em_unsupported(Em *e);
Opd   pool(Em *e, uint64_t lo, uint64_t hi);        /* 16-byte constant as a memory operand, 16-aligned */

#include "asm_int.h"

/* --- shared between the integer, flags and control-flow rows */
static inline bool w64(const IrInsn *in) { return in->type == IR_I64; }
static inline int width(const IrInsn *in) { return w64(in) ? 64 : 32; }
enum { FLAGS_MASK = 0xc101 };
void  emit_put_flags(Em *e, IrVal f);                        /* FLAGS value f into the flags register's slot */
bool  eflags_live(Em *e);
bool  alu_matches(Em *e, int op, const IrInsn *in);     /* EFLAGS are those of op on in's operands */
void  alu_note(Em *e, int op, const IrInsn *in);
int   emit_cmp(Em *e, int cond, int type, IrVal a, IrVal b);
void  emit_setcond(Em *e, int cc);
void  emit_select(Em *e, int cc, const IrInsn *in, IrVal x, IrVal y);
/* Flags that an exit puts out of line, when only temporaries that nobody needs any more are at hand. */
typedef enum FlagsPlace { FLAGS_NOWHERE, FLAGS_EFLAGS, FLAGS_EFLAGS_INV, FLAGS_FCMP, FLAGS_FCMP_SWAP, FLAGS_REG, FLAGS_MEM } FlagsPlace;
typedef struct FlagsAt { FlagsPlace place; uint8_t reg; int32_t off; } FlagsAt;
FlagsAt flags_at(const Em *e, IrVal f);                 /* right after flags_cc */
void  put_flags_from(Em *e, FlagsAt at);
void  pack_fcmp(Em *e, int d, int t, bool swap);        /* d: packed form of the UCOMIS result in EFLAGS, which stay; t: scratch */
int   fp_cc(int cond, bool swap);       /* host condition for cond after UCOMIS, or -1 (emit_fp.c) */
int   flags_cc(Em *e, IrVal f, int cond);               /* host condition for cond on flags; EFLAGS set. -1 never, -2 always */
Mem   guest_mem(Em *e, const IrInsn *in);               /* operand of a guest memory access; registers locked */
void  emit_raise(Em *e, gaddr pc, int64_t arg, int code);
void  emit_count(Em *e, const int32_t *left);           /* at the entry of a cold unit */
void  emit_cas128(Em *e, const IrInsn *in);
int   packed_reg(Em *e, IrVal f);                       /* FLAGS value in packed form in a GPR, junk bits included */
void  lower_by_eval(Em *e, const IrInsn *in);           /* any pure op, by a call to ir_eval */

/* Rows: each emit_*.c exports its own list, ended by a null fn; host_init gathers them by op. */
typedef struct LowerRow { uint16_t op; Lower *fn; } LowerRow;
extern const LowerRow lower_rows_state[], lower_rows_call[], lower_rows_int[], lower_rows_bits[], lower_rows_flags[], lower_rows_mem[],
    lower_rows_flow[];
extern const LowerRow lower_rows_fp[], lower_rows_fpenv[], lower_rows_vec[];     /* emit_fp.c, emit_fpenv.c, emit_vec.c */

#endif
