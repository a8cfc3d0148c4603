/* SPDX-License-Identifier: Apache-2.0 */
/* The map of mappings against a model: random mmap, munmap, mprotect, mremap in a small window, compared page by page;
 * and the code protection of pages. No translator: mm works without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common-user/mm.h"

static int failures;
#define CHECK(e) do { if (!(e)) { failures++; printf("FAIL %s:%d %s\n", __func__, __LINE__, #e); } } while (0)
enum { PAGE = 4096, PAGES = 64, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static GuestArch arch;
static Mm *fresh_area(bool wide, uint64_t mmap_base, uint64_t mmap_end, uint64_t host_page)
{
    char err[200];
    arch.tcg.addr_bits = wide ? 64 : 32;
    arch.tcg.sync_icache = true;
    MmConfig c = { .arch = &arch, .page_size = PAGE, .task_size = wide ? 1ull << 47 : 1ull << 32, 
                   .mmap_base = mmap_base, .mmap_end = mmap_end, .host_page = host_page };
    Mm *mm = mm_new(&c, err, sizeof err);
    CHECK(mm != NULL);
    return mm;
}

static Mm *fresh(bool wide) { return fresh_area(wide, 0, 0, 0); }

static int model[PAGES];            /* protection + 1; 0 unmapped */

static void compare(Mm *mm, gaddr base, int step)
{
    for (int i = 0; i < PAGES; i++) {
        MmInfo info;
        bool there = mm_query(mm, base + (gaddr)i * PAGE, &info);
        if (there != (model[i] != 0) || (there && info.prot != model[i] - 1)) {
            failures++;
            printf("FAIL model: step %d page %d: %d prot %d, want %d\n", step, i, there, there ? info.prot : -1,
                model[i] - 1);
            return;
        }
    }
}

static void random_walk(bool wide)
{
    Mm *mm = fresh(wide);
    int64_t at = mm_map(mm, 0, PAGES * PAGE, PROT_NONE, ANON, -1, 0);
    CHECK(at > 0);
    gaddr base = (gaddr)at;
    for (int i = 0; i < PAGES; i++) model[i] = PROT_NONE + 1;
    srand(7);
    for (int step = 0; step < 4000 && !failures; step++) {
        int p = rand() % PAGES, n = 1 + rand() % (PAGES - p < 9 ? PAGES - p : 9), prot = rand() % 4, holes = 0;
        gaddr a = base + (gaddr)p * PAGE;
        for (int i = p; i < p + n; i++) holes += !model[i];
        switch (rand() % 4) {
        case 0:
            CHECK(mm_map(mm, a, (uint64_t)n * PAGE, prot, ANON | MAP_FIXED, -1, 0) == (int64_t)a);
            for (int i = p; i < p + n; i++) model[i] = prot + 1;
            break;
        case 1:
            CHECK(mm_unmap(mm, a, (uint64_t)n * PAGE) == 0);
            for (int i = p; i < p + n; i++) model[i] = 0;
            break;
        case 2:
            CHECK(mm_protect(mm, a, (uint64_t)n * PAGE, prot) == (holes ? -12 : 0));
            for (int i = p; i < p + n && model[i]; i++) model[i] = prot + 1;
            break;
        case 3:
            CHECK((mm_map(mm, a, (uint64_t)n * PAGE, prot, ANON | MAP_FIXED_NOREPLACE, -1, 0) == (int64_t)a) ==
                (holes == n));
            for (int i = p; holes == n && i < p + n; i++) model[i] = prot + 1;
            break;
        }
        compare(mm, base, step);
    }
}

/* Where n free pages are in a row: the highest place or the lowest; -1 none. */
static int place(const int *state, int many, int n, bool up)
{
    for (int k = 0, run = 0; k < many; k++) {
        int i = up ? k : many - 1 - k;
        run = state[i] ? 0 : run + 1;
        if (run == n) return up ? i - n + 1 : i;
    }
    return -1;
}

