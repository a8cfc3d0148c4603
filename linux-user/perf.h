/* SPDX-License-Identifier: Apache-2.0 */
/* Names of translated code for Linux perf: -perfmap (/tmp/perf-PID.map) and -jitdump (jit-PID.dump in the current
 * directory, to be merged by perf inject). Any thread. */
#ifndef LINUX_USER_PERF_H
#define LINUX_USER_PERF_H

#include "tcg/ir.h"

void perf_map_unit(const IrUnit *u, const void *code, size_t len);
void perf_jitdump_unit(const IrUnit *u, const void *code, size_t len);

#endif
