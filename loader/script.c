/* SPDX-License-Identifier: Apache-2.0 */
/* `#!` lines by the rules of Linux's fs/binfmt_script.c: 256 bytes, one argument, trailing blanks cut, a name that does
 * not fit is ENOEXEC, a cut-off argument is passed cut. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "loader/elf.h"

enum { LINE = 256 };                /* BINPRM_BUF_SIZE */

static bool blank(char c) { return c == ' ' || c == '\t'; }

int script_read(int fd, char interp[PATH_MAX], char arg[PATH_MAX])
{
    char buf[LINE + 1] = { 0 };
    ssize_t n;
    do n = pread(fd, buf, LINE, 0); while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n < 2 || buf[0] != '#' || buf[1] != '!')
        return -ENOEXEC;
    char *p = buf + 2, *end = memchr(p, '\n', (size_t)n - 2);
    bool cut = !end;
    if (cut)
        end = buf + strnlen(buf, (size_t)n);
    while (p < end && blank(*p))
        p++;
    if (cut && n == LINE) {
        char *q = p;
        while (q < end && !blank(*q))
            q++;
        if (q == end)
            return -ENOEXEC;    /* the interpreter's name may be cut */
    }
    while (end > p && blank(end[-1]))
        end--;
    *end = 0;
    if (!*p)
        return -ENOEXEC;
    char *q = p;
    while (*q && !blank(*q))
        q++;
    memcpy(interp, p, (size_t)(q - p));
    interp[q - p] = 0;
    while (blank(*q))
        q++;
    strcpy(arg, q);
    return 0;
}
