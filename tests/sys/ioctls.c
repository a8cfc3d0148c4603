/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl numbers and structures of files, devices and interfaces, as far as any machine has them. */
#include "check.h"
#include <linux/fs.h>
#include <linux/random.h>
#include <linux/rtc.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <poll.h>

static void files(void)
{
    int fd = open("ioctls.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600),
        copy = open("ioctls.copy", O_RDWR | O_CREAT | O_TRUNC, 0600), v = -1;
    struct fsxattr x = { 0 };
    struct file_clone_range none = { .src_fd = -1 };
    struct fstrim_range trim = { 0, 0, 0 };
    char label[256] = "";
    long long size = 0;
    SHOW(write(fd, "0123456789", 10));
    lseek(fd, 3, SEEK_SET);
    SHOW(ioctl(fd, FIONREAD, &v)); OK(v == 7);
    int ok = ioctl(fd, FS_IOC_FSGETXATTR, &x);
    printf("%d %d\n", ok, ok < 0 ? errno : (int)x.fsx_extsize);
    SHOW(ioctl(copy, FICLONERANGE, &none));
    SHOW(ioctl(fd, BLKGETSIZE64, &size));
    SHOW(ioctl(fd, BLKSSZGET, &v));
    SHOW(ioctl(fd, BLKPBSZGET, &v));
    SHOW(ioctl(fd, BLKROGET, &v));
    ok = ioctl(fd, FS_IOC_GETFSLABEL, label);
    printf("%d %s\n", ok, ok < 0 ? "" : label);
    unlink("ioctls.tmp");
    unlink("ioctls.copy");
}

static void devices(void)
{
    int fd = open("/dev/urandom", O_RDONLY), v = -1;
    SHOW(ioctl(fd, RNDGETENTCNT, &v)); printf("%d\n", v);
    close(fd);
    struct rtc_time tm = { .tm_mon = -1 };
    fd = open("/dev/rtc0", O_RDONLY);
    if (fd >= 0 && !ioctl(fd, RTC_RD_TIME, &tm))
        OK(tm.tm_year > 100 && tm.tm_year < 300 && tm.tm_mon >= 0 && tm.tm_mon < 12);
    fd = open("/dev/net/tun", O_RDWR);
    v = 0;
    if (fd >= 0) { SHOW(ioctl(fd, TUNGETFEATURES, &v)); OK((v & (IFF_TUN | IFF_TAP)) == (IFF_TUN | IFF_TAP)); }
}

static void terminal(void)
{
    int m = posix_openpt(O_RDWR | O_NOCTTY), v = 1;
    if (m < 0) return;
    SHOW(ioctl(m, TIOCGPTLCK, &v)); OK(v == 1);
    SHOW(unlockpt(m));
    SHOW(ioctl(m, TIOCGPTLCK, &v)); OK(v == 0);
    v = 1;
    SHOW(ioctl(m, TIOCPKT, &v));
    v = 0;
    SHOW(ioctl(m, TIOCGPKT, &v)); OK(v == 1);
    SHOW(ioctl(m, TIOCEXCL)); SHOW(ioctl(m, TIOCGEXCL, &v)); OK(v == 1);
}

static void interfaces(void)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq r = { 0 };
    strcpy(r.ifr_name, "nosuch0"); strcpy(r.ifr_newname, "nosuch1");
    SHOW(ioctl(s, SIOCSIFNAME, &r));
    strcpy(r.ifr_name, "lo"); strcpy(r.ifr_newname, "no/name");
    OK(ioctl(s, SIOCSIFNAME, &r) < 0);
    strcpy(r.ifr_name, "nosuch0"); r.ifr_qlen = 10;
    OK(ioctl(s, SIOCSIFTXQLEN, &r) < 0 && (errno == ENODEV || errno == EPERM));
}

/* Linux does not fail a wait whose timeout lies in memory that it cannot write. */
static void timeouts(void)
{
    struct timespec *ts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ts->tv_nsec = 1000;
    mprotect(ts, 4096, PROT_READ);
    SHOW(pselect(0, NULL, NULL, NULL, ts, NULL));
    SHOW(ppoll(NULL, 0, ts, NULL));
}

int main(void)
{
    files(); devices(); terminal(); interfaces(); timeouts();
    return 0;
}
