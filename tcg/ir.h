/* SPDX-License-Identifier: Apache-2.0 */
/* The intermediate representation: types, instructions, units, and the builder.
 *
 * A unit (IrUnit) is the translation of one extended block of guest code: a linear array of
 * three-address instructions in which every value is defined once and named by the index of its
 * instruction (IrVal). Values live from their definition to the end of their basic block
 * (a `label` starts a new one); what must cross blocks goes through locals or guest registers.
 * The only consumers are interp.c and the host backend. Thread rules: a unit belongs
 * to one thread. */
#ifndef TCG_IR_H
#define TCG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t gaddr;             /* a guest address; 32-bit guests keep it zero-extended */
typedef uint16_t IrVal;             /* index of the defining instruction; 0 = no value */
enum { IR_UNIT_MAX = 1 << 16 };     /* instructions of a unit */

typedef enum IrType {
    IR_VOID, IR_I8, IR_I16, IR_I32, IR_I64, IR_I128,
    IR_F32, IR_F64, IR_V64, IR_V128, IR_V256, IR_FLAGS, IR_NTYPES
} IrType;

typedef enum IrOp {
#define OP(name, class, res, args, flags, text) IR_##name,
#include "ops.def"
#undef OP
    IR_NOPS
} IrOp;

typedef enum IrLane { E8, E16, E32, E64 } IrLane;

/* Integer conditions compare (a, b); on flags they read N Z C V as an Arm core does:
 * EQ Z, NE !Z, LTU !C, GEU C, LEU !C|Z, GTU C&!Z, LT N!=V, GE N==V, LE Z|N!=V, GT !Z&N==V,
 * MI N, PL !N, VS V, VC !V. TST* compare (a & b) with 0 (integer only). On FP compares:
 * EQ LT LE GT GE are false on unordered, NE is true on unordered, UN is "unordered", OR "ordered". */
typedef enum IrCond {
    COND_EQ, COND_NE, COND_LT, COND_GE, COND_LE, COND_GT, COND_LTU, COND_GEU, COND_LEU, COND_GTU,
    COND_TSTZ, COND_TSTNZ, COND_MI, COND_PL, COND_VS, COND_VC, COND_UN, COND_OR, COND_NEVER, COND_ALWAYS
} IrCond;
static inline IrCond cond_invert(IrCond c) { return (IrCond)(c ^ 1); }   /* pairs are adjacent; not for FP LT..GT */

/* IrInsn.mem */
enum {
    MEM_8 = 0, MEM_16 = 1, MEM_32 = 2, MEM_64 = 3, MEM_128 = 4, MEM_SIZE = 7,
    MEM_SIGNED = 8,                 /* load: sign-extend */
    MEM_BE = 16,                    /* big-endian in memory */
    MEM_ALIGN = 32,                 /* misaligned access raises the guest's alignment fault */
    MEM_ACQUIRE = 64, MEM_RELEASE = 128,
    MEM_ATOMIC = 256,               /* single-copy atomic at its size even when 16 bytes */
};
enum { EXIT_ORDER_U = 1 << 15 };    /* exit_if aux */
static inline int ir_exit_order(uint16_t aux) { return (aux & ~EXIT_ORDER_U) - 1; }      /* its register, or -1 */
enum { FENCE_RR = 1, FENCE_RW = 2, FENCE_WR = 4, FENCE_WW = 8, FENCE_ALL = 15, FENCE_SYNC_CORE = 16 };

/* RNA ties away; RODD to odd */
typedef enum FpRound { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RNA, FP_RODD, FP_DYN } FpRound;
/* Beside the dynamic mode (fpround_put, CpuState.fp_round). FP_FLUSH: operands and results that are subnormal are zeros
 * of their sign; for guests that detect tininess before rounding. TcgGuest.flush_mode says when the flags count, which
 * are FPF_DENORM for an operand, FPF_UNDERFLOW alone for a result. FP_DEFAULT_NAN: every NaN that an op makes or passes
 * on is the default one. */
