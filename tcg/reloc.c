/* SPDX-License-Identifier: Apache-2.0 */
/* The relocations of a unit, coded as variable-length numbers: distance from the one before, times 8, plus the kind. */
#include "engine.h"
#include "varint.h"

enum { KIND_BITS = 3 };

size_t reloc_encode(uint8_t *out, const Reloc *r, int n)
{
    uint8_t *p = out;
    uint32_t last = 0;
    for (int i = 0; i < n; i++) {
        p = put_var(p, (uint64_t)(r[i].at - last) << KIND_BITS | r[i].kind);
        last = r[i].at;
    }
    return (size_t)(p - out);
}

int reloc_decode(const Unit *u, Reloc *out, int max)
{
    const uint8_t *p = u->unwind + u->unwind_len, *end = p + u->reloc_len;
    uint32_t at = 0;
    int n = 0;
    for (; p < end; n++) {
        uint64_t v;
        p = get_var(p, &v);
        at += (uint32_t)(v >> KIND_BITS);
        if (n < max)
            out[n] = (Reloc){ at, (RelocKind)(v & ((1 << KIND_BITS) - 1)) };
    }
    return n;
}
