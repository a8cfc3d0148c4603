/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of .sys files. Tokens are words and single punctuation characters; a newline ends a sys or ioctl row. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "tools/sysgen.h"

static const char *path; static int line; static char *text, *cur;
static char tok[256]; static bool tok_nl;      /* tok_nl: the token is a newline; tok "" at the end */

static void next(void)
{
    for (;; cur++) {
        if (*cur == '#')
            while (*cur && *cur != '\n')
                cur++;
        if (*cur == '\\' && cur[1] == '\n') {
            cur++;
            line++;
            continue;
        }
        if (*cur == '\n' || !*cur || !isspace((unsigned char)*cur))
            break;
    }
    tok_nl = *cur == '\n';
    size_t n = 0;
    if (tok_nl) {
        cur++;
        line++;
        tok[n++] = '\n';
    }
    else if (*cur == '"') {
        for (cur++; *cur && *cur != '"' && n < sizeof tok - 2; )
            tok[n++] = *cur++;
        if (*cur)
            cur++;
    } else if (*cur == '<') {
        while (*cur && *cur != '>' && n < sizeof tok - 2)
            tok[n++] = *cur++;
        tok[n++] = '>'; cur++;
    } else if (isalnum((unsigned char)*cur) || *cur == '_' || *cur == '.') {
        while ((isalnum((unsigned char)*cur) || *cur == '_' || *cur == '.') && n < sizeof tok - 1)
            tok[n++] = *cur++;
    } else if (*cur == '-' && cur[1] == '>') {
        cur += 2; strcpy(tok, "->"); n = 2;
    } else if (*cur) {
        tok[n++] = *cur++;
    }
    tok[n] = 0;
}
static void skip_newlines(void) { while (tok_nl) next(); }
static bool is(const char *s) { return !tok_nl && !strcmp(tok, s); }
static bool accept(const char *s) { if (!is(s)) return false; next(); return true; }
static void expect(const char *s) { if (!accept(s)) fail(path, line, "'%s' expected, found '%s'", s, tok); }
static const char *word(void)
{
    if (tok_nl || !(isalnum((unsigned char)tok[0]) || tok[0] == '_' || tok[0] == '.'))
        fail(path, line, "a name expected, found '%s'", tok_nl ? "end of line" : tok);
    const char *s = strdup(tok);
    next();
    return s;
}

Struct *find_struct(const char *name)
{
    for (Struct *s = structs; s; s = s->next)
        if (!s->families && !strcmp(s->name, name))
            return s;
    return NULL;
}
static const Flags *find_flags(const char *name)
{
    for (Flags *f = flagsets; f; f = f->next)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}
static int find_kind(const char *name)
{
    for (int i = 0; kinds[i].name; i++)
        if (!strcmp(kinds[i].name, name))
            return i;
    return -1;
}
static int find_family(const char *name)
{
    for (int i = 0; i < NFAMILY; i++)
        if (!strcmp(family_names[i], name))
            return i;
    return -1;
}

static void add_header(const char *h)
{
    for (int i = 0; i < nheaders; i++)
        if (!strcmp(headers[i], h))
            return;
    headers[nheaders++] = h;
}

/* struct NAME [= CTYPE] [<header> [prefix]] [: BASE [for FAMILY...]] [packed] [hostpacked] { TYPE name[n] ... } */
static void parse_struct(void)
{
    Struct *s = calloc(1, sizeof *s);
    s->file = path; s->line = line;
    s->name = word();
    for (;;) {
        if (accept("="))
            s->ctype = word();
        else if (tok[0] == '<') {
            s->header = strdup(tok);
            add_header(s->header);
            next();
            if (!is("{") && !is(":") && !is("="))
                s->prefix = word();
        } else if (accept(":")) {
            const char *b = word();
            if (!(s->base = find_struct(b)))
                fail(path, line, "unknown struct %s", b);
        } else if (accept("for")) {
            while (find_family(tok) >= 0) {
                int f = find_family(tok);
                s->families |= 1u << f;
                s->base->variant[f] = s;
                next();
            }
        } else if (accept("packed")) s->packed = true;
        else if (accept("hostpacked"))
            s->hostpacked = true;
        else
            break;
    }
    if (s->prefix && !strcmp(s->prefix, "packed")) {
        s->prefix = NULL;
        s->packed = true;
    }
    if (s->prefix && !strcmp(s->prefix, "hostpacked")) {
        s->prefix = NULL;
        s->hostpacked = true;
    }
    if (!s->ctype) {
        char b[300];
        snprintf(b, sizeof b, "struct %s", s->name);
        s->ctype = strdup(b);
    }
    skip_newlines();
    expect("{");
    for (skip_newlines(); !accept("}"); skip_newlines()) {
        if (s->nfields == MAXFIELDS)
            fail(path, line, "too many fields");
        Field *f = &s->fields[s->nfields++];
        const char *type = word();
        f->kind = find_kind(type); f->count = 1;
        if (!strcmp(type, "ptr"))
            f->kind = find_kind("ulong");
        if (f->kind < 0) {
            f->kind = KIND_STRUCT;
            if (!(f->sub = find_struct(type)))
                fail(path, line, "unknown type %s", type);
        }
        f->narrow = accept("!") ? "NARROW_FAIL" : accept("^") ? "NARROW_TOP" : "NARROW_CUT";
        f->name = word();
        if (f->name[0] == '_' && f->name[1] == '\0')
            f->wild = true;
        if (accept("[")) {
            f->count = strtoul(tok, NULL, 0);
            next();
            expect("]");
        }
    }
    Struct **p = &structs;
    while (*p)
        p = &(*p)->next;
    *p = s;
}