enum { FP_FLUSH = 8, FP_DEFAULT_NAN = 16 };
enum { FPF_INVALID = 1, FPF_DIVZERO = 2, FPF_OVERFLOW = 4, FPF_UNDERFLOW = 8, FPF_INEXACT = 16, FPF_DENORM = 32 };
enum { FMA_NEG_PRODUCT = 1, FMA_NEG_ADDEND = 2, FMA_NEG_RESULT = 4 };
enum {
    FMINMAX_NAN,        /* any NaN gives the guest's propagated NaN (Arm FMIN) */
    FMINMAX_NUM,        /* IEEE 754-2008 minNum: a quiet NaN loses to a number; sNaN gives NaN (Arm FMINNM) */
    FMINMAX_NUM2019,    /* minimumNumber: any NaN loses to a number, sNaN raises invalid (RISC-V) */
    FMINMAX_VMX,        /* AltiVec vminfp: NaN propagates as in an add, no flags */
};
/* fcvt_fi/fu aux. Out of range saturates and raises invalid (only). NaN gives 0, or: */
enum { CVT_NAN_MAX = 1, CVT_NAN_MIN = 2, CVT_WRAP_JS = 4 /* modulo 2^32 as Arm FJCVTZS without its Z flag */ };

/* One instruction: 32 bytes. Fields a row does not mention are 0; nargs is always the number of operands. */
typedef struct IrInsn {
    uint16_t op;                    /* IrOp */
    uint8_t  type, type2;           /* IrType of the result (or of the operand for put, store) ; see ops.def */
    uint8_t  cond, lane, round, nargs;
    union {
        struct {
            uint16_t mem, aux;
            IrVal    arg[6];        /* operands; call uses up to six */
        };
        struct {
            uint16_t beside[4];     /* mem, aux, arg[0], arg[1] */
            uint64_t imm2;          /* of ops that ir_has_imm2 */
        };
    };
    int64_t  imm;
} IrInsn;
_Static_assert(sizeof(IrInsn) == 32, "instructions are made and copied by the thousand");

/* A register of the guest. */
typedef struct RegDesc {
    const char *name;
    uint32_t offset;                /* in CpuState (tcg.h), bytes */
    uint8_t  type;                  /* IrType: I32 I64 F32 F64 V128 */
    uint8_t  pin;                   /* priority for a pinned host register, 1 first, 0 never; per class (int, vector) */
    uint16_t gdb;                   /* gdb register number + 1, 0 none */
    uint8_t  traits;                /* REG_* */
} RegDesc;
enum {
    REG_AHEAD = 1,                  /* I32, no pin: exits and faults need not see what the code ahead overwrites unread
                                     * (ahead.c) */
    REG_FLAGS = 2,                  /* I32 that only ever holds flags_pack values: its slot may hold junk in their
                                     * unused bits */
};

typedef struct IrUnit {
    gaddr    pc;                    /* guest pc of the first instruction */
    uint32_t flags;                 /* translation-mode bits, part of the lookup key (GuestArch) */
    uint32_t n, cap;                /* instructions; insn[0] is unused */
    IrInsn  *insn;                  /* owned; grows */
    uint32_t nguest;                /* guest instructions */
    struct { gaddr pc; uint32_t len; } range[8];   /* guest code covered, for invalidation */
    uint32_t nrange;
    uint16_t nlabels;
    uint16_t flags_reg;             /* register that a flags_pack value was put to, + 1; 0 none (ir_put notes it) */
    uint16_t nstatus;               /* flags_reg and so many registers behind it describe the last of some operations
                                     * (ir_status) */
    const struct TcgGuest *guest;
    const RegDesc *regs;            /* guest's */
    /* For passes that look past the unit, set by the engine: IR of some guest code from pc on, with this unit's flags,
     * good until the next call. NULL: they do not look. */
    const struct IrUnit *(*code_at)(void *ctx, gaddr pc);
    void *code_ctx;
    struct AheadMemo *memo;         /* what has been found there, passes.h; NULL: nothing is kept */
    /* How the code runs, as far as the engine knows: entries counted at pc, 0 never or unknown. NULL:
     * nothing is known. */
    unsigned (*seen)(void *ctx, gaddr pc);
    void *seen_ctx;
    bool cold;                      /* to be translated in a basic block: up to the first branch, or code that has a
                                     * unit */
    const uint8_t *homes;           /* while opt_forward runs: by value, 1 when a guest register holds it; else NULL */
} IrUnit;

