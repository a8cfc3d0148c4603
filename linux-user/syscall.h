/* SPDX-License-Identifier: Apache-2.0 */
/* What a syscall row says (the .sys files in desc/, read by tools/sysgen) and what dispatch.c, strace.c and the `hand`
 * functions (sys_*.c) share. A hand function returns a value or -errno in host numbers; its arguments arrive converted:
 * integers in host form, strings and structures as host copies (NULL when the guest passed NULL; out structures are
 * written back when the result is not an error), buffers and opaque pointers
 * as guest addresses. */
#ifndef LINUX_USER_SYSCALL_H
#define LINUX_USER_SYSCALL_H

#include "linux-user/abi.h"
#include "linux-user/path.h"
#include "thunk/thunk.h"

typedef enum SysArgKind {
    A_INT, A_UINT, A_LONG, A_ULONG,     /* C types of the kernel's own prototype */
    A_OFF64,                            /* 64 bits: a register pair on 32-bit guests */
    A_POSLH,                            /* (unsigned long low, unsigned long high), two registers on every guest */
    A_FLAGS,                            /* flag word, converted */
    A_PTR,                              /* guest address; the host kernel gets base + address */
    A_STR, A_PATH, A_LOOKUP,            /* string; file name; file name that -L applies to */
    A_BUF, A_STRUCT, A_IOV, A_SOCKADDR,
} SysArgKind;
typedef enum SysStyle {
    STYLE_DEC,
    STYLE_HEX,
    STYLE_OCT,
    STYLE_FD,
    STYLE_NEWFD,
    STYLE_ATFD,
    STYLE_SIG,
    STYLE_REQUEST,
    STYLE_REQARG,
    STYLE_NAME,
    STYLE_NONE
} SysStyle;
enum { DIR_IN = 1, DIR_OUT = 2, DIR_ON_ERROR = 4 };      /* ON_ERROR: written back when interrupted, and then only
                                                          * (nanosleep's rest) */

typedef struct SysArg {
    const char *name;
    uint8_t kind, style, dir;
    int8_t count_arg;                   /* index of the argument with the element count, -1: `count` */
    bool count_is_ptr;                  /* that argument points to a u32 count (socklen_t *) */
    uint32_t count;
    const ThunkStruct *type;
    const ThunkFlags *flags;
} SysArg;

typedef int64_t SysHand(Task *t, const uint64_t *a);
enum { SYS_HAND = 1, SYS_FOREIGN = 2, SYS_REFUSED = 4 };

typedef struct SysDesc {
    const char *name;
    int16_t host_nr;                    /* -1: the host has none */
    uint8_t nargs, attr, ret_style;     /* attr SYS_*: FOREIGN uses `hand` only for guests whose layout is not the
                                         * host's */
    int8_t ret_counts;                  /* the result is the element count of this argument, -1 none */
    /* Families (a bit each) whose registers the host kernel may have as they are: little-endian 64-bit guests at base
     * 0; 32-bit guests, but for sext (a bit per argument), which are sign-extended. touches: some arguments are
     * pointers. */
    uint8_t plain, plain32, sext;
    bool touches;
    const SysArg *args;
    SysHand *hand;
    const ThunkFlags *ret_flags;
    const char *why;                    /* SYS_REFUSED: -d unimp text */
} SysDesc;

/* linux-user/<program>/syscalls.c, from its syscall.tbl. Entry NULL: unknown number. */
typedef struct SysTable {
    ThunkFamily family;
    uint16_t n;
    const SysDesc *const *rows;
    const char *const *names;           /* the guest's own names */
} SysTable;
extern const SysTable sys_table;

extern const SysDesc sys_rows[];        /* desc.c */
extern const int sys_nrows;

const ThunkModel *sys_model(void);                      /* of the running guest */
bool sys_foreign(void);                                 /* layout or byte order is not the host's */

/* A file name from the guest, relative to dirfd: out has PATH_MAX. Bytes, or -errno. From FOLLOW on -L applies, the
 * result is a host path. LINK, RAW_LINK: the call means a link itself; FOLLOW: /proc/self/exe stands for the guest's
 * program. */
typedef enum PathUse { PATH_RAW, PATH_RAW_LINK, PATH_FOLLOW, PATH_LINK, PATH_NO_MAGIC } PathUse;
int64_t path_get(Task *t, int dirfd, gaddr at, char *out, PathUse use);
void    path_place(Task *t, int dirfd, char *name, PathUse use);       /* its second half: the guest's name becomes the
                                                                        * host's */
/* Runs one row on raw register values (socketcall, ipc). */
int64_t sys_run_row(Task *t, const SysDesc *d, const char *name, uint64_t nr, const uint64_t raw[7]);

/* strace.c: one line per call, in the log. guest: raw arguments; host: the converted ones; ret as linux_syscall's. */
void strace_enter(
    Task *t, const SysDesc *d, const char *name, uint64_t nr, const uint64_t *guest, const uint64_t *host);
void strace_leave(
    Task *t, const SysDesc *d, const char *name, const uint64_t *guest, const uint64_t *host, int64_t ret);

/* ioctl rows. arg == NULL: not a pointer (passed as is). */
typedef struct IoctlDesc {
    const char *name;
    uint32_t host;
    uint32_t guest[FAMILY_COUNT];
    uint8_t dir;
    const ThunkStruct *type;
} IoctlDesc;
extern const IoctlDesc ioctl_rows[];
extern const int ioctl_nrows;
extern const uint16_t ioctl_everywhere[];               /* rows that guests of the host's layout use, to UINT16_MAX */
const IoctlDesc *ioctl_row(uint32_t cmd);               /* of a request in the guest's number; NULL: no row */

#endif
