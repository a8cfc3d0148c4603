/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text that print.c writes (see there). Value names are only names: instructions are numbered anew in
 * order. `#` starts a comment. The result is not verified. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "tcg.h"

typedef struct Parser {
    IrUnit *u;
    GArray *names;              /* IrVal by number in the text */
    int line;
    char *error;                /* the first one */
} Parser;

static void fail(Parser *p, const char *what, const char *token)
{
    if (!p->error)
        p->error = g_strdup_printf("line %d: %s '%s'", p->line, what, token);
}

static int find_name(const char *const *table, int n, const char *name)
{
    for (int k = 0; k < n; k++)
        if (table[k] && !strcmp(table[k], name))
            return k;
    return -1;
}

static bool number(const char *s, int64_t *out)
{
    char *end;
    *out = *s == '-' ? strtoll(s, &end, 0) : (int64_t)strtoull(s, &end, 0);
    return *s && !*end;
}

static void parse_suffix(Parser *p, IrInsn *i, const char *s)
{
    static const char *const lanes[] = { "e8", "e16", "e32", "e64" };
    static const char *const rounds[] = { "rne", "rtz", "rdn", "rup", "rna", "rodd", "dyn" };
    int k;
    if ((k = find_name(ir_type_name, IR_NTYPES, s)) > 0) {
        if (i->type)
            i->type2 = (uint8_t)k;
        else
            i->type = (uint8_t)k;
    } else if ((k = find_name(ir_cond_name, COND_ALWAYS + 1, s)) >= 0) {
        i->cond = (uint8_t)k;
    } else if ((k = find_name(lanes, 4, s)) >= 0) {
        i->lane = (uint8_t)k;
    } else if ((k = find_name(rounds, 7, s)) >= 0) {
        i->round = (uint8_t)k;
    } else {
        fail(p, "unknown suffix", s);
    }
}

static void parse_mem(Parser *p, IrInsn *i, const char *s)
{
    static const char *const sizes[] = { "8", "16", "32", "64", "128" };
    static const char *const bits[] = { "be", "align", "acq", "rel", "atomic" };
    static const uint16_t bit[] = { MEM_BE, MEM_ALIGN, MEM_ACQUIRE, MEM_RELEASE, MEM_ATOMIC };
    g_auto(GStrv) part = g_strsplit(s, "|", -1);
    int k = part[0] && part[0][0] ? find_name(sizes, 5, part[0] + 1) : -1;
    if (k < 0) {
        fail(p, "bad memory size", s);
        return;
    }
    i->mem = (uint16_t)(k | (part[0][0] == 's' ? MEM_SIGNED : 0));
    for (char **q = part + 1; *q; q++) {
        if ((k = find_name(bits, 5, *q)) < 0)
            fail(p, "unknown memory attribute", *q);
        else
            i->mem |= bit[k];
    }
}

static void parse_value(Parser *p, IrInsn *i, const char *s)
{
    int64_t n;
    if (!number(s + 1, &n) || n < 0 || n >= p->names->len || !g_array_index(p->names, IrVal, n))
        fail(p, "value not defined", s);
    else if (i->nargs >= 6)
        fail(p, "too many operands", s);
    else
        i->arg[i->nargs++] = g_array_index(p->names, IrVal, n);
}

static void parse_register(Parser *p, IrInsn *i, const char *s)
{
    const TcgGuest *g = p->u->guest;
    for (int k = 0; g && k < g->nregs; k++)
        if (!strcmp(g->regs[k].name, s + 1)) {
            i->aux = (uint16_t)k;
            return;
        }
    fail(p, "no such register", s);
}

static void parse_helper(Parser *p, IrInsn *i, const char *s)
{
    const TcgGuest *g = p->u->guest;
    for (int k = 0; g && k < g->nhelpers; k++)
        if (!strcmp(g->helpers[k].name, s + 1)) {
            i->imm = k;
            return;
        }
    fail(p, "no such helper", s);
}

static void parse_label(Parser *p, IrInsn *i, const char *s)
{
    int64_t n;
    if (!number(s + 1, &n) || n < 0 || n > 0xfffe) {
        fail(p, "bad label", s);
        return;
    }
    i->aux = (uint16_t)n;
    if (n >= p->u->nlabels)
        p->u->nlabels = (uint16_t)(n + 1);
}

