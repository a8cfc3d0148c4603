/* SPDX-License-Identifier: Apache-2.0 */
/* elfmut SEED IN OUT: a copy of an ELF file with a few hostile changes in its headers: truncation, flipped bits, fields
 * set to values that overflow, overlap or point nowhere. The same seed gives the same file. */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static uint32_t rnd(void)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return state >> 33;
}

static const uint64_t nasty[] = {
    0, 1, 0xfff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000, 0x7fffffffffff, 0x800000000000,
    0x7fffffffffffffff,
    0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff,
};

int main(int argc, char **argv)
{
    static unsigned char image[1 << 22];
    if (argc != 4)
        return 1;
    state = strtoull(argv[1], NULL, 0) * 2654435761u + 1;
    FILE *f = fopen(argv[2], "rb");
    if (!f)
        return 1;
    size_t n = fread(image, 1, sizeof image, f), headers = 64 + 56 * 12;
    fclose(f);
    if (n < headers)
        return 1;
    for (int changes = 1 + rnd() % 4; changes--;) {
        size_t at = rnd() % headers;
        uint64_t v = nasty[rnd() % (sizeof nasty / sizeof nasty[0])];
        switch (rnd() % 5) {
        case 0: image[at] ^= 1u << rnd() % 8; break;
        case 1: image[at] = rnd(); break;
        case 2: memcpy(image + (at & ~7ull), &v, 8); break;
        case 3: memcpy(image + (at & ~3ull), &v, 4); break;
        default: if (rnd() % 4 == 0) n = rnd() % 3 ? rnd() % (headers + 1) : rnd() % n;
        }
    }
    f = fopen(argv[3], "wb");
    return !f || fwrite(image, 1, n, f) != n || fclose(f);
}
