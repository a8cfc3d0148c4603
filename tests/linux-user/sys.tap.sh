#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/sys/*.c, *.cc: compiled for the host and each guest, static and dynamic; the outputs must be equal.
set -u
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
n=0
say() { n=$((n + 1)); echo "$1 $n - $2"; }
for src in tests/sys/*.c tests/sys/*.cc; do
    name=$(basename "${src%.*}") cc=gcc libs='-lpthread -lrt -lm'
    case $src in *.cc) cc=g++ libs="-ffp-contract=off $libs -latomic" ;; esac
    $cc -O1 -w -o "$out/$name" "$src" $libs || { say "not ok" "$name: host compiler"; continue; }
    (cd "$out" && "$SRC/tests/within" 60 "./$name" >"$name.want" 2>&1; echo "exit $?" >>"$name.want")
    while read -r prog family arch prefix; do
        case $prog in '#'*|'') continue ;; esac
        [ "$prefix" != - ] && [ -x "$B/qemu-$prog" ] || continue
        command -v "$prefix-$cc" >/dev/null || { say "ok" "$name $prog # skip no $prefix-$cc"; continue; }
        why=$(sed -n "s/^$name $prog //p" tests/sys/skips)
        [ -z "$why" ] || { say ok "$name $prog # skip $why"; continue; }
        for link in -static ''; do
            "$prefix-$cc" -O1 -w -fasynchronous-unwind-tables $link -o "$out/$name.$prog$link" "$src" $libs ||
                { say "not ok" "$name $prog: compiler"; continue; }
            (cd "$out" && ln -sf "$name.$prog$link" g &&
                "$SRC/tests/within" 60 "$B/qemu-$prog" -L "/usr/$prefix" "./$name.$prog$link" >got 2>&1; echo "exit $?" >>got)
            if diff "$out/$name.want" "$out/got" >"$out/diff"; then say ok "$name $prog $link"
            else say "not ok" "$name $prog $link"; sed 's/^/# /' "$out/diff" | head -${SYS_LINES:-12}; fi
        done
    done < target/programs
done
echo "1..$n"