static void parse_field(Parser *p, IrInsn *i, char *s)
{
    char *eq = strchr(s, '=');
    int64_t n;
    if (!eq) {
        fail(p, "cannot read", s);
        return;
    }
    *eq = 0;
    if (!strcmp(s, "mem"))
        parse_mem(p, i, eq + 1);
    else if (!number(eq + 1, &n))
        fail(p, "not a number", eq + 1);
    else if (!strcmp(s, "imm"))
        i->imm = n;
    else if (!strcmp(s, "imm2"))
        i->imm2 = (uint64_t)n;
    else if (!strcmp(s, "aux"))
        i->aux = (uint16_t)n;
    else
        fail(p, "unknown field", s);
}

static void parse_operand(Parser *p, IrInsn *i, char *s)
{
    if (*s == 'v' && g_ascii_isdigit(s[1]))
        parse_value(p, i, s);
    else if (*s == 'L' && g_ascii_isdigit(s[1]))
        parse_label(p, i, s);
    else if (*s == '%')
        parse_register(p, i, s);
    else if (*s == '@')
        parse_helper(p, i, s);
    else
        parse_field(p, i, s);
}

static int find_op(const char *name)
{
    for (int k = 0; k < IR_NOPS; k++)
        if (!strcmp(ir_op_info[k].name, name))
            return k;
    return -1;
}

static void parse_header(Parser *p, char **tok)
{
    for (; *tok; tok++) {
        int64_t n = 0;
        if (g_str_has_prefix(*tok, "pc=") && number(*tok + 3, &n))
            p->u->pc = (gaddr)n;
        else if (g_str_has_prefix(*tok, "flags=") && number(*tok + 6, &n))
            p->u->flags = (uint32_t)n;
        else
            fail(p, "bad unit line", *tok);
    }
}

/* tok: op.suffixes operands... ; name: the vN in front, or NULL. */
static void parse_insn(Parser *p, char **tok, const char *name)
{
    g_auto(GStrv) part = g_strsplit(tok[0], ".", -1);
    int op = find_op(part[0]);
    int64_t n = 0;
    if (op < 0) {
        fail(p, "unknown op", part[0]);
        return;
    }
    IrInsn i = { .op = (uint16_t)op };
    for (char **s = part + 1; *s; s++)
        parse_suffix(p, &i, *s);
    for (char **s = tok + 1; *s; s++)
        parse_operand(p, &i, *s);
    int nargs = i.nargs;
    if (op == IR_insn)
        ir_insn(p->u, (gaddr)i.imm, i.aux);
    else
        *ir_emit(p->u, (IrOp)op, (IrType)i.type) = i;
    if (op != IR_call && nargs != (int)strlen(ir_op_info[op].args))
        fail(p, "wrong number of operands", tok[0]);
    if (!!name != (ir_result_type(&i) != IR_VOID)) {
        fail(p, name ? "no value comes from" : "value not named", tok[0]);
    } else if (name) {
        if (name[0] != 'v' || !number(name + 1, &n) || n < 1 || n > 1 << 20) {
            fail(p, "bad value name", name);
            return;
        }
        if (n >= p->names->len)
            g_array_set_size(p->names, (guint)n + 1);
        g_array_index(p->names, IrVal, n) = p->u->n - 1;
    }
}

static void parse_line(Parser *p, char *line)
{
    char *comment = strchr(line, '#');
    if (comment)
        *comment = 0;
    g_auto(GStrv) tok = g_strsplit_set(g_strstrip(line), " \t", -1);
    int n = 0;                  /* drop empty tokens */
    for (char **s = tok; *s; s++) {
        if (**s)
            tok[n++] = *s;
        else
            g_free(*s);
    }
    tok[n] = NULL;
    if (!n)
        return;
    if (!strcmp(tok[0], "unit"))
        parse_header(p, tok + 1);
    else if (n >= 3 && !strcmp(tok[1], "="))
        parse_insn(p, tok + 2, tok[0]);
    else
        parse_insn(p, tok, NULL);
}

char *ir_parse(IrUnit *u, const char *text)
{
    Parser p = { .u = u, .names = g_array_new(FALSE, TRUE, sizeof(IrVal)) };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ir_unit_reset(u, 0, 0);
    for (char **l = lines; *l && !p.error; l++) {
        p.line++;
        parse_line(&p, *l);
    }
    g_array_free(p.names, TRUE);
    return p.error;
}
