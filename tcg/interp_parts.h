/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the interpreter. */
#ifndef TCG_INTERP_PARTS_H
#define TCG_INTERP_PARTS_H

#include "eval.h"

/* Ops load, store, cas, xchg, fetch_*, ld_env, st_env on host memory; alignment is checked before. */
void mem_load(IrValue *r, const void *p, const IrInsn *i);
void mem_store(void *p, const IrInsn *i, const IrValue *v);
void mem_atomic(IrValue *r, void *p, const IrInsn *i, const IrValue *b, const IrValue *c);

/* Call helper number i->imm by libffi. v: the unit's values. */
void interp_call(const TcgGuest *g, CpuState *cpu, const IrInsn *i, IrValue *v, IrValue *r);

#endif
