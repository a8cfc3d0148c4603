/* SPDX-License-Identifier: Apache-2.0 */
/* A process of the host that says it runs a guest, see security.bats. name PATH: that the guest runs PATH, which is
 * mapped when it can be read. lengths PID FIRST LAST AUXV: makes a real one (whose environment is [FIRST, LAST), whose
 * vector has AUXV bytes) tell of endless ones. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int name(const char *path)
{
    char as[250];
    uint64_t guest[4] = { 0 };
    snprintf(as, sizeof as, "guest:%s", path);
    int fd = memfd_create(as, 0), file = open(path, O_RDONLY);
    if (file >= 0) mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    if (write(fd, guest, sizeof guest) != sizeof guest || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        return 1;
    puts("ready");
    fflush(stdout);
    return pause();
}

/* The announcement has where the process' state is, and its size. */
static int lengths(const char *pid, uint64_t first, uint64_t last, uint64_t auxv)
{
    char path[40], line[4096];
    uint64_t guest[4] = { 0 }, state[4096], endless = first - 1, all = ~0ull;
    int done = 0;
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int mem = open(path, O_RDWR);
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "/memfd:guest:"))
            pread(mem, guest, sizeof guest, (off_t)strtoull(line, NULL, 16));
    size_t n = guest[2] / 8;
    if (!n || n > 4096 || pread(mem, state, n * 8, (off_t)guest[3]) != (ssize_t)(n * 8))
        return 1;
    for (size_t i = 0; i + 1 < n; i++) {
        off_t at = (off_t)(guest[3] + i * 8);
        if (state[i] == first && state[i + 1] == last)
            done |= pwrite(mem, &endless, 8, at + 8) == 8 ? 1 : 0;
        if (state[i] == auxv)
            done |= pwrite(mem, &all, 8, at) == 8 ? 2 : 0;
    }
    return done != 3;
}

int main(int argc, char **argv)
{
    if (argc == 6)
        return lengths(argv[2], strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), strtoull(argv[5], NULL, 0));
    return name(argv[2]);
}
