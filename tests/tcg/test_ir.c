/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the cases of the .ir files in tests/tcg on every engine. A case:
 *
 *   case NAME
 *   set r1=5 v0=0x... mem=64          registers before; mem or mem+N is an address; `at N=V` sets 8 bytes of memory
 *   ...IR text as ir_print writes it; ends in raise (the default end is `raise aux=40`)
 *   want r2=6 code=40 pc=0x10000 sticky=1 [16]=V     [N]: 8 bytes of memory
 *   verify TEXT | parse TEXT          the checker or the parser must say TEXT instead
 */
#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "toy.h"

typedef struct Case {
    char *name;
    GString *ir;
    GPtrArray *set, *want;      /* words name=value */
    char *verify, *parse;
} Case;

static ToyEngine *engine[4];
static int failures, cases;

G_GNUC_PRINTF(2, 3) static void fail(const Case *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("FAIL %s: ", c->name);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    failures++;
}

static U128 number(const ToyEngine *e, const char *s)
{
    if (g_str_has_prefix(s, "mem"))
        return toy_mem_address(e) + (s[3] == '+' ? strtoull(s + 4, NULL, 0) : 0);
    if (g_str_has_prefix(s, "0x") && strlen(s) > 18) {
        U128 x = 0;
        for (s += 2; *s; s++)
            x = x << 4 | (unsigned)g_ascii_xdigit_value(*s);
        return x;
    }
    return *s == '-' ? (U128)(uint64_t)strtoll(s, NULL, 0) : strtoull(s, NULL, 0);
}

/* Where NAME of a set or want word lives in s; its size. */
static void *place(ToyState *s, const char *name, size_t *size)
{
    const TcgGuest *g = toy_guest(TOY_CANON);
    static const size_t sizes[IR_NTYPES] = { [IR_I32] = 4, [IR_I64] = 8, [IR_F32] = 4, [IR_F64] = 8, [IR_V128] = 16 };
    *size = 8;
    if (name[0] == '[')
        return s->mem + strtoul(name + 1, NULL, 0);
    if (!strcmp(name, "sticky"))
        return &s->c.cpu.fp_sticky;
    if (!strcmp(name, "pc"))
        return &s->c.cpu.pc;
    if (!strcmp(name, "arg"))
        return &s->c.cpu.exit_arg;
    *size = 4;
    if (!strcmp(name, "code"))
        return &s->code;
    if (!strcmp(name, "round"))
        return &s->c.cpu.fp_round;
    for (int r = 0; r < g->nregs; r++)
        if (!strcmp(g->regs[r].name, name)) {
            *size = sizes[g->regs[r].type];
            return (char *)&s->c + g->regs[r].offset;
        }
    printf("no place '%s'\n", name);
    exit(1);
}

static void run_on(const Case *c, ToyEngine *e, const ToyProgram *p)
{
    ToyState *s = g_new0(ToyState, 1);
    size_t size;
    s->c.cpu.pc = toy_pc(0);
    for (guint k = 0; k < c->set->len; k++) {
        g_auto(GStrv) w = g_strsplit(c->set->pdata[k], "=", 2);
        U128 x = number(e, w[1]);
        void *at = place(s, w[0], &size);
        memcpy(at, &x, size);
    }
    toy_run(e, p, s);
    for (guint k = 0; k < c->want->len; k++) {
        g_auto(GStrv) w = g_strsplit(c->want->pdata[k], "=", 2);
        U128 want = number(e, w[1]), have = 0;
        void *at = place(s, w[0], &size);
        memcpy(&have, at, size);
        if (size < 16)
            want &= ((U128)1 << (size * 8)) - 1;
        if (have != want)
            fail(c, "%s: %s should be %s, is 0x%llx%016llx", toy_engine_name(e), w[0], w[1],
                 (unsigned long long)(have >> 64), (unsigned long long)have);
    }
    g_free(s);
}

static void append_line(void *ctx, const char *line)
{
    g_string_append(ctx, line);
    g_string_append_c(ctx, '\n');
}

