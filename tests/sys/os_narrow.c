/* SPDX-License-Identifier: Apache-2.0 */
/* Values that do not fit a 32-bit program's structures: an error where Linux gives one, a larger unit or the largest
 * value where it does that. On 64-bit ones everything fits. */
#include "os_check.h"
#include <limits.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>

enum { NARROW = sizeof(long) == 4, LARGE = 0200000 /* O_LARGEFILE of PowerPC */ };
static char dir[] = "/tmp/narrowXXXXXX";

/* The kernel's own calls: the C library's check by themselves. */
static void check_old_stat(int big, int small)
{
#if defined __powerpc__ && !defined __powerpc64__
    char buf[512];
    CHECK(syscall(SYS_fstat, small, buf) == 0 && syscall(SYS_stat, "small", buf) == 0);
    CHECK(syscall(SYS_fstat, big, buf) == -1 && errno == EOVERFLOW);
    CHECK(syscall(SYS_stat, "big", buf) == -1 && errno == EOVERFLOW);
    CHECK(syscall(SYS_lstat, "big", buf) == -1 && errno == EOVERFLOW);
    CHECK(syscall(SYS_fstat64, big, buf) == 0);
    CHECK(syscall(SYS_statfs, "/", buf) == 0 && syscall(SYS_fstatfs, small, buf) == 0);
    CHECK(syscall(SYS_open, "big", O_RDONLY) == -1 && errno == EOVERFLOW);
    CHECK(syscall(SYS_openat, AT_FDCWD, "big", O_RDONLY) == -1 && errno == EOVERFLOW);
    int fd = syscall(SYS_openat, AT_FDCWD, "big", O_RDONLY | LARGE);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(syscall(SYS_lseek, big, 0, SEEK_END) == -1 && errno == EOVERFLOW);
    int null = open("/dev/null", O_WRONLY), off = INT_MAX - 5;
    CHECK(syscall(SYS_sendfile, null, big, &off, 100) == 5 && off == INT_MAX);
    CHECK(syscall(SYS_sendfile, null, big, &off, 100) == -1 && errno == EOVERFLOW);
    close(null);
#endif
}

static void check_sysinfo(void)
{
    struct sysinfo i;
    unsigned long long total = 0, swap = 0;
    char line[100];
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "MemTotal: %llu", &total);
        sscanf(line, "SwapTotal: %llu", &swap);
    }
    if (f) fclose(f);
    CHECK(sysinfo(&i) == 0 && i.mem_unit >= 1);
    CHECK((unsigned long long)i.totalram * i.mem_unit / 1024 == total);
    CHECK((unsigned long long)i.totalswap * i.mem_unit / 1024 == swap);
    CHECK((unsigned long long)i.freeram * i.mem_unit / 1024 <= total && i.freeram);
}

static unsigned long proc_number(const char *path)
{
    char text[64] = "";
    int fd = open(path, O_RDONLY);
    read(fd, text, sizeof text - 1);
    close(fd);
    return strtoul(text, NULL, 10);         /* the largest when it does not fit */
}

static void check_ipc(void)
{
    struct shminfo all = { 0 };
    struct { int used_ids; unsigned long tot, rss, swp, attempts, successes; } now = { 0 };
    int id = shmget(IPC_PRIVATE, 3 * 4096, 0600);
    void *p = shmat(id, NULL, 0);
    CHECK(id >= 0 && p != (void *)-1);
    *(char *)p = 1;
    CHECK(shmctl(0, IPC_INFO, (void *)&all) >= 0);
    CHECK(all.shmmax == proc_number("/proc/sys/kernel/shmmax") && all.shmmni == proc_number("/proc/sys/kernel/shmmni"));
    CHECK(all.shmall == proc_number("/proc/sys/kernel/shmall") && all.shmmin == 1);
    CHECK(shmctl(0, 14 /* SHM_INFO */, (void *)&now) >= 0);
    CHECK(now.used_ids >= 1 && now.tot >= 3 && now.rss >= 1 && now.rss <= now.tot);
    shmdt(p);
    shmctl(id, IPC_RMID, NULL);
    struct { long type; char text[8]; } m = { 1, "seven" };
    id = msgget(IPC_PRIVATE, 0600);
    CHECK(msgsnd(id, &m, 8, 0) == 0);
    CHECK(msgrcv(id, &m, (size_t)-1, 0, IPC_NOWAIT) == -1 && errno == EINVAL);
    CHECK(msgsnd(id, &m, (size_t)-1, IPC_NOWAIT) == -1 && errno == EINVAL);
    CHECK(msgrcv(id, &m, 8, 0, IPC_NOWAIT) == 8 && !strcmp(m.text, "seven"));
    msgctl(id, IPC_RMID, NULL);
}

