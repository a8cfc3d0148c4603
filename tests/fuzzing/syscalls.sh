#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every system call with bad arguments (sysfuzz.c) on each guest: nobody dies, hangs or reports a bug of ours. Guests with the
# host's layout must also agree with the host on what is EFAULT and what succeeds. SYSFUZZ_ITER calls each, seed SYSFUZZ_SEED.
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
iter=${SYSFUZZ_ITER:-12} seed=${SYSFUZZ_SEED:-1} bad=0
cat "$SRC"/linux-user/desc/*.sys | awk -f "$SRC/tests/fuzzing/calls.awk" >"$dir/calls.h"
run() {     # name program...
    local name=$1; shift
    mkdir "$dir/$name" && chmod 777 "$dir/$name"
    (cd "$dir/$name" && timeout 250 "$@" "$seed" "$iter") >"$dir/$name.out" 2>&1 </dev/null || { echo "$name: exit $?"; bad=1; }
    grep -aE 'DIED|HANG|EXIT|bug' "$dir/$name.out" && { echo "in $name, seed $seed"; bad=1; }
}
gcc -O1 -w -I"$dir" "$SRC/tests/fuzzing/sysfuzz.c" -o "$dir/prog.host" || exit 1
run host "$dir/prog.host"
while read -r guest _ _ cross; do
    case $guest in '#'*|'') continue ;; esac
    [ -x "$B/qemu-$guest" ] && [ "$cross" != - ] && command -v "$cross-gcc" >/dev/null || continue
    "$cross-gcc" -O1 -w -static -I"$dir" "$SRC/tests/fuzzing/sysfuzz.c" -o "$dir/prog.$guest" || { bad=1; continue; }
    run "$guest" "$B/qemu-$guest" "$dir/prog.$guest"
    case $guest in aarch64|riscv64) ;; *) continue ;; esac
    # the only calls whose words mean something else to the guest: addresses of its own as operands, a result that Linux may drop
    join -t '|' <(sort -u "$dir/host.out" | sed 's/) = /)|/') <(sort -u "$dir/$guest.out" | sed 's/) = /)|/') | grep -avE '^(futex|pselect6|keyctl)\(' |
        awk -F'|' '($2 == "ok" && $3 == "EFAULT") || ($2 == "EFAULT" && $3 == "ok") { print; n++ } END { exit !n }' && { echo "host | $guest, seed $seed"; bad=1; }
done <"$SRC/target/programs"
exit $bad
