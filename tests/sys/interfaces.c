/* SPDX-License-Identifier: Apache-2.0 */
/* ioctls of network interfaces and files. */
#include "check.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

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
    for (unsigned i = 0; i < c.ifc_len / sizeof *list; i++)
        lo |= !strcmp(list[i].ifr_name, "lo") && list[i].ifr_addr.sa_family == AF_INET;
    printf("%d\n", lo);
    int f = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    struct winsize w;
    SHOW(ioctl(s, TIOCGWINSZ, &w));
    SHOW(ioctl(f, FIGETBSZ, &v));
    OK(v >= 512);
    SHOW(ioctl(f, FIOCLEX));
    SHOW(fcntl(f, F_GETFD));
    SHOW(ioctl(f, 0x12345678, &v) == -1 ? errno == ENOTTY : 0);
    SHOW(ioctl(-1, FIONREAD, &v));
    return 0;
}
