/* SPDX-License-Identifier: Apache-2.0 */
/* sysgen's own data: what the .sys files said, before it is written out as C. One process, one pass; memory is never
 * freed. */
#ifndef TOOLS_SYSGEN_H
#define TOOLS_SYSGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NLAYOUT = 4, NFAMILY = 3, MAXFIELDS = 96, MAXARGS = 8 };
extern const char *const family_names[NFAMILY];         /* generic arm ppc */
extern const struct LayoutClass { unsigned word, align64; } layouts[NLAYOUT];

typedef struct Struct Struct;
typedef struct Field {
    const char *name; int kind; unsigned count; const Struct *sub;
    unsigned off[NLAYOUT];          /* in the guest; [0] with host rules is host_off */
    int host_kind; unsigned host_off;
    const char *narrow;             /* NARROW_* of thunk/thunk.h */
    bool wild;                      /* no counterpart on the host: only takes room */
} Field;
struct Struct {
    const char *name, *ctype, *file; int line;
    const char *header;             /* NULL: not checked against a header */
    const char *prefix;
    Struct *base;                   /* shape of another struct, matched by field name */
    unsigned families;              /* bit per family: base's variant there; 0: separate name */
    bool packed, hostpacked, nocheck;
    int nfields; Field fields[MAXFIELDS];
    unsigned size[NLAYOUT], align[NLAYOUT], host_size, host_align;
    unsigned same; bool bytes_only;
    Struct *variant[NFAMILY];
    Struct *next;
};
typedef struct Flag { const char *name, *generic, *host, *family[NFAMILY], *mask; } Flag;
typedef struct Flags { const char *name; bool values; int n; Flag f[128]; struct Flags *next; } Flags;
typedef struct Arg {
    const char *name, *kind, *style, *ctype;
    int dir;
    int count_arg;
    bool count_ptr;
    unsigned count;
    const char *countname;
    const Struct *type;
    const Flags *flags;
} Arg;
typedef struct Sys { const char *name, *host, *why, *ret_style, *ret_flags, *ret_count; int line; const char *file;
                     bool hand, foreign; int nargs; Arg a[MAXARGS]; struct Sys *next; } Sys;
typedef struct Ioctl {
    const char *name, *number[NFAMILY]; int dir; const Struct *type;
    bool everywhere;                /* guests of the host's layout convert it, too */
    const char *misstated;          /* why the number says another direction or size than the kernel's code; NULL */
    struct Ioctl *next;
} Ioctl;

extern Struct *structs; extern Flags *flagsets; extern Sys *syses; extern Ioctl *ioctls;
extern const char *headers[256]; extern int nheaders;

_Noreturn void fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void parse_file(const char *path);
Struct *find_struct(const char *name);
void lay_out_all(void);
void emit_rows(FILE *out);                              /* enum of rows, externs, prototypes of hand functions */
void emit_desc(FILE *out);                              /* the tables */
void emit_table(FILE *out, const char *tbl);            /* one guest's syscall.tbl */
void emit_asserts(FILE *out, int family, int layout);   /* a C file of _Static_asserts; family -1: the host */

/* Scalar kinds: order of ThunkKind in thunk/thunk.h. */
typedef struct Kind { const char *name, *symbol; unsigned bytes; } Kind;       /* bytes 0: word */
extern const Kind kinds[];
enum { KIND_STRUCT = 13 };

#endif
