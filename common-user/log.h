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
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));      /* one write(2) per call: lines do not mix */
bool log_in_range(gaddr pc);                    /* -dfilter */
/* Set-up, by options.c: NULL or a message (malloc'd). */
char *log_set_items(const char *list);          /* "help" is handled by the caller with log_help */
char *log_set_file(const char *path, bool append);
char *log_set_filter(const char *ranges);
void  log_help(void);                           /* to stdout */

#endif
