/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of variable length, seven bits a byte from the low end, as the side tables keep them. */
#ifndef TCG_VARINT_H
#define TCG_VARINT_H

#include <stdint.h>

/* Both return the address behind the number; at most ten bytes are written or read, and nobody checks the end. */
static inline uint8_t *put_var(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static inline const uint8_t *get_var(const uint8_t *p, uint64_t *v)
{
    uint64_t r = 0;
    for (int s = 0; ; s += 7) {
        r |= (uint64_t)(*p & 0x7f) << s;
        if (!(*p++ & 0x80))
            break;
    }
    *v = r;
    return p;
}

#endif
