#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# features.c on every CPU model and with every feature off: what is advertised executes and nothing else does. Features that the C library
# itself needs must stop it by SIGILL.
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
bad=0 ran=0
check() {       # guest cpu
    local out rc
    out=$(timeout 60 "$B/qemu-$1" -cpu "$2" "$dir/features.$1" 2>&1); rc=$?
    ran=$((ran + 1))
    [ $rc = 0 ] && return
    case " $needed " in *" ${2#*,} "*) [ $rc = 132 ] && return ;; esac
    echo "$1 -cpu $2: exit $rc"; echo "$out"; bad=1
}
while read -r guest _ _ cross; do
    case $guest in '#'*|'') continue ;; esac
    [ -x "$B/qemu-$guest" ] && [ "$cross" != - ] && command -v "$cross-gcc" >/dev/null || continue
    "$cross-gcc" -O1 -w -static "$SRC/tests/linux-user/features.c" -o "$dir/features.$guest" || exit 1
    case $guest in
    aarch64) needed='fp=off asimd=off' bare='' ;;
    riscv64) needed='m=off a=off f=off d=off c=off' bare=rv64i ;;
    *) needed='' bare='' ;;
    esac
    models=$("$B/qemu-$guest" -cpu help | awk '/^Features/ { exit } /^  / { print $1 }')
    for m in $models; do [ "$m" = "$bare" ] && needed="$needed $bare"; check "$guest" "$m"; done
    for f in $("$B/qemu-$guest" -cpu help | sed -n '/^Features/,/^Other/{/^  /p}'); do check "$guest" "max,$f=off"; done
done <"$SRC/target/programs"
[ $ran -gt 30 ] || { echo "only $ran runs"; exit 1; }
exit $bad
