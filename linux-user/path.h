/* SPDX-License-Identifier: Apache-2.0 */
/* -L: an absolute name that exists below the prefix is taken from there (path.c). */
#ifndef LINUX_USER_PATH_H
#define LINUX_USER_PATH_H

#include <stdbool.h>

void path_prefix_set(const char *prefix);               /* before threads start. NULL, "" or "/": none */
const char *path_prefix(void);
bool path_apply_prefix(const char *path, char *out);    /* out: PATH_MAX. True when replaced. Links are followed */
bool path_resolve(const char *path, char *out, bool follow);            /* the same; follow: a link at the end too */

#endif
