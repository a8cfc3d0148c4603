/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser's pipeline as one table. Debug builds verify the unit before the first pass and after each. */
#include <glib.h>
#include "passes.h"
#include "tcg.h"

static const struct { const char *name; void (*run)(IrUnit *u); unsigned level; } passes[] = {
    { "forward", opt_forward, 1 },      /* copies, constants, register values, conditions */
    { "dead", opt_dead, 1 },            /* backward: dead values, dead puts, flags that nobody reads */
};

static void check(const IrUnit *u, const char *after)
{
    if (!DEBUG_BUILD)
        return;
    g_autofree char *e = ir_verify(u);
    if (e)
        g_error("IR is wrong after %s: %s", after, e);
}

void ir_optimize(IrUnit *u, unsigned level)
{
    check(u, "translation");
    for (size_t k = 0; k < G_N_ELEMENTS(passes); k++)
        if (passes[k].level <= level) {
            passes[k].run(u);
            check(u, passes[k].name);
        }
}
