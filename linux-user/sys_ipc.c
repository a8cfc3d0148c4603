/* SPDX-License-Identifier: Apache-2.0 */
/* System V IPC: structures per command, message headers of one long, the multiplexer of old 32-bit kernels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include "common-user/mm.h"
#include "linux-user/process_robust.h"
#include "linux-user/sys_common.h"
#include "linux-user/sysrows.h"

enum { IPC_64_FLAG = 0x100, STAT_ANY_SEM = 20, STAT_ANY_SHM = 15, STAT_ANY_MSG = 13 };

int64_t sys_shmat(Task *t, int id, gaddr addr, uint32_t flags)
{
    int64_t r = mm_shmat(t->proc->mm, id, addr, flags);
    if (r >= 0 && !(flags & SHM_RDONLY))
        robust_shared_memory(t);
    return r;
}
int64_t sys_shmdt(Task *t, gaddr addr) { return mm_shmdt(t->proc->mm, addr); }

/* Calls xxxctl with a converted structure; dir 1 in, 2 out. */
static int64_t ctl_struct(Task *t, long nr, long a, long b, long cmd, gaddr at, const ThunkStruct *s, int dir)
{
    _Alignas(8) uint8_t host[512] = { 0 };
    int64_t r = dir & 1 ? sys_get_struct(t, s, host, at) : 0;
    if (r < 0)
        return r;
    r = nr == SYS_semctl ? safe_syscall(t, nr, a, b, cmd, host, 0L, 0L) : safe_syscall(t, nr, a, cmd, host, 0L, 0L, 0L);
    if (r < 0 || !(dir & 2))
        return r;
    int64_t e = sys_put_struct(t, s, at, host);
    return e < 0 ? e : r;
}

int64_t sys_shmctl(Task *t, int id, int cmd, gaddr buf)
{
    switch (cmd &= ~IPC_64_FLAG) {
    case IPC_STAT:
    case SHM_STAT:
    case STAT_ANY_SHM: return ctl_struct(t, SYS_shmctl, id, 0, cmd, buf, &struct_shmid_ds, 2);
    case IPC_SET: return ctl_struct(t, SYS_shmctl, id, 0, cmd, buf, &struct_shmid_ds, 1);
    case IPC_INFO: return ctl_struct(t, SYS_shmctl, id, 0, cmd, buf, &struct_shminfo, 2);
    case SHM_INFO: return ctl_struct(t, SYS_shmctl, id, 0, cmd, buf, &struct_shm_info, 2);
    default: return safe_syscall(t, SYS_shmctl, (long)id, (long)cmd, 0L, 0L, 0L, 0L);
    }
}

int64_t sys_msgctl(Task *t, int id, int cmd, gaddr buf)
{
    switch (cmd &= ~IPC_64_FLAG) {
    case IPC_STAT:
    case MSG_STAT:
    case STAT_ANY_MSG: return ctl_struct(t, SYS_msgctl, id, 0, cmd, buf, &struct_msqid_ds, 2);
    case IPC_SET: return ctl_struct(t, SYS_msgctl, id, 0, cmd, buf, &struct_msqid_ds, 1);
    case IPC_INFO: case MSG_INFO: return ctl_struct(t, SYS_msgctl, id, 0, cmd, buf, &struct_msginfo, 2);
    default: return safe_syscall(t, SYS_msgctl, (long)id, (long)cmd, 0L, 0L, 0L, 0L);
    }
}

/* GETALL and SETALL move one u16 per semaphore of the set. */
static int64_t sem_values(Task *t, int id, int cmd, gaddr at)
{
    struct semid_ds ds;
    uint16_t *v;
    int64_t r = safe_syscall(t, SYS_semctl, (long)id, 0L, (long)IPC_STAT, &ds, 0L, 0L);
    if (r < 0)
        return r;
    if (!(v = calloc(ds.sem_nsems + 1, sizeof *v)))
        return -ENOMEM;
    if (cmd == SETALL && (r = gmem_read(t, v, at, ds.sem_nsems * 2)) == 0)
        for (size_t i = 0; i < ds.sem_nsems; i++)
            v[i] = gmem_swap16(t, v[i]);
    if (r == 0)
        r = safe_syscall(t, SYS_semctl, (long)id, 0L, (long)cmd, v, 0L, 0L);
    if (cmd == GETALL && r >= 0) {
        for (size_t i = 0; i < ds.sem_nsems; i++)
            v[i] = gmem_swap16(t, v[i]);
        int64_t e = gmem_write(t, at, v, ds.sem_nsems * 2);
        r = e < 0 ? e : r;
    }
    free(v);
    return r;
}

