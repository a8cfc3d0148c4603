/* SPDX-License-Identifier: Apache-2.0 */
/* Helper calls of the interpreter, by HelperDesc and libffi: integers and floats by value, wider types by pointer. */
#include <ffi.h>
#include <glib.h>
#include "interp_parts.h"

static ffi_type *ffi_of(IrType t)
{
    switch (t) {
    case IR_VOID: return &ffi_type_void;
    case IR_I32: case IR_FLAGS: return &ffi_type_uint32;
    case IR_I64: return &ffi_type_uint64;
    case IR_F32: return &ffi_type_float;
    case IR_F64: return &ffi_type_double;
    default: return &ffi_type_pointer;
    }
}

static bool by_pointer(IrType t) { return ffi_of(t) == &ffi_type_pointer; }

void interp_call(const TcgGuest *g, CpuState *cpu, const IrInsn *i, IrValue *v, IrValue *r)
{
    const HelperDesc *h = &g->helpers[i->imm];
    ffi_type *type[8];
    void *value[8], *pointer[8], *self = cpu;
    unsigned n = 0;
    bool out = by_pointer((IrType)h->ret);
    union { ffi_arg i; float f; double d; } ret = { 0 };
    IrValue wide = { .u = { 0, 0 } };
    ffi_cif cif;
    type[n] = &ffi_type_pointer;
    value[n++] = &self;
    if (out) {
        pointer[n] = &wide;
        type[n] = &ffi_type_pointer;
        value[n] = &pointer[n];
        n++;
    }
    for (int k = 0; k < i->nargs; k++, n++) {
        IrType t = (IrType)h->arg[k];
        pointer[n] = &v[i->arg[k]];
        type[n] = ffi_of(t);
        value[n] = by_pointer(t) ? (void *)&pointer[n] : pointer[n];
    }
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, n, out ? &ffi_type_void : ffi_of((IrType)h->ret), type) != FFI_OK)
        g_error("helper %s: libffi does not know its types", h->name);
    ffi_call(&cif, FFI_FN(h->fn), &ret, value);
    if (out) {
        *r = wide;
        return;
    }
    r->u[0] = h->ret == IR_F64 ? (union { double d; uint64_t u; }){ ret.d }.u :
              h->ret == IR_F32 ? (union { float f; uint32_t u; }){ ret.f }.u :
              h->ret == IR_I64 ? (uint64_t)ret.i : (uint32_t)ret.i;
    r->u[1] = 0;
}
