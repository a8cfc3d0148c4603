/* SPDX-License-Identifier: Apache-2.0 */
/* Side table of a unit: for each guest instruction the host offset where its code starts, and from there on
 * which pins are lent (their guest registers are in CpuState). Coded as variable-length deltas: host offset, zigzag
 * guest pc with a low bit that says that the lent pins change, and those; so it costs two or three bytes each. */
#include "engine.h"
#include "varint.h"

/* out holds 20 bytes per entry. Returns the length. */
size_t unwind_encode(uint8_t *out, const UnwindRow *row, int n, gaddr base)
{
    uint8_t *p = out;
    uint32_t off = 0, lent = 0;
    for (int i = 0; i < n; i++) {
        int64_t d = (int64_t)(row[i].pc - base);
        bool change = row[i].lent != lent;
        p = put_var(p, row[i].off - off);
        p = put_var(p, (((uint64_t)d << 1) ^ (uint64_t)(d >> 63)) << 1 | change);
        if (change)
            p = put_var(p, row[i].lent);
        off = row[i].off;
        lent = row[i].lent;
        base = row[i].pc;
    }
    return (size_t)(p - out);
}

bool unwind_find(const Unit *u, uint32_t host_off, UnwindRow *row)
{
    const uint8_t *p = u->unwind, *end = p + u->unwind_len;
    UnwindRow r = { .pc = u->pc };
    bool found = false;
    while (p < end) {
        uint64_t o, d, lent = r.lent;
        p = get_var(get_var(p, &o), &d);
        if (d & 1)
            p = get_var(p, &lent);
        r.off += (uint32_t)o;
        if (r.off > host_off)
            break;
        r.pc += (d >> 2) ^ -(d >> 1 & 1);
        r.lent = (uint32_t)lent;
        *row = r;
        found = true;
    }
    return found;
}
