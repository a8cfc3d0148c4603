/* SPDX-License-Identifier: Apache-2.0 */
/* Guest pages of 4 KiB over host pages of 16 and 64 KiB: random mmap (anonymous, private files at any offset), munmap,
 * mprotect, mremap and MADV_DONTNEED in a small window; protections and contents are compared with a model, page by
 * page. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common-user/mm.h"

static int failures;
#define CHECK(e) do { if (!(e)) { failures++; printf("FAIL %s:%d %s\n", __func__, __LINE__, #e); } } while (0)
enum { PAGE = 4096, PAGES = 96, ANON = MAP_PRIVATE | MAP_ANONYMOUS, FILE_PAGES = 40, RW = PROT_READ | PROT_WRITE };

static GuestArch arch;
static Mm *fresh(bool wide, uint64_t host_page)
{
    char err[200];
    arch.tcg.addr_bits = wide ? 64 : 32;
    MmConfig c = {
        .arch = &arch, .page_size = PAGE, .host_page = host_page, .task_size = wide ? 1ull << 47 : 1ull << 32
    };
    Mm *mm = mm_new(&c, err, sizeof err);
    CHECK(mm != NULL);
    return mm;
}

static uint8_t *host(Mm *mm, gaddr a) { return (uint8_t *)(uintptr_t)(mm_base(mm) + a); }

static struct { int prot; uint8_t value; bool file; } model[PAGES];     /* prot + 1; 0 unmapped */
static int file;

static void compare(Mm *mm, gaddr base, int step)
{
    for (int i = 0; i < PAGES && !failures; i++) {
        MmInfo info;
        gaddr a = base + (gaddr)i * PAGE;
        bool there = mm_query(mm, a, &info);
        if (there != (model[i].prot != 0) || (there && info.prot != model[i].prot - 1)) {
            failures++;
            printf("FAIL step %d page %d: %d prot %d, want %d\n", step, i, there, there ? info.prot : -1,
                model[i].prot - 1);
        } else if (there && info.prot & PROT_READ &&
            (*host(mm, a) != model[i].value || *host(mm, a + PAGE - 1) != model[i].value)) {
            failures++;
            printf("FAIL step %d page %d: byte %d, want %d\n", step, i, *host(mm, a), model[i].value);
        }
    }
}

static void scribble(Mm *mm, gaddr base, int p, int n, int step)
{
    for (int i = p; i < p + n; i++)
        if (model[i].prot - 1 == RW) memset(host(mm, base + (gaddr)i * PAGE), model[i].value = (uint8_t)step, PAGE);
}

static void move(Mm *mm, gaddr base, int p, int n)
{
    int to = rand() % (PAGES - n + 1);
    gaddr a = base + (gaddr)p * PAGE, b = base + (gaddr)to * PAGE;
    if (to < p + n && p < to + n) return;
    MmInfo v;
    if (!mm_query(mm, a, &v) || v.end < a + (gaddr)n * PAGE) return;
    CHECK(mm_remap(mm, a, (uint64_t)n * PAGE, (uint64_t)n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, b) == (int64_t)b);
    for (int i = 0; i < n; i++) { model[to + i] = model[p + i]; model[p + i].prot = 0; }
}

