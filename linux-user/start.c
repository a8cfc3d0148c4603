/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of a start. Sources: Linux fs/binfmt_misc.c, fs/exec.c,
 * Documentation/admin-guide/binfmt-misc.rst. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "linux-user/inherit.h"
#include "linux-user/start.h"
#include "loader/elf.h"
#include "target/arch.h"

enum { PRESERVES_ARGV0 = 1 };       /* AT_FLAGS_PRESERVE_ARGV0 */

/* The file whose image we are. AT_EXECFN is "/dev/fd/N" when it was executed by descriptor: for when there is no
 * /proc. */
static bool own_image(const char *name, struct stat *st)
{
    static const char by_fd[] = "/dev/fd/";
    if (!stat("/proc/self/exe", st))
        return true;
    return name && !strncmp(name, by_fd, sizeof by_fd - 1) && !fstat(atoi(name + sizeof by_fd - 1), st);
}

/* Is the file of that name a program of the guest, or a script? Then the kernel ran us for it. */
static bool is_program(const char *name)
{
    FileKind kind = FILE_UNKNOWN;
    uint16_t machine = 0;
    uint8_t class, data;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool known = fd >= 0 && !file_kind(fd, &kind, &machine, &class, &data);
    if (fd >= 0)
        close(fd);
    return known && (kind == FILE_SCRIPT || (kind == FILE_ELF && machine == guest_arch.elf_machine));
}

/* With neither of the flags P, O and C only AT_EXECFN tells: it names the file that was executed, not the
 * emulator. */
static bool names_program(const char *name, int argc, char **argv)
{
    struct stat own, named;
    if (!name)
        return false;
    if (argc > 1 && !strcmp(name, argv[1]))
        return true;
    bool both = !stat("/proc/self/exe", &own) && !stat(name, &named);
    return !(both && own.st_dev == named.st_dev && own.st_ino == named.st_ino) && is_program(name);
}

/* Has this very execve given us what our caller had not: set-user-ID, set-group-ID, capabilities of the emulator's
 * own file? */
static bool was_raised(const char *name)
{
    struct stat st;
    return !own_image(name, &st) || st.st_mode & (S_ISUID | S_ISGID)
        || getxattr("/proc/self/exe", "security.capability", NULL, 0) > 0;
}

Start start_look(int argc, char **argv)
{
    Start s = { .secure = getauxval(AT_SECURE), .name = (const char *)getauxval(AT_EXECFN) };
    s.kept_argv0 = getauxval(AT_FLAGS) & PRESERVES_ARGV0;
    errno = 0;
    unsigned long fd = getauxval(AT_EXECFD);            /* may be 0, when that was free */
    s.fd = errno ? -1 : (int)fd;
    s.by_kernel = s.kept_argv0 || s.fd >= 0 || names_program(s.name, argc, argv);
    s.kept_argv0 &= argc > 2;
    /* our own execve in a process whose ids differ is AT_SECURE too, but its words come from one that was as
     * mighty */
    bool handed = argc > 1 && !strcmp(argv[1], INHERIT_OPTION);
    s.options = !s.by_kernel && (!s.secure || (handed && !was_raised(s.name)));
    return s;
}
