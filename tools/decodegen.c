/* SPDX-License-Identifier: Apache-2.0 */
/* decodegen -o OUT.h FILE.decode [tr_*.c ...]
 * Turns decode rows into C: OUT.h (operand structs, prototypes) for every translator file and OUT.inc
 * (matcher, calls, disassembly, row table), included by exactly one. docs/decode.md
 * is the contract. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "decodegen.h"

void report(const char *path, int line, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%d: ", path, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void *grow(void *array, int n, size_t size)
{
    if (n & (n - 1))                    /* capacity is the next power of two */
        return array;
    array = realloc(array, (n ? 2 * n : 1) * size);
    if (!array)
        abort();
    memset((char *)array + n * size, 0, (n ? n : 1) * size);
    return array;
}

char *c_name(const char *name)
{
    char *out = strdup(name);
    for (char *c = out; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return out;
}

static void upper(FILE *out, const char *s)
{
    for (; *s; s++)
        fputc(toupper((unsigned char)*s), out);
}

/* "a|b" as a test of the feature words; "!a" negated. */
static void feature_test(const Spec *s, const char *feat, FILE *out)
{
    bool negate = *feat == '!';
    char *copy = strdup(feat + negate), *save = NULL;
    fprintf(out, "%s(", negate ? "!" : "");
    for (char *f = strtok_r(copy, "|", &save), *first = f; f; f = strtok_r(NULL, "|", &save)) {
        fprintf(out, "%sfeature_%s(f, FEAT_", f == first ? "" : " || ", s->isa);
        upper(out, f);
        fputc(')', out);
    }
    fputc(')', out);
    free(copy);
}

void row_conditions(const Spec *s, const Row *r, uint64_t untested, FILE *out)
{
    const char *and = "";
    if (untested) {
        fprintf(out, "(insn & %#llx) == %#llx", (unsigned long long)untested, (unsigned long long)(r->bits & untested));
        and = " && ";
    }
    for (int i = 0; i < r->nfeat; i++, and = " && ") {
        fputs(and, out);
        feature_test(s, r->feat[i], out);
    }
    if (r->npred) {
        fprintf(out, "%sholds_%s_%d(insn)", and, s->isa, (int)(r - s->row));
        and = " && ";
    }
    if (!*and)
        fputc('1', out);
}

/* --- The header: structs and prototypes */

static void emit_struct(const Form *f, FILE *out)
{
    if (f->foreign)
        return;
    fprintf(out, "typedef struct Op%s {", f->type);
    for (int i = 0; i < f->n; i++)
        fprintf(out, "%s%s", i ? ", " : f->wide ? " int64_t " : " int32_t ", f->m[i].name);
    fprintf(out, "%s } Op%s;\n", f->n ? ";" : " char none;", f->type);
}

static void emit_prototypes(const Spec *s, FILE *out)
{
    for (int i = 0; i < s->nrows; i++) {
        const Row *r = &s->row[i];
        bool seen = false;
        for (int k = 0; k < i; k++)
            seen |= !strcmp(s->row[k].tr, r->tr);
        if (!seen) {
            fprintf(out, "bool tr_%s(Tr *t, const Op%s *a", r->tr, r->form->type);
            for (int k = 0; k < r->nargs; k++)
                fprintf(out, ", int k%d", k);
            fprintf(out, ");\n");
        }
        for (int k = 0; k < r->npred; k++)
            fprintf(out, "bool ok_%s(const Op%s *a);\n", r->pred[k], r->form->type);
    }
    for (int i = 0; i < s->nfields; i++)
        if (s->field[i].fmt)
            fprintf(out, "void fmt_%s(char *out, int64_t v, const DisCtx *ctx);\n", s->field[i].fmt);
}

static void emit_header(const Spec *s, FILE *out)
{
    fprintf(
        out, "/* From %s by tools/decodegen: do not edit. */\n#pragma once\n#include \"target/decode.h\"\n\n", s->path);
    for (int i = 0; i < s->nforms; i++)
        emit_struct(&s->form[i], out);
    fputc('\n', out);
    emit_prototypes(s, out);
    fprintf(out, "\nint  match_%s(const uint64_t *features, uint64_t insn);\n", s->isa);
    fprintf(out, "bool decode_%s(Tr *t, uint64_t insn);\n", s->isa);
    fprintf(out, "bool disas_%s(char *out, size_t cap, uint64_t insn, const DisCtx *ctx);\n", s->isa);
    fprintf(out, "extern const DecodeIsa isa_%s;\n", s->isa);
}

/* --- The implementation */

static void emit_member(const Member *m, FILE *out)
{
    const Field *f = m->field;
    fprintf(out, "    a->%s = ", m->name);
    if (!f) {
        fprintf(out, "%lld;\n", (long long)m->value);
        return;
    }
    int up = 0;
    for (int i = 0; i < f->npieces; i++)
        up += f->piece[i].hi - f->piece[i].lo + 1;
    fprintf(out, "(int64_t)((");
    for (int i = 0; i < f->npieces; i++) {
        int hi = f->piece[i].hi, lo = f->piece[i].lo, w = hi - lo + 1;
        up -= w;
        if (i == 0 && f->sign)
            fprintf(out, "(uint64_t)((int64_t)(insn << %d) >> %d) << %d", 63 - hi, 64 - w, up);
        else
            fprintf(out, "%s(insn >> %d & %#llx) << %d", i ? " | " : "", lo, ~0ull >> (64 - w), up);
    }
    fprintf(out, ") << %d) + %lld;\n", f->shift, (long long)f->plus);
}

static void emit_getters(const Spec *s, FILE *out)
{
    for (int i = 0; i < s->nforms; i++) {
        const Form *f = &s->form[i];
        fprintf(out, "static inline void operands_%s_%s(Op%s *a, uint64_t insn)\n{\n", s->isa, f->name, f->type);
        if (f->foreign || !f->n)
            fprintf(out, "    *a = (Op%s){ 0 };\n", f->type);
        for (int k = 0; k < f->n; k++)
            emit_member(&f->m[k], out);
        fprintf(out, "}\n\n");
    }
}

static void emit_predicates(const Spec *s, FILE *out)
{
    for (int i = 0; i < s->nrows; i++) {
        const Row *r = &s->row[i];
        if (!r->npred)
            continue;
        fprintf(out,
            "static bool holds_%s_%d(uint64_t insn)\n{\n    Op%s a;\n    operands_%s_%s(&a, insn);\n    return ",
            s->isa, i, r->form->type, s->isa, r->form->name);
        for (int k = 0; k < r->npred; k++)
            fprintf(out, "%sok_%s(&a)", k ? " && " : "", r->pred[k]);
        fprintf(out, ";\n}\n\n");
    }
}

static void emit_calls(const Spec *s, FILE *out)
{
    for (int i = 0; i < s->nrows; i++) {
        const Row *r = &s->row[i];
        fprintf(out,
            "static bool call_%s_%d(Tr *t, uint64_t insn) { Op%s a; operands_%s_%s(&a, insn); return tr_%s(t, &a",
            s->isa, i, r->form->type, s->isa, r->form->name, r->tr);
        for (int k = 0; k < r->nargs; k++)
            fprintf(out, ", %s", r->arg[k]);
        fprintf(out, "); } /* %s */\n", r->name);
    }
    fprintf(out, "\nstatic bool (*const calls_%s[])(Tr *, uint64_t) = {", s->isa);
    for (int i = 0; i < s->nrows; i++)
        fprintf(out, "%s call_%s_%d,", i % 8 ? "" : "\n   ", s->isa, i);
    fprintf(out, "\n};\n\n");
    fprintf(out, "bool decode_%s(Tr *t, uint64_t insn)\n{\n    int row = match_%s(t->features, insn);\n"
            "    return row >= 0 && calls_%s[row](t, insn);\n}\n\n", s->isa, s->isa, s->isa);
}

static const Member *find_member(const Form *f, const char *name, int n)
{
    for (int i = 0; i < f->n; i++)
        if (!strncmp(f->m[i].name, name, n) && !f->m[i].name[n])
            return &f->m[i];
    return NULL;
}

typedef struct Text { char fmt[512]; int n, nbuf; char args[1024]; char pre[2048]; } Text;

static void text_member(Text *t, const Member *m, const char *cls, int clen)
{
    char buf[300];
    if (!cls && m->field && m->field->fmt) {
        cls = m->field->fmt;
        clen = strlen(cls);
    }
    if (cls) {
        snprintf(buf, sizeof buf, " fmt_%.*s(b[%d], a.%s, ctx);", clen, cls, t->nbuf, m->name);
        strcat(t->pre, buf);
        snprintf(buf, sizeof buf, ", b[%d]", t->nbuf++);
        t->n += sprintf(t->fmt + t->n, "%%s");
    } else {
        snprintf(buf, sizeof buf, ", (long long)a.%s", m->name);
        t->n += sprintf(t->fmt + t->n, "%%lld");
    }
    strcat(t->args, buf);
}

/* Compiles assembly text: names of members, {member:class}, everything else as it stands. */
static bool compile_text(const Spec *s, const Row *r, Text *t)
{
    *t = (Text){ 0 };
    for (const char *p = r->text; *p; ) {
        if (*p == '{') {
            const char *end = strchr(p, '}'), *colon = strchr(p, ':');
            bool cls = end && colon && colon < end;
            const Member *m = end ? find_member(r->form, p + 1, (cls ? colon : end) - p - 1) : NULL;
            if (!m) {
                report(s->path, r->line, "%s: no member at '%s'", r->name, p);
                return false;
            }
            text_member(t, m, cls ? colon + 1 : NULL, cls ? end - colon - 1 : 0);
            p = end + 1;
            continue;
        }
        int n = 0;
        while (isalnum((unsigned char)p[n]) || p[n] == '_')
            n++;
        const Member *m = n ? find_member(r->form, p, n) : NULL;
        if (m) {
            text_member(t, m, NULL, 0);
            p += n;
            continue;
        }
        for (n += !n; n; n--, p++) {
            if (*p == '%' || *p == '\\')
                t->fmt[t->n++] = *p;
            t->fmt[t->n++] = *p;
        }
    }
    t->fmt[t->n] = 0;
    return true;
}

static bool emit_disas(const Spec *s, FILE *out)
{
    fprintf(out, "bool disas_%s(char *out, size_t cap, uint64_t insn, const DisCtx *ctx)\n{\n    char b[%d][48];\n"
            "    (void)b;\n    switch (match_%s(ctx->features, insn)) {\n", s->isa, MAX_MEMBERS, s->isa);
    for (int i = 0; i < s->nrows; i++) {
        const Row *r = &s->row[i];
        Text t;
        if (!compile_text(s, r, &t))
            return false;
        int mnemonic = strcspn(r->name, "/");
        fprintf(out, "    case %d: {", i);
        if (*t.args)
            fprintf(out, " Op%s a; operands_%s_%s(&a, insn);%s", r->form->type, s->isa, r->form->name, t.pre);
        if (*t.fmt)
            fprintf(out, " snprintf(out, cap, \"%-7.*s %s\"%s); return true; }\n", mnemonic, r->name, t.fmt, t.args);
        else
            fprintf(out, " snprintf(out, cap, \"%.*s\"); return true; }\n", mnemonic, r->name);
    }
    fprintf(out, "    }\n    return false;\n}\n\n");
    return true;
}

static void emit_table(const Spec *s, FILE *out)
{
    fprintf(out, "static const DecodeRow rows_%s[] = {\n", s->isa);
    for (int i = 0; i < s->nrows; i++) {
        const Row *r = &s->row[i];
        fprintf(
            out, "    { \"%s\", %#llx, %#llx, \"", r->name, (unsigned long long)r->mask, (unsigned long long)r->bits);
        for (int k = 0; k < r->nfeat; k++)
            fprintf(out, "%s%s", k ? " " : "", r->feat[k]);
        fprintf(out, "\", \"%s\", ", r->tags ? r->tags : "");
        if (r->npred)
            fprintf(out, "holds_%s_%d },\n", s->isa, i);
        else
            fprintf(out, "NULL },\n");
    }
    fprintf(out, "};\n\nstatic const DecodeSkip skips_%s[] = {\n", s->isa);
    for (int i = 0; i < s->nskips; i++)
        fprintf(out, "    { \"%s\", %#llx, %#llx, \"%s\" },\n", s->skip[i].name, (unsigned long long)s->skip[i].mask,
                (unsigned long long)s->skip[i].bits, s->skip[i].reason);
    fprintf(out, "    { 0 }\n};\n\n");
    fprintf(out, "const DecodeIsa isa_%s = { \"%s\", %d, rows_%s, %d, skips_%s, %d, match_%s, disas_%s };\n",
            s->isa, s->isa, s->width, s->isa, s->nrows, s->isa, s->nskips, s->isa, s->isa);
}

static bool emit_code(const Spec *s, FILE *out)
{
    fprintf(out, "/* From %s by tools/decodegen: do not edit. Included by one file. */\n\n", s->path);
    emit_getters(s, out);
    emit_predicates(s, out);
    fprintf(out,
        "static inline bool feature_%s(const uint64_t *f, int bit) { return f[bit >> 6] >> (bit & 63) & 1; }\n\n",
        s->isa);
    fprintf(out, "int match_%s(const uint64_t *f, uint64_t insn)\n{\n    (void)f;\n    (void)feature_%s;\n", s->isa,
        s->isa);
    spec_tree(s, out);
    fprintf(out, "}\n\n");
    emit_calls(s, out);
    if (!emit_disas(s, out))
        return false;
    emit_table(s, out);
    return true;
}

/* --- Command line */

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static int finish(FILE *f, const char *path)
{
    if (ferror(f) | fclose(f)) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 4 || strcmp(argv[1], "-o") || strlen(argv[2]) < 3 || strcmp(argv[2] + strlen(argv[2]) - 2, ".h")) {
        fprintf(stderr, "usage: decodegen -o OUT.h FILE.decode [tr_*.c ...]\n");
        return 1;
    }
    Spec s;
    spec_parse(&s, argv[3]);
    if (spec_check(&s, argc - 4, argv + 4))
        return 1;
    char *inc;
    if (asprintf(&inc, "%.*s.inc", (int)strlen(argv[2]) - 2, argv[2]) < 0)
        return 1;
    FILE *code = create(inc);
    if (!emit_code(&s, code)) {
        fclose(code);
        remove(inc);
        return 1;
    }
    FILE *header = create(argv[2]);
    emit_header(&s, header);
    return finish(code, inc) | finish(header, argv[2]);
}
