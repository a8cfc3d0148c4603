#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/link: a program with an unresolved symbol is not linked; the one warning that says nothing to us is not shown.
set -u
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
echo 1..3
say() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; sed 's/^/# /' "$dir/out"; fi; }
echo 'int missing(void); int main(void) { return missing(); }' >"$dir/a.c"
! "$SRC/tools/link" gcc -static-pie -fPIE "$dir/a.c" -o "$dir/a" >"$dir/out" 2>&1; say $? "1 - unresolved symbol"
grep -q 'undefined reference.*missing' "$dir/out"; say $? "2 - it is named"
echo '#include <pwd.h>
int main(void) { return !getpwuid(0); }' >"$dir/b.c"
"$SRC/tools/link" gcc -static-pie -fPIE "$dir/b.c" -o "$dir/b" >"$dir/out" 2>&1 && ! grep -q 'statically linked' "$dir/out"; say $? "3 - quiet"
