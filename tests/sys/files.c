/* SPDX-License-Identifier: Apache-2.0 */
/* Files: open flags, stat in every form, times, directories, links, vectors, seeks, locks, statfs. */
#include "check.h"
#include <dirent.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Leaves the file a, and the symbolic link l to it. */
static int opening(void)
{
    int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0644);
    SHOW(fd >= 0);
    SHOW(open("a", O_RDWR | O_CREAT | O_EXCL, 0644));
    SHOW(open("a", O_RDONLY | O_DIRECTORY));
    SHOW(symlink("a", "l"));
    SHOW(open("l", O_RDONLY | O_NOFOLLOW));
    SHOW(open("/nonexistent/x", O_RDONLY));
    return fd;
}

static void reading_and_writing(int fd)
{
    char buf[8];
    SHOW(write(fd, "hello world\n", 12));
    struct iovec w[3] = { { "one ", 4 }, { "two ", 4 }, { "three\n", 6 } };
    SHOW(writev(fd, w, 3));
    char r1[6], r2[20];
    struct iovec r[2] = { { r1, 6 }, { r2, 20 } };
    SHOW(preadv(fd, r, 2, 6));
    printf("%.6s|%.14s\n", r1, r2);
    SHOW(pwrite(fd, "HELLO", 5, 0));
    SHOW(pread(fd, buf, 5, 0));
    printf("%.5s\n", buf);
    SHOW(lseek(fd, -4, SEEK_END));
    SHOW(lseek(fd, -400, SEEK_END));
}

static void metadata(int fd)
{
    struct stat st;
    SHOW(fstat(fd, &st));
    printf("%o %ld %d %d\n", st.st_mode, (long)st.st_size, (int)st.st_nlink, (int)st.st_blksize);
    SHOW(lstat("l", &st));
    printf("%o %ld\n", st.st_mode, (long)st.st_size);
    SHOW(link("a", "b"));
    SHOW(stat("b", &st));
    printf("%d\n", (int)st.st_nlink);
}

static void times_of_files(void)
{
    struct stat st;
    struct timespec ts[2] = { { 1000000001, 123456789 }, { 1500000000, 987654321 } };
    SHOW(utimensat(AT_FDCWD, "a", ts, 0));
    stat("a", &st);
    printf("%ld.%09ld %ld.%09ld\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec,
        st.st_mtim.tv_nsec);
    struct timeval tv[2] = { { 5, 6 }, { 7, 8 } };
    SHOW(utimes("a", tv));
    struct utimbuf ub = { 11, 12 };
    SHOW(utime("a", &ub));
    stat("a", &st);
    printf("%ld %ld\n", (long)st.st_atime, (long)st.st_mtime);
    struct statx sx;
    SHOW(statx(AT_FDCWD, "a", 0, STATX_ALL, &sx));
    printf("%o %d %llu %lld\n", sx.stx_mode, sx.stx_nlink, (unsigned long long)sx.stx_size,
        (long long)sx.stx_mtime.tv_sec);
}

static void descriptor_flags(int fd)
{
    int fl = fcntl(fd, F_GETFL);
    printf("flags %d %d %d\n", fl & O_ACCMODE, !!(fl & O_APPEND), !!(fl & O_NONBLOCK));
    SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    fl = fcntl(fd, F_GETFL);
    printf("flags %d %d %d\n", fl & O_ACCMODE, !!(fl & O_APPEND), !!(fl & O_NONBLOCK));
    int p = open("a", O_PATH | O_CLOEXEC);
    OK(fcntl(p, F_GETFL) & O_PATH);
    SHOW(fcntl(p, F_GETFD));
}

static void locks(int fd)
{
    struct flock lk = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 10 };
    SHOW(fcntl(fd, F_SETLK, &lk));
    fflush(stdout);
    if (!fork()) {
        struct flock q = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100 };
        SHOW(fcntl(fd, F_GETLK, &q));
        printf("%d %ld %ld %d\n", q.l_type == F_WRLCK, (long)q.l_start, (long)q.l_len, q.l_pid == getppid());
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    struct flock ofd = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 50, .l_len = 1 };
    SHOW(fcntl(fd, F_OFD_SETLK, &ofd));
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
}

static void sizes(int fd)
{
    SHOW(ftruncate(fd, 5000));
    SHOW(truncate("a", 100));
    SHOW(fallocate(fd, 0, 0, 8192));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
}

static void directories(void)
{
    char buf[64];
    SHOW(mkdir("d", 0755));
    for (int i = 0; i < 300; i++) {
        snprintf(buf, sizeof buf, "d/file-with-a-name-%03d", i);
        close(open(buf, O_CREAT | O_WRONLY, 0600));
    }
    DIR *d = opendir("d");
    char *names[400];
    int n = 0;
    for (struct dirent *e; (e = readdir(d)); ) names[n++] = strdup(e->d_name);
    qsort(names, n, sizeof *names, by_name);
    printf("%d %s %s %s\n", n, names[0], names[2], names[n - 1]);
    rewinddir(d);
    OK(readdir(d) != NULL);
    closedir(d);
}

static void names_and_links(void)
{
    char buf[64];
    SHOW(rename("d/file-with-a-name-000", "c"));
    SHOW(access("c", R_OK));
    SHOW(faccessat(AT_FDCWD, "nope", F_OK, 0));
    SHOW(readlink("l", buf, sizeof buf));
    SHOW(rmdir("d"));
}

static void file_systems(void)
{
    struct statfs sf;
    SHOW(statfs(".", &sf));
    OK(sf.f_bsize > 0 && sf.f_blocks > 0 && sf.f_namelen == 255);
    struct statvfs sv;
    SHOW(statvfs("/", &sv));
    OK(sv.f_frsize >= 512 && sv.f_namemax >= 255);
}

static void copying(int fd)
{
    char buf[100];
    int pi[2];
    SHOW(pipe2(pi, O_CLOEXEC | O_NONBLOCK));
    SHOW(read(pi[0], buf, 1));
    off_t off = 0;
    SHOW(sendfile(pi[1], fd, &off, 5));
    printf("off %ld\n", (long)off);
    SHOW(read(pi[0], buf, 100));
    int fd2 = open("copy", O_RDWR | O_CREAT, 0600);
    loff_t lo = 1;
    SHOW(copy_file_range(fd, &lo, fd2, NULL, 4, 0));
    printf("lo %ld\n", (long)lo);
}

static void duplicates(int fd)
{
    SHOW(dup3(fd, 50, O_CLOEXEC));
    SHOW(fcntl(50, F_GETFD));
    SHOW(dup2(fd, 51));
    SHOW(close(51));
    SHOW(close(51));
}

static void working_directory(void)
{
    char buf[256];
    SHOW(getcwd(buf, sizeof buf) != NULL);
    SHOW(getcwd(buf, 3) != NULL);
}

static void attributes(void)
{
    SHOW(setxattr("a", "user.k", "value", 5, 0) == 0 || errno == ENOTSUP);
    SHOW(chmod("a", 0400));
}

int main(void)
{
    char dir[] = "/tmp/sysfilesXXXXXX";
    if (!mkdtemp(dir) || chdir(dir)) return 1;
    umask(022);
    int fd = opening();
    reading_and_writing(fd);
    metadata(fd);
    times_of_files();
    descriptor_flags(fd);
    locks(fd);
    sizes(fd);
    directories();
    names_and_links();
    file_systems();
    copying(fd);
    duplicates(fd);
    working_directory();
    attributes();
    SHOW(system("rm -rf \"$PWD\""));
    return 0;
}
