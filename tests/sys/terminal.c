/* SPDX-License-Identifier: Apache-2.0 */
/* A pseudo-terminal: its modes, speeds, size and queues. */
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
    int m = posix_openpt(O_RDWR | O_NOCTTY), v = 0;
    if (m < 0) { printf("no pseudo-terminals here: %s\n", strerror(errno)); return 0; }
    SHOW(grantpt(m));
    SHOW(unlockpt(m));
    int t = open(ptsname(m), O_RDWR | O_NOCTTY);
    struct termios tio = { 0 };
    SHOW(tcgetattr(t, &tio));
    printf("%d %d %d %d %d\n", !!(tio.c_lflag & ICANON), !!(tio.c_lflag & ECHO), !!(tio.c_iflag & ICRNL),
        !!(tio.c_oflag & ONLCR), (tio.c_cflag & CSIZE) == CS8);
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
    SHOW(isatty(t));
    SHOW(tcflush(t, TCIOFLUSH));
    SHOW(tcsendbreak(m, 0) == 0 || errno == EINVAL);
    return 0;
}
