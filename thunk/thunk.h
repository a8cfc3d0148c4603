/* SPDX-License-Identifier: Apache-2.0 */
/* Thunks: descriptions of kernel structures and flag sets, and the code that reads them: layout, conversion between a
 * guest's data model and the host's, printing. Descriptions are constants that tools/sysgen writes from the .sys files.
 * Nothing here touches guest memory or knows a syscall; `guest` is always a host copy
 * of guest bytes. */
#ifndef THUNK_H
#define THUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Families share constants and structure shapes that differ from the kernel's generic ones. */
typedef enum ThunkFamily { FAMILY_GENERIC, FAMILY_ARM, FAMILY_PPC, FAMILY_COUNT } ThunkFamily;

/* Classes of layout: (bytes of long, alignment of a 64-bit integer). */
enum { LAYOUT_LP64, LAYOUT_ILP32_A8, LAYOUT_ILP32_A4, LAYOUT_ILP32_A2, LAYOUT_COUNT };

typedef struct ThunkModel {
    uint8_t layout;                 /* LAYOUT_* */
    uint8_t word;                   /* bytes of long and pointer */
    uint8_t family;                 /* ThunkFamily */
    bool big_endian;
} ThunkModel;

typedef enum ThunkKind {
    TK_U8, TK_S8, TK_U16, TK_S16, TK_U32, TK_S32, TK_U64, TK_S64,
    TK_WORD, TK_SWORD,              /* unsigned long and long; pointers are TK_WORD */
    TK_NSEC,                        /* 64 bits of which a 32-bit guest means the low 32 (kernel: get_timespec64) */
    TK_NET16, TK_NET32,             /* network byte order: never swapped */
    TK_STRUCT,
} ThunkKind;

/* What becomes of a value that the guest's field cannot hold, as the kernel has it for that field. */
typedef enum ThunkNarrow {
    NARROW_CUT,                     /* its low bits */
    NARROW_FAIL,                    /* EOVERFLOW; "all ones" (f_files: not known) fits always */
    NARROW_TOP,                     /* the largest value */
} ThunkNarrow;

typedef struct ThunkStruct ThunkStruct;
typedef struct ThunkField {
    const char *name;
    uint8_t kind, host_kind;        /* ThunkKind on the guest, on the host */
    uint8_t narrow;                 /* ThunkNarrow */
    uint16_t count;                 /* array length, 1 for a scalar */
    uint16_t host_off;
    uint16_t guest_off[LAYOUT_COUNT];
    const ThunkStruct *sub;         /* TK_STRUCT */
} ThunkField;

struct ThunkStruct {
    const char *name;
    uint16_t nfields, host_size, host_align;
    uint16_t guest_size[LAYOUT_COUNT];
    uint8_t same;                   /* bit per LAYOUT_*: bytes equal the host's when byte order is too */
    bool bytes_only;                /* no field depends on byte order */
    const ThunkField *fields;
    const ThunkStruct *variant[FAMILY_COUNT];       /* shape of that family, NULL: this one */
};

typedef struct ThunkFlag {
    const char *name;
    uint64_t host, host_mask;       /* set when (v & mask) == value */
    uint64_t guest[FAMILY_COUNT], guest_mask[FAMILY_COUNT];
} ThunkFlag;
typedef struct ThunkFlags {
    const char *name;
    bool values;                    /* one of the values, not an or of bits */
    uint8_t same;                   /* bit per family: identical to the host's */
    uint16_t n;
    const ThunkFlag *flags;
} ThunkFlags;

/* The shape that a model uses for s (its family's variant, if any). */
const ThunkStruct *thunk_shape(const ThunkStruct *s, const ThunkModel *m);
/* Bytes of one s in the guest. */
size_t thunk_size(const ThunkStruct *s, const ThunkModel *m);
/* True when guest bytes can be used as the host structure without conversion. */
bool   thunk_same(const ThunkStruct *s, const ThunkModel *m);
/* Convert n structures. host has n * s->host_size bytes, guest n * thunk_size(s, m); the whole destination is written
 * (padding and fields that have no counterpart are zero). thunk_to_guest: false when a NARROW_FAIL field cannot hold
 * its value. */
void   thunk_to_host(const ThunkStruct *s, const ThunkModel *m, void *host, const void *guest, size_t n);
bool   thunk_to_guest(const ThunkStruct *s, const ThunkModel *m, void *guest, const void *host, size_t n);

/* Flag words. Bits that no row names pass unchanged. */
uint64_t thunk_flags_to_host(const ThunkFlags *f, const ThunkModel *m, uint64_t v);
uint64_t thunk_flags_to_guest(const ThunkFlags *f, const ThunkModel *m, uint64_t v);

/* Text, strace style, appended at *at of out[cap] (always terminated; never beyond cap). Host values. */
void thunk_print_flags(const ThunkFlags *f, uint64_t host, char *out, size_t cap, size_t *at);
void thunk_print_struct(const ThunkStruct *s, const void *host, char *out, size_t cap, size_t *at);
void thunk_print_bytes(const void *p, size_t len, size_t max, char *out, size_t cap, size_t *at);
void thunk_append(char *out, size_t cap, size_t *at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Scalars of a guest's byte order. */
uint64_t thunk_load(const void *p, unsigned bytes, bool sign, bool big_endian);
void     thunk_store(void *p, unsigned bytes, bool big_endian, uint64_t v);

#endif
