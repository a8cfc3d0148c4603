/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of decodegen: what a .decode file says, as read (decodegen_parse.c), checked
 * (decodegen_check.c), turned into a decision tree (decodegen_tree.c) and into C (decodegen.c).
 * docs/decode.md is the contract. A run makes one Spec and never frees it: the
 * process is short. */
#ifndef DECODEGEN_H
#define DECODEGEN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MAX_PIECES = 12, MAX_MEMBERS = 12, MAX_CONDS = 6, MAX_ARGS = 4, MAX_FIELDS = 1024, MAX_FORMS = 1024 };

typedef struct Field {
    char *name, *fmt;               /* fmt: display class or NULL */
    int line, npieces, shift;
    int64_t plus;
    bool sign, used;
    struct { uint8_t hi, lo; } piece[MAX_PIECES];      /* high part first */
    uint64_t bits;                  /* union of the pieces */
} Field;

typedef struct Member { char *name; Field *field; int64_t value; } Member;     /* field NULL: constant value */

typedef struct Form {
    char *name, *type;              /* struct Op<type> */
    int line, n;
    bool wide, foreign, used;       /* foreign: Op<type> is declared elsewhere */
    Member m[MAX_MEMBERS];
    uint64_t bits;
} Form;

typedef struct Row {
    char *name, *tr, *text;
    char *arg[MAX_ARGS];
    int nargs, line, pick;          /* pick: number of its group, 0 outside */
    uint64_t mask, bits, any;       /* any: '-' bits */
    Form *form;
    char *feat[MAX_CONDS]; int nfeat;                  /* each "a|b" or "!a" */
    char *pred[MAX_CONDS]; int npred;
    char *tags;                     /* " mem load " */
} Row;

typedef struct Skip { char *name, *reason; uint64_t mask, bits; } Skip;

typedef struct Spec {
    const char *path;
    char *isa;
    int width;
    Field *field; int nfields;      /* never move: forms and rows point at them */
    Form *form; int nforms;
    Row *row; int nrows;
    Skip *skip; int nskips;
} Spec;

void spec_parse(Spec *s, const char *path);            /* exits at the first syntax error */
int  spec_check(const Spec *s, int ntr, char **tr);    /* prints each error; returns their number */
void spec_tree(const Spec *s, FILE *out);              /* body of match_<isa> */
void row_conditions(const Spec *s, const Row *r, uint64_t untested, FILE *out);   /* C expression */
char *c_name(const char *name);                        /* other characters become _ */
void *grow(void *array, int n, size_t size);           /* room for element n, zeroed */
void report(const char *path, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
