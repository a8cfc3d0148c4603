/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of ELF executables: a plan of what to map, every field checked. Pure: reads the file, maps nothing.
 * Follows Linux's fs/binfmt_elf.c, which asks for no version, order or room in the file: segments are in the file's
 * order and may overlap (the later one wins) or end beyond the file. */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ElfTarget {          /* what is acceptable */
    uint16_t machine; uint8_t class, data;          /* EM_*, ELFCLASS*, ELFDATA* */
    uint64_t page, limit;           /* guest page size; first invalid address */
} ElfTarget;

typedef struct ElfSegment {
    uint64_t vaddr, memsz, filesz, offset;
    int prot;                       /* host PROT_* */
} ElfSegment;

enum { ELF_MAX_SEGMENTS = 64 };
typedef struct ElfImage {
    bool dyn;                       /* ET_DYN */
    uint16_t machine; uint8_t class, data;
    uint32_t flags;                 /* e_flags */
    uint64_t entry, phdr;           /* before the load bias; phdr 0 when no segment holds it */
    uint16_t phnum, phentsize;
    uint64_t lo, hi;                /* page-rounded extent of the segments */
    uint64_t brk;                   /* end of the highest segment, not rounded */
    uint64_t align;                 /* largest p_align, at least the page size */
    bool exec_stack;                /* PT_GNU_STACK with PF_X, or none: ABI default decides */
    bool has_gnu_stack;
    bool bti;                       /* PT_GNU_PROPERTY says so (AArch64) */
    int nseg;
    ElfSegment seg[ELF_MAX_SEGMENTS];
    char interp[PATH_MAX];          /* empty: none */
} ElfImage;

typedef enum FileKind { FILE_UNKNOWN, FILE_ELF, FILE_SCRIPT, FILE_EMPTY } FileKind;
/* Looks at the first bytes; the file position stays. 0, or -errno on read errors. For ELF, machine, class and data are
 * filled in when not NULL. */
int file_kind(int fd, FileKind *kind, uint16_t *machine, uint8_t *class, uint8_t *data);

/* 0, or -ENOEXEC (not for this target), -EINVAL (broken), -EIO, -ENOMEM...; err gets one line without the file name. */
int elf_read(int fd, const ElfTarget *want, ElfImage *out, char *err, size_t errcap);

/* `#!` line: interpreter and the one optional argument (empty: none), as Linux's binfmt_script. 0 or -ENOEXEC. */
int script_read(int fd, char interp[PATH_MAX], char arg[PATH_MAX]);

#endif
