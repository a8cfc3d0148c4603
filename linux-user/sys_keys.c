/* SPDX-License-Identifier: Apache-2.0 */
/* keyctl of guests whose layout is not the host's: its operations as rows. Source: keyctl(2), linux/keyctl.h. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

/* Letters of the four arguments: i a number, s a string or bytes to read, o a buffer to write whose size is the next
 * one, f three s32, p struct keyctl_pkey_params, q struct keyctl_pkey_query, k struct keyctl_kdf_params, v an iovec
 * array whose length is the next one. */
static const char rows[][5] = {
    "ii",   /* GET_KEYRING_ID */        "s",    /* JOIN_SESSION_KEYRING */  "isi",  /* UPDATE */
    "i",    /* REVOKE */                "iii",  /* CHOWN */                 "ii",   /* SETPERM */
    "ioi",  /* DESCRIBE */              "i",    /* CLEAR */                 "ii",   /* LINK */
    "ii",   /* UNLINK */                "issi", /* SEARCH */                "ioi",  /* READ */
    "isii", /* INSTANTIATE */           "iii",  /* NEGATE */                "i",    /* SET_REQKEY_KEYRING */
    "ii",   /* SET_TIMEOUT */           "i",    /* ASSUME_AUTHORITY */      "ioi",  /* GET_SECURITY */
    "",     /* SESSION_TO_PARENT */     "iiii", /* REJECT */                "ivii", /* INSTANTIATE_IOV */
    "i",    /* INVALIDATE */            "ii",   /* GET_PERSISTENT */        "foik", /* DH_COMPUTE */
    "iisq", /* PKEY_QUERY */            "psso", /* PKEY_ENCRYPT */          "psso", /* PKEY_DECRYPT */
    "psso", /* PKEY_SIGN */             "psss", /* PKEY_VERIFY */           "iss",  /* RESTRICT_KEYRING */
    "iiii", /* MOVE */                  "oi",   /* CAPABILITIES */          "iii",  /* WATCH_KEY */
};
enum { OP_READ = 11, OP_PKEY_FIRST = 25, MOST_IOV = 8 };

typedef struct KeyCall {
    uint64_t host[4];
    int out;                            /* argument that is written to, -1 none */
    uint64_t room;                      /* its size */
    uint32_t numbers[3];
    union { uint8_t params[64], query[64], kdf[64]; };
    struct iovec iov[MOST_IOV];
} KeyCall;

static int64_t get_iov(Task *t, KeyCall *c, int i, const uint64_t *guest)
{
    if (guest[i + 1] > MOST_IOV) {
        sys_unsupported("keyctl: a payload in more than 8 parts");
        return -EINVAL;
    }
    c->host[i] = (uintptr_t)c->iov;
    return sys_read_iov(t, c->iov, guest[i], guest[i + 1]);
}

static int64_t get_kdf(Task *t, KeyCall *c, int i, gaddr at)
{
    struct { uint64_t hash, other; uint32_t otherlen; } kdf;
    if (!at)
        return 0;
    int64_t r = sys_get_struct(t, &struct_keyctl_kdf_params, c->kdf, at);
    if (r < 0)
        return r;
    memcpy(&kdf, c->kdf, sizeof kdf);
    kdf.hash = (uintptr_t)gmem_host(t, kdf.hash, 1);
    kdf.other = (uintptr_t)gmem_host(t, kdf.other, kdf.otherlen);
    memcpy(c->kdf, &kdf, sizeof kdf);
    c->host[i] = (uintptr_t)c->kdf;
    return 0;
}

static int64_t get_argument(Task *t, KeyCall *c, int i, char kind, const uint64_t *guest)
{
    uint64_t v = guest[i];
    int64_t r = 0;
    switch (kind) {
    case 'i': c->host[i] = (uint64_t)(int32_t)v; break;
    case 's': c->host[i] = (uintptr_t)gmem_host(t, v, 1); break;
    case 'o': c->out = i, c->host[i] = (uintptr_t)gmem_host(t, v, 1), c->room = i < 3 ? guest[i + 1] : c->room; break;
    case 'v': return get_iov(t, c, i, guest);
    case 'k': return get_kdf(t, c, i, v);
    case 'q': c->host[i] = (uintptr_t)c->query; break;
    case 'f':
        for (unsigned k = 0; k < 3 && r == 0; k++)
            r = gmem_get_u32(t, v + 4 * k, &c->numbers[k]);
        c->host[i] = (uintptr_t)c->numbers;
        break;
    case 'p':
        r = sys_get_struct(t, &struct_keyctl_pkey_params, c->params, v);
        c->host[i] = (uintptr_t)c->params;
        c->room = thunk_load(c->params + 8, 4, false, false);          /* out_len */
        break;
    }
    return r;
}

/* What a keyring holds is the serial numbers of its keys. */
static bool is_keyring(int id)
{
    char text[64] = "";
    return syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, id, text, sizeof text - 1) > 0 && !strncmp(text, "keyring;", 8);
}

static int64_t turn_serials(Task *t, gaddr at, uint64_t len)
{
    uint32_t v;
    int64_t r = 0;
    for (uint64_t k = 0; k + 4 <= len && r == 0; k += 4)
        if ((r = gmem_read(t, &v, at + k, 4)) == 0)
            r = gmem_put_u32(t, at + k, v);
    return r;
}

int64_t sys_keyctl(Task *t, int op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t guest[4] = { a, b, c, d };
    KeyCall k = { .out = -1 };
    if (op < 0 || op >= (int)(sizeof rows / sizeof *rows))
        return -EOPNOTSUPP;
    for (int i = 0; rows[op][i]; i++) {
        int64_t r = get_argument(t, &k, i, rows[op][i], guest);
        if (r < 0)
            return r;
    }
    gaddr out = k.out < 0 ? 0 : guest[k.out];
    int64_t r = sys_host_out(t, out, k.room, SYS_keyctl, (uint64_t)op, k.host[0], k.host[1], k.host[2], k.host[3], 0);
    if (r < 0)
        return r;
    int64_t e = 0;
    if (strchr(rows[op], 'q'))
        e = sys_put_struct(t, &struct_keyctl_pkey_query, d, k.query);
    if (op == OP_READ && out && linux_abi.big_endian && is_keyring((int)a))
        e = turn_serials(t, out, (uint64_t)r < k.room ? (uint64_t)r : k.room);
    return e < 0 ? e : r;
}
