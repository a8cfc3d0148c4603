/* SPDX-License-Identifier: Apache-2.0 */
/* Disassembly by the qemu-disas program, which is looked for beside this one and then in PATH. For logs only. */
#ifndef COMMON_USER_DISAS_H
#define COMMON_USER_DISAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called for each instruction; text is empty when it is unknown. */
typedef void DisasLine(void *ctx, uint64_t pc, unsigned len, const char *text);
/* arch is one of qemu-disas's names; code runs at pc. Caller holds the log's lock (log_lock). False: there is no
 * qemu-disas (nothing was called). */
bool disas_lines(const char *arch, uint64_t pc, const void *code, size_t len, DisasLine *line, void *ctx);

#endif
