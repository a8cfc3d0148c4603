/* SPDX-License-Identifier: Apache-2.0 */
/* What ops.def says, as data, and the types that follow from a row and an instruction. */
#include "ir.h"

/* Rows have at most three flag letters; padding lets the initialiser look at three. */
#define HAS(flags, c) ((flags "   ")[0] == (c) || (flags "   ")[1] == (c) || (flags "   ")[2] == (c))
#define BITS(f) (HAS(f, 'S') * OPF_SIDE | HAS(f, 'F') * OPF_FAULT | HAS(f, 'B') * OPF_END | HAS(f, 'C') * OPF_COMM | \
                 HAS(f, 'R') * OPF_READ | HAS(f, 'W') * OPF_WRITE | HAS(f, 'X') * OPF_FP | HAS(f, 'T') * OPF_TERMINATOR)

const uint8_t ir_op_class[IR_NOPS] = {
#define OP(name, class, res, args, flags, text) [IR_##name] = IRC_##class,
#include "ops.def"
#undef OP
};

const IrOpInfo ir_op_info[IR_NOPS] = {
#define OP(name, class, res, args, flags, text) [IR_##name] = { #name, res, args, flags, BITS(flags), text },
#include "ops.def"
#undef OP
};

_Static_assert(offsetof(IrInsn, op) == 0 && offsetof(IrInsn, type) == 2 && offsetof(IrInsn, nargs) == 7,
    "as ir_op_head and ir_emit have it");
const uint64_t ir_op_head[IR_NOPS] = {
#define OP(name, class, res, args, flags, text) \
    [IR_##name] = IR_##name | (uint64_t)(IR_##name == IR_call ? 0 : sizeof(args) - 1) << 56,
#include "ops.def"
#undef OP
};

#define RESULT(r) \
    ((r) == 'w'                        ? IR_I32 \
            : (r) == 'l' || (r) == 'a' ? IR_I64 \
            : (r) == 'x'               ? IR_I128 \
            : (r) == 'g'               ? IR_FLAGS \
            : (r) == '-'               ? IR_VOID \
                                       : IR_AS_TYPE)
const uint8_t ir_op_result[IR_NOPS] = {
#define OP(name, class, res, args, flags, text) [IR_##name] = RESULT(res),
#include "ops.def"
#undef OP
};

const char *const ir_type_name[IR_NTYPES] = {
    "void", "i8", "i16", "i32", "i64", "i128", "f32", "f64", "v64", "v128", "v256", "flags",
};
const char *const ir_cond_name[] = {
    "eq", "ne", "lt", "ge", "le", "gt", "ltu", "geu", "leu", "gtu",
    "tstz", "tstnz", "mi", "pl", "vs", "vc", "un", "or", "never", "always", NULL,
};

static IrType letter_type(const IrInsn *i, char letter)
{
    switch (letter) {
    case 'w': return IR_I32;
    case 'l': case 'a': return IR_I64;
    case 'x': return IR_I128;
    case 'g': return IR_FLAGS;
    case '-': return IR_VOID;
    default:  return (IrType)i->type;
    }
}

/* Bit k: operand k has the type in type2. */
static const uint8_t operand_in_type2[IR_NOPS] = {
    [IR_select] = 3, [IR_fcvt_ff] = 1, [IR_fma_narrow] = 7, [IR_fwiden] = 1, [IR_fbox] = 1, [IR_funbox] = 1,
    [IR_fcvt_fi] = 1, [IR_fcvt_fu] = 1, [IR_fcvt_if] = 1, [IR_fcvt_uf] = 1,
    [IR_vzext] = 1, [IR_vlow] = 1, [IR_vdup] = 1, [IR_vget] = 1, [IR_vset] = 2,
};

IrType ir_operand_type(const IrInsn *i, int k)
{
    if (operand_in_type2[i->op] >> k & 1)
        return (IrType)i->type2;
    if (i->op == IR_fbits)
        return i->type == IR_I32 ? IR_F32 : IR_F64;
    if (i->op == IR_ffrom)
        return i->type == IR_F32 ? IR_I32 : IR_I64;
    return letter_type(i, ir_op_info[i->op].args[k]);
}
