/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a unit against ops.def and the rules of ir.h: operand and result types, values defined earlier in the same
 * basic block, labels, memory attributes, registers, helpers, and an end that control cannot run past. */
#include <glib.h>
#include <stdarg.h>
#include <string.h>
#include "tcg.h"

typedef struct Verify {
    const IrUnit *u;
    uint32_t block;             /* first instruction of the current basic block */
    uint8_t label[1 << 13];     /* bit set of labels placed */
    uint8_t local_type[16];
    char *error;
    uint32_t at;
} Verify;

G_GNUC_PRINTF(2, 3) static void fail(Verify *v, const char *fmt, ...)
{
    if (v->error)
        return;
    va_list ap;
    va_start(ap, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    v->error = g_strdup_printf("unit 0x%llx, instruction %u (%s): %s", (unsigned long long)v->u->pc, v->at,
                               v->u->insn[v->at].op < IR_NOPS ? ir_op_info[v->u->insn[v->at].op].name : "?", what);
}

static bool is_vector(IrType t) { return t == IR_V64 || t == IR_V128; }
static bool is_float(IrType t) { return t == IR_F32 || t == IR_F64; }
static bool is_int(IrType t) { return t == IR_I32 || t == IR_I64; }

static bool letter_fits(char letter, IrType t)
{
    switch (letter) {
    case 'i': return is_int(t);
    case 'f': return is_float(t);
    case 'v': return is_vector(t);
    case '*': return t > IR_I16 && t < IR_FLAGS && t != IR_V256;
    default:  return true;          /* fixed by the letter */
    }
}

static const char *name_of(IrType t) { return t < IR_NTYPES ? ir_type_name[t] : "?"; }

static IrType wanted_type(const Verify *v, const IrInsn *i, int k)
{
    const TcgGuest *g = v->u->guest;
    if (i->op == IR_call)
        return (IrType)g->helpers[i->imm].arg[k];
    return ir_operand_type(i, k);
}

static void check_operand(Verify *v, const IrInsn *i, int k)
{
    IrVal a = i->arg[k];
    if (!a || a >= v->at) {
        fail(v, "operand %d is v%u, not defined yet", k, a);
        return;
    }
    if (a < v->block) {
        fail(v, "operand %d, v%u, is from another basic block", k, a);
        return;
    }
    IrType have = ir_result_type(&v->u->insn[a]), want = wanted_type(v, i, k);
    bool either = i->op == IR_vpair && is_vector(have);     /* only the low halves count */
    if (have != want && !either && i->op != IR_host_insn)
        fail(v, "operand %d, v%u, is %s, not %s", k, a, name_of(have), name_of(want));
}

/* --- type and type2 */
static void check_types(Verify *v, const IrInsn *i)
{
    const IrOpInfo *o = &ir_op_info[i->op];
    IrType t = (IrType)i->type, t2 = (IrType)i->type2;
    if (i->op == IR_call || i->op == IR_host_insn)
        return;
    if (!letter_fits(o->result, t) && o->result != '-')
        fail(v, "type %s", name_of(t));
    for (const char *a = o->args; *a; a++)
        if (strchr("fv", *a) && ir_operand_type(i, (int)(a - o->args)) == t && !letter_fits(*a, t))
            fail(v, "type %s for operand %s", name_of(t), a);
    bool ok = true;
    switch (i->op) {
    case IR_select: ok = is_int(t2); break;
    case IR_fcvt_ff: case IR_fcvt_fi: case IR_fcvt_fu: ok = is_float(t2); break;
    case IR_fcvt_if: case IR_fcvt_uf: ok = is_int(t2); break;
    case IR_vzext: ok = is_int(t2) || is_float(t2) || t2 == IR_V64; break;
    case IR_vlow: ok = is_vector(t2) && t != IR_I128 && t != IR_V128; break;
    case IR_vget: ok = is_vector(t2) && (is_int(t) || is_float(t)); break;
    case IR_vset: ok = is_int(t2) || is_float(t2); break;
    case IR_vdup: ok = is_int(t2) || is_float(t2) || is_vector(t2); break;
    case IR_brcond: case IR_exit_if: ok = is_int(t); break;
    case IR_fbits: ok = is_int(t); break;
    case IR_fbits_s: case IR_ffrom_s: ok = t == IR_F64; break;
    case IR_fbox: case IR_fwiden: ok = t == IR_F64 && t2 == IR_F32; break;
    case IR_fma_narrow: case IR_funbox: ok = t == IR_F32 && t2 == IR_F64; break;
    default: break;
    }
    if (!ok)
        fail(v, "types %s, %s", name_of(t), name_of(t2));
}

/* --- attributes */
static int type_bytes(IrType t)
{
    static const uint8_t size[IR_NTYPES] = {
        [IR_I8] = 1, [IR_I16] = 2, [IR_I32] = 4, [IR_I64] = 8, [IR_I128] = 16, [IR_F32] = 4, [IR_F64] = 8,
        [IR_V64] = 8, [IR_V128] = 16, [IR_V256] = 32,
    };
    return size[t];
}

static void check_mem(Verify *v, const IrInsn *i)
{
    int size = 1 << (i->mem & MEM_SIZE), full = type_bytes((IrType)i->type);
    if (size > 16 || size > full)
        fail(v, "%d bytes of memory for a %s", size, name_of((IrType)i->type));
    if (!is_int((IrType)i->type) && size != full)
        fail(v, "part of a %s in memory", name_of((IrType)i->type));
    if (ir_op_class[i->op] == IRC_ATOMIC && i->mem & MEM_SIGNED)
        fail(v, "signed atomic");
    if ((i->op == IR_cas && !is_int((IrType)i->type) && i->type != IR_I128))
        fail(v, "type %s", name_of((IrType)i->type));
    if (i->imm != (int32_t)i->imm)
        fail(v, "offset does not fit 32 bits");
}

/* Registers are reached by get and put only: they may be in host registers. */
static void check_env(Verify *v, const IrInsn *i)
{
    const TcgGuest *g = v->u->guest;
    int64_t end = i->imm + (1 << (i->mem & MEM_SIZE));
    check_mem(v, i);
    if (i->imm < 0 || (g->state_size && end > (int64_t)g->state_size))
        fail(v, "offset %lld outside the state", (long long)i->imm);
    for (int r = 0; r < g->nregs; r++) {
        int64_t at = g->regs[r].offset;
        if (i->imm < at + type_bytes((IrType)g->regs[r].type) && at < end)
            fail(v, "overlaps register %s", g->regs[r].name);
    }
}

static void check_register(Verify *v, const IrInsn *i)
{
    const TcgGuest *g = v->u->guest;
    if (i->aux >= g->nregs)
        fail(v, "no register %u", i->aux);
    else if (i->type != g->regs[i->aux].type)
        fail(v, "register %s is %s, not %s", g->regs[i->aux].name, name_of((IrType)g->regs[i->aux].type),
            name_of((IrType)i->type));
}

static void check_local(Verify *v, const IrInsn *i)
{
    if (i->aux >= 16)
        fail(v, "no local %u", i->aux);
    else if (v->local_type[i->aux] && v->local_type[i->aux] != i->type)
        fail(v, "local %u has two types", i->aux);
    else
        v->local_type[i->aux] = i->type;
}

static void check_call(Verify *v, const IrInsn *i)
{
    const TcgGuest *g = v->u->guest;
    if (i->imm < 0 || i->imm >= g->nhelpers)
        fail(v, "no helper %lld", (long long)i->imm);
    else if (i->nargs != g->helpers[i->imm].nargs || i->type != g->helpers[i->imm].ret)
        fail(v, "helper %s has %d operands and gives %s", g->helpers[i->imm].name, g->helpers[i->imm].nargs,
             name_of((IrType)g->helpers[i->imm].ret));
}

static void check_field(Verify *v, const IrInsn *i)
{
    int start = i->aux & 63, len = i->aux >> 8, width = i->type == IR_I32 ? 32 : 64;
    if (len < 1 || start + len > width)
        fail(v, "field at %d of %d bits", start, len);
}

static void check_lane(Verify *v, const IrInsn *i)
{
    int bits = 8 << i->lane, total = i->type == IR_V64 ? 64 : 128;
    int64_t imm = i->imm;
    bool ok = i->lane <= E64, wide = i->type == IR_V128;
    switch (i->op) {
    case IR_vget: ok &= imm >= 0 && imm < (i->type2 == IR_V64 ? 64 : 128) / bits; break;
    case IR_vset: ok &= imm >= 0 && imm < total / bits; break;
    case IR_vpair: ok &= wide; break;
    case IR_vshli: ok &= imm >= 0 && imm < bits; break;
    case IR_vshri: case IR_vsari: ok &= imm >= 0 && imm <= bits; break;
    case IR_vext: ok &= imm >= 0 && imm <= total / 8; break;
    case IR_vrevl: ok &= (imm == 2 || imm == 4 || imm == 8) && imm * 8 >= bits; break;
    case IR_vwidens:
    case IR_vwidenu:
    case IR_vmulls:
    case IR_vmullu: ok &= wide && i->lane < E64 && imm >= 0 && imm <= 1; break;
    case IR_vnarrow: case IR_vnarrow_ss: case IR_vnarrow_su: case IR_vnarrow_uu: ok &= wide && i->lane > E8; break;
    case IR_vclmul: ok &= wide && imm >= 0 && imm <= 3; break;
    case IR_aesenc:
    case IR_aesdec:
    case IR_aesmc:
    case IR_aesimc:
    case IR_aesencmc:
    case IR_aesdecimc: ok &= wide; break;
    case IR_sha256su0: case IR_sha256su1: ok &= wide; break;
    case IR_sha256h: ok &= wide && imm >= 0 && imm <= 1; break;
    case IR_sha1h: ok &= wide && imm >= 0 && imm <= 2; break;
    case IR_vzip1: case IR_vzip2: case IR_vuzp1: case IR_vuzp2: case IR_vtrn1: case IR_vtrn2: ok &= bits < total; break;
    case IR_vavgu: ok &= i->lane <= E16; break;
    case IR_vpopcnt: ok &= i->lane == E8; break;
    case IR_vcmp: ok &= i->cond <= COND_GTU; break;
    default:
        if (ir_op_class[i->op] == IRC_VFP)
            ok &= i->lane == E32 || i->lane == E64;
    }
    if (!ok)
        fail(v, "lane size, immediate or type does not fit");
}

static void check_cond(Verify *v, const IrInsn *i)
{
    bool ok = i->cond <= COND_ALWAYS;
    bool fp = i->op == IR_fcmp || i->op == IR_vfcmp;
    bool on_flags = !fp && i->nargs && ir_op_info[i->op].args[0] == 'g';
    if (fp)
        ok &= i->cond <= COND_GT || i->cond == COND_UN || i->cond == COND_OR;
    else if (on_flags)
        ok &= i->cond != COND_TSTZ && i->cond != COND_TSTNZ && i->cond != COND_UN && i->cond != COND_OR;
    else if (ir_op_info[i->op].args[0] == 'i' &&
        (i->op == IR_setcond || i->op == IR_select || i->op == IR_brcond || i->op == IR_exit_if))
        ok &= i->cond <= COND_TSTNZ || i->cond >= COND_NEVER;
    if (!ok)
        fail(v, "condition %u", i->cond);
}

static void check_label(Verify *v, const IrInsn *i)
{
    const IrUnit *u = v->u;
    if (i->aux >= u->nlabels) {
        fail(v, "label L%u of %u", i->aux, u->nlabels);
        return;
    }
    if (i->op != IR_label)
        return;
    if (v->label[i->aux >> 3] >> (i->aux & 7) & 1)
        fail(v, "label L%u placed twice", i->aux);
    v->label[i->aux >> 3] |= (uint8_t)(1 << (i->aux & 7));
    v->block = v->at + 1;
}

static void check_insn(Verify *v, const IrInsn *i)
{
    if (i->op >= IR_NOPS || i->type >= IR_NTYPES || i->type2 >= IR_NTYPES) {
        fail(v, "not an instruction");
        return;
    }
    if (i->op == IR_call)
        check_call(v, i);
    else if (i->nargs != strlen(ir_op_info[i->op].args))
        fail(v, "%u operands", i->nargs);
    if (v->error)
        return;
    for (int k = 0; k < i->nargs; k++)
        check_operand(v, i, k);
    check_types(v, i);
    check_cond(v, i);
    if (i->round > FP_DYN)
        fail(v, "rounding %u", i->round);
    switch (i->op) {
    case IR_get: case IR_put: check_register(v, i); break;
    case IR_ld_env: case IR_st_env: check_env(v, i); break;
    case IR_local_get: case IR_local_put: check_local(v, i); break;
    case IR_extract: case IR_sextract: case IR_deposit: check_field(v, i); break;
    case IR_extr:
        if (i->imm < 0 || i->imm >= (i->type == IR_I32 ? 32 : 64))
            fail(v, "shift %lld", (long long)i->imm);
        break;
    case IR_order: if (i->aux > 1) fail(v, "order %u", i->aux); break;
    case IR_crc32: case IR_crc32c: if (i->aux > 3) fail(v, "size %u", i->aux); break;
    case IR_exit_if:
        if (i->aux && (ir_exit_order(i->aux) >= v->u->guest->nregs || i->cond > COND_GTU))
            fail(v, "order to register %d", ir_exit_order(i->aux));
        break;
    case IR_exit_if_f: if (i->aux > v->u->guest->nregs) fail(v, "no register %u", i->aux - 1); break;
    case IR_label: case IR_br: case IR_brcond: case IR_brcond_f: check_label(v, i); break;
    default:
        if (ir_op_info[i->op].bits & OPF_FAULT)
            check_mem(v, i);
        else if (ir_op_class[i->op] == IRC_VEC || ir_op_class[i->op] == IRC_VFP)
            check_lane(v, i);
    }
}

static void check_targets(Verify *v)
{
    const IrUnit *u = v->u;
    for (v->at = 1; v->at < u->n; v->at++) {
        const IrInsn *i = &u->insn[v->at];
        if ((i->op == IR_br || i->op == IR_brcond || i->op == IR_brcond_f) &&
            !(v->label[i->aux >> 3] >> (i->aux & 7) & 1))
            fail(v, "label L%u is nowhere", i->aux);
    }
}

char *ir_verify(const IrUnit *u)
{
    Verify v = { .u = u, .block = 1 };
    if (u->n < 2)
        return g_strdup("empty unit");
    for (v.at = 1; v.at < u->n && !v.error; v.at++)
        check_insn(&v, &u->insn[v.at]);
    if (v.error)
        return v.error;
    check_targets(&v);
    v.at = u->n - 1;
    if (!ir_is_terminator(&u->insn[v.at]))
        fail(&v, "control runs past the end");
    return v.error;
}
