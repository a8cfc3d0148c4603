/* SPDX-License-Identifier: Apache-2.0 */
/* Our malloc; its users include libc's headers. */
#ifndef COMMON_USER_ALLOC_H
#define COMMON_USER_ALLOC_H

/* In the child of a fork of any kind, before all else: nobody of those who were allocating is here. */
void alloc_after_fork(void);

#endif
