/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files in /proc: ROOT/FILE, ROOT/PID/FILE, ROOT/PID/task/TID/FILE, taken apart from the end. ROOT is where it
 * is mounted, usually /proc; its numbers are those of the name space that mounted it. */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "linux-user/proc.h"

pid_t proc_cut_number(char *path)
{
    char *slash = strrchr(path, '/'), *end;
    long n = slash && slash[1] >= '0' && slash[1] <= '9' ? strtol(slash + 1, &end, 10) : 0;
    if (n <= 0 || *end)
        return 0;
    *slash = 0;
    return (pid_t)n;
}

bool proc_cut_name(char *path, const char *name)
{
    size_t n = strlen(path), len = strlen(name);
    if (n <= len || path[n - len - 1] != '/' || strcmp(path + n - len, name))
        return false;
    path[n - len - 1] = 0;
    return true;
}

/* The first thread's number as this mount shows it. */
static pid_t self_at(const char *root)
{
    char link[PATH_MAX + 8], n[16];
    snprintf(link, sizeof link, "%s/self", root);
    ssize_t len = readlink(link, n, sizeof n - 1);
    n[len < 0 ? 0 : len] = 0;
    return len > 0 ? (pid_t)atoi(n) : getpid();
}

bool proc_cut_owner(Task *t, char *path, ProcOwner *o)
{
    pid_t n = proc_cut_number(path), pid = n;
    if (!n)
        return false;
    if (proc_cut_name(path, "task") && !(pid = proc_cut_number(path)))
        return false;
    pid_t self = self_at(path);
    bool ours = self == getpid();           /* its numbers are the ones that we know processes by */
    if (pid == n && t->proc->ntasks > 1 && ours && !tgkill(self, n, 0))
        pid = self;
    o->own = pid == self;
    o->pid = o->own ? getpid() : ours ? pid : 0;
    o->tid = n == self ? getpid() : n;
    return true;
}
