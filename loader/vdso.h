/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a guest's vDSO: a small ET_DYN image with dynamic symbols, from rows of instruction words. No cross compiler,
 * no sections; one page-aligned segment. */
#ifndef LOADER_VDSO_H
#define LOADER_VDSO_H

#include <stddef.h>
#include <stdint.h>

/* words in host order, 4 bytes each */
typedef struct VdsoRow { const char *name; const uint32_t *words; int nwords; } VdsoRow;

/* How to unwind through a signal frame whose handler returns to a row: DWARF registers reg.. reg + n - 1 are saved at
 * sp + offset in steps of size; the caller's sp and pc are among them. pc has the column ra of its own. */
typedef struct VdsoSaved { uint16_t reg, n; uint16_t offset; uint8_t size; } VdsoSaved;
typedef struct VdsoFrame {
    uint8_t row, sp, ra;            /* index into VdsoSpec.rows; DWARF numbers */
    uint16_t base, caller_sp;       /* base is added to every offset, and to caller_sp: where the caller's sp is
                                     * saved */
    const VdsoSaved *saved; int nsaved;
} VdsoFrame;

typedef struct VdsoSpec {
    uint16_t machine; uint8_t class, data;
    uint32_t flags;                 /* e_flags */
    const char *soname, *version;   /* linux-vdso.so.1, LINUX_4.15 */
    const VdsoRow *rows; int nrows;
    /* in the order of their rows; one ra for all */
    const VdsoFrame *frames; int nframes;
} VdsoSpec;

enum { VDSO_MAX_ROWS = 24 };
/* offset of each row's code */
typedef struct Vdso { uint8_t *bytes; size_t len; uint32_t offset[VDSO_MAX_ROWS]; } Vdso;

void vdso_build(const VdsoSpec *spec, Vdso *out);       /* bytes are malloc'd, len a multiple of 4096 */

#endif