/* flags|values NAME [<header>] { NAME [= number] [/ mask] [family : number]... } */
static void parse_flags(bool values)
{
    Flags *fs = calloc(1, sizeof *fs);
    fs->values = values;
    fs->name = word();
    while (tok[0] == '<') {
        add_header(strdup(tok));
        next();
    }
    skip_newlines();
    expect("{");
    for (skip_newlines(); !accept("}"); skip_newlines()) {
        Flag *f = &fs->f[fs->n++];
        f->name = word();
        for (;;) {
            char *save = cur; int fam;
            if (accept("="))
                f->generic = word();
            else if (accept("/"))
                f->mask = word();
            else if ((fam = find_family(tok)) >= 0 && *cur == ':') {
                next();
                next();
                f->family[fam] = word();
            }
            else if (is("host") && *cur == ':') {
                next();
                next();
                f->host = word();
            }
            else { (void)save; break; }
        }
    }
    Flags **p = &flagsets;
    while (*p)
        p = &(*p)->next;
    *p = fs;
}

static const struct { const char *word, *kind, *style, *ctype; } scalars[] = {
    { "int", "A_INT", "STYLE_DEC", "int" }, { "fd", "A_INT", "STYLE_FD", "int" },
    { "newfd", "A_INT", "STYLE_NEWFD", "int" },
    { "atfd", "A_INT", "STYLE_ATFD", "int" },
    { "pid", "A_INT", "STYLE_DEC", "int" }, { "id", "A_UINT", "STYLE_DEC", "uint32_t" },
    { "sig", "A_INT", "STYLE_SIG", "int" },
    { "uint", "A_UINT", "STYLE_DEC", "uint32_t" }, { "hex", "A_UINT", "STYLE_HEX", "uint32_t" },
    { "octal", "A_UINT", "STYLE_OCT", "uint32_t" },
    { "long", "A_LONG", "STYLE_DEC", "int64_t" }, { "ulong", "A_ULONG", "STYLE_DEC", "uint64_t" },
    { "size", "A_ULONG", "STYLE_DEC", "uint64_t" },
    { "hexlong", "A_ULONG", "STYLE_HEX", "uint64_t" }, { "gaddr", "A_PTR", "STYLE_HEX", "gaddr" },
    { "off64", "A_OFF64", "STYLE_DEC", "int64_t" },
    { "poslh", "A_POSLH", "STYLE_DEC", "int64_t" },
    { "request", "A_UINT", "STYLE_REQUEST", "uint32_t" }, { "reqarg", "A_PTR", "STYLE_REQARG", "gaddr" },
    { "gname", "A_PTR", "STYLE_NAME", "gaddr" },
    { "str", "A_STR", "STYLE_NONE", "const char *" }, { "path", "A_PATH", "STYLE_NONE", "const char *" },
    { "lookup", "A_LOOKUP", "STYLE_NONE", "const char *" },
};

static void parse_count(Arg *a)
{
    a->count = 1; a->count_arg = -1;
    if (!accept("["))
        return;
    if (accept("*"))
        a->count_ptr = true;
    if (isdigit((unsigned char)tok[0]))
        a->count = strtoul(tok, NULL, 0);
    else
        a->countname = strdup(tok);
    next();
    expect("]");
}

static void parse_arg(Arg *a)
{
    a->name = word(); a->count_arg = -1;
    if (is("in") || is("out") || is("inout") || is("rest") || is("left")) {
        a->dir = is("in") ? 1 : is("out") ? 2 : is("inout") ? 3 : is("rest") ? 6 : 7;
        next();
        a->style = "STYLE_NONE";
        if (is("[")) {
            a->kind = "A_BUF";
            a->ctype = "gaddr";
            parse_count(a);
            return;
        }
        const char *type = word();
        if (!strcmp(type, "iov")) {
            a->kind = "A_IOV";
            a->ctype = "gaddr";
        }
        else if (!strcmp(type, "sockaddr")) {
            a->kind = "A_SOCKADDR";
            a->ctype = "gaddr";
        }
        else if ((a->type = find_struct(type))) {
            a->kind = "A_STRUCT";
            a->ctype = "void *";
        }
        else
            fail(path, line, "unknown struct %s", type);
        parse_count(a);
        return;
    }
    const char *type = word();
    for (unsigned i = 0; i < sizeof scalars / sizeof *scalars; i++)
        if (!strcmp(scalars[i].word, type)) {
            a->kind = scalars[i].kind;
            a->style = scalars[i].style;
            a->ctype = scalars[i].ctype;
            return;
        }
    if (!(a->flags = find_flags(type)))
        fail(path, line, "unknown argument type %s", type);
    a->kind = "A_FLAGS"; a->style = "STYLE_NONE"; a->ctype = "uint64_t";
}

