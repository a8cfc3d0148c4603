/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, for logs and perf: from the symbol tables of the files that are mapped, each read when first
 * asked for. */
#ifndef COMMON_USER_SYMBOLS_H
#define COMMON_USER_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include "common-user/mm.h"

/* The function that holds a guest address: its name (the table's; valid for ever) and how far into it. NULL: no file is
 * mapped there, or none of its symbols covers it. Caller holds the log's lock and not the Mm's. */
const char *symbols_find(Mm *mm, gaddr pc, uint64_t *into);

#endif
