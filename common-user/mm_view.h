/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's map as /proc shows it: a copy of the mappings of this process, or of another that an emulator of the same
 * build runs, with the host's lines for them. Any thread; views are owned by who
 * asked for them. */
#ifndef COMMON_USER_MM_VIEW_H
#define COMMON_USER_MM_VIEW_H

#include "common-user/mm.h"

typedef struct MmArea { gaddr start, end; uint64_t dev, ino, off; uint32_t flags; int prot; char name[16]; } MmArea;
/* A line of the host's maps. path NULL: none. */
typedef struct MmLine { uint64_t start, end, off; char dev[16]; uint64_t ino; char *path; } MmLine;
typedef struct MmView {
    pid_t pid;                      /* the host's files of it: /proc/PID */
    uint64_t base, page, hpage;
    MmSums sums;
    size_t nareas, nlines;
    MmArea *areas; MmLine *lines;   /* by address; of the guest, of the host */
} MmView;

MmView *mm_view(Mm *mm);
/* Of process pid, whose map is at the address `mm` there; sizes: its mm_view_sizes. NULL: it cannot be read. */
MmView *mm_view_of(pid_t pid, uint64_t mm, uint64_t sizes);
uint64_t mm_view_sizes(void);
void    mm_view_free(MmView *v);

const MmArea *mm_view_area(const MmView *v, gaddr at);              /* the first that ends above */
/* What a line of maps says of one: device, inode, offset and path, as the host has them. */
typedef struct MmBacking { const char *dev, *path; uint64_t ino, off; } MmBacking;
MmBacking mm_view_backing(const MmView *v, const MmArea *a);

void    mm_view_line(const MmView *v, const MmArea *a, FILE *out);  /* of maps, smaps */
void    mm_view_maps(const MmView *v, FILE *out);
/* smaps, or smaps_rollup, from the host's text of the same process' smaps. */
void    mm_view_smaps(const MmView *v, char *host, bool rollup, FILE *out);

#endif
