#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/sys/os_*.c: built static and dynamic by each guest's cross compiler, run on the backend and the interpreter; each
# checks itself. The host's own compiler and kernel come first, so that a wrong test shows as one.
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
n=0
case_run() {        # name command...
    local name=$1 out; shift
    n=$((n + 1))
    if out=$("$SRC/tests/within" 120 "$@" 2>&1 </dev/null) && [ "$(tail -n 1 <<<"$out")" = ok ]; then echo "ok $n $name"
    else echo "not ok $n $name"; sed 's/^/# /' <<<"$out" | head -n 10; fi
}
programs=$(cd "$SRC/tests/sys" && ls os_*.c | sed 's/\.c$//')
for p in $programs; do
    gcc -O1 -w -pthread "$SRC/tests/sys/$p.c" -o "$dir/$p" && case_run "native $p" "$dir/$p"
done
while read -r guest _ _ cross; do
    case $guest in '#'*|'') continue ;; esac
    [ -x "$B/qemu-$guest" ] || continue
    [ "$cross" != - ] && command -v "$cross-gcc" >/dev/null || { n=$((n + 1)); echo "ok $n $guest # skip no cross compiler"; continue; }
    for link in static dynamic; do
        mkdir -p "$dir/$guest/$link"
        for p in $programs; do
            "$cross-gcc" -O1 -w -pthread $([ $link = static ] && echo -static) "$SRC/tests/sys/$p.c" -o "$dir/$guest/$link/$p" || continue
            case_run "$guest $link $p" "$B/qemu-$guest" "$dir/$guest/$link/$p"
            case_run "$guest $link -p 65536 $p" "$B/qemu-$guest" -p 65536 "$dir/$guest/$link/$p"
            [ $p = os_flush ] && case_run "$guest $link -tb-size 1 $p" "$B/qemu-$guest" -tb-size 1 "$dir/$guest/$link/$p"
            [ $link = static ] && case_run "$guest interp $p" "$B/qemu-$guest" -accel interp "$dir/$guest/$link/$p"
            [ $link = static ] && case_run "$guest -p 16384 $p" "$B/qemu-$guest" -p 16384 "$dir/$guest/$link/$p"
        done
    done
done <"$SRC/target/programs"
echo "1..$n"