int64_t sys_semctl(Task *t, int id, int num, int cmd, gaddr arg)
{
    switch (cmd &= ~IPC_64_FLAG) {
    case IPC_STAT:
    case SEM_STAT:
    case STAT_ANY_SEM: return ctl_struct(t, SYS_semctl, id, num, cmd, arg, &struct_semid_ds, 2);
    case IPC_SET: return ctl_struct(t, SYS_semctl, id, num, cmd, arg, &struct_semid_ds, 1);
    case IPC_INFO: case SEM_INFO: return ctl_struct(t, SYS_semctl, id, num, cmd, arg, &struct_seminfo, 2);
    case GETALL: case SETALL: return sem_values(t, id, cmd, arg);
    case SETVAL:                    /* union semun by value: an int, in the high half of a big-endian 64-bit word */
        arg = linux_abi.big_endian && linux_abi.word == 8 ? arg >> 32 : arg;
        return safe_syscall(t, SYS_semctl, (long)id, (long)num, (long)cmd, (long)(int)arg, 0L, 0L);
    default: return safe_syscall(t, SYS_semctl, (long)id, (long)num, (long)cmd, 0L, 0L, 0L);
    }
}

int64_t sys_msgsnd(Task *t, int id, gaddr msg, uint64_t size, uint32_t flags)
{
    uint64_t type;
    int64_t r = gmem_get_word(t, msg, &type);
    if (r < 0)
        return r;
    if (size > 1 << 20)
        return -EINVAL;
    long *m = malloc(sizeof *m + size);
    if (!m)
        return -ENOMEM;
    *m = linux_abi.word == 4 ? (long)(int32_t)type : (long)type;
    r = gmem_read(t, m + 1, msg + linux_abi.word, size);
    if (r == 0)
        r = safe_syscall(t, SYS_msgsnd, (long)id, m, size, (long)flags, 0L, 0L);
    free(m);
    return r;
}

int64_t sys_msgrcv(Task *t, int id, gaddr msg, uint64_t size, int64_t type, uint32_t flags)
{
    if (linux_abi.word == 4 ? (int32_t)size < 0 : (int64_t)size < 0)
        return -EINVAL;
    if (size > 1 << 20)
        size = 1 << 20;
    long *m = malloc(sizeof *m + size);
    if (!m)
        return -ENOMEM;
    int64_t r = safe_syscall(t, SYS_msgrcv, (long)id, m, size, type, (long)flags, 0L);
    if (r >= 0) {
        int64_t e = gmem_put_word(t, msg, *m);
        if (e == 0)
            e = gmem_write(t, msg + linux_abi.word, m + 1, r);
        if (e < 0)
            r = e;
    }
    free(m);
    return r;
}

/* --- ipc(2): { call, row, where each argument comes from } with a first..d and ptr as letters of `args` */
static const struct { uint8_t call; int row; const char *args; } ipc_calls[] = {
    { 1, ROW_semop, "apb" }, { 2, ROW_semget, "abc" }, { 4, ROW_semtimedop, "apbd" },
    { 11, ROW_msgsnd, "apbc" }, { 12, ROW_msgrcv, "apbdc" }, { 13, ROW_msgget, "ab" }, { 14, ROW_msgctl, "abp" },
    { 22, ROW_shmdt, "p" }, { 23, ROW_shmget, "abc" }, { 24, ROW_shmctl, "abp" },
};

int64_t sys_ipc(Task *t, uint32_t call, uint64_t a, uint64_t b, uint64_t c, gaddr ptr, uint64_t d)
{
    unsigned version = call >> 16;
    int64_t r;
    call &= 0xffff;
    if (call == 3) {                /* semctl: the union is in memory */
        uint64_t arg;
        if (!ptr)
            return -EINVAL;
        return (r = gmem_get_word(t, ptr, &arg)) < 0 ? r : sys_semctl(t, (int)a, (int)b, (int)c, arg);
    }
    if (call == 21) {               /* shmat: the address is stored at the third argument */
        if (version == 1)
            return -EINVAL;
        r = sys_shmat(t, (int)a, ptr, b);
        return r < 0 && r > -4096 ? r : gmem_put_word(t, c, r);
    }
    if (call == 12 && version == 0) {   /* msgrcv of old: { pointer, type } */
        uint64_t msg, type;
        if ((r = gmem_get_word(t, ptr, &msg)) < 0 || (r = gmem_get_word(t, ptr + linux_abi.word, &type)) < 0)
            return r;
        ptr = msg; d = type;
    }
    for (unsigned i = 0; i < sizeof ipc_calls / sizeof *ipc_calls; i++) {
        if (ipc_calls[i].call != call)
            continue;
        uint64_t raw[7] = { 0 };
        for (int j = 0; ipc_calls[i].args[j]; j++) {
            char w = ipc_calls[i].args[j];
            raw[j] = w == 'a' ? a : w == 'b' ? b : w == 'c' ? c : w == 'd' ? d : ptr;
        }
        const SysDesc *row = &sys_rows[ipc_calls[i].row];
        return sys_run_row(t, row, row->name, 0, raw);
    }
    return -ENOSYS;
}
