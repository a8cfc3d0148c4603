/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion by description: round trips in every data model, flags of every family, text. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include "linux-user/sysrows.h"

static int failures;
static void check(bool ok, const char *what)
{
    printf("%s %s\n", ok ? "ok" : "FAIL", what);
    failures += !ok;
}

static const ThunkModel models[] = {
    { LAYOUT_LP64, 8, FAMILY_GENERIC, false }, { LAYOUT_LP64, 8, FAMILY_ARM, false },
    { LAYOUT_LP64, 8, FAMILY_GENERIC, true },
    { LAYOUT_ILP32_A8, 4, FAMILY_GENERIC, false }, { LAYOUT_ILP32_A8, 4, FAMILY_PPC, true },
    { LAYOUT_ILP32_A4, 4, FAMILY_GENERIC, false },
};
static const ThunkStruct *const shapes[] = {
    &struct_stat, &struct_timespec, &struct_itimerspec64, &struct_rusage, &struct_statfs, &struct_flock,
    &struct_flock64, &struct_epoll_event,
    &struct_msghdr, &struct_semid_ds, &struct_shmid_ds, &struct_msqid_ds, &struct_timex, &struct_statx, &struct_utsname,
    &struct_winsize,
};

/* guest → host → guest is the identity wherever the guest's own fields are (random bytes; padding and host-less
 * fields become 0). */
static void round_trips(void)
{
    uint8_t g1[1024], g2[1024], g3[1024], h[1024], h2[1024];
    for (unsigned m = 0; m < sizeof models / sizeof *models; m++)
        for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            for (unsigned i = 0; i < sizeof g1; i++) g1[i] = rand();
            thunk_to_host(shapes[s], &models[m], h, g1, 1);
            thunk_to_guest(shapes[s], &models[m], g2, h, 1);
            thunk_to_host(shapes[s], &models[m], h2, g2, 1);
            thunk_to_guest(shapes[s], &models[m], g3, h2, 1);
            size_t n = thunk_size(shapes[s], &models[m]);
            bool same = !memcmp(g2, g3, n) && !memcmp(h, h2, thunk_shape(shapes[s], &models[m])->host_size);
            if (!same) { printf("FAIL round trip %s model %u\n", shapes[s]->name, m); failures++; }
            if (thunk_same(shapes[s], &models[m]) && memcmp(h, h2, n)) {
                printf("FAIL same %s\n", shapes[s]->name);
                failures++;
            }
        }
    puts("ok round trips");
}

static void values(void)
{
    static const uint8_t be[] = { 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xfe };
    struct timespec ts;
    thunk_to_host(&struct_timespec, &models[4], &ts, be, 1);
    check(ts.tv_sec == 5 && ts.tv_nsec == -2, "big-endian 32-bit timespec");
    uint8_t out[16];
    ts = (struct timespec){ -1, 999999999 };
    thunk_to_guest(&struct_timespec64, &models[4], out, &ts, 1);
    static const uint8_t want[] = { 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0x3b, 0x9a, 0xc9, 0xff };
    check(!memcmp(out, want, 16), "timespec64 of a 32-bit big-endian guest");
    uint8_t dirty[16] = { 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9, 0, 0, 0, 7 };
    thunk_to_host(&struct_timespec64, &models[4], &ts, dirty, 1);
    check(ts.tv_sec == 1 && ts.tv_nsec == 7, "upper half of nanoseconds is ignored for 32-bit guests");
    struct statfs fs = { .f_blocks = 1ull << 32, .f_files = UINT64_MAX };
    uint8_t big[256];
    check(!thunk_to_guest(&struct_statfs, &models[4], big, &fs, 1), "2^32 blocks are too many for 32 bits");
    check(thunk_to_guest(&struct_statfs, &models[0], big, &fs, 1), "and not for 64");
    fs.f_blocks = UINT32_MAX;
    check(thunk_to_guest(&struct_statfs, &models[4], big, &fs, 1), "an unknown number of files fits");
    struct stat st2 = { .st_nlink = 70000, .st_size = 1 };
    check(!thunk_to_guest(&struct_stat, &models[4], big, &st2, 1), "70000 links are too many for 16 bits");
    st2 = (struct stat){ .st_ino = 1ull << 32 };
    check(!thunk_to_guest(&struct_stat, &models[4], big, &st2, 1), "inode 2^32");
    st2 = (struct stat){ .st_size = INT32_MAX, .st_ino = UINT32_MAX, .st_nlink = 65535 };
    check(thunk_to_guest(&struct_stat, &models[4], big, &st2, 1), "the largest that fit");
    st2.st_size++;
    check(!thunk_to_guest(&struct_stat, &models[4], big, &st2, 1), "2 GiB");
    struct shminfo shm = { .shmmax = 1ull << 40, .shmall = 7 };
    check(thunk_to_guest(&struct_shminfo, &models[4], big, &shm, 1), "a limit fits always");
    check(thunk_load(big, 4, false, true) == UINT32_MAX, "and is the largest");
    check(thunk_load(big + 16, 4, false, true) == 7, "where it must");
    struct stat st = { .st_mode = 0100644, .st_nlink = 3, .st_size = 1234, .st_ino = 77 };
    uint8_t g[256];
    thunk_to_guest(&struct_stat, &models[0], g, &st, 1);
    check(thunk_load(g + 16, 4, false, false) == 0100644 && thunk_load(g + 20, 4, false, false) == 3 &&
            thunk_load(g + 48, 8, false, false) == 1234,
        "asm-generic stat");
}

static void flags(void)
{
    check(thunk_flags_to_host(&flags_open, &models[1], 040000) == O_DIRECTORY, "O_DIRECTORY of arm");
    check(thunk_flags_to_guest(&flags_open, &models[1], O_DIRECTORY | O_WRONLY) == (040000 | 1), "and back");
    check(thunk_flags_to_host(&flags_open, &models[4], 0400000 | 2) == (O_DIRECT | O_RDWR), "O_DIRECT of ppc");
    check(
        thunk_flags_to_host(&flags_mapflags, &models[4], 0x40 | 0x22) == (MAP_NORESERVE | MAP_PRIVATE | MAP_ANONYMOUS),
        "MAP_NORESERVE of ppc");
    check(thunk_flags_to_host(&flags_open, &models[1], 0x40000000) == 0x40000000, "unknown bits pass");
    check(thunk_flags_to_host(&flags_sockoptname, &models[4], 20) == 16, "SO_PASSCRED of ppc");
    char text[128];
    size_t at = 0;
    thunk_print_flags(&flags_open, O_RDONLY | O_CLOEXEC, text, sizeof text, &at);
    check(!strcmp(text, "O_RDONLY|O_CLOEXEC"), text);
    at = 0;
    thunk_print_flags(&flags_prot, 0, text, sizeof text, &at);
    check(!strcmp(text, "PROT_NONE"), text);
    at = 0;
    thunk_print_bytes("a\n\"\0011", 5, 32, text, sizeof text, &at);
    check(!strcmp(text, "\"a\\n\\\"\\0011\""), text);
}

int main(void)
{
    srand(1);
    round_trips();
    values();
    flags();
    return failures != 0;
}