/* Columns of ops.def; what an op is follows from these, never from its place among the rows. */
typedef enum IrClass {
    IRC_INT, IRC_FP, IRC_VEC, IRC_VFP,      /* the pure ones: ir_is_pure */
    IRC_STATE, IRC_FPENV, IRC_MEM, IRC_ATOMIC, IRC_CALL, IRC_FLOW
} IrClass;
extern const uint8_t ir_op_class[IR_NOPS];          /* IrClass */
typedef struct IrOpInfo {
    const char *name;
    char result;
    const char *args;
    const char *flags;
    uint16_t bits;
    const char *text;
} IrOpInfo;
extern const uint64_t ir_op_head[IR_NOPS];          /* the first eight bytes of an instruction, but for its type: op,
                                                     * and operands by the row (call: 0) */
enum {
    OPF_SIDE = 1,
    OPF_FAULT = 2,
    OPF_END = 4,
    OPF_COMM = 8,
    OPF_READ = 16,
    OPF_WRITE = 32,
    OPF_FP = 64,
    OPF_TERMINATOR = 128
};
extern const IrOpInfo ir_op_info[IR_NOPS];
extern const char *const ir_type_name[IR_NTYPES], *const ir_cond_name[];
enum { IR_AS_TYPE = 0xff };
extern const uint8_t ir_op_result[IR_NOPS];         /* IrType of the result, or IR_AS_TYPE: what IrInsn.type says */
/* IR_VOID when it defines no value */
static inline IrType ir_result_type(const IrInsn *i)
{
    return (IrType)(ir_op_result[i->op] == IR_AS_TYPE ? i->type : ir_op_result[i->op]);
}
IrType ir_operand_type(const IrInsn *i, int k);     /* not for call (HelperDesc says) and host_insn */
static inline bool ir_is_terminator(const IrInsn *i)    /* control never falls through */
{
    return ir_op_info[i->op].bits & OPF_TERMINATOR;
}

static inline bool ir_has_imm2(IrOp op) { return op == IR_calljump || op == IR_calljump_ind || op == IR_raise; }

/* --- Builder (build.c). Every function appends one instruction, folding constants when it can.
 * Operand types must match the row; debug builds verify. */
void   ir_unit_init(IrUnit *u, const struct TcgGuest *g);
void   ir_unit_reset(IrUnit *u, gaddr pc, uint32_t flags);
void   ir_unit_free(IrUnit *u);
void   ir_grow(IrUnit *u);                                   /* room for one more */
/* Raw append; the instruction has no more than its op, type and number of operands. */
static inline IrInsn *ir_emit(IrUnit *u, IrOp op, IrType type)
{
    if (__builtin_expect(u->n >= u->cap, 0))
        ir_grow(u);
    IrInsn *i = &u->insn[u->n++];
    uint64_t head = ir_op_head[op] | (uint64_t)type << 16;
    memset(i, 0, sizeof *i);
    memcpy(i, &head, sizeof head);
    return i;
}
/* The value that op has, perhaps by simpler means: folds constants, x+0, x&x ... Cold code hardly runs: to simplify it
 * costs more than it saves. */