static GString *text_of(const IrUnit *u)
{
    GString *s = g_string_new(NULL);
    ir_print(u, append_line, s);
    return s;
}

/* print(parse(print(u))) is print(u). */
static void check_round_trip(const Case *c, const IrUnit *u)
{
    IrUnit again;
    ir_unit_init(&again, u->guest);
    GString *a = text_of(u), *b;
    g_autofree char *e = ir_parse(&again, a->str);
    if (e) {
        fail(c, "cannot read its own text: %s", e);
    } else {
        b = text_of(&again);
        if (!g_string_equal(a, b))
            fail(c, "text differs after a round trip:\n%s---\n%s", a->str, b->str);
        g_string_free(b, TRUE);
    }
    g_string_free(a, TRUE);
    ir_unit_free(&again);
}

static bool expected(const Case *c, const char *what, const char *error, const char *want)
{
    if (!error && !want)
        return false;
    if (!error || !want || !strstr(error, want))
        fail(c, "%s says '%s', should say '%s'", what, error ? error : "", want ? want : "");
    return true;
}

static void run_case(Case *c)
{
    ToyProgram p = { .n = 1 };
    IrUnit *u = &p.unit[0];
    ir_unit_init(u, toy_guest(TOY_CANON));
    if (!strstr(c->ir->str, "raise") && !c->verify)
        g_string_append(c->ir, "raise aux=40 imm2=0x10000\n");
    cases++;
    g_autofree char *bad = ir_parse(u, c->ir->str);
    if (!expected(c, "parser", bad, c->parse)) {
        u->pc = toy_pc(0);
        check_round_trip(c, u);
        g_autofree char *wrong = ir_verify(u);
        if (!expected(c, "verifier", wrong, c->verify))
            for (int k = 0; k < 4; k++)
                run_on(c, engine[k], &p);
    }
    ir_unit_free(u);
}

static void add_words(GPtrArray *a, const char *s)
{
    g_auto(GStrv) w = g_strsplit(s, " ", -1);
    for (char **p = w; *p; p++)
        if (**p)
            g_ptr_array_add(a, g_strdup(*p));
}

static void finish(Case *c)
{
    if (c->name) {
        run_case(c);
        g_string_free(c->ir, TRUE);
        g_ptr_array_unref(c->set);
        g_ptr_array_unref(c->want);
        g_free(c->verify);
        g_free(c->parse);
        g_free(c->name);
    }
    *c = (Case){ 0 };
}

static void run_file(const char *path)
{
    g_autofree char *text = NULL;
    Case c = { 0 };
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        printf("FAIL cannot read %s\n", path);
        failures++;
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        char *s = g_strstrip(*l);
        if (g_str_has_prefix(s, "case ")) {
            finish(&c);
            c = (Case){ g_strdup(s + 5), g_string_new(NULL), g_ptr_array_new_with_free_func(g_free),
                g_ptr_array_new_with_free_func(g_free) };
        } else if (g_str_has_prefix(s, "set ")) {
            add_words(c.set, s + 4);
        } else if (g_str_has_prefix(s, "want ")) {
            add_words(c.want, s + 5);
        } else if (g_str_has_prefix(s, "verify ")) {
            c.verify = g_strdup(s + 7);
        } else if (g_str_has_prefix(s, "parse ")) {
            c.parse = g_strdup(s + 6);
        } else if (c.ir && *s && *s != '#') {
            append_line(c.ir, s);
        }
    }
    finish(&c);
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : "tests/tcg";
    for (int k = 0; k < 4; k++)
        engine[k] = toy_engine(TOY_CANON, k < 2, k & 1, false);
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)); )
        if (g_str_has_suffix(e->d_name, ".ir")) {
            g_autofree char *path = g_build_filename(dir, e->d_name, NULL);
            run_file(path);
        }
    if (d)
        closedir(d);
    if (!cases) {
        printf("FAIL no cases in %s\n", dir);
        return 1;
    }
    printf("%s: %d failures in %d cases\n", failures ? "FAIL" : "ok", failures, cases);
    return failures != 0;
}
