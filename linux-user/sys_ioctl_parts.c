/* SPDX-License-Identifier: Apache-2.0 */
/* ioctls of guests of a foreign layout, or not at their own addresses, whose data has a variable part or lies behind a
 * pointer: what a row cannot say. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "common-user/log.h"
#include "linux-user/sys_common.h"
#include "linux-user/sys_ioctl.h"
#include "linux-user/sysrows.h"

/* struct ifconf { int len; ptr }: an array of struct ifreq. */
static int64_t interface_list(Task *t, int fd, gaddr arg)
{
    enum { MOST = 64 };
    uint32_t size = thunk_size(&struct_ifreq_addr, sys_model());
    struct ifreq host[MOST];
    struct ifconf conf = { .ifc_len = sizeof host, .ifc_req = host };
    uint32_t room;
    uint64_t at;
    int64_t r;
    if ((r = gmem_get_u32(t, arg, &room)) < 0 || (r = gmem_get_word(t, arg + linux_abi.word, &at)) < 0)
        return r;
    if ((r = safe_syscall(t, SYS_ioctl, (long)fd, (long)SIOCGIFCONF, &conf, 0L, 0L, 0L)) < 0)
        return r;
    uint32_t n = conf.ifc_len / sizeof *host;
    if (at && n > room / size)
        n = room / size;
    for (uint32_t i = 0; at && i < n; i++)
        if ((r = sys_put_struct(t, &struct_ifreq_addr, at + i * size, &host[i])) < 0)
            return r;
    return gmem_put_u32(t, arg, n * size);
}

/* struct fiemap, then as many extents as it has room for. */
static int64_t extents(Task *t, int fd, gaddr arg)
{
    enum { MOST = 4096 };
    struct fiemap head, *map;
    int64_t r = sys_get_struct(t, &struct_fiemap, &head, arg);
    if (r < 0)
        return r;
    if (head.fm_extent_count > UINT32_MAX / sizeof *map->fm_extents)          /* FIEMAP_MAX_EXTENTS */
        return safe_syscall(t, SYS_ioctl, (long)fd, (long)FS_IOC_FIEMAP, &head, 0L, 0L, 0L);       /* it refuses */
    if (head.fm_extent_count > MOST)
        head.fm_extent_count = MOST;    /* the guest goes on where these end */
    if (!(map = calloc(1, sizeof head + head.fm_extent_count * sizeof *map->fm_extents)))
        return -ENOMEM;
    *map = head;
    r = safe_syscall(t, SYS_ioctl, (long)fd, (long)FS_IOC_FIEMAP, map, 0L, 0L, 0L);
    if (r == 0)
        r = sys_put_struct(t, &struct_fiemap, arg, map);
    size_t size = thunk_size(&struct_fiemap_extent, sys_model());
    for (uint32_t i = 0; r == 0 && i < map->fm_mapped_extents && i < head.fm_extent_count; i++)
        r = sys_put_struct(t, &struct_fiemap_extent, arg + sizeof head + i * size, &map->fm_extents[i]);
    free(map);
    return r;
}