IrVal  ir_simplified1(IrUnit *u, IrOp op, IrType t, IrVal a);
IrVal  ir_simplified2(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b);
static inline IrVal ir_op1(IrUnit *u, IrOp op, IrType t, IrVal a)
{
    if (op == IR_mov)
        return a;
    if (!u->cold)
        return ir_simplified1(u, op, t, a);
    ir_emit(u, op, t)->arg[0] = a;
    return (IrVal)(u->n - 1);
}
static inline IrVal ir_op2(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b)
{
    if (!u->cold)
        return ir_simplified2(u, op, t, a, b);
    IrInsn *i = ir_emit(u, op, t);
    i->arg[0] = a;
    i->arg[1] = b;
    return (IrVal)(u->n - 1);
}
IrVal  ir_op3(IrUnit *u, IrOp op, IrType t, IrVal a, IrVal b, IrVal c);
static inline IrVal ir_const(IrUnit *u, IrType t, int64_t v) /* I32 values are kept sign-extended in imm */
{
    ir_emit(u, IR_const, t)->imm = t == IR_I32 ? (int32_t)v : t == IR_F32 ? (uint32_t)v : v;
    return (IrVal)(u->n - 1);
}
bool   ir_is_const(const IrUnit *u, IrVal v, int64_t *out);
/* An address known from pc: return addresses, pc-relative data. A constant that moves with the program. */
IrVal  ir_addr(IrUnit *u, IrType t, gaddr a);
bool   ir_is_addr(const IrUnit *u, IrVal v, gaddr *out);
static inline IrVal ir_get(IrUnit *u, int reg)
{
    ir_emit(u, IR_get, (IrType)u->regs[reg].type)->aux = (uint16_t)reg;
    return (IrVal)(u->n - 1);
}
static inline void ir_put(IrUnit *u, int reg, IrVal v)
{
    if (u->insn[v].op == IR_flags_pack)
        u->flags_reg = (uint16_t)(reg + 1);
    IrInsn *i = ir_emit(u, IR_put, (IrType)u->regs[reg].type);
    i->aux = (uint16_t)reg;
    i->arg[0] = v;
}
/* reg and so many registers behind it describe the last of some operations (FP status): as with flags, a fault need not
 * see what is overwritten before it is read, and the code behind exits is looked at (REG_AHEAD). A put to reg voids the
 * others. */
