# SPDX-License-Identifier: Apache-2.0
# Who may give the emulator options, and what programs get that run with more than their caller has (docs/security.md).

setup_file() {
    export WORK=$BATS_FILE_TMPDIR
    chmod 755 "$BATS_RUN_TMPDIR" "$(dirname "$WORK")" "$WORK"
    cp "$B/qemu-aarch64" "$WORK/emu"
    gcc -O1 -w "$SRC/tests/cli/ns.c" -o "$WORK/ns"
    aarch64-linux-gnu-gcc -static -O1 -w "$SRC/tests/cli/raise.c" -o "$WORK/raise"
    gcc -static -O1 -w "$SRC/tests/cli/raise.c" -o "$WORK/raise-host"
    z='\x00\x00\x00\x00' f='\xff\xff\xff\xff'
    export MAGIC="\\x7fELF\\x02\\x01\\x01\\x00$z$z\\x02\\x00\\xb7\\x00:$f\\xff\\xff\\xff\\x00$f$f\\xfe\\xff\\xff\\xff"
}
setup() { cd "$WORK"; [ "$(id -u)" = 0 ] || skip "needs root"; }
# under FLAGS COMMAND...: where binfmt_misc knows the emulator
under() { local flags=$1; shift; run ./ns "$WORK/emu" "$flags" "$MAGIC" "$@"; [ "$status" != 77 ] || skip "$output"; }
bare() ( for f in /proc/self/fd/*; do f=${f##*/}; [ "$f" -lt 3 ] || eval "exec $f>&-"; done; exec "$@" )
as_nobody() { run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

@test "a set-user-ID emulator takes no option and no variable, and the program does not see ours" {
    cp emu suid; chmod 4755 suid; mkdir -p d; chmod 755 d
    as_nobody ./suid -D "$WORK/d/log" -d strace ./raise show
    [ "$status" = 127 ]; [ ! -e d/log ]
    QEMU_LOG_FILENAME=$WORK/d/log QEMU_LOG=strace QEMU_LD_PREFIX=/x as_nobody ./suid ./raise show
    [ "$status" = 0 ]; [ ! -e d/log ]; [[ $output == "uid 65534 0 0 "*"secure 1 argc 2 argv0 ./raise prefix none" ]]
}
@test "nobody can pass for our own execve: -inherit of a set-user-ID emulator is the name of a program" {
    cp emu suid; chmod 4755 suid
    as_nobody ./suid -inherit 0 -D "$WORK/d/log2" ./raise show
    [ "$status" = 127 ]; [ ! -e d/log2 ]
}
@test "a program that the kernel runs: words of any form are its name and its arguments, whatever the flags" {
    cp raise ./-L; cp raise ./--
    printf '#!%s/raise show\n' "$WORK" >-strace; chmod +x ./-strace
    for flags in '' F O C P POCF; do
        under "$flags" sh -c 'PATH=; ./raise show; -L show; -- show -D "$0/never"; -strace' "$WORK"
        [ "$status" = 0 ]; [ "${#lines[@]}" = 4 ]; [ ! -e never ]
        [[ ${lines[0]} == *"argc 2 argv0 ./raise"* && ${lines[1]} == *"argc 2 argv0 "*"-L "* ]]
        [[ ${lines[2]} == *"argc 4 "* && ${lines[3]} == *"argc 3 "* ]]
    done
    under POCF sh -c 'exec 0<&-; ./raise show'; [ "$status" = 0 ]     # the kernel's descriptor of the program is then 0
}
@test "variables count for a program that the kernel runs, but not when it is set-user-ID" {
    cp raise set; chmod 4755 set
    under POCF env QEMU_ARGV0=other ./raise show; [[ $output == *"argv0 other "* ]]
    under POCF env QEMU_ARGV0=other setpriv --reuid 1000 --clear-groups ./set show
    [[ $output == "uid 1000 0 0"*"secure 1"*"argv0 ./set "* ]]
}
@test "under an entry with C the kernel gives a guest's set-user-ID and set-group-ID programs what is theirs" {
    under POCF ./raise 4755 0 0 1000; [[ $output == "uid 1000 0 0 gid 1000 1000 1000 secure 1 argc 2 argv0 name"* ]]
    under POCF ./raise 2755 0 33 1000; [[ $output == "uid 1000 1000 1000 gid 1000 33 33 secure 1 "* ]]
    under POCF ./raise 6755 0 33 1000; [[ $output == "uid 1000 0 0 gid 1000 33 33 secure 1 "* ]]
    under POCF ./raise 2745 0 33 1000; [[ $output == "uid 1000 1000 1000 gid 1000 1000 1000 secure 0 "* ]]
    under POCF ./raise 4755 0 0 1000 quiet; [[ $output == "uid 1000 1000 1000 "*"secure 0 "* ]]       # no_new_privs
    under POCF ./raise 4755 0 0 1000 again
    [[ ${lines[0]} == "uid 1000 0 0 "* && ${lines[1]} == "uid 1000 0 0 "*"secure 1 argc 2 argv0 again "* ]]
}
@test "without such an entry they are refused, and -d unimp says so; what gives nothing runs" {
    for how in '' P; do
        under "$how" ./raise 4755 0 0 1000; [ "$output" = "execve EPERM" ]
        under "$how" ./raise 2755 0 33 1000; [ "$output" = "execve EPERM" ]
        under "$how" ./raise 4755 1000 0 1000; [[ $output == "uid 1000 1000 1000 "*"secure 0 "* ]]
        under "$how" ./raise 4755 0 0 1000 quiet; [[ $output == "uid 1000 1000 1000 "*"secure 0 "* ]]
    done
    under - ./emu -d unimp ./raise 4755 0 0 1000
    [[ $output == *"execve of ./raised refused: its privileges need a binfmt_misc entry with flag C"* ]]
    [[ $output == *"execve EPERM"* ]]
    under - sh -c 'mount -t tmpfs -o nosuid none /mnt && cp emu raise /mnt && cd /mnt && ./emu ./raise 4755 0 0 1000'
    [[ $output == "uid 1000 1000 1000 "*"secure 0 "* ]]
}
@test "the superuser needs no entry: ids as the kernel gives them to a program of the host" {
    for what in "4755 1000 0" "2755 0 33" "6755 1000 33"; do
        run ./raise-host $what 0 again; want=$output
        run ./emu ./raise $what 0 again; [ "$output" = "$want" ] || { echo "$what: $output, want $want"; return 1; }
    done
}
@test "file capabilities: the kernel's with C, else refused" {
    command -v setcap >/dev/null || skip "no setcap"
    cat >caps.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char b[200];
    if (argc > 1) {
        setresgid(1000, 1000, 1000); setresuid(1000, 1000, 1000);
        execl("./capped", "capped", NULL);
        printf("execve %s\n", strerrorname_np(errno));
        return 1;
    }
    FILE *f = fopen("/proc/self/status", "r");
    while (fgets(b, sizeof b, f)) if (!strncmp(b, "CapEff", 6)) fputs(b, stdout);
    return 0;
}
C
    aarch64-linux-gnu-gcc -w -static -D_GNU_SOURCE caps.c -o caps
    under POCF sh -c 'cp caps capped; setcap cap_net_raw+ep capped && ./caps run'; [[ $output == *"0000000000002000" ]]
    under - sh -c 'cp caps capped; setcap cap_net_raw+ep capped && ./emu ./caps run'; [ "$output" = "execve EPERM" ]
}
@test "a guest executes programs after a chroot into a tree without /proc" {
    cat >chroot.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 3; i < 100; i++) if (fcntl(i, F_GETFD) >= 0) printf("descriptor %d\n", i);
    if (!n) return puts("ran") < 0;
    if (!(argc > 2 ? vfork() : fork())) {
        if (n == 3 && (chroot("tree") || chdir("/"))) _exit(9);
        execl("/prog", "prog", n == 3 ? "2" : n == 2 ? "1" : "0", NULL);
        printf("execve %s\n", strerrorname_np(errno));
        _exit(1);
    }
    int st;
    wait(&st);
    return st != 0;
}
C
    for g in aarch64:aarch64 riscv64:riscv64 ppc:powerpc; do
        mkdir -p tree; "${g#*:}-linux-gnu-gcc" -w -static chroot.c -o tree/prog
        run bare "$B/qemu-${g%:*}" tree/prog 3
        [ "$status" = 0 ] && [ "$output" = ran ] || { echo "$output"; return 1; }
        run bare "$B/qemu-${g%:*}" tree/prog 3 vfork
        [ "$status" = 0 ] && [ "$output" = ran ] || { echo "$output"; return 1; }
    done
}
teardown() { [ -z "$PID" ] || kill "$PID" 2>/dev/null || true; }
# started FILE COMMAND...: begins it; its first line is then in FILE
started() {
    local out=$1; shift
    : >"$out"
    "$@" >"$out" 3>&- & PID=$!
    for _ in {1..100}; do [ ! -s "$out" ] || return 0; sleep 0.05; done
    return 1
}
@test "lengths that another process' memory tells are bounded" {
    gcc -O1 -w "$SRC/tests/cli/forge.c" -o forge
    for g in aarch64:aarch64 ppc:powerpc; do
        emu=$B/qemu-${g%:*}; "${g#*:}-linux-gnu-gcc" -w -static "$SRC/tests/cli/foreign.c" -o foreign
        started told "$emu" ./foreign wait; read -r first last auxv <told
        run "$emu" ./foreign read /proc/$PID/environ; [ "$output" = $((last - first)) ]
        run "$emu" ./foreign read /proc/$PID/auxv; [ "$output" = "$auxv" ]
        ./forge lengths $PID "$first" "$last" "$auxv"
        for f in environ auxv; do
            run "$emu" ./foreign read /proc/$PID/$f
            [ "$status" = 0 ] && [ "$output" = 0 ] || bad+=" $f:$status:$output"
        done
        kill "$PID"; [ -z "$bad" ] || { echo "$bad"; return 1; }
    done
}
@test "a process of another user's is believed to run only what the kernel says it has mapped" {
    gcc -O1 -w "$SRC/tests/cli/forge.c" -o qemu-forge
    cp "$B/qemu-aarch64" qemu-user; chmod 755 qemu-user
    aarch64-linux-gnu-gcc -w -static "$SRC/tests/cli/foreign.c" -o foreign
    echo hidden >secret; chmod 600 secret; touch told; chmod 666 told
    local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    started told "${nobody[@]}" ./qemu-forge name "$WORK/secret"
    run ./emu ./foreign look $PID; kill $PID
    [ "$output" = "$WORK/qemu-forge machine 62" ] || { echo "$output"; return 1; }
    mkdir -p theirs; echo open >theirs/file
    started told "${nobody[@]}" ./qemu-forge name "$WORK/theirs/file"
    run ./emu ./foreign look $PID; [ "$output" = "$WORK/theirs/file open" ] || { echo "$output"; return 1; }
    mv theirs/file theirs/moved; ln -s ../secret theirs/file            # what is mapped is opened, not a name
    run ./emu ./foreign look $PID; kill $PID; [[ $output != *hidden* ]] || { echo "$output"; return 1; }
    started told "${nobody[@]}" ./qemu-user ./foreign wait      # an honest one
    run ./emu ./foreign look $PID; real=$output
    as_nobody ./emu ./foreign look $PID; same=$output
    run ./emu ./foreign read /proc/$PID/environ; len=$output
    kill $PID; [ "$real" = "$WORK/foreign machine 183" ] || { echo "$real"; return 1; }
    [ "$same" = "$real" ]; [ "$len" -gt 0 ]
}
@test "where an emulator's process cannot be told of, its files are the host's, all of them" {
    gcc -O1 -w "$SRC/tests/cli/forge.c" -o qemu-forge
    aarch64-linux-gnu-gcc -w -static "$SRC/tests/cli/foreign.c" -o foreign
    started told ./qemu-forge name /bin/sh
    for f in environ auxv status; do
        run ./emu ./foreign read /proc/$PID/$f
        [ "$output" = "$(wc -c </proc/$PID/$f)" ] || { echo "$f $output"; return 1; }
    done
}

