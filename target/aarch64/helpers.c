/* SPDX-License-Identifier: Apache-2.0 */
/* The table of C helpers, from the rows of helpers.def. Functions are declared without their types here:
 * the rows are what the translator calls them by. */
#include "arch.h"
#include "tr_a64.h"

#define HELPER(id, ret, n, a, b, c, d, fx) extern void help_##id(void);
#include "helpers.def"
#undef HELPER

typedef enum Effect { PURE, QC, ALL, MEM } Effect;
static const uint16_t qc_only[] = { R_QC, 0xffff };

#define TOUCHES(fx) ((fx) == ALL ? HELPER_ALL : (fx) == QC ? HELPER_LIST : HELPER_NONE)
const HelperDesc a64_helpers[] = {
#define HELPER(id, result, n, a, b, c, d, fx) { \
    .name = #id, .fn = (void *)help_##id, .ret = IR_##result, .nargs = n, .arg = { IR_##a, IR_##b, IR_##c, IR_##d }, \
    .reads = TOUCHES(fx), .writes = TOUCHES(fx), .read_list = qc_only, .write_list = qc_only, \
    .faults = (fx) == ALL || (fx) == MEM, \
    .no_fp = (fx) == PURE || (fx) == QC },        /* their arithmetic is softfloat's */
#include "helpers.def"
#undef HELPER
};
