/* SPDX-License-Identifier: Apache-2.0 */
/* AES, SHA-1 and SHA-256. SHA-1's message schedule is a short chain of vector ops; the rounds are IR ops. */
#include "tr_simd.h"

#include "aarch64/simd_crypto.decode.h"
#include "aarch64/simd_crypto.decode.inc"

static IrVal xor3(Tr *t, IrVal a, IrVal b) { return v2(t, IR_vxor, W_Q, E64, 0, a, b); }
static IrVal add32(Tr *t, IrVal a, IrVal b) { return v2(t, IR_vadd, W_Q, E32, 0, a, b); }
static IrVal ext(Tr *t, int bytes, IrVal a, IrVal b) { return v2(t, IR_vext, W_Q, E8, bytes, a, b); }
static IrVal ror32(Tr *t, int n, IrVal a)
{
    return v2(t, IR_vor, W_Q, E64, 0, v1(t, IR_vshri, W_Q, E32, n, a), v1(t, IR_vshli, W_Q, E32, 32 - n, a));
}

bool tr_vc_aes(Tr *t, const OpR2 *a, int op)
{
    put_v(t, a->rd, v1(t, op, W_Q, E8, 0, xor3(t, vq(t, a->rd), vq(t, a->rn))));
    return true;
}

bool tr_vc_aesmc(Tr *t, const OpR2 *a, int op)
{
    put_v(t, a->rd, v1(t, op, W_Q, E8, 0, vq(t, a->rn)));
    return true;
}

bool tr_vc_sha1(Tr *t, const OpR3 *a, int fn)
{
    put_v(t, a->rd, ir_v3(t->u, IR_sha1h, IR_V128, E32, fn, vq(t, a->rd), vq(t, a->rn), vq(t, a->rm)));
    return true;
}

bool tr_vc_sha256h(Tr *t, const OpR3 *a)
{
    put_v(t, a->rd, ir_v3(t->u, IR_sha256h, IR_V128, E32, 0, vq(t, a->rd), vq(t, a->rn), vq(t, a->rm)));
    return true;
}

bool tr_vc_sha256h2(Tr *t, const OpR3 *a)
{
    put_v(t, a->rd, ir_v3(t->u, IR_sha256h, IR_V128, E32, 1, vq(t, a->rn), vq(t, a->rd), vq(t, a->rm)));
    return true;
}

bool tr_vc_sha1h(Tr *t, const OpR2 *a)
{
    put_sbits(t, a->rd, ir_op2(t->u, IR_rotr, IR_I32, get_sbits(t, a->rn), imm_w(t, 2)));
    return true;
}

/* W[i] ^ W[i+2] ^ W[i+8]: the last one is SHA1SU1's W[i+13], rotated left by one. */
bool tr_vc_sha1su0(Tr *t, const OpR3 *a)
{
    IrVal d = vq(t, a->rd), mid = ext(t, 8, d, vq(t, a->rn));
    put_v(t, a->rd, xor3(t, xor3(t, mid, d), vq(t, a->rm)));
    return true;
}

/* Lane 3 needs lane 0 of this very result: its rotation enters once more. */
bool tr_vc_sha1su1(Tr *t, const OpR2 *a)
{
    IrVal zero = vk(t, W_Q, 0), x = xor3(t, vq(t, a->rd), ext(t, 4, vq(t, a->rn), zero));
    IrVal r = ror32(t, 31, x);
    IrVal lane0 = ext(t, 4, zero, r);               /* 0 0 0 r0 */
    put_v(t, a->rd, xor3(t, r, ror32(t, 31, lane0)));
    return true;
}

bool tr_vc_sha256su0(Tr *t, const OpR2 *a)
{
    put_v(t, a->rd, v2(t, IR_sha256su0, W_Q, E32, 0, vq(t, a->rd), vq(t, a->rn)));
    return true;
}

bool tr_vc_sha256su1(Tr *t, const OpR3 *a)
{
    IrVal m = vq(t, a->rm), sum = add32(t, vq(t, a->rd), ext(t, 4, vq(t, a->rn), m));
    put_v(t, a->rd, v2(t, IR_sha256su1, W_Q, E32, 0, sum, m));
    return true;
}