# sleeper PID: another thread or process in the memory of PID, which the emulator keeps there
sleeper() {
    local d
    for d in /proc/"$1"/task/* $(grep -lsz "^$2$" /proc/[0-9]*/cmdline | sed 's,/cmdline,,'); do
        [ "${d##*/}" = "$1" ] || echo "$d"
    done
}
@test "a process of the emulator that stays in a guest's memory can do nothing for who owns that later" {
    cat >shared.c <<'C'
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc < 3)
        mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    else if (!syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)) {
        execl("/bin/sleep", "sleep", "20", (char *)NULL);
        _exit(1);
    }
    syscall(SYS_setresuid, 65534, 65534, 65534);
    alarm(30);
    puts("ready");
    fflush(stdout);
    for (;;) pause();
}
C
    cat >inject.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
extern const char code[], code_end[];
__asm__(".globl code, code_end\ncode: lea 1f(%rip), %rdi\n mov $65, %esi\n mov $384, %edx\n mov $2, %eax\n syscall\n"
        " mov $60, %eax\n xor %edi, %edi\n syscall\n1: .asciz \"pwned\"\ncode_end:\n");
int main(int argc, char **argv)
{
    char line[400], name[100];
    unsigned long pc = 0;
    snprintf(name, sizeof name, "%s/syscall", argv[1]);
    FILE *f = fopen(name, "r");
    for (char *p = fgets(line, sizeof line, f); p && *p; p++)
        if (*p == ' ') pc = strtoul(p, NULL, 16);
    snprintf(name, sizeof name, "%s/mem", argv[1]);
    return pwrite(open(name, O_RDWR), code, code_end - code, pc) != code_end - code;
}
C
    gcc -w inject.c -o inject; powerpc-linux-gnu-gcc -w -static shared.c -o shared
    for how in robust vfork; do
        rm -f pwned out
        "$B/qemu-ppc" ./shared name-$how-$$ $([ $how = robust ] || echo x) >out 3>&- & pid=$!
        for i in {1..100}; do [ ! -s out ] || break; sleep 0.05; done
        at=$(sleeper $pid name-$how-$$)
        [ "$(wc -w <<<"$at")" = 1 ] || { echo "$how: $at"; return 1; }
        run grep -E '^(CapEff|CapPrm|Seccomp|NoNewPrivs):' "$at/status"
        [ "$(awk '{ printf "%x ", $2 }' <<<"$output")" = "0 0 1 2 " ]
        "$WORK/inject" "$at"
        [ $how = robust ] || kill $(cat /proc/$pid/task/*/children)
        [ $how = vfork ] || kill -9 $pid
        for i in {1..100}; do [ -e "$at" ] || break; sleep 0.05; done
        [ ! -e "$at" ]
        run rm pwned /pwned; [ "${#lines[@]}" = 2 ]
        kill -9 $pid || true; wait $pid || true
    done
}
