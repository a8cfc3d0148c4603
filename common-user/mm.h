/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's address space: an ordered map of its mappings is the truth for mmap, mremap, brk, /proc/self/maps,
 * fault codes and limits. Results are 0 (or what is said) and
 * Linux's errors, as -errno in host numbers. Lengths are bytes. Every function takes the lock itself: any thread, no
 * signal handler. prot and flags are host values (PROT_*, MAP_*). Guest PROT_EXEC never becomes host PROT_EXEC. Pages
 * that hold translated code are write-protected on the host, in every alias of the
 * same backing object. */
#ifndef COMMON_USER_MM_H
#define COMMON_USER_MM_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>
#include "target/arch.h"

typedef struct Mm Mm;

typedef struct MmConfig {
    const GuestArch *arch;
    uint64_t page_size;             /* guest's */
    uint64_t host_page;             /* granularity of host calls, at least page_size; 0: the guest's */
    uint64_t task_size;             /* first invalid guest address */
    uint64_t mmap_base;             /* top of the mmap area; 0 = the host's choice. What does not fit in a 64-bit
                                     * guest's area goes above it */
    uint64_t mmap_end;              /* not 0: mmap_base is the bottom; places are sought upwards to here first */
    uint64_t guest_base;            /* -B: wanted mem_base (64-bit guests), 0 = identity */
    gaddr fixed, fixed_end;         /* what the program wants at its own address; where the host has something there,
                                     * another base is taken */
    uint64_t reserved_va;           /* -R; 32-bit guests always reserve 4 GiB */
} MmConfig;

Mm      *mm_new(const MmConfig *c, char *err, size_t errcap);      /* NULL: err says why. c is copied; an Mm lives as
                                                                    * long as the process */
void     mm_set_tcg(Mm *mm, Tcg *tcg);          /* whose units are dropped when code goes; once, before threads */
uint64_t mm_base(const Mm *mm);                 /* host address of guest address 0 */
uint64_t mm_page_size(const Mm *mm);
uint64_t mm_host_page(const Mm *mm);            /* of every host call; larger than mm_page_size with -p */
uint64_t mm_task_size(const Mm *mm);
void     mm_owner_gone(Mm *mm, uint32_t id);    /* thread id (tcg/lock.h) is gone, and may have been in here */
/* the lock is held between them, by the forking thread */
void     mm_before_fork(Mm *mm); void mm_after_fork(Mm *mm, bool child);

int64_t  mm_map(Mm *mm, gaddr at, uint64_t len, int prot, int flags, int fd, uint64_t off);      /* address or -errno */
int64_t  mm_unmap(Mm *mm, gaddr at, uint64_t len);
int64_t  mm_protect(Mm *mm, gaddr at, uint64_t len, int prot);     /* PROT_GROWSDOWN/UP accepted */
/* address or -errno; MREMAP_* */
int64_t  mm_remap(Mm *mm, gaddr old, uint64_t oldlen, uint64_t newlen, int flags, gaddr newaddr);
int64_t  mm_madvise(Mm *mm, gaddr at, uint64_t len, int advice);
int64_t  mm_msync(Mm *mm, gaddr at, uint64_t len, int flags);
int64_t  mm_mlock(Mm *mm, gaddr at, uint64_t len, int flags);      /* flags as mlock2 */
int64_t  mm_munlock(Mm *mm, gaddr at, uint64_t len);
int64_t  mm_mlockall(Mm *mm, int flags);
int64_t  mm_munlockall(Mm *mm);
int64_t  mm_seal(Mm *mm, gaddr at, uint64_t len);
int64_t  mm_remap_file_pages(Mm *mm, gaddr at, uint64_t len, uint64_t pgoff, int flags);
int64_t  mm_set_mdwe(Mm *mm, uint64_t bits);                        /* PR_MDWE_* */
uint32_t mm_mdwe(Mm *mm);
void     mm_set_read_exec(Mm *mm, bool on);     /* personality READ_IMPLIES_EXEC */
int64_t  mm_mincore(Mm *mm, gaddr at, uint64_t len, uint8_t *vec); /* vec: host memory, one byte per page */
int64_t  mm_shmat(Mm *mm, int id, gaddr at, int flags);            /* address or -errno */
int64_t  mm_shmdt(Mm *mm, gaddr at);
void     mm_brk_set(Mm *mm, gaddr start);       /* exec: end of the program's bss */
gaddr    mm_brk(Mm *mm, gaddr to);              /* the new break, or the old one when refused (Linux's rule) */
/* The mappings of [at, at+len) are no longer the guest's: they only keep others away (the gap below the stack). */
void     mm_hide(Mm *mm, gaddr at, uint64_t len);
/* Mappings that grow downwards (mm_grow.c). A fault at an unmapped address, the guest's or the kernel's in a call:
 * extends the MAP_GROWSDOWN mapping above it as far as RLIMIT_STACK and neighbours let it. True: repeat the access. */
bool     mm_grow(Mm *mm, gaddr at);
/* Before a system call, cheaply: is one of n addresses where a mapping may grow to? Then mm_grow it. */
bool     mm_in_gap(const Mm *mm, const gaddr *a, int n);
/* A failed access of the kernel or of gmem_*: mm_unprotect_code of the range, or mm_grow to its start. */
bool     mm_mend(Mm *mm, gaddr at, uint64_t len);
void     mm_name(Mm *mm, gaddr at, const char *name);              /* [stack], [heap], [vdso]; static strings */

/* Facts about one address. False: unmapped. */
typedef struct MmInfo { gaddr start, end; int prot, flags; uint64_t dev, ino, off; } MmInfo;
bool     mm_query(Mm *mm, gaddr at, MmInfo *out);
bool     mm_any_above(Mm *mm, gaddr at);         /* is there a mapping at or above it: Linux's find_vma() */
/* True when all of [at, at+len) is mapped with at least prot. Never a substitute for EFAULT handling. */
bool     mm_covered(Mm *mm, gaddr at, uint64_t len, int prot);

/* Path of the file mapped at an address, as the host names it; for logs. False: none. */
bool     mm_file_path(Mm *mm, gaddr at, char path[PATH_MAX]);
/* Writes /proc/self/maps as the guest's kernel would. */
void     mm_maps(Mm *mm, FILE *out);
/* Bytes mapped: all, private writable ones but for stacks, those that grow downwards, read-only code. proc(5), VmSize
 * to VmLib. */
typedef struct MmSums { uint64_t total, data, stack, text; } MmSums;
MmSums   mm_sums(Mm *mm);

/* A write to [at, at+len) failed because of our protection: drops the code there, makes the pages (and aliases)
 * writable and returns true: repeat the access. False: the guest's own fault. */
bool     mm_unprotect_code(Mm *mm, gaddr at, uint64_t len);
bool     mm_watches_code(const Mm *mm);         /* cheap; false: mm_unprotect_code would find nothing */
/* Explicit cache flush by the guest. */
void     mm_icache_flush(Mm *mm, gaddr at, uint64_t len);
void     mm_icache_flush_open(Mm *mm);          /* a flush without an address: all code that is not watched */
/* TcgHost.fetch; ctx is the Mm. */
size_t   mm_fetch(void *ctx, gaddr pc, void *buf, size_t len);
bool     mm_code_watched(void *ctx, gaddr start, uint64_t len);    /* TcgHost.watched */

#endif
