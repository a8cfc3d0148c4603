/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 and SHA-256 by the SHA extensions, whose operands are the IR's in reverse or mixed order.
 * Source: Intel SDM vol. 2, SHA1RNDS4, SHA256RNDS2, SHA256MSG1, SHA256MSG2. */
#include "asm_vec.h"
#include "lower.h"

enum { SHA256RNDS2 = M0F38 | 0xcb, SHA256MSG1 = M0F38 | 0xcc, SHA256MSG2 = M0F38 | 0xcd, SHA1RNDS4 = M0F3A | 0xcc };

static bool host_has_sha(void) { return __builtin_cpu_supports("sha"); }

/* The rounds work on {f e b a} and {h g d c} (lane 0 first) with W + K in xmm0, two rounds at a time. */
void lower_sha256h(Em *e, const IrInsn *in)
{
    enum { XMM0, FIRST_OF_EACH = 0x11, LAST_OF_EACH = 0xbb };
    if (!host_has_sha()) {
        lower_by_eval(e, in);
        return;
    }
    int x = use_x(e, in->arg[0]), y = use_x(e, in->arg[1]), w = use_x(e, in->arg[2]), d = def_x(e, DEF_EARLY);
    int free[3] = { tmp_x(e), tmp_x(e), tmp_x(e) }, feba, hgdc, saved = NOREG, k = 0;

    if (free[k] == XMM0)
        k++;
    feba = free[k++];
    if (free[k] == XMM0)
        k++;
    hgdc = free[k++];
    if (d != XMM0 && free[0] != XMM0 && free[1] != XMM0 && free[2] != XMM0)
        saved = free[2];
    v3i(e, SHUFPS, feba, y, x, FIRST_OF_EACH);
    v3i(e, SHUFPS, hgdc, y, x, LAST_OF_EACH);
    if (saved != NOREG)
        vmov(e, saved, XMM0);
    vmov(e, XMM0, w);
    em_op(e, SHA256RNDS2, hgdc, opd_reg(feba), 0);
    v2i(e, PSHUFD, XMM0, XMM0, 0x0e);
    em_op(e, SHA256RNDS2, feba, opd_reg(hgdc), 0);      /* now feba is the new state, hgdc the one two rounds ago: new h
                                                         * g d c */
    v3i(e, SHUFPS, d, feba, hgdc, in->imm ? FIRST_OF_EACH : LAST_OF_EACH);
    if (saved != NOREG)
        vmov(e, XMM0, saved);
}

void lower_sha256su(Em *e, const IrInsn *in)
{
    if (!host_has_sha()) {
        lower_by_eval(e, in);
        return;
    }
    int b = use_x(e, in->arg[1]), d = def_copy_x(e, in->arg[0], in->arg[1]);
    em_op(e, in->op == IR_sha256su0 ? SHA256MSG1 : SHA256MSG2, d, opd_reg(b), 0);
}

/* The host adds the round constant itself and wants e added to the first word. */
void lower_sha1h(Em *e, const IrInsn *in)
{
    static const uint32_t constant[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc };
    enum { REVERSED = 0x1b };
    if (!host_has_sha()) {
        lower_by_eval(e, in);
        return;
    }
    int a = use_x(e, in->arg[0]), b = use_x(e, in->arg[1]), w = use_x(e, in->arg[2]), d = def_x(e, DEF_EARLY),
        t = tmp_x(e);

    v3i(e, INSERTPS, t, b, b, 0x0e);
    v3(e, PADDD, t, t, w);
    v3o(e, PSUBD, t, t, pool_lane(e, E32, constant[in->imm]));
    v2i(e, PSHUFD, t, t, REVERSED);
    v2i(e, PSHUFD, d, a, REVERSED);
    em_op(e, SHA1RNDS4, d, opd_reg(t), 1);
    em8(e, (unsigned)in->imm);
    v2i(e, PSHUFD, d, d, REVERSED);
}
