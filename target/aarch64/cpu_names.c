/* SPDX-License-Identifier: Apache-2.0 */
/* Cores by architecture version: those before 8.2 have no LSE. What they have more than the nearest model (SVE, half
 * precision) a program learns by HWCAP. */
#include <stddef.h>
#include "target/cpu_names.h"

static const CpuAlias aliases[] = {
    { "cortex-a35", "cortex-a53" }, { "cortex-a34", "cortex-a53" },
    { "cortex-a73", "cortex-a72" },
    { "cortex-a55", "cortex-a76" }, { "cortex-a75", "cortex-a76" }, { "cortex-a77", "cortex-a76" },
    { "cortex-a78", "cortex-a76" }, { "cortex-x1", "cortex-a76" }, { "a64fx", "cortex-a76" },
    { "cortex-a510", "max" }, { "cortex-a520", "max" }, { "cortex-a710", "max" }, { "cortex-a715", "max" },
    { "cortex-a720", "max" }, { "cortex-x2", "max" }, { "cortex-x3", "max" }, { "neoverse-v1", "max" },
    { "neoverse-v2", "max" }, { "neoverse-n2", "max" }, { "any", "max" },
    { NULL, NULL },
};

static const CpuWord words[] = {
    { "sve", CPU_OFF, NULL }, { "sme", CPU_OFF, NULL }, { "lpa2", CPU_OFF, NULL }, { "pmu", CPU_OFF, NULL },
    { "bti", CPU_OFF, NULL },
    { "sme_fa64", CPU_OFF, NULL }, { "mte", CPU_OFF, NULL }, { "rme", CPU_OFF, NULL }, { "x-rme", CPU_OFF, NULL },
    { "pauth-qarma5", CPU_OFF, NULL }, { "pauth-qarma3", CPU_OFF, NULL }, { "sve128", CPU_OFF, NULL },
    { "sve256", CPU_OFF, NULL }, { "sve384", CPU_OFF, NULL }, { "sve512", CPU_OFF, NULL },
    { "sve640", CPU_OFF, NULL }, { "sve768", CPU_OFF, NULL }, { "sve896", CPU_OFF, NULL },
    { "sve1024", CPU_OFF, NULL }, { "sve1152", CPU_OFF, NULL }, { "sve1280", CPU_OFF, NULL },
    { "sve1408", CPU_OFF, NULL }, { "sve1536", CPU_OFF, NULL }, { "sve1664", CPU_OFF, NULL },
    { "sve1792", CPU_OFF, NULL }, { "sve1920", CPU_OFF, NULL }, { "sve2048", CPU_OFF, NULL },
    { "sme128", CPU_OFF, NULL }, { "sme256", CPU_OFF, NULL }, { "sme512", CPU_OFF, NULL },
    { "sme1024", CPU_OFF, NULL }, { "sme2048", CPU_OFF, NULL },
    { "sve-max-vq", CPU_NUMBER, NULL }, { "sve-default-vector-length", CPU_NUMBER, NULL },
    { "sme-default-vector-length", CPU_NUMBER, NULL },
    { "aarch64", CPU_ON, NULL }, { "pauth-impdef", CPU_ON, NULL },
    { "vfp", CPU_ANY, "fp" },
    { "neon", CPU_ANY, "asimd" },
    { NULL, 0, NULL },
};

const CpuNames cpu_names = { aliases, words };