/* sys NAME ( args ) [-> result] [hand] [foreign] [host = NAME] [refuse "why"] */
static void parse_sys(void)
{
    Sys *s = calloc(1, sizeof *s);
    s->file = path; s->line = line;
    s->name = s->host = word();
    s->ret_style = "STYLE_DEC";
    for (Sys *o = syses; o; o = o->next)
        if (!strcmp(o->name, s->name))
            fail(path, line, "%s has a row already, %s:%d", s->name, o->file, o->line);
    expect("(");
    while (!accept(")")) {
        if (s->nargs == MAXARGS)
            fail(path, line, "too many arguments");
        parse_arg(&s->a[s->nargs++]);
        if (!is(")"))
            expect(",");
    }
    for (int i = 0; i < s->nargs; i++) {
        if (!s->a[i].countname)
            continue;
        for (int j = 0; j < s->nargs; j++)
            if (!strcmp(s->a[j].name, s->a[i].countname))
                s->a[i].count_arg = j;
        if (s->a[i].count_arg < 0)
            fail(path, line, "no argument %s", s->a[i].countname);
    }
    while (!tok_nl && tok[0]) {
        if (accept("->")) {
            if (is("hex"))
                s->ret_style = "STYLE_HEX", next();
            else if (is("octal"))
                s->ret_style = "STYLE_OCT", next();
            else if (find_flags(tok))
                s->ret_flags = word();
            else if (is("count")) {
                next();
                s->ret_count = word();
            }
            else
                word();
        }
        else if (accept("hand"))
            s->hand = true;
        else if (accept("foreign"))
            s->foreign = true;
        else if (accept("host")) {
            expect("=");
            s->host = word();
        }
        else if (is("refuse")) {
            next();
            s->why = strdup(tok);
            next();
        }
        else
            fail(path, line, "unknown attribute '%s'", tok);
    }
    Sys **p = &syses;
    while (*p)
        p = &(*p)->next;
    *p = s;
}

/* ioctl NAME [= number] [family : number]... none|int|in|out|inout STRUCT [everywhere] [misstated "why"] */
static void parse_ioctl(void)
{
    Ioctl *o = calloc(1, sizeof *o);
    o->name = word();
    for (;;) {
        int fam;
        if (accept("="))
            o->number[0] = word();
        else if ((fam = find_family(tok)) >= 0 && *cur == ':') {
            next();
            next();
            o->number[fam] = word();
        }
        else
            break;
    }
    if (accept("none"))
        o->dir = 0;
    else if (accept("int"))
        o->dir = 8;
    else {
        o->dir = is("in") ? 1 : is("out") ? 2 : is("inout") ? 3 : 0;
        if (!o->dir)
            fail(path, line, "direction expected, found '%s'", tok);
        next();
        const char *t = word();
        if (!(o->type = find_struct(t)))
            fail(path, line, "unknown struct %s", t);
    }
    o->everywhere = accept("everywhere");
    if (accept("misstated")) {
        o->misstated = strdup(tok);
        next();
    }
    Ioctl **p = &ioctls;
    while (*p)
        p = &(*p)->next;
    *p = o;
}

void parse_file(const char *file)
{
    FILE *f = fopen(file, "r");
    if (!f)
        fail(file, 0, "cannot open");
    path = file; line = 1;
    text = calloc(1, 1 << 20);
    if (fread(text, 1, (1 << 20) - 1, f) == (1 << 20) - 1)
        fail(file, 0, "too long");
    fclose(f);
    cur = text;
    for (next(); tok_nl || tok[0]; ) {
        if (tok_nl) {
            next();
            continue;
        }
        if (accept("struct"))
            parse_struct();
        else if (accept("flags"))
            parse_flags(false);
        else if (accept("values"))
            parse_flags(true);
        else if (accept("sys"))
            parse_sys();
        else if (accept("ioctl"))
            parse_ioctl();
        else if (accept("include")) {
            if (tok[0] != '<')
                fail(path, line, "<header> expected");
            add_header(strdup(tok));
            next();
        } else {
            fail(path, line, "unknown row '%s'", tok);
        }
    }
}
