/* SPDX-License-Identifier: Apache-2.0 */
/* Disassembly by the qemu-disas program, which is looked for beside this one and then in PATH. For logs only. */
#ifndef COMMON_USER_DISAS_H
#define COMMON_USER_DISAS_H

#include <stddef.h>
#include <stdint.h>

/* Calls line(ctx, text) for each instruction of code, which runs at pc. arch is one of qemu-disas's names. Any thread; one at a
 * time. False: there is no qemu-disas (nothing was called). */
int disas_lines(const char *arch, uint64_t pc, const void *code, size_t len, void (*line)(void *ctx, const char *text), void *ctx);

#endif
