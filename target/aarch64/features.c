/* SPDX-License-Identifier: Apache-2.0 */
/* What features mean to the guest: HWCAP words and ID registers, both from the rows of features.def. */
#include <string.h>
#include "sysreg.h"

enum { PFR0, PFR1, ISAR0, ISAR1, NONE };
typedef struct FeatureRow { int8_t hwcap, word; uint8_t idreg, shift, value; } FeatureRow;
static const FeatureRow rows[FEAT_COUNT] = {
#define FEATURE(id, name, hwcap, word, idreg, shift, value, needs) { hwcap, word, idreg, shift, value },
#include "features.def"
#undef FEATURE
};

uint64_t a64_hwcap(const uint64_t *features, int word)
{
    uint64_t caps = 0;
    for (int i = 0; i < FEAT_COUNT; i++)
        if (a64_has(features, i) && rows[i].word == word && rows[i].hwcap >= 0)
            caps |= 1ull << rows[i].hwcap;
    return caps;
}

static uint64_t id_fields(const uint64_t *features, int idreg)
{
    uint64_t v = idreg == PFR0 ? 0x11 : 0;              /* EL1, EL0: AArch64 only */
    if (idreg == PFR0 && !a64_has(features, FEAT_FP))
        v |= 0xff0000;    /* FP, AdvSIMD: 15 is none */
    for (int i = 0; i < FEAT_COUNT; i++) {
        const FeatureRow *r = &rows[i];
        if (r->idreg != idreg || !a64_has(features, i) || (v >> r->shift & 15) >= r->value)
            continue;
        v = (v & ~(15ull << r->shift)) | (uint64_t)r->value << r->shift;
    }
    return v;
}

/* Linux emulates op0 = 3, op1 = 0, CRn = 0, CRm = 0 (op2 0 5 6) and CRm = 4..7; registers without a row
 * read as zero. */
bool a64_id_register(const uint64_t *features, int enc, uint64_t *out)
{
    enum { ID_SPACE = 1 << 14, MPIDR = 5, REVIDR = 6 };
    static const struct {
        uint8_t crm, op2, idreg;
    } known[] = { { 4, 0, PFR0 }, { 4, 1, PFR1 }, { 6, 0, ISAR0 }, { 6, 1, ISAR1 } };
    int crm = enc >> 3 & 15, op2 = enc & 7;
    if ((enc & ~0x7f) != ID_SPACE)
        return false;
    *out = 0;
    if (crm == 0) {
        if (op2 == MPIDR)
            *out = 1u << 31;
        return op2 == MPIDR || op2 == REVIDR;
    }
    if (crm < 4 || crm > 7)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].crm == crm && known[i].op2 == op2)
            *out = id_fields(features, known[i].idreg);
    return true;
}
