/* SPDX-License-Identifier: Apache-2.0 */
/* -d, -D, -dfilter: the log. One mask, set before threads start; lines go to stderr or to the file. */
#ifndef COMMON_USER_LOG_H
#define COMMON_USER_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include "tcg/ir.h"

enum {
#define LOG(name, bit, text) LOG_##name = 1u << (bit),
#include "common-user/log.def"
#undef LOG
};

uint32_t log_mask(void);                        /* items that are on */
static inline bool log_on(uint32_t item) { return (log_mask() & item) != 0; }
/* one write(2) per call: lines do not mix */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line that thread tid goes on with later; what is logged meanwhile, and before a fork, breaks it up and has lines of
 * its own. log_end: is the line still open? */
void log_begin(int tid, const char *text);
bool log_end(int tid);
void log_break(void);                           /* breaks it up: this process may not come back */
/* Held while several lines that belong together are written, and by what serves them: disassembler, symbols, perf's
 * files. Not for signal handlers. log_before_fork takes it, so that no child inherits it taken by a thread that is
 * gone. */
void log_lock(void); void log_unlock(void);
void log_owner_gone(uint32_t id);      /* thread id (tcg/lock.h) is gone, and may have held it */
void log_before_fork(void); void log_after_fork(bool child);
bool log_in_range(gaddr pc, uint64_t len);      /* -dfilter: any of [pc, pc+len) */
/* Set-up, by options.c: NULL or a message (malloc'd). */
char *log_set_items(const char *list);          /* instead of those set before. "help" is handled by the caller with
                                                 * log_help */
void  log_add_items(uint32_t bits);
char *log_set_file(const char *path, bool append);
char *log_set_filter(const char *ranges);
void  log_help(void);                           /* to stdout */

#endif
