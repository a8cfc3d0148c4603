/* SPDX-License-Identifier: Apache-2.0 */
/* ioctls: interfaces, terminals, files. */
#include "check.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0), v = 0;
    struct ifreq r = { 0 };
    strcpy(r.ifr_name, "lo");
    SHOW(ioctl(s, SIOCGIFINDEX, &r));
    printf("%d %u\n", r.ifr_ifindex, if_nametoindex("lo"));
    SHOW(ioctl(s, SIOCGIFFLAGS, &r));
    printf("%x\n", (unsigned)r.ifr_flags & (IFF_UP | IFF_LOOPBACK));
    SHOW(ioctl(s, SIOCGIFMTU, &r));
    printf("%d\n", r.ifr_mtu);
    SHOW(ioctl(s, SIOCGIFADDR, &r));
    printf("%d %s\n", r.ifr_addr.sa_family, inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    SHOW(ioctl(s, SIOCGIFHWADDR, &r));
    printf("%d\n", r.ifr_hwaddr.sa_family);
    strcpy(r.ifr_name, "nonesuch");
    SHOW(ioctl(s, SIOCGIFADDR, &r));
    struct ifreq list[16];
    struct ifconf c = { .ifc_len = sizeof list, .ifc_req = list };
    SHOW(ioctl(s, SIOCGIFCONF, &c));
    int lo = 0;
    for (unsigned i = 0; i < c.ifc_len / sizeof *list; i++) lo |= !strcmp(list[i].ifr_name, "lo") && list[i].ifr_addr.sa_family == AF_INET;
    printf("%d\n", lo);
    int m = posix_openpt(O_RDWR | O_NOCTTY);
    SHOW(grantpt(m));
    SHOW(unlockpt(m));
    int t = open(ptsname(m), O_RDWR | O_NOCTTY);
    struct termios tio;
    SHOW(tcgetattr(t, &tio));
    printf("%d %d %d %d %d\n", !!(tio.c_lflag & ICANON), !!(tio.c_lflag & ECHO), !!(tio.c_iflag & ICRNL), !!(tio.c_oflag & ONLCR), (tio.c_cflag & CSIZE) == CS8);
    printf("%d %d %d %d\n", tio.c_cc[VINTR], tio.c_cc[VEOF], tio.c_cc[VSUSP], tio.c_cc[VMIN]);
    OK(cfgetospeed(&tio) == B38400);
    cfmakeraw(&tio);
    tio.c_cc[VMIN] = 3; tio.c_cc[VTIME] = 4;
    cfsetspeed(&tio, B115200);
    SHOW(tcsetattr(t, TCSANOW, &tio));
    memset(&tio, 0, sizeof tio);
    SHOW(tcgetattr(t, &tio));
    printf("%d %d %d %d\n", !!(tio.c_lflag & ICANON), !!(tio.c_oflag & OPOST), tio.c_cc[VMIN], tio.c_cc[VTIME]);
    OK(cfgetospeed(&tio) == B115200);
    struct winsize w = { 25, 80, 1, 2 };
    SHOW(ioctl(m, TIOCSWINSZ, &w));
    memset(&w, 0, sizeof w);
    SHOW(ioctl(t, TIOCGWINSZ, &w));
    printf("%d %d %d %d\n", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
    SHOW(write(m, "abc", 3));
    struct pollfd pf = { t, POLLIN, 0 };
    while (poll(&pf, 1, 1000) > 0 && ioctl(t, FIONREAD, &v) == 0 && v < 3) usleep(1000);
    SHOW(ioctl(t, FIONREAD, &v));
    printf("%d\n", v);
    v = 1;
    SHOW(ioctl(t, FIONBIO, &v));
    SHOW(ioctl(s, TIOCGWINSZ, &w));
    SHOW(isatty(t));
    SHOW(tcflush(t, TCIOFLUSH));
    SHOW(tcsendbreak(m, 0) == 0 || errno == EINVAL);
    int f = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    SHOW(ioctl(f, FIGETBSZ, &v));
    OK(v >= 512);
    SHOW(ioctl(f, FIOCLEX));
    SHOW(fcntl(f, F_GETFD));
    SHOW(ioctl(f, 0x12345678, &v) == -1 ? errno == ENOTTY : 0);
    SHOW(ioctl(-1, FIONREAD, &v));
    return 0;
}
