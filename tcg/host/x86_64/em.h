/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the code generator: of one unit (Em) and of the process (HostCode). The driver (backend.c) and the
 * allocator own it; lowering functions see it through emit.h. */
#ifndef TCG_X86_EM_H
#define TCG_X86_EM_H

#include "regs.h"

typedef enum VKind { V_NONE, V_CONST, V_G, V_X, V_ENV, V_EFLAGS, V_DEFER } VKind;
typedef struct Val {
    uint8_t  kind, reg;
    uint8_t  hint;                      /* pin that the result may be computed into, or NOREG */
    uint8_t  type;
    bool     owned;                     /* reg is a temporary of this value (else a pin that holds guest register
                                         * `guest`) */
    bool     dirty;                     /* I32 with undefined upper half */
    bool     packed;                    /* FLAGS value in packed form in a GPR or slot */
    bool     spilled;                   /* V_ENV is a spill slot of ours */
    uint8_t  top;                       /* XMM: bits from this one up to 128 are zero; 0 nothing known */
    uint8_t  normal;                    /* lanes that hold no subnormal, of fp_flush.c */
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

typedef struct RaStep RaStep;    /* ra.h */
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
    uint8_t *enter, *leave, *link, *hot, *poll, *raise, *ind_miss, *ret_miss, *cold_call, *helper[2][2];
    uint8_t *fault_exit, *out, *call;
    uint8_t *mxcsr_default;             /* 4 bytes of constant */
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
    bool     flush, exact;              /* TcgGuest.flush_mode; it without flush_inexact */
    uint8_t  flush_acc;                 /* register that gathers subnormal operands of waiting operations, or NOREG */
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
    uint8_t  alu, alu_type;             /* EFLAGS are those of this IR op (IR_add, IR_sub, IR_and, IR_adc, IR_sbc), 0
                                         * unknown */
    IrVal    alu_a, alu_b, alu_c;
    /* deferred pieces */
    Cold    *cold; int ncold;
    struct { uint64_t lo, hi; } *pool; int npool;
    struct { uint8_t *at; int pool, tail; } *fix; int nfix;     /* disp32 fields of pool operands; tail: bytes of
                                                                 * immediate after */
    uint8_t **label; struct { uint8_t *at; int label; } *lfix; int nlfix;
    UnwindRow *uw; int nuw;
    gaddr    pc;                        /* current guest instruction */
    const int32_t *left;                /* Unit.left */
    RaLog    log;                       /* of debug builds */
    Reloc   *reloc; int nreloc;         /* see reloc.c */
};
enum { RELOC_MAX = 1024 };

#endif
