/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that write over code which has run: whole, not up to the page of the code, and the code is the new one. */
#include "os_check.h"
#include <sys/socket.h>
#include <sys/uio.h>
#if defined __aarch64__
static const unsigned ret[] = { 0xd65f03c0 };
#elif defined __riscv
static const unsigned ret[] = { 0x00008067 };
#elif defined __powerpc__
static const unsigned ret[] = { 0x4e800020 };
#else
static const unsigned ret[] = { 0xc3 };
#endif
enum { PAGE = 4096, PAGES = 5, SIZE = PAGES * PAGE };
static char *m, data[SIZE];

static void code(void)
{
    memcpy(m + 2 * PAGE, ret, sizeof ret);
    __builtin___clear_cache(m + 2 * PAGE, m + 2 * PAGE + sizeof ret);
    ((void (*)(void))(m + 2 * PAGE))();
}

int main(void)
{
    int p[2], s[2], f = open("/proc/self/exe", O_RDONLY), z = open("/dev/zero", O_RDONLY);
    m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec v[2] = { { m, 10000 }, { m + 10000, SIZE - 10000 } };
    struct msghdr h = { .msg_iov = v, .msg_iovlen = 2 };
    CHECK(!pipe(p) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
    memset(data, 7, SIZE);
    for (int i = 0; i < 3; i++) {
        code(); CHECK(read(z, m, SIZE) == SIZE);
        code(); CHECK(pread(f, m, PAGE * 3, 0) == PAGE * 3);
        code(); CHECK(write(p[1], data, SIZE) == SIZE && readv(p[0], v, 2) == SIZE && m[2 * PAGE] == 7);
        code(); CHECK(send(s[0], data, SIZE, 0) == SIZE && recv(s[1], m, SIZE, 0) == SIZE);
        code(); CHECK(send(s[0], data, SIZE, 0) == SIZE && recvmsg(s[1], &h, 0) == SIZE && !memcmp(m, data, SIZE));
    }
    return CHECK_END();
}
