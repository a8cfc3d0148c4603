/* SPDX-License-Identifier: Apache-2.0 */
/* Text of structures, flags and buffers, as strace and -strace users know it. Input is in host form. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "thunk/thunk.h"

void thunk_append(char *out, size_t cap, size_t *at, const char *fmt, ...)
{
    if (*at + 1 >= cap)
        return;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out + *at, cap - *at, fmt, ap);
    va_end(ap);
    *at += n < 0 ? 0 : (size_t)n;
    if (*at >= cap)
        *at = cap - 1;
}

void thunk_print_flags(const ThunkFlags *f, uint64_t v, char *out, size_t cap, size_t *at)
{
    size_t start = *at;
    for (const ThunkFlag *r = f->flags; r < f->flags + f->n; r++) {
        if (f->values ? v != r->host
                      : (!r->host_mask || (v & r->host_mask) != r->host || (r->host == 0 && start != *at)))
            continue;
        thunk_append(out, cap, at, "%s%s", *at == start ? "" : "|", r->name);
        if (f->values)
            return;
        v &= ~r->host_mask;
        if (!v)
            return;
    }
    if (v || *at == start)
        thunk_append(out, cap, at, v ? "%s0x%" PRIx64 : "%s%" PRIx64, *at == start ? "" : "|", v);
}

void thunk_print_bytes(const void *p, size_t len, size_t max, char *out, size_t cap, size_t *at)
{
    static const char letters[] = "\a\b\t\n\v\f\r", names[] = "abtnvfr";
    const uint8_t *b = p;
    thunk_append(out, cap, at, "\"");
    for (size_t i = 0; i < len && i < max; i++) {
        if (b[i] >= 7 && b[i] <= 13)
            thunk_append(out, cap, at, "\\%c", names[b[i] - letters[0]]);
        else if (b[i] == '"' || b[i] == '\\')
            thunk_append(out, cap, at, "\\%c", b[i]);
        else if (b[i] >= 32 && b[i] < 127)
            thunk_append(out, cap, at, "%c", b[i]);
        else
            thunk_append(out, cap, at, i + 1 < len && b[i + 1] >= '0' && b[i + 1] <= '9' ? "\\%03o" : "\\%o", b[i]);
    }
    thunk_append(out, cap, at, len > max ? "\"..." : "\"");
}

static const struct { uint8_t bytes; bool sign; } host_kinds[] = {
    [TK_U8] = { 1 }, [TK_S8] = { 1, true }, [TK_U16] = { 2 }, [TK_S16] = { 2, true }, [TK_U32] = { 4 },
    [TK_S32] = { 4, true },
    [TK_U64] = { 8 }, [TK_S64] = { 8, true }, [TK_WORD] = { sizeof(long) }, [TK_SWORD] = { sizeof(long), true },
    [TK_NSEC] = { 8, true }, [TK_NET16] = { 2 }, [TK_NET32] = { 4 },
};

void thunk_print_struct(const ThunkStruct *s, const void *host, char *out, size_t cap, size_t *at)
{
    thunk_append(out, cap, at, "{");
    for (unsigned i = 0; i < s->nfields; i++) {
        const ThunkField *f = &s->fields[i];
        const uint8_t *p = (const uint8_t *)host + f->host_off;
        thunk_append(out, cap, at, "%s%s=", i ? ", " : "", f->name);
        if (f->kind == TK_STRUCT) {
            thunk_print_struct(f->sub, p, out, cap, at);
        } else if (f->count > 1 && host_kinds[f->host_kind].bytes == 1) {
            size_t len = 0;
            while (len < f->count && p[len])
                len++;
            thunk_print_bytes(p, len, 64, out, cap, at);
        } else {
            bool swap = f->kind == TK_NET16 || f->kind == TK_NET32;
            uint64_t v = thunk_load(p, host_kinds[f->host_kind].bytes, host_kinds[f->host_kind].sign,
                                    swap || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
            thunk_append(out, cap, at, host_kinds[f->host_kind].sign ? "%" PRId64 : "%" PRIu64, v);
            if (f->count > 1)
                thunk_append(out, cap, at, ",...");
        }
    }
    thunk_append(out, cap, at, "}");
}
