/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and environment of qemu-<arch>, from the rows of options.def. */
#ifndef LINUX_USER_OPTIONS_H
#define LINUX_USER_OPTIONS_H

#include <glib.h>
#include <stdio.h>
#include "linux-user/start.h"
#include "target/arch.h"

typedef struct Options {
    const char *prefix;             /* -L; NULL: not given */
    uint64_t stack_size;            /* 0: default */
    uint64_t features[2];           /* of the CPU model */
    GPtrArray *env;                 /* "var=value" sets, "var" unsets; in order */
    const char *argv0, *uname_release;
    uint64_t guest_base, reserved_va, seed;
    uint64_t page_size;             /* -p: granularity of host calls; 0: the host's */
    bool seeded, strace, perfmap, jitdump;
    TcgOptions tcg;
    GPtrArray *forward;             /* option words that a re-executed emulator gets */
    const char *inherit;            /* descriptor of what inherit.c wrote; NULL none */
    const char *self;               /* the emulator's own argv[0] */
    char *self_path;                /* absolute, as it was executed, for when there is no /proc; NULL unknown */
} Options;

/* Variables, unless s->secure, then words, if s->options; *program is the program's index in argv. Answers -h and wrong
 * usage itself: false and *status is the exit code. */
bool options_parse(Options *o, const GuestArch *arch, int argc, char **argv, const Start *s, int *program, int *status);
void options_unset_variables(void);                         /* ours, in the environment */
void options_help(const GuestArch *arch, FILE *out);        /* text of -h */

#endif
