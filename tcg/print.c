/* SPDX-License-Identifier: Apache-2.0 */
/* Text of a unit, one line per instruction; parse.c reads the same form:
 *
 *   unit pc=0x1000 flags=0x0
 *   v2 = get.i64 %x1
 *   v3 = load.i64 v2 mem=u32|be imm=16
 *   brcond.i64.ltu v3 v2 L0
 *
 * After the op stand type, type2, condition, lane and rounding, each by a name of its own; then operands vN,
 * %register, @helper, Lnumber, and other fields by name. A field that is absent is 0. */
#include <glib.h>
#include <inttypes.h>
#include "tcg.h"

static const char *const lane_name[] = { "e8", "e16", "e32", "e64" };
static const char *const round_name[] = { "rne", "rtz", "rdn", "rup", "rna", "rodd", "dyn" };
static const char *const size_name[] = { "8", "16", "32", "64", "128" };
static const struct { uint16_t bit; const char *name; } mem_name[] = {
    { MEM_BE, "|be" }, { MEM_ALIGN, "|align" }, { MEM_ACQUIRE, "|acq" }, { MEM_RELEASE, "|rel" },
    { MEM_ATOMIC, "|atomic" },
};

static bool in(IrOp op, IrOp first, IrOp last) { return op >= first && op <= last; }

static bool has_cond(IrOp op)
{
    return op == IR_setcond || op == IR_select || in(op, IR_setcond_f, IR_flags_select) || op == IR_fcmp ||
        op == IR_vcmp || op == IR_vfcmp || op == IR_brcond || op == IR_brcond_f || op == IR_exit_if ||
        op == IR_exit_if_f;
}

static bool has_lane(IrOp op) { return in(op, IR_vdup, IR_vabs) || in(op, IR_vshli, IR_vfcvt_uf); }
static bool has_mem(IrOp op) { return op == IR_ld_env || op == IR_st_env || ir_op_info[op].bits & OPF_FAULT; }
static bool names_label(IrOp op) { return in(op, IR_label, IR_brcond_f); }
static bool names_register(IrOp op) { return op == IR_get || op == IR_put; }

static void add_suffixes(GString *s, const IrInsn *i)
{
    IrOp op = (IrOp)i->op;
    if (i->type)
        g_string_append_printf(s, ".%s", ir_type_name[i->type]);
    if (i->type2)
        g_string_append_printf(s, ".%s", ir_type_name[i->type2]);
    if (has_cond(op) || i->cond)
        g_string_append_printf(s, ".%s", ir_cond_name[i->cond]);
    if (has_lane(op) || i->lane)
        g_string_append_printf(s, ".%s", lane_name[i->lane & 3]);
    if (i->round)
        g_string_append_printf(s, ".%s", round_name[i->round]);
}

static void add_mem(GString *s, uint16_t mem)
{
    g_string_append_printf(
        s, " mem=%c%s", mem & MEM_SIGNED ? 's' : 'u', (mem & MEM_SIZE) <= MEM_128 ? size_name[mem & MEM_SIZE] : "?");
    for (size_t k = 0; k < G_N_ELEMENTS(mem_name); k++)
        if (mem & mem_name[k].bit)
            g_string_append(s, mem_name[k].name);
}

static void add_number(GString *s, const char *name, int64_t v)
{
    if (v > -4096 && v < 4096)
        g_string_append_printf(s, " %s=%" PRId64, name, v);
    else
        g_string_append_printf(s, " %s=0x%" PRIx64, name, v);
}

static void add_fields(GString *s, const IrUnit *u, const IrInsn *i)
{
    IrOp op = (IrOp)i->op;
    const TcgGuest *g = u->guest;
    bool aux_done = names_label(op) || names_register(op), imm_done = false;
    if (names_register(op))
        g_string_append_printf(s, " %%%s", g && i->aux < g->nregs ? g->regs[i->aux].name : "?");
    if (op == IR_call && g && i->imm >= 0 && i->imm < g->nhelpers) {
        g_string_append_printf(s, " @%s", g->helpers[i->imm].name);
        imm_done = true;
    }
    for (int k = 0; k < i->nargs; k++)
        g_string_append_printf(s, " v%u", i->arg[k]);
    if (names_label(op))
        g_string_append_printf(s, " L%u", i->aux);
    if (has_mem(op))
        add_mem(s, i->mem);
    if (i->aux && !aux_done)
        add_number(s, "aux", i->aux);
    if ((i->imm && !imm_done) || op == IR_const || op == IR_addr)
        add_number(s, "imm", i->imm);
    if (ir_has_imm2(op) && i->imm2)
        add_number(s, "imm2", (int64_t)i->imm2);
}

void ir_print(const IrUnit *u, void (*out)(void *ctx, const char *line), void *ctx)
{
    g_autoptr(GString) s = g_string_new(NULL);
    g_string_printf(s, "unit pc=0x%" PRIx64 " flags=0x%x", u->pc, u->flags);
    out(ctx, s->str);
    for (uint32_t n = 1; n < u->n; n++) {
        const IrInsn *i = &u->insn[n];
        g_string_truncate(s, 0);
        if (ir_result_type(i) != IR_VOID)
            g_string_append_printf(s, "v%u = ", n);
        g_string_append(s, ir_op_info[i->op].name);
        add_suffixes(s, i);
        add_fields(s, u, i);
        out(ctx, s->str);
    }
}
