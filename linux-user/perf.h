/* SPDX-License-Identifier: Apache-2.0 */
/* Names of translated code for Linux perf: -perfmap (/tmp/perf-PID.map) and -jitdump (jit-PID.dump in the current
 * directory, to be merged by perf inject). Caller holds the log's lock. */
#ifndef LINUX_USER_PERF_H
#define LINUX_USER_PERF_H

#include <stddef.h>

enum { PERF_NAME = 256 };            /* longest name, its NUL counted */

void perf_map_unit(const char *name, const void *code, size_t len);
void perf_jitdump_unit(const char *name, const void *code, size_t len);

#endif