/* Places that mm chooses: the highest hole that is large enough, or the lowest; and the sums, all against the model. */
static void random_places(bool wide, bool up)
{
    enum { MANY = 512 };
    static int state[MANY];                     /* protection + 1; 0 free */
    const gaddr top = wide ? 1ull << (up ? 36 : 37) : 1ull << 30, low = top - (gaddr)MANY * PAGE;
    Mm *mm = fresh_area(wide, up ? low : top, up ? top : 0, 0);
    memset(state, 0, sizeof state);
    CHECK(mm_map(mm, low - PAGE, PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0) == (int64_t)(low - PAGE));
    srand(11);
    for (int step = 0; step < 6000 && !failures; step++) {
        int n = 1 + rand() % 8, prot = rand() % 4;
        if (rand() % 5 < 2) {                   /* what lies there goes, holes or not */
            int p = rand() % (MANY - n);
            CHECK(mm_unmap(mm, low + (gaddr)p * PAGE, (uint64_t)n * PAGE) == 0);
            memset(state + p, 0, (size_t)n * sizeof *state);
        } else {
            int at = place(state, MANY, n, up);
            if (at < 0) continue;
            CHECK(mm_map(mm, 0, (uint64_t)n * PAGE, prot, ANON, -1, 0) == (int64_t)(low + (gaddr)at * PAGE));
            for (int i = at; i < at + n; i++) state[i] = prot + 1;
        }
        uint64_t total = 1, data = 0;
        for (int i = 0; i < MANY; i++) { total += state[i] != 0; data += state[i] && (state[i] - 1) & PROT_WRITE; }
        MmSums s = mm_sums(mm);
        CHECK(s.total == total * PAGE && s.data == data * PAGE);
    }
}

