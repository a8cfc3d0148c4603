/* SPDX-License-Identifier: Apache-2.0 */
/* The AES rounds' parts on one 16-byte state, by FIPS 197: computed in GF(2^8), no tables to get wrong. */
#include "eval.h"

static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    uint8_t r = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            r ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
    }
    return r;
}

static uint8_t gf_inverse(uint8_t a)        /* a^254, 0 for 0 */
{
    uint8_t r = 1, p = a;
    for (int e = 254; e; e >>= 1) {
        if (e & 1)
            r = gf_mul(r, p);
        p = gf_mul(p, p);
    }
    return r;
}

static uint8_t rotl8(uint8_t a, int n) { return (uint8_t)(a << n | a >> (8 - n)); }

static uint8_t sbox(uint8_t a)
{
    uint8_t b = gf_inverse(a);
    return b ^ rotl8(b, 1) ^ rotl8(b, 2) ^ rotl8(b, 3) ^ rotl8(b, 4) ^ 0x63;
}

static uint8_t inverse_sbox(uint8_t a)
{
    return gf_inverse(rotl8(a, 1) ^ rotl8(a, 3) ^ rotl8(a, 6) ^ 0x05);
}

/* Byte 4 * column + row; row k moves left by k columns (right for the inverse). */
static void sub_and_shift(IrValue *r, const IrValue *a, bool inverse)
{
    for (int col = 0; col < 4; col++)
        for (int row = 0; row < 4; row++) {
            uint8_t x = a->b[4 * ((inverse ? col - row : col + row) & 3) + row];
            r->b[4 * col + row] = inverse ? inverse_sbox(x) : sbox(x);
        }
}

static void mix_columns(IrValue *r, const IrValue *a, const uint8_t k[4])
{
    for (int col = 0; col < 4; col++)
        for (int row = 0; row < 4; row++) {
            uint8_t x = 0;
            for (int n = 0; n < 4; n++)
                x ^= gf_mul(a->b[4 * col + ((row + n) & 3)], k[n]);
            r->b[4 * col + row] = x;
        }
}

void eval_aes(IrValue *r, IrOp op, const IrValue *a)
{
    static const uint8_t forward[4] = { 2, 3, 1, 1 }, backward[4] = { 14, 11, 13, 9 };
    bool inverse = op == IR_aesdec || op == IR_aesimc || op == IR_aesdecimc;
    IrValue in = *a;
    if (op != IR_aesmc && op != IR_aesimc) {
        sub_and_shift(r, &in, inverse);
        in = *r;
    }
    if (op != IR_aesenc && op != IR_aesdec)
        mix_columns(r, &in, inverse ? backward : forward);
}
