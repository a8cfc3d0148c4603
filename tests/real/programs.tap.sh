#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real programs from Debian's own packages, run in foreign roots. A case is a line: name, then a shell command run by
# the guest's own bash in an empty directory with the root mounted as / (chroot when root, else -L). Outputs
# must equal what the expectation says: `= text`, or `~ regex`. GUESTS chooses roots.
set -u
cases() {
    cat <<'CASES'
bash		for i in 1 2 3; do echo -n "$((i * i)) "; done; echo ${BASH_VERSION%%.*}	= 1 4 9 5
coreutils	seq 1 1000 | sort -R | sort -n | md5sum | cut -c1-8; expr 6 \* 7	= 53d0251242
grep sed	printf 'a1\nb2\nc3\n' | grep -E '[bc]' | sed 's/\(.\)\(.\)/\2\1/' | tr '\n' ' '	= 2b 3c
gawk		seq 100 | gawk '{s+=$1; q+=$1*$1} END {printf "%d %d %.4f\n", s, q, sqrt(q)}'	= 5050 338350 581.6786
perl		perl -e 'my %h; $h{$_ % 7} += $_ for 1..1000; print join(",", map {"$_=$h{$_}"} sort keys %h), "\n"'	= 0=71071,1=71214,2=71357,3=71500,4=71643,5=71786,6=71929
python		python3 -c 'import json,re,hashlib,sqlite3,ssl,ctypes; print(json.dumps([1,2.5,None]), re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), hashlib.sha256(b"x").hexdigest()[:8], sqlite3.connect(":memory:").execute("select 6*7").fetchone(), ctypes.sizeof(ctypes.c_long))'	= [1, 2.5, null] world hello 2d711642 (42,) 8
py-threads	python3 -c 'import threading; r=[]; t=[threading.Thread(target=lambda n=n: r.append(sum(range(n)))) for n in range(1,200)]; [x.start() for x in t]; [x.join() for x in t]; print(sum(r))'	= 1313400
py-procs	python3 -c 'import multiprocessing as m; print(sum(m.Pool(2).map(abs, range(-50,50))))'	= 2500
py-subproc	python3 -c 'import subprocess; print(subprocess.run(["sh","-c","echo $((40+2)); exit 3"],capture_output=True))'	= CompletedProcess(args=['sh', '-c', 'echo $((40+2)); exit 3'], returncode=3, stdout=b'42\n', stderr=b'')
git		export HOME=$PWD GIT_CONFIG_NOSYSTEM=1; git init -q a && cd a && git config user.email a@b && git config user.name n && echo x >f && git add f && git commit -qm first && cd .. && git clone -q a b && cd b && git log --format=%s	= first
gcc		printf '#include <stdio.h>\nint f(int);int main(void){printf("%%d\\n",f(6));return 0;}' >m.c; printf 'int f(int x){return x*7;}' >f.c; gcc -O2 -c m.c f.c && gcc m.o f.o -o m && ./m	= 42
g++		printf '#include <iostream>\n#include <stdexcept>\nint main(){try{throw std::runtime_error("caught");}catch(std::exception&e){std::cout<<e.what()<<std::endl;}}' >m.cc; g++ -O1 m.cc -o m && ./m	= caught
make		printf 'all: a b\na b:\n\t@echo $@ > $@.out\n' >Makefile; make -s -j2 && cat a.out b.out | tr '\n' ' '	= a b
openssl		openssl rand -hex 16 | wc -c; printf abc | openssl dgst -sha256 | sed 's/.*= //'; openssl genrsa 1024 2>/dev/null | openssl rsa -check -noout 2>/dev/null	= 33ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adRSA key ok
openssl-speed	openssl speed -seconds 1 -bytes 1024 -evp aes-128-gcm 2>/dev/null | tail -1	~ ^(aes-128-gcm|AES-128-GCM)
openssl-tls	openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=x -days 2 2>/dev/null; openssl s_server -accept 127.0.0.1:0 -key k.pem -cert c.pem -www -naccept 1 >log 2>&1 & for i in $(seq 100); do grep -q ^ACCEPT log && break; sleep 0.1; done; port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' log); printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -ign_eof -connect 127.0.0.1:$port 2>/dev/null | grep -c Cipher	~ ^[1-9]
sqlite3		sqlite3 :memory: 'with recursive n(i) as (select 1 union all select i+1 from n where i<1000) select count(*), sum(i), max(hex(i)) from n;'	= 1000|500500|393939
xz		seq 1 100000 >f; xz -9 -c f >f.xz && xz -dc f.xz | cmp - f && echo same	= same
zstd		seq 1 100000 >f; zstd -q -T2 -19 f -o f.zst && zstd -dqc f.zst | cmp - f && echo same	= same
tar		mkdir d; seq 10 >d/a; ln -s a d/b; tar czf t.tgz d && tar tzf t.tgz | sort | tr '\n' ' '	= d/ d/a d/b
curl		python3 -m http.server --bind 127.0.0.1 0 >log 2>&1 & for i in $(seq 100); do [ -s log ] && break; sleep 0.1; done; sleep 1; port=$(python3 -c "import re;print(re.search(r'port (\d+)', open('log').read()).group(1))" 2>/dev/null || echo 0); echo hi >index.html; [ $port = 0 ] && port=8000; curl -s http://127.0.0.1:$port/; kill %1	= hi
redis		export LC_ALL=C; redis-server --port 0 --unixsocket $PWD/s --save '' --daemonize no >log 2>&1 & for i in $(seq 100); do [ -S s ] && break; sleep 0.1; done; redis-benchmark -s $PWD/s -q -n 2000 -t set,get >b 2>&1; redis-cli -s $PWD/s incrby n 41 >/dev/null; redis-cli -s $PWD/s incr n; redis-cli -s $PWD/s shutdown nosave 2>/dev/null; wait	= 42
ruby		ruby -e 'puts (1..20).inject(:*), [3,1,2].sort.map{|x| x**2}.inspect; t=Thread.new{Thread.current[:a]=1}; t.join; puts "t"'	= 2432902008176640000[1, 4, 9]t
signals		bash -c 'trap "echo got" USR1; kill -USR1 $$; sleep 0.1; (exit 7); echo $?; sh -c "kill -SEGV \$\$"; echo $?'	= got7139
pipes		yes | head -n 100000 | wc -l; cat /proc/self/comm; readlink /proc/self/exe | sed 's/.*\///'	~ ^100000cat(readlink|busybox|coreutils)
CASES
}

