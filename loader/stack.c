/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "loader/stack.h"

/* base[0] is guest address low */
typedef struct Build { const StackPlan *p; uint8_t *base; uint64_t low; uint64_t at; } Build;

static void put_bytes(Build *b, const void *s, size_t n)
{
    b->at -= n;
    memcpy(b->base + (b->at - b->low), s, n);
}

static void put_word(Build *b, uint64_t v)              /* upwards */
{
    for (int i = 0; i < b->p->word; i++)
        b->base[b->at - b->low + (unsigned)i] = (uint8_t)(v >> 8 * (b->p->big_endian ? b->p->word - 1 - i : i));
    b->at += b->p->word;
}

static size_t count(char *const *v, size_t *bytes)
{
    size_t n = 0;
    for (; v[n]; n++)
        *bytes += strlen(v[n]) + 1;
    return n;
}

int stack_build(const StackPlan *p, size_t limit, StackImage *out)
{
    size_t strings = 8 + strlen(p->execfn) + 1 + (p->platform ? strlen(p->platform) + 1 : 0) + 16;
    size_t argc = count(p->argv, &strings), envc = count(p->envp, &strings);
    size_t words = 1 + argc + 1 + envc + 1 + 2 * ((size_t)p->naux + 4);
    size_t len = (strings + words * p->word + 64 + 15) & ~(size_t)15;
    if (len > limit || len > p->top)
        return -E2BIG;
    Build b = { p, calloc(1, len), p->top - len, p->top };
    if (!b.base)
        return -ENOMEM;

    static const uint8_t zero[8];
    put_bytes(&b, zero, p->word);
    put_bytes(&b, p->execfn, strlen(p->execfn) + 1);
    uint64_t execfn = b.at;
    out->env_end = b.at;
    uint64_t *where = malloc((argc + envc + 1) * sizeof *where);
    if (!where) {
        free(b.base);
        return -ENOMEM;
    }
    for (size_t i = envc; i-- > 0; ) {
        put_bytes(&b, p->envp[i], strlen(p->envp[i]) + 1);
        where[argc + i] = b.at;
    }
    out->env_start = out->arg_end = b.at;
    for (size_t i = argc; i-- > 0; ) {
        put_bytes(&b, p->argv[i], strlen(p->argv[i]) + 1);
        where[i] = b.at;
    }
    out->arg_start = b.at;
    b.at &= ~15ull;
    uint64_t platform = 0, random;
    if (p->platform) {
        put_bytes(&b, p->platform, strlen(p->platform) + 1);
        platform = b.at;
    }
    put_bytes(&b, p->random, 16);
    random = b.at;

    uint64_t sp = ((b.at & ~15ull) - (words - (p->platform ? 0 : 2)) * p->word) & ~15ull;
    b.at = sp;
    put_word(&b, argc);
    for (size_t i = 0; i < argc; i++)
        put_word(&b, where[i]);
    put_word(&b, 0);
    for (size_t i = 0; i < envc; i++)
        put_word(&b, where[argc + i]);
    put_word(&b, 0);
    free(where);
    out->aux = b.at;
    for (int i = 0; i < p->naux; i++) {
        put_word(&b, p->aux[i].type);
        put_word(&b, p->aux[i].value);
    }
    put_word(&b, AT_RANDOM); put_word(&b, random);
    put_word(&b, AT_EXECFN); put_word(&b, execfn);
    if (p->platform) {
        put_word(&b, AT_PLATFORM);
        put_word(&b, platform);
    }
    put_word(&b, AT_NULL); put_word(&b, 0);
    out->aux_len = b.at - out->aux;
    out->sp = sp;
    out->len = p->top - sp;
    out->bytes = malloc(out->len);
    if (out->bytes)
        memcpy(out->bytes, b.base + (sp - b.low), out->len);
    free(b.base);
    return out->bytes ? 0 : -ENOMEM;
}