/* Nothing is put by choice into the 256 pages below a mapping that grows downwards; it may grow there. */
static void gap_below_stack(bool up)
{
    const gaddr top = 1ull << (up ? 35 : 34), low = top - 1000 * PAGE, stack = low + 500 * PAGE;
    Mm *mm = fresh_area(true, up ? low : top, up ? top : 0, 0);
    CHECK(mm_map(mm, stack, PAGE, PROT_READ, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == (int64_t)stack);
    gaddr above = up ? stack + PAGE : top - 450 * PAGE, below = up ? low : stack - 256 * PAGE - 200 * PAGE;
    CHECK((gaddr)mm_map(mm, 0, (up ? 200 : 450) * PAGE, PROT_READ, ANON, -1, 0) == (up ? below : above));
    CHECK((gaddr)mm_map(mm, 0, (up ? 450 : 200) * PAGE, PROT_READ, ANON, -1, 0) == (up ? above : below));
    gaddr hint = stack - 100 * PAGE;
    CHECK((gaddr)mm_map(mm, hint, PAGE, PROT_READ, ANON, -1, 0) != hint);
    gaddr lies = stack - 3 * PAGE + 5;
    CHECK(mm_in_gap(mm, &lies, 1));
    CHECK(mm_grow(mm, lies) == up);                                 /* or too near to what is below */
    CHECK(mm_covered(mm, stack - 3 * PAGE, 4 * PAGE, PROT_READ) == up && mm_in_gap(mm, &lies, 1) != up);
    CHECK(!mm_grow(mm, stack) && !mm_covered(mm, stack - 4 * PAGE, PAGE, 0));
}

static void code_pages(void)
{
    Mm *mm = fresh(true);
    gaddr a = (gaddr)mm_map(mm, 0, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, ANON, -1, 0);
    char buf[16];
    CHECK(mm_fetch(mm, a + PAGE - 8, buf, 16) == 16);               /* over two pages */
    CHECK(mm_unprotect_code(mm, a, 1) && !mm_unprotect_code(mm, a, 1));
    CHECK(mm_unprotect_code(mm, a + PAGE, 1));
    mm_protect(mm, a, PAGE, PROT_READ | PROT_WRITE);
    CHECK(mm_fetch(mm, a, buf, 4) == 0);
    CHECK(mm_fetch(mm, a + 2 * PAGE - 4, buf, 16) <= 4);
    int fd = memfd_create("x", 0);
    CHECK(!ftruncate(fd, PAGE));
    gaddr w = (gaddr)mm_map(mm, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    gaddr x = (gaddr)mm_map(mm, 0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(mm_fetch(mm, x, buf, 4) == 4);
    CHECK(mm_unprotect_code(mm, w, 1));                             /* the alias was protected */
}

static void brk_and_big(void)
{
    Mm *mm = fresh(false);
    mm_brk_set(mm, 0x100000);
    CHECK(
        mm_brk(mm, 0) == 0x100000 && mm_brk(mm, 0x105001) == 0x105001 && mm_covered(mm, 0x100000, 0x6000, PROT_WRITE));
    CHECK(mm_map(mm, 0x108000, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == 0x108000);
    CHECK(mm_brk(mm, 0x10a000) == 0x105001);
    CHECK(mm_brk(mm, 0x100000) == 0x100000 && !mm_covered(mm, 0x100000, 1, 0));
    CHECK(mm_map(mm, 0, 1ull << 33, PROT_NONE, ANON, -1, 0) == -12);
    CHECK(mm_map(mm, 0, 3ull << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0) > 0);
    mm = fresh(true);
    CHECK(mm_map(mm, 0, 1ull << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0) > 0);
}

/* What fits stays in the guest's mmap area, highest gap first; only what does not goes elsewhere. */
static void area(void)
{
    enum { N = 300 };
    const gaddr top = 1ull << 38;
    Mm *mm = fresh_area(true, top, 0, 0);
    gaddr at[N], want = top;
    for (int i = 0; i < N; i++, want -= PAGE) {                     /* protections differ: no two merge */
        at[i] = (gaddr)mm_map(mm, 0, PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE, ANON, -1, 0);
        CHECK(at[i] == want - PAGE);
    }
    gaddr moved = (gaddr)mm_remap(mm, at[4], PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
    CHECK(moved == want - 2 * PAGE && !mm_covered(mm, at[4], 1, 0) && mm_covered(mm, moved, 2 * PAGE, PROT_WRITE));
    CHECK((gaddr)mm_map(mm, 0, PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0) == at[4]);
    for (int i = N / 3; i < N / 2; i++) CHECK(!mm_unmap(mm, at[i], PAGE));
    CHECK((gaddr)mm_map(mm, 0, 2 * PAGE, PROT_READ, ANON, -1, 0) == at[N / 3] - PAGE);
    CHECK((gaddr)mm_map(mm, top + PAGE, PAGE, PROT_READ, ANON, -1, 0) == top + PAGE);      /* a hint is a hint */
    CHECK((gaddr)mm_map(mm, 0, 1ull << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0) > top);
}

/* Below a guest's mapping comes no memory of the emulator: a guard page smaller than the host's would not keep the
 * guest from it. */
static void area_of_large_pages(void)
{
    const gaddr top = 1ull << 39, large = 65536;
    Mm *mm = fresh_area(true, top, 0, large);
    CHECK((gaddr)mm_map(mm, 0, PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0) == top - large);
    CHECK((gaddr)mm_map(mm, 0, 5 * large, PROT_READ | PROT_WRITE, ANON, -1, 0) == top - 6 * large);
    CHECK((gaddr)mm_map(mm, 0, 1ull << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0) > top);
}

int main(void)
{
    random_walk(true); random_walk(false); 
    for (int i = 0; i < 4; i++) random_places(i & 1, i & 2);
    gap_below_stack(true); gap_below_stack(false);
    code_pages(); brk_and_big(); area(); area_of_large_pages();
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
