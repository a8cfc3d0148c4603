/* SPDX-License-Identifier: Apache-2.0 */
/* Names of -cpu that people's scripts hold and that are no models or features of ours: other cores, run as the
 * nearest model, and features that are not there, which may be switched off, or whose promise is kept anyway.
 * Names as QEMU's documentation has them. */
#ifndef TARGET_CPU_NAMES_H
#define TARGET_CPU_NAMES_H

#include <stdint.h>

typedef struct CpuAlias { const char *name, *model; } CpuAlias;         /* none where the program has no such model */

enum { CPU_OFF = 1, CPU_ON = 2, CPU_NUMBER = 4, CPU_ANY = CPU_OFF | CPU_ON };
/* takes: values that are met. same: features of ours, separated by blanks, that it switches; NULL: it changes
 * nothing. */
typedef struct CpuWord { const char *name; uint8_t takes; const char *same; } CpuWord;

typedef struct CpuNames { const CpuAlias *aliases; const CpuWord *words; } CpuNames;    /* both end with a NULL name */
extern const CpuNames cpu_names;                                        /* of the family that is linked */

#endif
