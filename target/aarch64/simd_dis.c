/* SPDX-License-Identifier: Apache-2.0 */
/* Operand text of the SIMD decode rows. Arrangements are left to the mnemonic's row name: the log's usual
 * disassembler is capstone, this one serves where it is absent. */
#include "tr_simd.h"

void fmt_vr(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, "v%d", (int)v); }
void fmt_vrx(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, v == 31 ? "xzr" : "x%d", (int)v); }
void fmt_vrw(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, v == 31 ? "wzr" : "w%d", (int)v); }
void fmt_vrsp(char *out, int64_t v, const DisCtx *ctx) { snprintf(out, 48, v == 31 ? "sp" : "x%d", (int)v); }
