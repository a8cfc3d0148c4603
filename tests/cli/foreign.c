/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that waits, or looks at another, see security.bats. wait: says where its environment is and how long its
 * vector is. look PID: the program's name, and how its file begins. read FILE: its length. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 16];

static long slurp(const char *path)
{
    int fd = open(path, O_RDONLY);
    long len = 0, n = fd;
    while (n >= 0 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0) len += n;
    text[len] = 0;
    return n < 0 ? -1 : len;
}

int main(int argc, char **argv)
{
    char path[64], link[4096] = "";
    if (!strcmp(argv[1], "wait")) {
        slurp("/proc/self/stat");
        char *p = strrchr(text, ')') + 2;
        for (int i = 3; i < 50; i++) p = strchr(p, ' ') + 1;
        unsigned long first = strtoul(p, &p, 10), last = strtoul(p, NULL, 10);
        printf("%lu %lu %ld\n", first, last, slurp("/proc/self/auxv"));
        fflush(stdout);
        return pause();
    }
    if (!strcmp(argv[1], "read")) return printf("%ld\n", slurp(argv[2])) < 0;
    snprintf(path, sizeof path, "/proc/%s/exe", argv[2]);
    readlink(path, link, sizeof link - 1);
    slurp(path);
    if (text[0] != 0x7f) return printf("%s %.30s\n", link, text) < 0;
    return printf("%s machine %d\n", link, (text[18] | text[19]) & 255) < 0;       /* e_machine, both below 256 */
}
