/* SPDX-License-Identifier: Apache-2.0 */
/* What a well-formed Spec must also satisfy: rows are checked, never trusted. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "decodegen.h"

typedef struct Checker { const Spec *s; int errors; } Checker;

#define ERR(c, line, ...) (report((c)->s->path, line, __VA_ARGS__), (c)->errors++)

static void check_fields(Checker *c)
{
    const Spec *s = c->s;
    for (int i = 0; i < s->nfields; i++)
        if (!s->field[i].used)
            ERR(c, s->field[i].line, "unused field %s", s->field[i].name);
    for (int i = 0; i < s->nforms; i++)
        if (!s->form[i].used)
            ERR(c, s->form[i].line, "unused form %s", s->form[i].name);
}

static void check_bits(Checker *c, const Row *r)
{
    uint64_t all = c->s->width == 64 ? ~0ull : (1ull << c->s->width) - 1;
    uint64_t open = all & ~r->mask & ~r->any & ~r->form->bits;
    uint64_t both = r->any & r->form->bits;
    if (open)
        ERR(c, r->line, "%s: bit %d is covered by no field of form %s", r->name, 63 - __builtin_clzll(open),
            r->form->name);
    if (both)
        ERR(c, r->line, "%s: bit %d is ignored and named by form %s", r->name, 63 - __builtin_clzll(both),
            r->form->name);
}

/* ?x against ?!x can never both match. */
static bool exclusive(const Row *a, const Row *b)
{
    for (int i = 0; i < a->nfeat; i++) {
        for (int k = 0; k < b->nfeat; k++) {
            const char *p = a->feat[i], *q = b->feat[k];
            if ((*p == '!' && !strcmp(p + 1, q)) || (*q == '!' && !strcmp(q + 1, p)))
                return true;
        }
    }
    return false;
}

static void check_overlap(Checker *c, const Row *a, const Row *b)
{
    if (((a->bits ^ b->bits) & a->mask & b->mask) || exclusive(a, b))
        return;
    if (!a->pick || a->pick != b->pick)
        ERR(c, b->line, "%s overlaps %s (line %d) outside a pick group", b->name, a->name, a->line);
    else if (!(a->mask & ~b->mask) && !a->nfeat && !a->npred)
        ERR(c, b->line, "%s can never match: %s (line %d) takes all of it", b->name, a->name, a->line);
}

/* The same function must always be called with the same types. */
static void check_types(Checker *c, const Row *a, const Row *b)
{
    if (!strcmp(a->tr, b->tr) && strcmp(a->form->type, b->form->type))
        ERR(c, b->line, "tr_%s takes Op%s here but Op%s at line %d", b->tr, b->form->type, a->form->type, a->line);
    else if (!strcmp(a->tr, b->tr) && a->nargs != b->nargs)
        ERR(c, b->line, "tr_%s has %d constants here but %d at line %d", b->tr, b->nargs, a->nargs, a->line);
    for (int i = 0; i < a->npred; i++)
        for (int k = 0; k < b->npred; k++)
            if (!strcmp(a->pred[i], b->pred[k]) && strcmp(a->form->type, b->form->type))
                ERR(c, b->line, "ok_%s takes Op%s here but Op%s at line %d", b->pred[k], b->form->type, a->form->type,
                    a->line);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *s = calloc(1, n + 1);
    if (fread(s, 1, n, f) != (size_t)n)
        perror(path);
    fclose(f);
    return s;
}

/* A definition starts its line with "bool" and names the function before a parenthesis. */
static bool defines(const char *text, const char *prefix, const char *name)
{
    char want[256];
    int n = snprintf(want, sizeof want, "%s%s(", prefix, name);
    for (const char *p = text; (p = strstr(p, want)); p += n) {
        const char *bol = p;
        while (bol > text && bol[-1] != '\n')
            bol--;
        if (!strncmp(bol, "bool ", 5) && (p[-1] == ' '))
            return true;
    }
    return false;
}

static bool any_defines(char **text, int n, const char *prefix, const char *name)
{
    for (int i = 0; i < n; i++)
        if (defines(text[i], prefix, name))
            return true;
    return false;
}

static void check_translators(Checker *c, int ntr, char **tr)
{
    char **text = calloc(ntr, sizeof *text);
    for (int i = 0; i < ntr; i++)
        text[i] = read_file(tr[i]);
    for (int i = 0; ntr && i < c->s->nrows; i++) {
        const Row *r = &c->s->row[i];
        if (!any_defines(text, ntr, "tr_", r->tr))
            ERR(c, r->line, "%s: no 'bool tr_%s(' in the translator files", r->name, r->tr);
        for (int k = 0; k < r->npred; k++)
            if (!any_defines(text, ntr, "ok_", r->pred[k]))
                ERR(c, r->line, "%s: no 'bool ok_%s(' in the translator files", r->name, r->pred[k]);
    }
}

int spec_check(const Spec *s, int ntr, char **tr)
{
    Checker c = { .s = s };
    check_fields(&c);
    for (int i = 0; i < s->nrows; i++) {
        check_bits(&c, &s->row[i]);
        for (int k = 0; k < i; k++) {
            check_overlap(&c, &s->row[k], &s->row[i]);
            check_types(&c, &s->row[k], &s->row[i]);
        }
    }
    if (!s->nrows)
        ERR(&c, 1, "no rows");
    check_translators(&c, ntr, tr);
    return c.errors;
}