static void check_handles(void)
{
    union { struct file_handle h; char room[sizeof(struct file_handle) + 128]; } u = { .h = { .handle_bytes = 128 } };
    int id = 0;
    if (name_to_handle_at(AT_FDCWD, "small", &u.h, &id, 0) == -1 && errno == EOPNOTSUPP) return;
    unsigned bytes = u.h.handle_bytes;
    CHECK(id > 0 && bytes > 0 && bytes < 128);
    CHECK(name_to_handle_at(AT_FDCWD, "small", &u.h, (int *)8, 0) == -1 && errno == EFAULT);
    u.h.handle_bytes = 0;
    CHECK(name_to_handle_at(AT_FDCWD, "small", &u.h, (int *)8, 0) == -1 && errno == EFAULT);
    u.h.handle_bytes = 0;
    CHECK(name_to_handle_at(AT_FDCWD, "small", &u.h, &id, 0) == -1 && errno == EOVERFLOW && u.h.handle_bytes == bytes);
    CHECK(name_to_handle_at(AT_FDCWD, "small", (void *)8, &id, 0) == -1 && errno == EFAULT);
    u.h.handle_bytes = 129;
    CHECK(name_to_handle_at(AT_FDCWD, "small", &u.h, &id, 0) == -1 && errno == EINVAL);
}

/* A device that is free, if we may. */
static void check_loop(int file)
{
    char name[32];
    struct loop_info in = { 0 }, out;
    struct loop_info64 wide;
    int ctl = open("/dev/loop-control", O_RDWR), n = ctl < 0 ? -1 : ioctl(ctl, LOOP_CTL_GET_FREE);
    snprintf(name, sizeof name, "/dev/loop%d", n);
    int d = n < 0 ? -1 : open(name, O_RDWR);
    if (d < 0 || ioctl(d, LOOP_SET_FD, file)) return;
    strcpy(in.lo_name, "some name that is not the flags");
    in.lo_offset = 512;
    CHECK(ioctl(d, LOOP_SET_STATUS, &in) == 0);
    memset(&out, 0x55, sizeof out);
    CHECK(ioctl(d, LOOP_GET_STATUS, &out) == 0);
    CHECK(!strcmp(out.lo_name, in.lo_name) && out.lo_offset == 512 && out.lo_number == n && out.lo_flags == 0);
    CHECK(ioctl(d, LOOP_GET_STATUS64, &wide) == 0);
    CHECK(!strcmp((char *)wide.lo_file_name, in.lo_name) && wide.lo_offset == 512 && wide.lo_flags == 0);
    CHECK(write(d, "x", 1) == 1);
    CHECK(ioctl(d, LOOP_CLR_FD, 0) == 0);
    close(d);
    close(ctl);
}

int main(void)
{
    CHECK(mkdtemp(dir) && chdir(dir) == 0);
    int big = open("big", O_RDWR | O_CREAT, 0600), small = open("small", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate64(big, 5ll << 30) == 0 && ftruncate64(small, 1 << 20) == 0);
    check_old_stat(big, small);
    check_sysinfo();
    check_ipc();
    check_handles();
    check_loop(small);
    CHECK(unlink("big") == 0 && unlink("small") == 0 && chdir("/") == 0 && rmdir(dir) == 0);
    return CHECK_END();
}
