/* SPDX-License-Identifier: Apache-2.0 */
/* -cpu model[,feature=on|off]...: models and features of the guest, and names that others use for them (target/). */
#ifndef LINUX_USER_OPTION_CPU_H
#define LINUX_USER_OPTION_CPU_H

#include "target/arch.h"

/* NULL or a message (malloc'd). *note: what was granted only nearly (malloc'd), NULL nothing. */
char *option_cpu(const GuestArch *a, const char *arg, uint64_t features[2], char **note);
void  option_cpu_help(const GuestArch *a);
void  option_cpu_settle(const GuestArch *a, uint64_t features[2]);      /* what needs a feature that is off is off */

#endif
