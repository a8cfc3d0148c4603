/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: Linux fs/exec.c (bprm_fill_uid), security/commoncap.c, fs/binfmt_misc.c; execve(2), capabilities(7). */
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "linux-user/exec_raise.h"
#include "linux-user/sys_common.h"

enum { NONE = -1, OVERFLOW_ID = 65534, HEADER = 256 };

/* A file capability set that is not empty: struct vfs_ns_cap_data, of which the permitted words count. */
static bool has_capabilities(int fd)
{
    struct vfs_ns_cap_data d = { 0 };
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);       /* fgetxattr refuses an O_PATH descriptor */
    return getxattr(link, "security.capability", &d, sizeof d) > 0 && (d.data[0].permitted || d.data[1].permitted);
}

Raise raise_of(int fd)
{
    Raise r = { false, false, (uint32_t)NONE, (uint32_t)NONE };
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return r;
    bool mapped = st.st_uid != OVERFLOW_ID && st.st_gid != OVERFLOW_ID;      /* else: ids of another user namespace */
    bool set_uid = mapped && st.st_mode & S_ISUID && st.st_uid != geteuid();
    bool set_gid = mapped && (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getegid();
    bool capabilities = geteuid() && !(set_uid && !st.st_uid) && has_capabilities(fd);      /* 0 has them anyway */
    if (!set_uid && !set_gid && !capabilities)
        return r;
    if (!fstatfs(fd, &fs) && fs.f_flags & ST_NOSUID)
        return r;
    r = (Raise){ true, capabilities, set_uid ? st.st_uid : (uint32_t)NONE, set_gid ? st.st_gid : (uint32_t)NONE };
    return r;
}

bool raise_by_ids(const Raise *r)
{
    bool uid = r->uid == (uint32_t)NONE || (!geteuid() && sys_capable(CAP_SETUID));         /* from 0: never to more */
    bool gid = r->gid == (uint32_t)NONE || sys_capable(CAP_SETGID);
    return uid && gid && !r->capabilities;
}

/* --- binfmt_misc: a file for each entry, which says "enabled", "flags: POCF", "offset 0", "magic 7f45...", "mask
 * ffff..." */

static size_t parse_hex(const char *text, uint8_t *out, size_t room)
{
    size_t n = 0;
    unsigned v;
    while (n < room && sscanf(text + 2 * n, "%2x", &v) == 1)
        out[n++] = (uint8_t)v;
    return n;
}

/* Is it an enabled entry that matches and gives the program's credentials? */
static bool entry_raises(FILE *f, const uint8_t *head, size_t have)
{
    char line[1024];
    uint8_t magic[HEADER], mask[HEADER];
    bool enabled = false, credentials = false;
    size_t offset = 0, n = 0;
    memset(mask, 0xff, sizeof mask);
    while (fgets(line, sizeof line, f)) {
        if (!strncmp(line, "enabled", 7))
            enabled = true;
        if (!strncmp(line, "flags: ", 7))
            credentials = strchr(line + 7, 'C');
        if (!strncmp(line, "offset ", 7))
            offset = strtoul(line + 7, NULL, 10);
        if (!strncmp(line, "magic ", 6))
            n = parse_hex(line + 6, magic, sizeof magic);
        if (!strncmp(line, "mask ", 5))
            parse_hex(line + 5, mask, sizeof mask);
    }
    if (!enabled || !credentials || !n || offset > have || n > have - offset)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((head[offset + i] ^ magic[i]) & mask[i])
            return false;
    return true;
}

int raise_by_kernel(int fd)
{
    static const char where[] = "/proc/sys/fs/binfmt_misc";
    uint8_t head[HEADER];
    char path[PATH_MAX];
    bool seen = false, found = false;
    ssize_t have = pread(fd, head, sizeof head, 0);
    DIR *d = opendir(where);
    for (struct dirent *e; d && have > 0 && !found && (e = readdir(d)); ) {
        seen |= !strcmp(e->d_name, "status");           /* mounted */
        if (e->d_name[0] == '.' || !strcmp(e->d_name, "register") || !strcmp(e->d_name, "status"))
            continue;
        snprintf(path, sizeof path, "%s/%s", where, e->d_name);
        FILE *f = fopen(path, "re");
        found = f && entry_raises(f, head, (size_t)have);
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return found ? 1 : seen ? 0 : -1;
}
