/* SPDX-License-Identifier: Apache-2.0 */
/* Where the main stack and the mmap area are. */
#ifndef LINUX_USER_EXEC_STACK_H
#define LINUX_USER_EXEC_STACK_H

#include "common-user/mm.h"
#include "common-user/task.h"
#include "linux-user/options.h"

/* Fills in the mmap area, which keeps away from the stack as far as its limit says now. After reserved_va is set. */
void    exec_layout(const Options *o, MmConfig *c);
uint64_t exec_random(Process *p);               /* follows -seed */
/* Up to `pages` pages, in whole host pages; 0 when addresses are not to be random. */
uint64_t exec_jitter(Process *p, uint64_t pages);
/* Maps the stack's first pages. Its top, or -errno. */
int64_t exec_stack_map(Process *p, bool executable);
/* Arguments will be at sp and above: grows the stack to there and a little further. */
void    exec_stack_reach(Process *p, gaddr top, gaddr sp);

#endif
