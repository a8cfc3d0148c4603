/* SPDX-License-Identifier: Apache-2.0 */
/* 16-byte atomic access to aligned host memory; one implementation per host (host/<h>/atomic16.c). */
#ifndef TCG_ATOMIC16_H
#define TCG_ATOMIC16_H

#include <stdbool.h>

unsigned __int128 atomic16_load(const void *p);
/* Sequentially consistent; *expect becomes the old value. */
bool atomic16_cas(void *p, unsigned __int128 *expect, unsigned __int128 desired);

#endif
