#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each rule of laws.sh must fail on a tree with one violation planted, and say which.
set -u
objects=$(mktemp -d)
tree=$(mktemp -d); trap 'rm -rf "$tree" "$objects"' EXIT
(cd "$SRC" && { git ls-files 2>/dev/null | grep . || find . -type f ! -path "./build*"; } | tar cf - -T - | tar xf - -C "$tree") || exit 1
failed=0
planted() {         # file, text to append, what laws.sh must say
    local out
    cp -a "$tree/$1" "$tree/.saved" 2>/dev/null || rm -f "$tree/.saved"
    printf '%b\n' "$2" >>"$tree/$1"
    out=$(bash "$SRC/tests/tools/laws.sh" "$tree" 2>&1) && { echo "FAIL unnoticed in $1: $2"; failed=1; }
    grep -qE "^FAIL $3" <<<"$out" || { echo "FAIL planted '$2' in $1, want '$3', got: $out"; failed=1; }
    [ "$(grep -c . <<<"$out")" -le "${4:-1}" ] || { echo "FAIL more than the planted violation: $out"; failed=1; }
    if [ -e "$tree/.saved" ]; then mv "$tree/.saved" "$tree/$1"; else rm "$tree/$1"; fi
}
bash "$SRC/tests/tools/laws.sh" "$tree" || exit 1
mark='/* SPDX-License-Identifier: Apache-2.0 */'
planted tcg/fold.c '#include "target/arch.h"' 'tcg/fold.c includes target/arch.h: tcg may not depend'
planted loader/elf.c '#include "linux-user/path.h"' 'loader/elf.c includes .*: loader may not depend'
planted linux-user/path.c '#include "target/riscv/cpu.h"' "linux-user/path.c includes .*: a guest's inside"
planted tcg/fold.c '#include "../target/arch.h"' 'tcg/fold.c includes .*: paths start at the root' 2
planted tcg/fold.c '#include "tcg/build.c"' 'tcg/fold.c includes tcg/build.c: a .c file'
planted tcg/fold.c '#ifdef __linux__\n#endif' 'tcg/fold.c:[0-9]*: conditional compilation'
planted tcg/ir.h '# if defined(X)\n#endif' 'tcg/ir.h:[0-9]*: conditional compilation'
planted tcg/new.c '/* no licence */' 'tcg/new.c: no SPDX line'
planted tools/new '#!/bin/sh' 'tools/new: no SPDX line'
planted tests/tools/new.sh '# SPDX-License-Identifier: Apache-2.0\ncd /ho''me/somebody' 'tests/tools/new.sh:2: a path of'
planted tcg/fold.c "/* $(printf 'x%.0s' {1..120}) */" 'tcg/fold.c:[0-9]*: more than 120 columns'
planted docs/map.md "$(printf 'x%.0s' {1..121})" 'docs/map.md:[0-9]*: more than 120 columns' 2
planted tcg/new.c "$mark$(printf '\\n%.0s' {1..810})" 'tcg/new.c has [0-9]* lines'

# objects: a build with one more
mkdir -p "$objects/obj/tcg"
printf '%s\n' "$mark" 'int counter;' 'static int table[] = { 1, 2 }; int *get(void) { return table; }' 'const char *const names[] = { "a" };' >"$tree/tcg/new.c"
${CC:-cc} -fPIE -c "$tree/tcg/new.c" -o "$objects/obj/tcg/new.o" || exit 1
out=$(B=$objects bash "$SRC/tests/tools/laws.sh" "$tree")
[ "$(grep -c 'tcg/new.c has a mutable global: \(counter\|table\)$' <<<"$out")" = 2 ] && [ "$(grep -c . <<<"$out")" = 2 ] || { echo "FAIL globals: $out"; failed=1; }
exit $failed
