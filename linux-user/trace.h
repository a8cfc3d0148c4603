/* SPDX-License-Identifier: Apache-2.0 */
/* -d in_asm, op, op_opt, out_asm, exec, cpu, and perf's map: the translator's hooks turned into log lines. */
#ifndef LINUX_USER_TRACE_H
#define LINUX_USER_TRACE_H

#include "common-user/mm.h"
#include "linux-user/options.h"

void trace_setup(TcgOptions *tcg, const Options *o);    /* sets the hooks that the log items need */
void trace_mappings(Mm *mm);                            /* -d page: all mappings, now */

#endif
