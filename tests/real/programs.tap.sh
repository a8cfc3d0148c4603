#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real programs from Debian's own packages, run in foreign roots. A case is a line of a *.cases file: name, then a shell
# command run by the guest's own bash in an empty directory with the root as / (chroot when root, else -L). Outputs must
# equal the expectation. RUNS chooses what runs: words guest:set:cases. CASE is a pattern for names.
set -u

n=0
run_case() {        # guest root name command expectation
    local guest=$1 root=$2 name=$3 command=$4 kind=${5%% *} want=${5#? } got rc dir
    n=$((n + 1))
    dir=$(mktemp -d "$root/tmp/case.XXXXXX")
    if [ "$(id -u)" = 0 ]; then
        got=$("$SRC/tests/within" "${CASE_TIMEOUT:-120}" chroot "$root" /qemu/qemu-"$guest" /bin/bash -c "cd /tmp/${dir##*/}; $command" 2>"$dir/.err" </dev/null); rc=$?
    else
        got=$(cd "$dir" && "$SRC/tests/within" "${CASE_TIMEOUT:-120}" "$B/qemu-$guest" -L "$root" "$root/bin/bash" -c "$command" 2>"$dir/.err" </dev/null); rc=$?
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

release() { umount "$1/proc" "$1/dev/shm" 2>/dev/null; }
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
        trap 'release "$ROOT"' EXIT
    fi
    ROOT=$root
}

all='aarch64:arm64:base riscv64:riscv64:base aarch64:arm64-big:big riscv64:riscv64-big:big'
for run in ${RUNS:-$all}; do
    IFS=: read -r guest set cases <<<"$run"
    [ -x "$B/qemu-$guest" ] || { n=$((n + 1)); echo "ok $n $guest # skip qemu-$guest is not built"; continue; }
    prepare "$guest" "$set" || continue
    while IFS=$'\x01' read -r name command want; do
        case $name in *"${CASE-}"*) run_case "$guest" "$ROOT" "$name" "$command" "$want" ;; esac
    done < <(grep -v '^#' "$SRC/tests/real/$cases.cases" | sed 's/\t\t*/\x01/g')
    release "$ROOT"
done
echo "1..$n"