n=0
run_case() {        # guest root name command expectation
    local guest=$1 root=$2 name=$3 command=$4 kind=${5%% *} want=${5#? } got rc dir
    n=$((n + 1))
    dir=$(mktemp -d "$root/tmp/case.XXXXXX")
    if [ "$(id -u)" = 0 ]; then
        got=$(timeout -k 5 "${CASE_TIMEOUT:-120}" chroot "$root" /qemu/qemu-"$guest" /bin/bash -c "cd /tmp/${dir##*/}; $command" 2>"$dir/.err" </dev/null); rc=$?
    else
        got=$(cd "$dir" && timeout -k 5 "${CASE_TIMEOUT:-120}" "$B/qemu-$guest" -L "$root" "$root/bin/bash" -c "$command" 2>"$dir/.err" </dev/null); rc=$?
    fi
    got=$(printf '%s' "$got" | tr -d '\n' | sed 's/ *$//')
    local ok=0
    case $kind in
    =) [ "$got" = "$want" ] && ok=1 ;;
    '~') [[ $got =~ $want ]] && ok=1 ;;
    esac
    if [ $ok = 1 ]; then echo "ok $n $guest $name"; else
        echo "not ok $n $guest $name"
        echo "# exit $rc, got: ${got:0:300}"; echo "# want: $want"; tail -n 5 "$dir/.err" 2>/dev/null | sed 's/^/# /'
    fi
    rm -rf "$dir"
}

prepare() {         # guest set
    local root=$B/roots/$2
    [ -n "${ROOTS-}" ] && root=$ROOTS/$2
    if ! "$SRC/tools/roots" "$2" "$root" >"$B/roots-$2.log" 2>&1; then
        n=$((n + 1)); echo "ok $n $1 real programs # skip packages cannot be had: $(tail -n 1 "$B/roots-$2.log")"; return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$root/qemu" "$root/proc" "$root/dev"
        cp -f "$B"/qemu-"$1" "$root/qemu/"
        mountpoint -q "$root/proc" || mount -t proc proc "$root/proc" 2>/dev/null || true
        for d in null zero urandom random tty full; do [ -e "$root/dev/$d" ] || cp -a "/dev/$d" "$root/dev/" 2>/dev/null || true; done
        [ -e "$root/dev/fd" ] || ln -s /proc/self/fd "$root/dev/fd"
        mkdir -p "$root/dev/shm"; mountpoint -q "$root/dev/shm" || mount -t tmpfs tmpfs "$root/dev/shm" 2>/dev/null || true
        trap 'for s in arm64 riscv64; do for d in proc dev/shm; do umount "${ROOTS:-$B/roots}/$s/$d" 2>/dev/null; done; done' EXIT
    fi
    ROOT=$root
}

for guest in ${GUESTS:-aarch64 riscv64}; do
    set=$guest; [ $guest = aarch64 ] && set=arm64
    [ -x "$B/qemu-$guest" ] || { n=$((n + 1)); echo "ok $n $guest # skip qemu-$guest is not built"; continue; }
    prepare "$guest" "$set" || continue
    while IFS=$'\x01' read -r name command want; do
        [ -n "$name" ] || continue
        case $name in *"${CASE-}"*) run_case "$guest" "$ROOT" "$name" "$command" "$want" ;; esac
    done < <(cases | sed 's/\t\t*/\x01/g')
done
echo "1..$n"
