# SPDX-License-Identifier: Apache-2.0
# The command line: options, variables, exit codes, errors of one line.

setup_file() {
    export WORK=$BATS_FILE_TMPDIR
    cat >"$WORK/args.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
int main(int argc, char **argv)
{
    struct utsname u;
    uname(&u);
    printf("argv0=%s argc=%d last=%s X=%s m=%s r=%s\n", argv[0], argc, argv[argc - 1], getenv("X") ? getenv("X") : "-", u.machine, u.release);
    return argc > 1 ? atoi(argv[1]) : 0;
}
C
    aarch64-linux-gnu-gcc -static -O1 "$WORK/args.c" -o "$WORK/args"
    aarch64-linux-gnu-gcc -O1 "$WORK/args.c" -o "$WORK/args-dyn"
    riscv64-linux-gnu-gcc -static -O1 "$WORK/args.c" -o "$WORK/args-rv"
    powerpc-linux-gnu-gcc -static -O1 "$WORK/args.c" -o "$WORK/args-ppc"
}
setup() { Q=$B/qemu-aarch64; cd "$WORK"; }
one_line() { [ "$(printf '%s\n' "$output" | wc -l)" = 1 ] || { echo "$output"; return 1; }; }

@test "a static program of each guest runs" {
    for p in aarch64:args riscv64:args-rv ppc:args-ppc; do
        run "$B/qemu-${p%%:*}" ./"${p#*:}"
        [ "$status" = 0 ]; [[ $output == *"m=${p%%:*}"* ]]
    done
}
@test "a limit on address space is no obstacle, for a 32-bit guest either" {
    for p in aarch64:args ppc:args-ppc; do
        run bash -c "ulimit -v 300000; '$B/qemu-${p%%:*}' ./${p#*:}"
        [ "$status" = 0 ]; [[ $output == *"m=${p%%:*}"* ]]
    done
}
@test "exit status passes through" { run "$Q" ./args 42; [ "$status" = 42 ]; }
@test "arguments pass through, options of the program are not ours" { run "$Q" ./args 0 -d --help; [ "$status" = 0 ]; [[ $output == *"argc=4 last=--help"* ]]; }
@test "-- ends options" { run "$Q" -- ./args 3; [ "$status" = 3 ]; }
@test "-help lists options with variables and exits 0" { run "$Q" -help; [ "$status" = 0 ]; [[ $output == *QEMU_LD_PREFIX* && $output == *-strace* ]]; }
@test "-h and --help are the same" { a=$("$Q" -h); b=$("$Q" --help); [ "$a" = "$b" ]; }
@test "-version" { run "$Q" -version; [ "$status" = 0 ]; one_line || true; [[ $output == *version* ]]; }
@test "no program: usage, exit 1" { run "$Q"; [ "$status" = 1 ]; }
@test "unknown option: one line and usage, exit 1" { run "$Q" -nonsense ./args; [ "$status" = 1 ]; [[ $output == *nonsense* && $output == *"usage: qemu-"* ]]; }
@test "an option without its argument: exit 1" { run "$Q" -L; [ "$status" = 1 ]; }
@test "-E sets, -U unsets, -0 names" {
    run "$Q" -E X=5 ./args; [[ $output == *"X=5"* ]]
    X=7 run "$Q" -U X ./args; [[ $output == *"X=- "* ]]
    run "$Q" -0 other ./args; [[ $output == *"argv0=other"* ]]
}
@test "-E and -U act in order, the command line after the variables; a value may hold anything" {
    run "$Q" -E X=5 -U X ./args; [[ $output == *"X=- "* ]]
    run "$Q" -U X -E X=5 ./args; [[ $output == *"X=5"* ]]
    QEMU_UNSET_ENV=X run "$Q" -E X=5 ./args; [[ $output == *"X=5"* ]]
    run "$Q" -E X=$'two\nlines' ./args; [[ $output == *"X=two"* ]]
    run "$Q" -E X=1,Y=2 ./args; [[ $output == *"X=1,Y=2"* ]]
    for bad in -EX -E=X -UX=1 -U; do run "$Q" "${bad:0:2}" "${bad:2}" ./args; [ "$status" = 1 ]; one_line; done
}
@test "--x equals -x" { run "$Q" --E X=5 ./args; [[ $output == *"X=5"* ]]; }
@test "QEMU_SET_ENV, QEMU_UNSET_ENV, QEMU_ARGV0, QEMU_UNAME" {
    QEMU_SET_ENV=X=9,Y=1 run "$Q" ./args; [[ $output == *"X=9"* ]]
    QEMU_ARGV0=zero run "$Q" ./args; [[ $output == *"argv0=zero"* ]]
    QEMU_UNAME=5.4.3-test run "$Q" ./args; [[ $output == *"r=5.4.3-test"* ]]
}
@test "-r sets the release" { run "$Q" -r 4.5.6 ./args; [[ $output == *"r=4.5.6"* ]]; }
@test "-cpu help lists models" { run "$Q" -cpu help; [ "$status" = 0 ]; [[ $output == *max* ]]; }
@test "an unknown CPU: exit 1" { run "$Q" -cpu nosuch ./args; [ "$status" = 1 ]; [[ $output == *nosuch* ]]; }
@test "-cpu takes what scripts hold where what it asks for is met: nearest cores, features that are not there" {
    for c in max,sve=off max,sme=off max,pauth-impdef=on max,lpa2=off,pmu=off cortex-a35 cortex-a55 cortex-a710 a64fx \
             neoverse-v1 max,sve-default-vector-length=16 cortex-a57,aes=off,neon=on; do
        run "$Q" -cpu "$c" ./args 42; [ "$status" = 42 ] || { echo "$c: $output"; return 1; }
    done
    for c in max,v=false rv64,v=off rv64,vlen=128 rv64,g=on max,zvbb=false rva22s64 rva23s64 sifive-u54 thead-c906 \
             rv64,Zifencei=on; do
        run "$B/qemu-riscv64" -cpu "$c" ./args-rv 42; [ "$status" = 42 ] || { echo "$c: $output"; return 1; }
    done
    for c in G4 7400 7450 604 e500 G3 G4,vsx=off; do
        run "$B/qemu-ppc" -cpu "$c" ./args-ppc 42; [ "$status" = 42 ] || { echo "$c: $output"; return 1; }
    done
}
@test "-cpu: what is not met is one line, exit 1; a nearest core is named once, under -d unimp" {
    for c in max,sve=on max,sve max,sve=maybe max,nosuch=off cortex-a15 cortex-a710,no sifive-u54 max,aarch64=off; do
        run "$Q" -cpu "$c" ./args; [ "$status" = 1 ] || { echo "$c: $output"; return 1; }; one_line
    done
    for c in rv64,v=on sifive-e31 max,zicsr=off; do
        run "$B/qemu-riscv64" -cpu "$c" ./args-rv; [ "$status" = 1 ]; one_line
    done
    run "$Q" -d unimp -cpu cortex-a710 ./args; [ "$status" = 0 ]
    [ "$(grep -c "cortex-a710 is run as the nearest model, max" <<<"$output")" = 1 ]
    run "$Q" -cpu cortex-a710 ./args; [ "${#lines[@]}" = 1 ]
}
@test "-d help lists items" { run "$Q" -d help; [ "$status" = 0 ]; [[ $output == *in_asm* && $output == *strace* ]]; }
@test "an unknown log item: exit 1" { run "$Q" -d nosuch ./args; [ "$status" = 1 ]; }
@test "-d overrides QEMU_LOG, -strace adds" {
    QEMU_LOG=strace run "$Q" -d page ./args; [[ $output == *"[stack]"* && $output != *"write(1, "* ]]
    QEMU_LOG=page run "$Q" -strace ./args; [[ $output == *"[stack]"* && $output == *"write(1, "* ]]
}
@test "-d cpu shows integer registers, with fpu and vpu the others" {
    for g in "aarch64 args X00= Q31= Q31=" "riscv64 args-rv x31/t6 f31/ft11 x31/t6" "ppc args-ppc r31 f31 v31"; do
        set -- $g
        "$B/qemu-$1" -d cpu -D regs ./"$2"; grep -qF " $3" regs || grep -qF "$3" regs; ! grep -q 'Q31=\|f31\|v31' regs
        "$B/qemu-$1" -d cpu,fpu -D regs ./"$2"; grep -qF "$4" regs
        "$B/qemu-$1" -d cpu,vpu -D regs ./"$2"; grep -qF "$5" regs
    done
}
@test "-d invalid_mem shows the access, also without int" {
    printf 'int main(void){*(volatile int*)8=1;return 0;}' | aarch64-linux-gnu-gcc -static -xc - -o segv
    run "$Q" -d invalid_mem ./segv; [ "$status" = 139 ]; [[ $output == *"address 0x8 pc 0x"* ]]
}
@test "-dfilter finds a function that only direct jumps reach" {
    main=0x$(aarch64-linux-gnu-nm args | awk '$3 == "main" { print $1 }')
    for form in "$main..$main" "$main+4" "$((main + 3))-4" "0x10..0x20,$main+4"; do
        run "$Q" -d in_asm -dfilter "$form" ./args; [[ $output == *"IN: main"* && $output != *"IN: _start"$'\n'* ]] || { echo "$form: $output"; return 1; }
    done
    for bad in x 1..x 1+ 5..4; do run "$Q" -dfilter "$bad" ./args; [ "$status" = 1 ]; one_line; done
}
@test "-tb-size takes any size; what is too much is what is possible" {
    for n in 0 1 64 1000000; do run timeout 20 "$Q" -tb-size $n ./args; [ "$status" = 0 ]; done
    run "$Q" -tb-size x ./args; [ "$status" = 1 ]; one_line
}
@test "-B takes whole pages" { run "$Q" -B 0x10000000 ./args; [ "$status" = 0 ]; run "$Q" -B 0x1234 ./args; [ "$status" = 1 ]; one_line; }
@test "-strace logs calls to stderr" { run "$Q" -strace ./args; [[ $output == *"write(1, "* && $output == *exit_group* ]]; }
@test "-strace has strace's form: results, errors, lines that a child breaks up" {
    cat >calls.c <<'C'
#include <fcntl.h>
#include <unistd.h>
#include <sys/wait.h>
int main(void)
{
    char b[8];
    int p[2];
    open("/nonexistent/file", O_WRONLY | O_APPEND);
    openat(AT_FDCWD, (char *)8, O_RDWR | O_NOFOLLOW);
    pipe(p); write(p[1], "a\tb", 3); read(p[0], b, 8); read(99, b, 1);
    pid_t c = vfork();
    if (!c) _exit(3);
    waitpid(c, 0, 0);
    char *none[] = { 0 };
    execve("/nonexistent/program", none, none);
}
C
    for p in aarch64:aarch64 riscv64:riscv64 ppc:powerpc; do
        "${p#*:}-linux-gnu-gcc" -w -static calls.c -o calls; run "$B/qemu-${p%:*}" -strace ./calls
        for want in '"/nonexistent/file", O_WRONLY|O_APPEND' '= -1 ENOENT (No such file or directory)' 'O_RDWR|O_NOFOLLOW' '= -1 EFAULT (Bad address)' \
                    ', "a\tb", 8) = 3'  'read(99, 0x' 'execve("/nonexistent/program", 0x' '= -1 EBADF (Bad file descriptor)' '<unfinished ...>' 'exit_group(3) = ?' ' resumed>) = '; do
            [[ $output == *"$want"* ]] || { echo "${p%:*}: no $want in: $output"; return 1; }
        done
        [[ ${lines[-1]} == *"exit_group(0) = ?" ]]
    done
}
@test "-strace names ioctls and shows what they take" {
    printf '#include <sys/ioctl.h>\nint main(void){struct winsize w={24,80};ioctl(9,TIOCSWINSZ,&w);ioctl(9,TCXONC,1);ioctl(9,0x12345678,0);return 0;}' >ioctl.c
    for p in aarch64:aarch64 riscv64:riscv64 ppc:powerpc; do
        ${p#*:}-linux-gnu-gcc -static ioctl.c -o ioctl
        run "$B/qemu-${p%:*}" -strace ./ioctl
        [[ $output == *'ioctl(9, TIOCSWINSZ, {row=24, col=80, '* && $output == *'ioctl(9, TCXONC, 1) = -1 EBADF (Bad file descriptor)'* && $output == *'ioctl(9, 0x12345678, NULL)'* ]] || { echo "$output"; return 1; }
    done
}
@test "-d in_asm,op,op_opt -D writes a file" {
    run "$Q" -d in_asm,op,op_opt -D "$WORK/log" ./args; [ "$status" = 0 ]; grep -q svc "$WORK/log"; grep -q 'put' "$WORK/log"
}
@test "-d in_asm and exec name functions and show the architecture's assembly" {
    "$Q" -d in_asm,exec -D "$WORK/log3" ./args
    grep -q '^IN: main$' "$WORK/log3"
    grep -q '^Trace .* \[_start\]$' "$WORK/log3"
    grep -qE '^0x[0-9a-f]{8}:  a9b[0-9a-f]{5}  stp x29, x30, \[sp, #-0x' "$WORK/log3"
}
@test "-d in_asm without qemu-disas shows the rows' own text, out_asm bytes" {
    mkdir -p alone; cp "$Q" alone/
    PATH=/nonexistent run /bin/sh -c 'alone/qemu-aarch64 -d in_asm,out_asm -D log4 ./args'; [ "$status" = 0 ]
    grep -qE '^0x[0-9a-f]{8}:  d4000001  svc ' log4; grep -qE '^0x[0-9a-f]+:  [0-9a-f]{32} *$' log4
}
@test "-perfmap and -jitdump name functions" {
    printf 'volatile int n;void spin(void){while(n<99)n++;}int main(void){spin();return 0;}' | aarch64-linux-gnu-gcc -static -xc - -o spin
    mkdir -p perf; cd perf; "$Q" -perfmap -jitdump ../spin & wait $!
    grep -qE '^[0-9a-f]+ [0-9a-f]+ spin$' /tmp/perf-$!.map; grep -qaw spin jit-$!.dump; rm -f /tmp/perf-$!.map
}
@test "-perfmap and -jitdump open no file that somebody put in their way" {
    mkdir -p ways; cd ways; chmod 1777 .
    for how in "ln -s $WORK/precious" "ln $WORK/precious"; do
        echo precious >"$WORK/precious"
        bash -c "$how /tmp/perf-\$\$.map; $how jit-\$\$.dump; echo \$\$ >pid; exec '$Q' -perfmap -jitdump ../spin"
        [ "$(cat "$WORK/precious")" = precious ]
        grep -qE ' spin$' "/tmp/perf-$(cat pid).map"; [ ! -L "jit-$(cat pid).dump" ]
        rm -f "/tmp/perf-$(cat pid).map" jit-*
    done
    [ "$(id -u)" = 0 ] || return 0                      # somebody else's file in a sticky directory stays as it is
    bash -c 'f=/tmp/perf-$$.map; echo other >$f; chmod 666 $f; echo $f >map
        exec setpriv --reuid 65534 --clear-groups '"'$Q'"' -perfmap ../spin' || true
    [ "$(cat "$(cat map)")" = other ]; rm -f "$(cat map)"
}
@test "-d out_asm shows host code" { run "$Q" -d out_asm -D "$WORK/log2" ./args; [ "$status" = 0 ]; grep -q mov "$WORK/log2"; }
@test "-one-insn-per-tb, -d nochain, -accel interp give the same output" {
    want=$("$Q" ./args 0 x)
    [ "$("$Q" -one-insn-per-tb ./args 0 x)" = "$want" ]
    [ "$("$Q" -d nochain ./args 0 x)" = "$want" ]
    [ "$("$Q" -accel interp ./args 0 x)" = "$want" ]
}
@test "-L finds the interpreter; without -L the cross sysroot is used" {
    run "$Q" -L /usr/aarch64-linux-gnu ./args-dyn; [ "$status" = 0 ]
    run "$Q" ./args-dyn; [ "$status" = 0 ]
    QEMU_LD_PREFIX=/usr/aarch64-linux-gnu run env -i QEMU_LD_PREFIX=/usr/aarch64-linux-gnu "$Q" ./args-dyn; [ "$status" = 0 ]
}
@test "a missing interpreter is named, exit 127 or 126" { mkdir -p e; run "$Q" -L "$WORK/e" ./args-dyn; [ "$status" -ge 126 ]; [[ $output == *ld-linux* ]]; one_line; }
@test "a missing program: one line, 127" { run "$Q" ./nosuch; [ "$status" = 127 ]; one_line; }
@test "a directory, a text, an empty file, no permission: one line, 126" {
    echo hello >text; chmod +x text; : >empty; chmod +x empty
    for f in /tmp ./empty ./text; do run "$Q" $f; [ "$status" = 126 ] || { echo "$f: $status"; return 1; }; one_line; done
}
@test "what is no program, or may not be executed: one line, 126, at once" {
    mkfifo fifo; chmod +x fifo; cp args plain; chmod 644 plain; printf '#!%s/plain\n' "$WORK" >to-plain; printf '#!%s/fifo\n' "$WORK" >to-fifo; chmod +x to-*
    for f in ./fifo ./plain ./to-plain ./to-fifo /dev/zero /dev/null; do run timeout 20 "$Q" $f; [ "$status" = 126 ] || { echo "$f: $status"; return 1; }; one_line; done
    : >$'odd\nname'; chmod +x $'odd\nname'; run "$Q" $'./odd\nname'; [ "$status" = 126 ]; one_line
}
@test "a program for another processor: one line, 126" { run "$Q" ./args-rv; [ "$status" = 126 ]; one_line; run "$B/qemu-riscv64" /bin/true; [ "$status" = 126 ]; one_line; }
@test "odd small ELF files run as under Linux: versions, trailing bytes, order of segments, addresses" {
    printf '.globl _start\n.data\n.byte 1\n.text\n_start: mov w0, #42\n mov x8, #93\n svc #0\n' >a.s
    printf '.globl _start\n.data\n.byte 1\n.text\n_start: li 3, 42\n li 0, 1\n sc\n' >p.s
    for g in aarch64:a:aarch64 ppc:p:powerpc; do
        IFS=: read -r q s cross <<<"$g"; "$cross-linux-gnu-as" -o t.o $s.s
        for how in "" -N -n "-z max-page-size=4096" "-Ttext=0x7000000 -Tdata=0x8000123" -Ttext=0x1000 \
                   "-Ttext=0x9000000 -Tdata=0x20000"; do
            "$cross-linux-gnu-ld" $how -o t t.o 2>/dev/null
            if [ "$how" = -Ttext=0x1000 ] && [ "$(id -u)" != 0 ]; then continue; fi         # vm.mmap_min_addr
            run "$B/qemu-$q" ./t; [ "$status" = 42 ] || { echo "$q $how: $status $output"; return 1; }
        done
        "$cross-linux-gnu-ld" -o t t.o
        cp t v; printf '\0\0\0\0' | dd of=v bs=1 seek=20 conv=notrunc status=none
        run "$B/qemu-$q" ./v; [ "$status" = 42 ]
        cp t v; printf '\0\3' | dd of=v bs=1 seek=6 conv=notrunc status=none; run "$B/qemu-$q" ./v; [ "$status" = 42 ]
        cp t v; head -c 5000 /dev/zero >>v; run "$B/qemu-$q" ./v; [ "$status" = 42 ]
    done
}
@test "a #! script runs its interpreter" {
    printf '#!%s\n' "$WORK/args" >script; chmod +x script
    run "$Q" ./script; [ "$status" = 0 ]; [[ $output == *"last=./script"* ]]
}
@test "a guest that dies of a signal dies of that signal, silently" {
    printf 'int main(void){*(volatile int*)8=1;return 0;}' | aarch64-linux-gnu-gcc -static -xc - -o segv
    run "$Q" ./segv; [ "$status" = 139 ]; [ -z "$output" ] || [[ $output == *"Segmentation fault"* ]]
    printf '#include <stdlib.h>\nint main(void){abort();}' | aarch64-linux-gnu-gcc -static -xc - -o abrt
    run "$Q" ./abrt; [ "$status" = 134 ]
}
@test "an illegal instruction is SIGILL and -d unimp names it" {
    printf 'int main(void){__asm__(".word 0x00000000");return 0;}' | aarch64-linux-gnu-gcc -static -xc - -o ill
    run "$Q" ./ill; [ "$status" = 132 ]
    run "$Q" -d unimp ./ill; [[ $output == *illegal* ]]
}
@test "-s sets the stack size" { run "$Q" -s 16M ./args; [ "$status" = 0 ]; run "$Q" -s nonsense ./args; [ "$status" = 1 ]; }
@test "a stack limit of a few pages is the guest's alone" {
    (ulimit -s 24; run "$Q" ./args; [ "$status" = 0 ]; run "$B/qemu-ppc" ./args-ppc; [ "$status" = 0 ])
    (ulimit -s 24; run "$Q" ./args-dyn; [ "$status" = 0 ])
}
@test "-p 65536 runs programs" {
    run "$Q" -p 65536 ./args; [ "$status" = 0 ]; run "$Q" -p 65536 ./args-dyn; [ "$status" = 0 ]
    run "$B/qemu-ppc" -p 65536 ./args-ppc; [ "$status" = 0 ]; QEMU_PAGESIZE=16384 run "$Q" ./args-dyn; [ "$status" = 0 ]
}
@test "-p takes a power of two from 4096 on; anything else is one line" {
    run "$Q" -p 4096 ./args; [ "$status" = 0 ]
    for p in 12345 2048 0 x; do run "$Q" -p $p ./args; [ "$status" = 1 ]; one_line; done
}
@test "-seed makes randomness repeat" {
    printf '#include <stdio.h>\n#include <sys/auxv.h>\n#include <sys/random.h>\nint main(void){unsigned char*p=(void*)getauxval(AT_RANDOM);unsigned r;getrandom(&r,4,0);for(int i=0;i<16;i++)printf("%%02x",p[i]);printf(" %%u\\n",r);}' | aarch64-linux-gnu-gcc -static -xc - -o rnd
    a=$("$Q" -seed 7 ./rnd); b=$("$Q" -seed 7 ./rnd); c=$("$Q" -seed 8 ./rnd)
    [ "$a" = "$b" ]; [ "$a" != "$c" ]
}
@test "hello world stays under 12 MiB of resident memory" {
    printf '#include <stdio.h>\n#include <sys/resource.h>\n#include <sys/wait.h>\n#include <unistd.h>\nint main(int c,char**v){struct rusage u;if(!vfork())execv(v[1],v+1),_exit(1);wait4(-1,0,0,&u);fprintf(stderr,"%%ld\\n",u.ru_maxrss);}' | gcc -static -w -xc - -o maxrss
    rss=$(./maxrss "$Q" ./args 2>&1 >/dev/null)
    [ "$rss" -lt 12288 ] || { echo "$rss KiB"; return 1; }
}
@test "the emulator's own descriptors do not exist for the guest; an exec'd child continues the log" {
    gcc -O1 -w "$SRC/tests/cli/fds.c" -o fds-host; run ./fds-host; [ "${lines[-1]}" = ok ]
    for p in aarch64:aarch64-linux-gnu ppc:powerpc-linux-gnu; do
        "${p#*:}-gcc" -static -O1 -w "$SRC/tests/cli/fds.c" -o fds; mkdir -p sub
        run "$B/qemu-${p%%:*}" -perfmap -jitdump -d strace,out_asm -D "log-fds" ./fds
        [ "${lines[-1]}" = ok ] || { echo "$output"; false; }
        grep -q 'child ok' log-fds; grep -q 'end of the parent' log-fds; rm -f jit-*.dump /tmp/perf-*.map
    done
}
@test "a log that a variable names is continued over the guest's execve, and not emptied by one that -D overrides" {
    printf '#include <unistd.h>\n#include <stdlib.h>\nint main(int c, char **v) { char n[9]={v[1][0]-1}; getppid(); return v[1][0] > 49 ? execl("/proc/self/exe", v[0], n, NULL) : 0; }' |
        aarch64-linux-gnu-gcc -w -static -xc - -o thrice
    QEMU_LOG=strace QEMU_LOG_FILENAME=$WORK/env-log "$Q" ./thrice 3; [ "$(grep -c getppid env-log)" = 3 ]
    echo precious >other-log
    QEMU_LOG=strace QEMU_LOG_FILENAME=$WORK/other-log "$Q" -D "$WORK/chosen-log" ./thrice 3
    [ "$(cat other-log)" = precious ]; [ "$(grep -c getppid chosen-log)" = 3 ]
    run "$Q" -D /nonexistent/log ./args; [ "$status" = 1 ]; one_line
}
@test "-d tid: a log for each thread" {
    printf '#include <pthread.h>\n#include <unistd.h>\nvoid *f(void *p) { return (void *)(long)getppid(); }\nint main(void) { pthread_t t[3]; for (int i = 0; i < 3; i++) pthread_create(t + i, 0, f, 0); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); return 0; }' | aarch64-linux-gnu-gcc -static -xc - -o threads
    run "$Q" -d strace,tid -D "tid-%d" ./threads; [ "$status" = 0 ]; [ "$(ls tid-* | wc -l)" = 4 ]; [ "$(grep -l getppid tid-* | wc -l)" = 3 ]
}
@test "a fixed-address program where the emulator itself lies: another guest base" {
    echo 'int main(void) { return __builtin_printf("at %p, 0x%x\n", (void *)main, __LINE__) < 0 || getchar() == 0; }' >fixed.c
    aarch64-linux-gnu-gcc -w -static -O1 fixed.c -o fixed         # -L: not at the top, where no base helps
    mkfifo hold
    setarch -RL "$Q" ./fixed <hold >/dev/null & exec 9>hold
    for _ in $(seq 100); do at=$(sed -n 's/^\([0-9a-f]*\)-.*qemu-aarch64$/\1/p' /proc/$!/maps 2>/dev/null | head -1); [ -n "$at" ] && break; sleep 0.05; done
    exec 9>&-; wait
    at=$(printf '0x%x' $(((0x$at & ~0xffff) + 0x100000)))
    aarch64-linux-gnu-gcc -w -static -O1 -Wl,-Ttext-segment=$at fixed.c -o fixed
    for c in '' '-one-insn-per-tb' '-accel interp'; do
        run setarch -RL "$Q" $c ./fixed </dev/null
        [ "$status" = 0 ]; [[ $output == "at ${at%?????}"*", 0x1" ]]
    done
    run setarch -RL "$Q" ./args-dyn 7; [ "$status" = 7 ]
}
