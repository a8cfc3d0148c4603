/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of a program into a fresh address space: segments, interpreter, vDSO, stack. */
#ifndef LINUX_USER_EXEC_LOAD_H
#define LINUX_USER_EXEC_LOAD_H

#include "common-user/task.h"
#include "loader/elf.h"
#include "linux-user/options.h"

typedef struct Program {
    int fd;                         /* of the ELF file to run; consumed */
    ElfImage image;                 /* what it says */
    char *path;                     /* how it was named: AT_EXECFN */
    char **argv, **envp;            /* NULL-terminated */
} Program;

/* Opens `path` (or takes fd >= 0), follows `#!` lines, changes prog->argv accordingly, and reads the headers; needs no
 * address space. Shell's exit code (126, 127) and a line on stderr when it cannot, 0 when done. */
int exec_open(Process *p, Program *prog, const char *path, int fd);
/* Maps it and sets the task's registers. Result as exec_open's. */
int exec_load(Task *t, const Program *prog);
/* Maps the ABI's vDSO, if any, and notes it in p (vdso, vdso_end, vdso_offset). 0 or -errno; before
 * the program runs. */
int64_t linux_vdso_map(Process *p);

#endif
