/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: fork, exec, wait, limits, identity, scheduling, prctl, System V IPC, clocks. */
#include "check.h"
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

static void semaphores(void)
{
    union { int val; struct semid_ds *buf; unsigned short *array; } u;
    int id = semget(IPC_PRIVATE, 3, 0600);
    OK(id >= 0);
    unsigned short vals[3] = { 7, 8, 9 }, out[3] = { 0 };
    u.array = vals;
    SHOW(semctl(id, 0, SETALL, u));
    u.val = 5;
    SHOW(semctl(id, 1, SETVAL, u));
    u.array = out;
    SHOW(semctl(id, 0, GETALL, u));
    printf("%d %d %d\n", out[0], out[1], out[2]);
    struct semid_ds ds;
    u.buf = &ds;
    SHOW(semctl(id, 0, IPC_STAT, u));
    printf("%lu %o\n", (unsigned long)ds.sem_nsems, ds.sem_perm.mode);
    OK(ds.sem_perm.uid == getuid() && labs((long)(ds.sem_ctime - time(NULL))) < 10);
    struct sembuf op[2] = { { 0, -3, 0 }, { 2, 1, IPC_NOWAIT } };
    SHOW(semop(id, op, 2));
    SHOW(semctl(id, 0, GETVAL));
    struct timespec ts = { 0, 1000000 };
    op[0] = (struct sembuf){ 0, -30, 0 };
    SHOW(semtimedop(id, op, 1, &ts));
    SHOW(semctl(id, 0, IPC_RMID));
}

static void messages(void)
{
    int q = msgget(IPC_PRIVATE, 0600);
    struct { long type; char text[16]; } m = { 42, "message" };
    SHOW(msgsnd(q, &m, 8, 0));
    memset(&m, 0, sizeof m);
    struct msqid_ds md;
    SHOW(msgctl(q, IPC_STAT, &md));
    printf("%lu %d\n", (unsigned long)md.msg_qnum, md.msg_lspid == getpid());
    SHOW(msgrcv(q, &m, sizeof m.text, 0, 0));
    printf("%ld %s\n", m.type, m.text);
    SHOW(msgrcv(q, &m, sizeof m.text, 0, IPC_NOWAIT));
    SHOW(msgctl(q, IPC_RMID, NULL));
}

static void shared_memory(void)
{
    int sh = shmget(IPC_PRIVATE, 10000, 0600);
    char *at = shmat(sh, NULL, 0);
    OK(at != (void *)-1);
    strcpy(at, "shared");
    struct shmid_ds sd;
    SHOW(shmctl(sh, IPC_STAT, &sd));
    printf("%lu %lu\n", (unsigned long)sd.shm_segsz, (unsigned long)sd.shm_nattch);
    fflush(stdout);
    if (!fork()) { strcpy(at, "child"); _exit(0); }
    wait(NULL);
    puts(at);
    SHOW(shmdt(at));
    SHOW(shmctl(sh, IPC_RMID, NULL));
}

static void child_that_executes(char *program)
{
    int st;
    struct rusage ru;
    fflush(stdout);
    pid_t c = fork();
    if (!c) {
        char *a[] = { program, "arg", NULL }, *e[] = { "MARK=env", NULL };
        execve("/proc/self/exe", a, e);
        _exit(99);
    }
    SHOW(wait4(c, &st, 0, &ru) == c);
    printf("%d %d\n", WIFEXITED(st), WEXITSTATUS(st));
    OK(ru.ru_maxrss > 0);
}

static void child_that_is_killed(void)
{
    int st;
    pid_t c;
    if (!(c = fork())) { kill(getpid(), SIGTERM); _exit(1); }
    siginfo_t si;
    SHOW(waitid(P_PID, c, &si, WEXITED | WNOWAIT));
    printf("%d %d %d %d\n", si.si_signo, si.si_code, si.si_status, si.si_pid == c);
    SHOW(waitpid(c, &st, 0) == c);
    printf("%d %d\n", WIFSIGNALED(st), WTERMSIG(st));
    SHOW(waitpid(-1, &st, WNOHANG));
}

static void vfork_and_system(void)
{
    int st;
    pid_t c;
    if (!(c = vfork())) _exit(3);
    waitpid(c, &st, 0);
    printf("%d\n", WEXITSTATUS(st));
    printf("%d\n", WEXITSTATUS(system("exit 5")));
}

static void limits(void)
{
    struct rlimit rl;
    SHOW(getrlimit(RLIMIT_NOFILE, &rl));
    rl.rlim_cur = 99;
    SHOW(setrlimit(RLIMIT_NOFILE, &rl));
    getrlimit(RLIMIT_NOFILE, &rl);
    printf("%ld\n", (long)rl.rlim_cur);
    SHOW(getrlimit(RLIMIT_CPU, &rl));
    OK(rl.rlim_cur == RLIM_INFINITY);
    SHOW(getrlimit(99, &rl));
}

