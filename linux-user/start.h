/* SPDX-License-Identifier: Apache-2.0 */
/* How this emulator process came to run: by a command line, by the kernel for a file of the guest (binfmt_misc),
 * or by our own execve. Only a command line holds options. docs/security.md says why. */
#ifndef LINUX_USER_START_H
#define LINUX_USER_START_H

#include <stdbool.h>

typedef struct Start {
    bool secure;                    /* AT_SECURE: our caller may be less than we are; no variable of ours counts */
    bool by_kernel;                 /* binfmt_misc: argv is [emulator, file, arguments] */
    bool kept_argv0;                /* its flag P: the program's argv[0] stands behind the file */
    bool options;                   /* argv may begin with options */
    const char *name;               /* AT_EXECFN, what was executed: the program (by_kernel), or we; NULL unknown */
    int fd;                         /* the program, opened by the kernel (flags O, C); -1 none */
} Start;

Start start_look(int argc, char **argv);

#endif
