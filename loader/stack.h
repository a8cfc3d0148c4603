/* SPDX-License-Identifier: Apache-2.0 */
/* The initial stack: strings, argv, envp and auxv as Linux's create_elf_tables lays them out. Pure: fills a buffer. */
#ifndef LOADER_STACK_H
#define LOADER_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct AuxEntry { uint64_t type, value; } AuxEntry;

typedef struct StackPlan {
    uint64_t top;                   /* guest address just above the stack */
    uint8_t word; bool big_endian;
    char *const *argv, *const *envp;
    const char *execfn, *platform;  /* platform NULL: none */
    uint8_t random[16];
    const AuxEntry *aux; int naux;  /* without AT_NULL, AT_RANDOM, AT_EXECFN, AT_PLATFORM: stack_build adds those */
} StackPlan;

typedef struct StackImage {
    uint8_t *bytes; size_t len;     /* malloc'd; to be copied to [sp, top) */
    /* guest addresses; aux_len bytes with AT_NULL */
    uint64_t sp, arg_start, arg_end, env_start, env_end, aux, aux_len;
} StackImage;

int stack_build(const StackPlan *p, size_t limit, StackImage *out);     /* 0, -E2BIG when it needs more than limit,
                                                                         * -ENOMEM */

#endif