static void controls(void)
{
    SHOW(prctl(PR_SET_NAME, "somename"));
    char name[17] = { 0 };
    SHOW(prctl(PR_GET_NAME, name));
    puts(name);
    int sig = 0;
    SHOW(prctl(PR_SET_PDEATHSIG, SIGHUP));
    SHOW(prctl(PR_GET_PDEATHSIG, &sig));
    printf("%d\n", sig);
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    SHOW(prctl(PR_GET_DUMPABLE));
}

static void scheduling(void)
{
    cpu_set_t set;
    OK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
    CPU_ZERO(&set); CPU_SET(0, &set);
    SHOW(sched_setaffinity(0, sizeof set, &set));
    SHOW(sched_getaffinity(0, sizeof set, &set));
    printf("%d %d\n", CPU_COUNT(&set), CPU_ISSET(0, &set));
    struct sched_param sp = { 9 };
    SHOW(sched_getparam(0, &sp));
    printf("%d\n", sp.sched_priority);
    SHOW(sched_getscheduler(0));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, 3));
    SHOW(nice(2));
}

static void machine(void)
{
    struct utsname un;
    SHOW(uname(&un));
    puts(un.sysname);
    struct sysinfo sy;
    SHOW(sysinfo(&sy));
    OK(sy.mem_unit > 0 && sy.totalram > 0 && sy.procs > 0);
    char rnd[16] = { 0 };
    SHOW(getrandom(rnd, 16, 0));
}

static void clocks(void)
{
    struct timespec ts, r2;
    SHOW(clock_gettime(CLOCK_REALTIME, &ts));
    OK(labs((long)(ts.tv_sec - time(NULL))) <= 1 && ts.tv_nsec < 1000000000);
    SHOW(clock_getres(CLOCK_MONOTONIC, &r2));
    printf("%ld %ld\n", (long)r2.tv_sec, r2.tv_nsec);
    SHOW(clock_gettime(99, &ts));
    ts = (struct timespec){ 0, 2000000 };
    SHOW(nanosleep(&ts, NULL));
    ts.tv_nsec = -1;
    SHOW(nanosleep(&ts, NULL));
    struct timeval tv;
    SHOW(gettimeofday(&tv, NULL));
    OK(tv.tv_usec < 1000000);
    struct tms tm;
    OK(times(&tm) != (clock_t)-1);
}

static void interval_timer(void)
{
    struct itimerval itv = { { 0, 0 }, { 100, 0 } }, oitv;
    SHOW(setitimer(ITIMER_REAL, &itv, NULL));
    SHOW(getitimer(ITIMER_REAL, &oitv));
    OK(oitv.it_value.tv_sec >= 99 && oitv.it_value.tv_sec <= 100);
}

static void identity(void)
{
    gid_t groups[64];
    OK(getgroups(64, groups) >= 0);
    uid_t a, b, d;
    SHOW(getresuid(&a, &b, &d));
    OK(a == getuid() && b == geteuid() && d == b);
    SHOW(getsid(0) == getsid(getpid()));
    unsigned cpu = 99;
    SHOW(syscall(SYS_getcpu, &cpu, NULL, NULL));
    OK(cpu < 99);
}

static void memory(void)
{
    int mf = memfd_create("x", MFD_CLOEXEC);
    SHOW(ftruncate(mf, 4096));
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mf, 0);
    strcpy(map, "in memory");
    char buf[10];
    SHOW(pread(mf, buf, 10, 0));
    puts(buf);
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    SHOW(munmap(map + 1, 4096));
    SHOW(msync(map, 4096, MS_SYNC));
    SHOW(madvise(map, 4096, MADV_DONTNEED));
    unsigned char vec[1];
    SHOW(mincore(map, 4096, vec));
    SHOW(mlock(map, 4096));
}

static void posix_messages(void)
{
    struct mq_attr at = { .mq_maxmsg = 4, .mq_msgsize = 32 };
    char qn[64];
    snprintf(qn, sizeof qn, "/sysproc%d", (int)getpid());
    mqd_t q = mq_open(qn, O_CREAT | O_RDWR, 0600, &at);
    if (q != (mqd_t)-1) {
        memset(&at, 0, sizeof at);
        if (mq_getattr(q, &at) || at.mq_maxmsg != 4 || at.mq_msgsize != 32) puts("mq_getattr wrong");
        char qb[32];
        unsigned prio = 0;
        if (mq_send(q, "hey", 3, 6) || mq_receive(q, qb, 32, &prio) != 3 || prio != 6) puts("mq wrong");
        mq_unlink(qn);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) { printf("exec'd %s %s\n", argv[1], getenv("MARK")); return 7; }
    child_that_executes(argv[0]);
    child_that_is_killed();
    vfork_and_system();
    limits();
    controls();
    scheduling();
    machine();
    clocks();
    interval_timer();
    identity();
    memory();
    semaphores();
    messages();
    shared_memory();
    posix_messages();
    return 0;
}
