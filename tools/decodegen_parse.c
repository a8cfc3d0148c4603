/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a .decode file into a Spec. One function per kind of line; a syntax error ends the run,
 * since what follows would only be noise. Meaning is checked in decodegen_check.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "decodegen.h"


typedef struct Lex { const Spec *s; int line; char *p; } Lex;

static void __attribute__((noreturn, format(printf, 2, 3))) fail(const Lex *x, const char *fmt, ...)
{
    char msg[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    report(x->s->path, x->line, "%s", msg);
    exit(1);
}

static bool is_name(int c) { return isalnum(c) || c == '_'; }

static void blanks(Lex *x) { while (isspace((unsigned char)*x->p)) x->p++; }

/* The next token: up to a blank, but a parenthesis or quote keeps its blanks. NULL at the end. */
static char *word(Lex *x)
{
    blanks(x);
    if (!*x->p)
        return NULL;
    char *start = x->p;
    if (*start == '"') {
        char *end = strchr(start + 1, '"');
        if (!end)
            fail(x, "unterminated text");
        x->p = end + 1;
        return strndup(start, end + 1 - start);
    }
    for (int depth = 0; *x->p && (depth || !isspace((unsigned char)*x->p)); x->p++)
        depth += (*x->p == '(') - (*x->p == ')');
    return strndup(start, x->p - start);
}

static char *need(Lex *x, const char *what)
{
    char *w = word(x);
    if (!w)
        fail(x, "missing %s", what);
    return w;
}

static int64_t number(Lex *x, const char *s)
{
    char *end;
    int64_t v = strtoll(s, &end, 0);
    if (end == s || *end)
        fail(x, "'%s' is not a number", s);
    return v;
}

static Field *find_field(Spec *s, const char *name)
{
    for (int i = 0; i < s->nfields; i++)
        if (!strcmp(s->field[i].name, name))
            return &s->field[i];
    return NULL;
}

/* isa NAME WIDTH */
static void parse_isa(Spec *s, Lex *x)
{
    if (s->isa)
        fail(x, "a second isa line");
    s->isa = need(x, "isa name");
    s->width = number(x, need(x, "width"));
    if (s->width < 8 || s->width > 64)
        fail(x, "width %d is not in 8..64", s->width);
}

/* s31..25:11..7 */
static void parse_pieces(Spec *s, Lex *x, Field *f, char *t)
{
    if (*t == 's') {
        f->sign = true;
        t++;
    }
    for (;; t++) {
        if (!isdigit((unsigned char)*t) || f->npieces == MAX_PIECES)
            fail(x, "bad bits in field %s at '%s'", f->name, t);
        int hi = strtol(t, &t, 10), lo = hi;
        if (!strncmp(t, "..", 2))
            lo = strtol(t + 2, &t, 10);
        if (hi >= s->width || lo < 0 || lo > hi)
            fail(x, "field %s: bits %d..%d do not fit in %d, high bit first", f->name, hi, lo, s->width);
        uint64_t m = (~0ull >> (63 - hi)) & (~0ull << lo);
        if (f->bits & m)
            fail(x, "field %s names a bit twice", f->name);
        f->bits |= m;
        f->piece[f->npieces].hi = hi;
        f->piece[f->npieces++].lo = lo;
        if (*t != ':')
            break;
    }
    if (*t)
        fail(x, "bad bits in field %s at '%s'", f->name, t);
}

/* field NAME[:fmt] = BITS [<< n] [+ n] */
static void parse_field(Spec *s, Lex *x)
{
    Field f = { .name = need(x, "field name"), .line = x->line };
    char *colon = strchr(f.name, ':');
    if (colon) {
        *colon = 0;
        f.fmt = colon + 1;
    }
    if (find_field(s, f.name))
        fail(x, "duplicate field %s", f.name);
    if (strcmp(need(x, "'='"), "="))
        fail(x, "field NAME = BITS");
    parse_pieces(s, x, &f, need(x, "bits"));
    for (char *w; (w = word(x)); ) {
        if (!strcmp(w, "<<"))
            f.shift = number(x, need(x, "shift"));
        else if (!strcmp(w, "+"))
            f.plus = number(x, need(x, "addend"));
        else
            fail(x, "unexpected '%s'", w);
    }
    if (s->nfields == MAX_FIELDS)
        fail(x, "more than %d fields", MAX_FIELDS);
    s->field[s->nfields++] = f;
}

/* form NAME [: TYPE] [wide] {field | member=field | member=number} */
static void parse_form(Spec *s, Lex *x)
{
    Form f = { .name = need(x, "form name"), .line = x->line };
    f.type = f.name;
    for (int i = 0; i < s->nforms; i++)
        if (!strcmp(s->form[i].name, f.name))
            fail(x, "duplicate form %s", f.name);
    for (char *w; (w = word(x)); ) {
        if (!strcmp(w, ":")) {
            f.type = need(x, "struct name");
            f.foreign = true;
            continue;
        }
        if (!strcmp(w, "wide")) {
            f.wide = true;
            continue;
        }
        if (f.n == MAX_MEMBERS)
            fail(x, "more than %d members", MAX_MEMBERS);
        Member *m = &f.m[f.n++];
        char *eq = strchr(w, '=');
        m->name = w;
        if (eq)
            *eq++ = 0;
        const char *src = eq ? eq : w;
        if (isdigit((unsigned char)*src) || *src == '-') {
            m->value = number(x, src);
            continue;
        }
        m->field = find_field(s, src);
        if (!m->field)
            fail(x, "form %s: no field %s", f.name, src);
        if ((f.bits & m->field->bits)) {
            bool same = false;
            for (int i = 0; i < f.n - 1; i++)
                same |= f.m[i].field == m->field;
            if (!same)
                fail(x, "form %s: field %s shares bits with another", f.name, src);
        }
        for (int i = 0; i < f.n - 1; i++)
            if (!strcmp(f.m[i].name, m->name))
                fail(x, "form %s: duplicate member %s", f.name, m->name);
        f.bits |= m->field->bits;
        m->field->used = true;
    }
    for (int i = 0; i < s->nforms; i++)         /* ": TYPE" of an earlier form of this file */
        if (f.foreign && !strcmp(s->form[i].type, f.type))
            f.wide = s->form[i].wide;
    if (s->nforms == MAX_FORMS)
        fail(x, "more than %d forms", MAX_FORMS);
    s->form[s->nforms++] = f;
}

/* Pattern words until the width is reached. */
static void parse_pattern(Spec *s, Lex *x, uint64_t *mask, uint64_t *bits, uint64_t *any)
{
    for (int n = 0; n < s->width; ) {
        char *w = word(x);
        if (!w || strspn(w, "01.-") != strlen(w))
            fail(x, "pattern has %d bits of %d%s%s", n, s->width, w ? " before " : "", w ? w : "");
        for (char *c = w; *c; c++, n++) {
            if (n == s->width)
                fail(x, "pattern has more than %d bits", s->width);
            uint64_t b = 1ull << (s->width - 1 - n);
            if (*c == '0' || *c == '1')
                *mask |= b;
            if (*c == '1')
                *bits |= b;
            if (*c == '-')
                *any |= b;
        }
    }
}

static void parse_translator(Lex *x, Row *r, char *w)
{
    char *open = strchr(w, '(');
    r->tr = w;
    if (open) {
        char *end = w + strlen(w) - 1;
        if (*end != ')')
            fail(x, "bad translator '%s'", w);
        *open = *end = 0;
        int depth = 0;
        for (char *c = open + 1, *start = c; ; c++) {
            depth += (*c == '(') - (*c == ')');
            if (*c && (*c != ',' || depth))
                continue;
            if (r->nargs == MAX_ARGS || c == start)
                fail(x, "bad constants of tr_%s", w);
            r->arg[r->nargs++] = strndup(start, c - start);
            if (!*c)
                break;
            start = c + 1;
        }
    }
    for (char *c = w; *c; c++)
        if (!is_name((unsigned char)*c))
            fail(x, "bad translator name '%s'", w);
}

static void parse_attribute(Lex *x, Row *r, char *w)
{
    char *t;
    switch (*w) {
    case '?':
        if (r->nfeat == MAX_CONDS)
            fail(x, "too many features");
        r->feat[r->nfeat++] = w + 1;
        break;
    case '!':
        if (r->npred == MAX_CONDS)
            fail(x, "too many predicates");
        r->pred[r->npred++] = w + 1;
        break;
    case '%':
        if (asprintf(&t, "%s%s ", r->tags ? r->tags : " ", w + 1) < 0)
            abort();
        r->tags = t;
        break;
    default:
        fail(x, "unexpected '%s'", w);
    }
}

static void parse_row(Spec *s, Lex *x, char *name, int pick)
{
    Row r = { .name = name, .line = x->line, .pick = pick };
    for (int i = 0; i < s->nrows; i++)
        if (!strcmp(s->row[i].name, name))
            fail(x, "duplicate name %s", name);
    parse_pattern(s, x, &r.mask, &r.bits, &r.any);
    char *form = need(x, "form");
    if (strspn(form, "01.-") == strlen(form))
        fail(x, "pattern has more than %d bits", s->width);
    for (int i = 0; i < s->nforms; i++)
        if (!strcmp(s->form[i].name, form))
            r.form = &s->form[i];
    if (!r.form)
        fail(x, "no form %s", form);
    r.form->used = true;
    parse_translator(x, &r, need(x, "translator"));
    for (char *w; (w = word(x)); ) {
        if (*w != '"') {
            parse_attribute(x, &r, w);
            continue;
        }
        w[strlen(w) - 1] = 0;
        r.text = w + 1;
        if (word(x))
            fail(x, "something after the assembly text");
        break;
    }
    if (!r.text)
        fail(x, "missing assembly text");
    s->row = grow(s->row, s->nrows, sizeof r);
    s->row[s->nrows++] = r;
}

static void parse_skip(Spec *s, Lex *x)
{
    Skip k = { .name = need(x, "name") };
    uint64_t any = 0;
    parse_pattern(s, x, &k.mask, &k.bits, &any);
    char *w = need(x, "reason");
    if (*w != '"' || !w[1] || w[1] == '"')
        fail(x, "skip needs a \"reason\"");
    w[strlen(w) - 1] = 0;
    k.reason = w + 1;
    s->skip = grow(s->skip, s->nskips, sizeof k);
    s->skip[s->nskips++] = k;
}

/* Cuts a comment: # outside quotes. */
static void strip(char *line)
{
    bool quoted = false;
    for (char *c = line; *c; c++) {
        quoted ^= *c == '"';
        if ((*c == '#' && !quoted) || *c == '\n') {
            *c = 0;
            return;
        }
    }
}

/* One logical line (continuations joined), NULL at the end of file. */
static char *read_line(FILE *in, int *line, int *next)
{
    char *out = strdup(""), buf[4096];
    bool any = false;
    *line = *next;
    while (fgets(buf, sizeof buf, in)) {
        any = true;
        ++*next;
        strip(buf);
        size_t n = strlen(buf), have = strlen(out);
        bool more = n && buf[n - 1] == '\\';
        if (more)
            buf[n - 1] = ' ';
        out = realloc(out, have + n + 1);
        memcpy(out + have, buf, n + 1);
        if (!more)
            return out;
    }
    return any ? out : NULL;
}

void spec_parse(Spec *s, const char *path)
{
    *s = (Spec){ .path = path, .field = calloc(MAX_FIELDS, sizeof(Field)), .form = calloc(MAX_FORMS, sizeof(Form)) };
    Lex x = { .s = s };
    int next = 1, pick = 0, picks = 0;
    FILE *in = fopen(path, "r");
    if (!in) {
        perror(path);
        exit(1);
    }
    while ((x.p = read_line(in, &x.line, &next))) {
        char *w = word(&x);
        if (!w)
            continue;
        if (!strcmp(w, "isa")) {
            parse_isa(s, &x);
        } else if (!s->isa) {
            fail(&x, "the first line must be: isa NAME WIDTH");
        } else if (!strcmp(w, "field")) {
            parse_field(s, &x);
        } else if (!strcmp(w, "form")) {
            parse_form(s, &x);
        } else if (!strcmp(w, "skip")) {
            parse_skip(s, &x);
        } else if (!strcmp(w, "pick")) {
            if (pick || strcmp(need(&x, "{"), "{"))
                fail(&x, "pick { ... } does not nest");
            pick = ++picks;
        } else if (!strcmp(w, "}")) {
            if (!pick)
                fail(&x, "unexpected }");
            pick = 0;
        } else {
            parse_row(s, &x, w, pick);
        }
    }
    fclose(in);
    if (pick)
        fail(&x, "pick without }");
    if (!s->isa)
        fail(&x, "no isa line");
}