/* --- SIOCETHTOOL: struct ifreq with a pointer to a structure that its first word names. words: it is so many u32 */
enum { ETHTOOL_BYTES = 256 };
static const struct { uint8_t command, words; uint16_t bytes; } ethtool_rows[] = {
    { ETHTOOL_GDRVINFO, 1, sizeof(struct ethtool_drvinfo) },
    { ETHTOOL_GMSGLVL, 2, 8 }, { ETHTOOL_SMSGLVL, 2, 8 }, { ETHTOOL_NWAY_RST, 1, 4 }, { ETHTOOL_GLINK, 2, 8 },
    { ETHTOOL_GCOALESCE, 23, 92 }, { ETHTOOL_SCOALESCE, 23, 92 }, { ETHTOOL_GRINGPARAM, 9, 36 },
    { ETHTOOL_SRINGPARAM, 9, 36 },
    { ETHTOOL_GPAUSEPARAM, 4, 16 }, { ETHTOOL_SPAUSEPARAM, 4, 16 },
    { ETHTOOL_GRXCSUM, 2, 8 }, { ETHTOOL_SRXCSUM, 2, 8 }, { ETHTOOL_GTXCSUM, 2, 8 }, { ETHTOOL_STXCSUM, 2, 8 },
    { ETHTOOL_GSG, 2, 8 }, { ETHTOOL_SSG, 2, 8 }, { ETHTOOL_GTSO, 2, 8 }, { ETHTOOL_STSO, 2, 8 },
    { ETHTOOL_GGSO, 2, 8 }, { ETHTOOL_SGSO, 2, 8 }, { ETHTOOL_GGRO, 2, 8 }, { ETHTOOL_SGRO, 2, 8 },
    { ETHTOOL_GFLAGS, 2, 8 }, { ETHTOOL_SFLAGS, 2, 8 }, { ETHTOOL_GPFLAGS, 2, 8 }, { ETHTOOL_SPFLAGS, 2, 8 },
    { ETHTOOL_GET_TS_INFO, 11, 44 }, { ETHTOOL_GEEE, 10, 40 }, { ETHTOOL_SEEE, 10, 40 },
    { ETHTOOL_GCHANNELS, 9, 36 }, { ETHTOOL_SCHANNELS, 9, 36 },
};

static void turn_words(uint8_t *p, unsigned n, bool to_host)
{
    bool be = linux_abi.big_endian;
    for (unsigned i = 0; i < n; i++)
        thunk_store(p + 4 * i, 4, be && !to_host, thunk_load(p + 4 * i, 4, false, be && to_host));
}

/* ethtool_drvinfo: the command, strings, then five more words. */
static void turn_tail(uint8_t *p, unsigned command, bool to_host)
{
    if (command == ETHTOOL_GDRVINFO)
        turn_words(p + offsetof(struct ethtool_drvinfo, n_priv_flags), 5, to_host);
}

static int64_t ethtool(Task *t, int fd, gaddr arg)
{
    struct ifreq q = { 0 };
    _Alignas(8) uint8_t data[ETHTOOL_BYTES] = { 0 };
    uint64_t at;
    uint32_t command;
    int64_t r = gmem_read(t, q.ifr_name, arg, IFNAMSIZ);
    if (r < 0 || (r = gmem_get_word(t, arg + IFNAMSIZ, &at)) < 0 || (r = gmem_get_u32(t, at, &command)) < 0)
        return r;
    unsigned i = 0, n = sizeof ethtool_rows / sizeof *ethtool_rows;
    while (i < n && ethtool_rows[i].command != command)
        i++;
    if (i == n) {
        if (log_on(LOG_unimp))
            log_printf("unsupported ethtool command: 0x%x\n", command);
        return -EOPNOTSUPP;
    }
    if ((r = gmem_read(t, data, at, ethtool_rows[i].bytes)) < 0)
        return r;
    turn_words(data, ethtool_rows[i].words, true);
    q.ifr_data = (void *)data;
    r = safe_syscall(t, SYS_ioctl, (long)fd, (long)SIOCETHTOOL, &q, 0L, 0L, 0L);
    if (r < 0)
        return r;
    turn_words(data, ethtool_rows[i].words, false);
    turn_tail(data, command, false);
    int64_t e = gmem_write(t, at, data, ethtool_rows[i].bytes);
    return e < 0 ? e : r;
}

static const struct { uint32_t cmd; int64_t (*run)(Task *t, int fd, gaddr arg); } parts[] = {
    { SIOCGIFCONF, interface_list }, { SIOCETHTOOL, ethtool }, { FS_IOC_FIEMAP, extents },
};

bool ioctl_in_parts(Task *t, int fd, uint32_t cmd, gaddr arg, int64_t *r)
{
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].cmd == cmd) {
            *r = parts[i].run(t, fd, arg);
            return true;
        }
    return false;
}
