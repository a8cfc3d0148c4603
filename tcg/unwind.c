/* SPDX-License-Identifier: Apache-2.0 */
/* Side table of a unit: for each guest instruction the host offset where its code starts. Coded as
 * pairs of variable-length deltas (host offset, zigzag guest pc), so it costs two or three bytes each. */
#include "engine.h"
#include "varint.h"

/* out holds 15 bytes per entry. Returns the length. */
size_t unwind_encode(uint8_t *out, const uint32_t *host_off, const gaddr *pc, int n, gaddr base)
{
    uint8_t *p = out;
    uint32_t off = 0;
    for (int i = 0; i < n; i++) {
        int64_t d = (int64_t)(pc[i] - base);
        p = put_var(p, host_off[i] - off);
        p = put_var(p, ((uint64_t)d << 1) ^ (uint64_t)(d >> 63));
        off = host_off[i];
        base = pc[i];
    }
    return (size_t)(p - out);
}

bool unwind_find(const Unit *u, uint32_t host_off, gaddr *pc)
{
    const uint8_t *p = u->unwind, *end = p + u->unwind_len;
    gaddr at = u->pc;
    uint32_t off = 0;
    bool found = false;
    while (p < end) {
        uint64_t o, d;
        p = get_var(get_var(p, &o), &d);
        off += (uint32_t)o;
        if (off > host_off)
            break;
        at += (d >> 1) ^ -(d & 1);
        *pc = at;
        found = true;
    }
    return found;
}