static void random_walk(bool wide, uint64_t host_page)
{
    static const int prots[] = { PROT_NONE, PROT_READ, RW, RW };
    Mm *mm = fresh(wide, host_page);
    gaddr base = (gaddr)mm_map(mm, 0, PAGES * PAGE, PROT_NONE, ANON, -1, 0);
    memset(model, 0, sizeof model);
    for (int i = 0; i < PAGES; i++) model[i].prot = PROT_NONE + 1;
    srand(11);
    for (int step = 0; step < 6000 && !failures; step++) {
        int p = rand() % PAGES, n = 1 + rand() % (PAGES - p < 30 ? PAGES - p : 30), prot = prots[rand() % 4], holes = 0,
            files = 0;
        gaddr a = base + (gaddr)p * PAGE;
        uint64_t len = (uint64_t)n * PAGE;
        for (int i = p; i < p + n; i++) { holes += !model[i].prot; files += model[i].prot && model[i].file; }
        switch (rand() % 7) {
        case 0:
            CHECK(mm_map(mm, a, len, prot, ANON | MAP_FIXED, -1, 0) == (int64_t)a);
            for (int i = p; i < p + n; i++) { model[i].prot = prot + 1; model[i].value = 0; model[i].file = false; }
            break;
        case 1: {
            int at = rand() % (FILE_PAGES - n + 1);
            CHECK(mm_map(mm, a, len, prot, MAP_PRIVATE | MAP_FIXED, file, (uint64_t)at * PAGE) == (int64_t)a);
            for (int i = p; i < p + n; i++) {
                model[i].prot = prot + 1;
                model[i].value = (uint8_t)(100 + at + i - p);
                model[i].file = true;
            }
            break;
        }
        case 2:
            CHECK(mm_unmap(mm, a, len) == 0);
            for (int i = p; i < p + n; i++) model[i].prot = 0;
            break;
        case 3:
            CHECK(mm_protect(mm, a, len, prot) == (holes ? -ENOMEM : 0));
            for (int i = p; i < p + n && model[i].prot; i++) model[i].prot = prot + 1;
            break;
        case 4: move(mm, base, p, n % 9 + 1 > PAGES - p ? 1 : n % 9 + 1); break;
        case 5:
            if (files) break;
            CHECK(mm_madvise(mm, a, len, MADV_DONTNEED) == (holes ? -ENOMEM : 0));
            for (int i = p; i < p + n; i++) model[i].value = 0;
            break;
        case 6: scribble(mm, base, p, n, step); break;
        }
        compare(mm, base, step);
    }
}

static void shared(bool wide)
{
    Mm *mm = fresh(wide, 65536);
    int fd = memfd_create("s", 0);
    CHECK(!ftruncate(fd, 1 << 20));
    gaddr a = (gaddr)mm_map(mm, 0, PAGE, RW, MAP_SHARED, fd, 3 * PAGE),
          b = (gaddr)mm_map(mm, 0, 5 * PAGE, RW, MAP_SHARED, fd, 2 * PAGE);
    *host(mm, a) = 77;
    CHECK(*host(mm, b + PAGE) == 77 && (a & 65535) == 3 * PAGE);
    /* would need a copy of shared memory */
    CHECK(mm_map(mm, a + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == -EINVAL);
    CHECK(mm_map(mm, a, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0) == -EINVAL);
    CHECK(*host(mm, a) == 77 && !mm_unmap(mm, a, PAGE));
    int64_t c = mm_remap(mm, b, 5 * PAGE, 9 * PAGE, MREMAP_MAYMOVE, 0);
    CHECK(c > 0 && *host(mm, (gaddr)c + PAGE) == 77);
    *host(mm, (gaddr)c + 8 * PAGE) = 5;
    CHECK(mm_map(mm, 0, PAGE, RW, MAP_SHARED, fd, 100) == -EINVAL &&
        mm_map(mm, 0, PAGE, RW, MAP_PRIVATE, 999, 0) == -EBADF);
}

static void neighbours_of_code(void)
{
    Mm *mm = fresh(true, 65536);
    char buf[16];
    gaddr a = (gaddr)mm_map(mm, 0, 4 * PAGE, RW | PROT_EXEC, ANON, -1, 0);
    CHECK(mm_fetch(mm, a, buf, 4) == 4);
    CHECK(mm_unprotect_code(mm, a + 2 * PAGE, 1));                  /* a write beside it opens the whole host page */
    CHECK(mm_fetch(mm, a, buf, 4) == 4);
    CHECK(mm_map(mm, a + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == (int64_t)a + 3 * PAGE);
    *host(mm, a) = 1; /* the change next door left it open and forgot the guard */
    CHECK(!mm_unprotect_code(mm, a, 1));
    CHECK(mm_fetch(mm, a, buf, 4) == 4 && mm_unprotect_code(mm, a, 1));
}

int main(void)
{
    file = memfd_create("f", 0);
    for (int i = 0; i < FILE_PAGES; i++) {
        char page[PAGE];
        memset(page, 100 + i, PAGE);
        CHECK(write(file, page, PAGE) == PAGE);
    }
    for (int wide = 0; wide < 2; wide++) { random_walk(wide, 65536); random_walk(wide, 16384); shared(wide); }
    neighbours_of_code();
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