void   ir_status(IrUnit *u, int reg, int behind);
IrVal  ir_ld_env(IrUnit *u, IrType t, int mem, uint32_t offset);
void   ir_st_env(IrUnit *u, int mem, uint32_t offset, IrVal v);
/* Any access; the caller adds further operands. */
IrInsn *ir_simplified_access(IrUnit *u, IrOp op, IrType t, int mem, IrVal addr, int64_t off);
static inline IrInsn *ir_access(IrUnit *u, IrOp op, IrType t, int mem, IrVal addr, int64_t off)
{
    if (!u->cold || off != (int32_t)off)
        return ir_simplified_access(u, op, t, mem, addr, off);
    IrInsn *i = ir_emit(u, op, t);
    i->mem = (uint16_t)mem;
    i->arg[0] = addr;
    i->imm = off;
    return i;
}
static inline IrVal ir_load(IrUnit *u, IrType t, int mem, IrVal addr, int64_t off)
{
    ir_access(u, IR_load, t, mem, addr, off);
    return (IrVal)(u->n - 1);
}
static inline void ir_store(IrUnit *u, int mem, IrVal addr, int64_t off, IrVal v)
{
    ir_access(u, IR_store, ir_result_type(&u->insn[v]), mem, addr, off)->arg[1] = v;
}
IrVal  ir_rmw(IrUnit *u, IrOp op, IrType t, int mem, IrVal addr, IrVal v);
IrVal  ir_cas(IrUnit *u, IrType t, int mem, IrVal addr, IrVal expect, IrVal desired);
IrVal  ir_setcond(IrUnit *u, IrType t, IrCond c, IrVal a, IrVal b);   /* a, b of type t too */
IrVal  ir_order(IrUnit *u, IrType t, bool is_unsigned, IrVal a, IrVal b);   /* of operands of type t */
IrVal  ir_select(IrUnit *u, IrType t, IrCond c, IrVal a, IrVal b, IrVal x, IrVal y);
IrVal  ir_setcond_f(IrUnit *u, IrType t, IrCond c, IrVal flags);
IrVal  ir_select_f(IrUnit *u, IrType t, IrCond c, IrVal flags, IrVal x, IrVal y);
IrVal  ir_extract(IrUnit *u, IrType t, IrVal a, int pos, int len);
IrVal  ir_sextract(IrUnit *u, IrType t, IrVal a, int pos, int len);
IrVal  ir_deposit(IrUnit *u, IrType t, IrVal a, IrVal b, int pos, int len);
/* fadd..fma, fmin, fround, fsqrt */
IrVal  ir_fp(IrUnit *u, IrOp op, IrType t, FpRound r, int aux, IrVal a, IrVal b, IrVal c);
IrVal  ir_fcvt(IrUnit *u, IrOp op, IrType to, IrType from, FpRound r, int aux, IrVal a);
IrVal  ir_fcmp(IrUnit *u, IrCond c, IrType t, bool signalling, IrVal a, IrVal b);
IrVal  ir_v1(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a);
IrVal  ir_v2(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a, IrVal b);
IrVal  ir_v3(IrUnit *u, IrOp op, IrType t, IrLane e, int64_t imm, IrVal a, IrVal b, IrVal c);
IrVal  ir_vfp(IrUnit *u, IrOp op, IrType t, IrLane e, FpRound r, int aux, IrVal a, IrVal b, IrVal c);
IrVal  ir_vcmp(IrUnit *u, IrType t, IrLane e, IrCond c, IrVal a, IrVal b);
/* vzext vlow vdup vget */
IrVal  ir_vconv(IrUnit *u, IrOp op, IrType to, IrType from, IrLane e, int64_t imm, int aux, IrVal a);
IrVal  ir_vset(IrUnit *u, IrType t, IrLane e, int lane, IrVal a, IrVal b);
IrVal  ir_call(IrUnit *u, int helper, int nargs, const IrVal *args);   /* types from the guest's HelperDesc */
int    ir_label_new(IrUnit *u);
void   ir_label(IrUnit *u, int label);
void   ir_br(IrUnit *u, int label);
void   ir_brcond(IrUnit *u, IrCond c, IrVal a, IrVal b, int label);
void   ir_brcond_f(IrUnit *u, IrCond c, IrVal flags, int label);
void   ir_add_range(IrUnit *u, gaddr pc, uint32_t len);      /* guest code that the unit depends on */
/* Also counts the instruction, and adds it to the ranges; straight on from the last one by far the most often. */
static inline void ir_insn(IrUnit *u, gaddr pc, int len)
{
    IrInsn *i = ir_emit(u, IR_insn, IR_VOID);
    i->imm = (int64_t)pc;
    i->aux = (uint16_t)len;
    u->nguest++;
    if (u->nrange && pc == u->range[u->nrange - 1].pc + u->range[u->nrange - 1].len && pc + (uint32_t)len >= pc)
        u->range[u->nrange - 1].len += (uint32_t)len;
    else
        ir_add_range(u, pc, (uint32_t)len);
}
void   ir_exit_if(IrUnit *u, IrCond c, IrVal a, IrVal b, gaddr pc);
void   ir_exit_if_f(IrUnit *u, IrCond c, IrVal flags, gaddr pc);
void   ir_jump(IrUnit *u, gaddr pc);
void   ir_jump_ind(IrUnit *u, IrVal pc);
void   ir_calljump(IrUnit *u, gaddr pc, gaddr ret);
void   ir_calljump_ind(IrUnit *u, IrVal pc, gaddr ret);
void   ir_ret(IrUnit *u, IrVal pc);
void   ir_raise(IrUnit *u, int code, int64_t arg, gaddr pc);

/* --- Tools. All return NULL or a g_malloc'd message. */
char  *ir_verify(const IrUnit *u);
void   ir_print(const IrUnit *u, void (*out)(void *ctx, const char *line), void *ctx);
char  *ir_parse(IrUnit *u, const char *text);                /* the form ir_print writes */
void   ir_optimize(IrUnit *u, unsigned level);               /* passes.c; level 0: none, 1: tier 1 */

#endif
