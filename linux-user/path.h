/* SPDX-License-Identifier: Apache-2.0 */
/* -L: an absolute name that exists below the prefix is taken from there (path.c). Names are the host's bytes; any
 * thread. */
#ifndef LINUX_USER_PATH_H
#define LINUX_USER_PATH_H

#include <stdbool.h>

void path_prefix_set(const char *prefix);               /* before threads start. NULL, "" or "/": none */
const char *path_prefix(void);
/* out has PATH_MAX bytes, which say the name to use when it is replaced (true). Links, absolute ones too, lead to
 * places below the prefix; follow: a link at the end as well. */
bool path_resolve(const char *path, char *out, bool follow);
/* The file (O_PATH) that a name stands for when `root` is the root directory, link by link; follow: a link at the end
 * as well. A descriptor or -errno. For where openat2 is refused. */
int path_walk(int root, const char *name, bool follow);
/* Walks a name as the kernel would, links and /proc's magic ones too, and asks of the place of each part, the last
 * included, links before they are followed: true when one of them is. Places as the host's /proc/self/fd shows them. */
bool path_meets(int dirfd, const char *name, bool follow, bool (*place)(const char *));
bool path_apply_prefix(const char *path, char *out);    /* path_resolve that follows */

#endif
