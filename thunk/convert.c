/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion of structures and flag words between a guest's data model and the host's, driven by descriptions. */
#include <string.h>
#include "thunk/thunk.h"

typedef struct KindInfo { uint8_t bytes; bool sign, fixed_order; } KindInfo;

static const KindInfo kinds[] = {       /* bytes 0: the model's word */
    [TK_U8] = { 1 },            [TK_S8] = { 1, true },
    [TK_U16] = { 2 },           [TK_S16] = { 2, true },
    [TK_U32] = { 4 },           [TK_S32] = { 4, true },
    [TK_U64] = { 8 },           [TK_S64] = { 8, true },
    [TK_WORD] = { 0 },          [TK_SWORD] = { 0, true },
    [TK_NSEC] = { 8, true },
    [TK_NET16] = { 2, false, true }, [TK_NET32] = { 4, false, true },
};
#define HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

uint64_t thunk_load(const void *p, unsigned bytes, bool sign, bool big_endian)
{
    bool swap = big_endian != HOST_BIG_ENDIAN;
    uint16_t h; uint32_t w; uint64_t d;
    switch (bytes) {
    case 1: return sign ? (uint64_t)*(const int8_t *)p : *(const uint8_t *)p;
    case 2:
        memcpy(&h, p, 2);
        h = swap ? __builtin_bswap16(h) : h;
        return sign ? (uint64_t)(int16_t)h : h;
    case 4:
        memcpy(&w, p, 4);
        w = swap ? __builtin_bswap32(w) : w;
        return sign ? (uint64_t)(int32_t)w : w;
    default:
        memcpy(&d, p, 8);
        return swap ? __builtin_bswap64(d) : d;
    }
}

void thunk_store(void *p, unsigned bytes, bool big_endian, uint64_t v)
{
    bool swap = big_endian != HOST_BIG_ENDIAN;
    uint16_t h = v; uint32_t w = v;
    switch (bytes) {
    case 1: *(uint8_t *)p = v; break;
    case 2: h = swap ? __builtin_bswap16(h) : h; memcpy(p, &h, 2); break;
    case 4: w = swap ? __builtin_bswap32(w) : w; memcpy(p, &w, 4); break;
    default: v = swap ? __builtin_bswap64(v) : v; memcpy(p, &v, 8); break;
    }
}

const ThunkStruct *thunk_shape(const ThunkStruct *s, const ThunkModel *m)
{
    return s->variant[m->family] ? s->variant[m->family] : s;
}

size_t thunk_size(const ThunkStruct *s, const ThunkModel *m)
{
    return thunk_shape(s, m)->guest_size[m->layout];
}

bool thunk_same(const ThunkStruct *s, const ThunkModel *m)
{
    s = thunk_shape(s, m);
    return (s->same >> m->layout & 1) && (m->big_endian == HOST_BIG_ENDIAN || s->bytes_only);
}

static unsigned kind_bytes(unsigned kind, unsigned word)
{
    return kinds[kind].bytes ? kinds[kind].bytes : word;
}

/* Stores one value in the guest's field. False: it does not fit, and should. */
static bool narrow(const ThunkField *f, uint8_t *g, unsigned bytes, bool big_endian, uint64_t v)
{
    bool sign = kinds[f->kind].sign;
    thunk_store(g, bytes, big_endian, v);
    if (f->narrow == NARROW_CUT || v == UINT64_MAX || thunk_load(g, bytes, sign, big_endian) == v)
        return true;
    if (f->narrow == NARROW_FAIL)
        return false;
    thunk_store(g, bytes, big_endian, (sign ? INT64_MAX : (int64_t)UINT64_MAX) >> (64 - 8 * bytes));
    return true;
}

static bool field_convert(const ThunkField *f, const ThunkModel *m, uint8_t *host, uint8_t *guest, bool to_host)
{
    bool fits = true;
    unsigned gb = kind_bytes(f->kind, m->word), hb = kind_bytes(f->host_kind, sizeof(long));
    bool gbe = kinds[f->kind].fixed_order ? HOST_BIG_ENDIAN : m->big_endian;
    uint8_t *h = host + f->host_off, *g = guest + f->guest_off[m->layout];

    if (gb == 1 && hb == 1) {
        if (to_host)
            memcpy(h, g, f->count);
        else
            memcpy(g, h, f->count);
        return true;
    }
    for (unsigned i = 0; i < f->count; i++, h += hb, g += gb) {
        if (!to_host) {
            fits &= narrow(f, g, gb, gbe, thunk_load(h, hb, kinds[f->host_kind].sign, HOST_BIG_ENDIAN));
            continue;
        }
        uint64_t v = thunk_load(g, gb, kinds[f->kind].sign, gbe);
        if (f->kind == TK_NSEC && m->word == 4)
            v = (uint32_t)v;
        thunk_store(h, hb, HOST_BIG_ENDIAN, v);
    }
    return fits;
}

static bool convert(const ThunkStruct *s, const ThunkModel *m, uint8_t *host, uint8_t *guest, bool to_host)
{
    bool fits = true;
    s = thunk_shape(s, m);
    for (const ThunkField *f = s->fields; f < s->fields + s->nfields; f++) {
        if (f->kind != TK_STRUCT) {
            fits &= field_convert(f, m, host, guest, to_host);
            continue;
        }
        uint8_t *h = host + f->host_off, *g = guest + f->guest_off[m->layout];
        for (unsigned i = 0; i < f->count; i++)
            fits &= convert(f->sub, m, h + i * thunk_shape(f->sub, m)->host_size, g + i * thunk_size(f->sub, m),
                            to_host);
    }
    return fits;
}

void thunk_to_host(const ThunkStruct *s, const ThunkModel *m, void *host, const void *guest, size_t n)
{
    s = thunk_shape(s, m);
    memset(host, 0, n * s->host_size);
    for (size_t i = 0; i < n; i++)
        convert(s, m, (uint8_t *)host + i * s->host_size, (uint8_t *)guest + i * s->guest_size[m->layout], true);
}

bool thunk_to_guest(const ThunkStruct *s, const ThunkModel *m, void *guest, const void *host, size_t n)
{
    bool fits = true;
    s = thunk_shape(s, m);
    memset(guest, 0, n * s->guest_size[m->layout]);
    for (size_t i = 0; i < n; i++)
        fits &= convert(s, m, (uint8_t *)host + i * s->host_size, (uint8_t *)guest + i * s->guest_size[m->layout],
                        false);
    return fits;
}

static uint64_t flags_convert(const ThunkFlags *f, unsigned family, uint64_t v, bool to_host)
{
    if (f->same >> family & 1)
        return v;
    uint64_t known = 0, out = 0;        /* a field whose value no row has passes unchanged, for the kernel to judge */
    for (const ThunkFlag *r = f->flags; r < f->flags + f->n; r++) {
        uint64_t from_mask = to_host ? r->guest_mask[family] : r->host_mask,
                 from = to_host ? r->guest[family] : r->host;
        if ((v & from_mask) != from || !from_mask)
            continue;
        known |= from_mask;
        if (f->values)
            return to_host ? r->host : r->guest[family];
        out |= to_host ? r->host : r->guest[family];
    }
    return f->values ? v : out | (v & ~known);
}

uint64_t thunk_flags_to_host(const ThunkFlags *f, const ThunkModel *m, uint64_t v)
{
    return flags_convert(f, m->family, v, true);
}

uint64_t thunk_flags_to_guest(const ThunkFlags *f, const ThunkModel *m, uint64_t v)
{
    return flags_convert(f, m->family, v, false);
}
