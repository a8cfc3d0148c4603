/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a guest's vDSO: a small ET_DYN image with dynamic symbols, from rows of instruction words. No cross compiler,
 * no sections; one page-aligned segment. */
#ifndef LOADER_VDSO_H
#define LOADER_VDSO_H

#include <stddef.h>
#include <stdint.h>

typedef struct VdsoRow { const char *name; const uint32_t *words; int nwords; } VdsoRow;       /* words in host order, 4 bytes each */
typedef struct VdsoSpec {
    uint16_t machine; uint8_t class, data;
    uint32_t flags;                 /* e_flags */
    const char *soname, *version;   /* linux-vdso.so.1, LINUX_4.15 */
    const VdsoRow *rows; int nrows;
} VdsoSpec;

enum { VDSO_MAX_ROWS = 24 };
typedef struct Vdso { uint8_t *bytes; size_t len; uint32_t offset[VDSO_MAX_ROWS]; } Vdso;      /* offset of each row's code */

void vdso_build(const VdsoSpec *spec, Vdso *out);       /* bytes are malloc'd, len a multiple of 4096 */

#endif
