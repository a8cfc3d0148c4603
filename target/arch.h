/* SPDX-License-Identifier: Apache-2.0 */
/* GuestArch: the only contract that a guest ISA meets. target/<family>/arch.c defines one constant
 * per program name and registers nothing: the Makefile links the right
 * one as `guest_arch`. */
#ifndef TARGET_ARCH_H
#define TARGET_ARCH_H

#include "tcg/tcg.h"

/* Exits every guest may raise (ir_raise codes). The embedder has one table from these to actions. */
enum {
    EX_SYSCALL = TCG_EXIT_GUEST,    /* pc is past the instruction */
    EX_ILLEGAL,                     /* pc at the instruction; arg = encoding */
    EX_BREAKPOINT,                  /* pc at the instruction; arg = its immediate */
    EX_TRAP,                        /* PowerPC trap, arg guest's own; pc at the instruction */
    EX_FPE,                         /* arg = host FPE_* si_code */
    EX_ICACHE,                      /* arg 0: just resume (a helper flushed, or a mode changed); 1: flush code that is
                                     * not watched */
    EX_YIELD,                       /* sched_yield and resume; pc past the instruction */
    EX_PRIVILEGED,                  /* pc at the instruction */
    EX_GUEST_FIRST = 32,
};

typedef struct CpuModel { const char *name, *text; uint64_t features[2]; } CpuModel;
/* bit in features[bit >> 6]; needs: the feature without which this one goes, too (its own bit: none). */
typedef struct CpuFeature { const char *name; uint8_t bit, needs; } CpuFeature;

enum { DUMP_FPU = 1, DUMP_VPU = 2 };

typedef struct GuestArch {
    TcgGuest tcg;                   /* name is the one in qemu-<name> */
    uint16_t elf_machine; uint8_t elf_class, elf_data;      /* EM_*, ELFCLASS*, ELFDATA* */
    const char *triplet;            /* Debian multiarch triplet: /usr/<triplet> */
    const char *uname_machine;
    const char *capstone;           /* name of the ISA in tools/disas; NULL: logs show the decode rows' text */
    const CpuModel *models; int nmodels;                    /* models[0] is the default */
    const CpuFeature *features; int nfeatures;
    /* Reset a CPU for a new process; features of the chosen model are in f. */
    void (*reset)(CpuState *cpu, const uint64_t *f);
    /* -d cpu; what: DUMP_* besides the integer registers */
    void (*dump)(const CpuState *cpu, unsigned what, char *out, size_t cap);
    /* A data access hit a non-canonical host address (SIGSEGV with SI_KERNEL; the host does not tell the address).
     * True: the CPU switched to a mode that copes (AArch64 address tags): resume at the same pc. NULL: never. */
    bool (*noncanonical)(CpuState *cpu);
    uint8_t tag_bits;               /* top bits of an address that the CPU ignores: they are as the bit below */
} GuestArch;

static inline gaddr arch_untag(const GuestArch *a, gaddr at)
{
    return (gaddr)((int64_t)(at << a->tag_bits) >> a->tag_bits);
}

extern const GuestArch guest_arch;

#endif
