#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# decodegen: what must be refused, with file and line, and a decoder that must match, disassemble and describe itself.
# Run by tests/run; needs $B with tools/decodegen.
set -u
gen=$B/tools/decodegen
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
failed=0
fail() { echo "FAIL $*"; failed=1; }

head='isa t 8
field a = 7..4
field b = 2..1
form A a
form AB a b
form N
'
# refuse NAME LINE TEXT-OF-ERROR BODY: body starts at line 7
refuse() {
    local name=$1 line=$2 text=$3
    printf '%s%s\n' "$head" "$4" > "$dir/x.decode"
    if "$gen" -o "$dir/x.h" "$dir/x.decode" "$dir"/tr_*.c 2>"$dir/err"; then fail "$name: accepted"; return; fi
    grep -q "x.decode:$line: .*$text" "$dir/err" || { fail "$name: wrong error:"; cat "$dir/err"; }
    [ ! -e "$dir/x.h" ] || { fail "$name: output left behind"; rm -f "$dir/x.h"; }
}
cat > "$dir/tr_x.c" <<'C'
bool tr_one(Tr *t, const OpA *a)
bool tr_two(Tr *t, const OpAB *a)
bool tr_k(Tr *t, const OpA *a, int k)
bool ok_even(const OpA *a)
C
ok='x ....0000 A one ""
y ....1..1 AB two ""
z 00000010 N none ""'
echo 'bool tr_none(Tr *t, const OpN *a)' >> "$dir/tr_x.c"

refuse overlap         10 'overlaps x'          "$ok
w ....00-0 A one \"\""
refuse shadowed        12 'can never match'     "$ok
pick {
p ....0110 A one \"\"
q 01000110 A one \"\"
}"
refuse uncovered        7 'bit 3 is covered by no field' 'x .....000 A one ""'
refuse ignored_named    7 'ignored and named'   'x ----0000 A one ""'
refuse short_pattern    7 'pattern has 7 bits'  'x ....000 A one ""'
refuse long_pattern     7 'more than 8'         'x ....00000 A one ""'
refuse no_form          7 'no form Q'           'x ....0000 Q one ""'
refuse duplicate       10 'duplicate name x'    "$ok
x ....0101 A one \"\""
refuse missing_tr       7 "no 'bool tr_gone("   'x ....0000 A gone ""
y ....1..1 AB two ""
z 00000010 N none ""'
refuse missing_ok       7 "no 'bool ok_odd("    'x ....0000 A one !odd ""
y ....1..1 AB two ""
z 00000010 N none ""'
refuse unused_field     7 'unused field c'      "field c = 1..0
$ok"
refuse unused_form      7 'unused form C'       "form C b
$ok"
refuse field_twice      7 'duplicate field a'   "field a = 1
$ok"
refuse field_too_high   7 'do not fit'          "field c = 8..7
$ok"
refuse field_bit_twice  7 'a bit twice'         "field c = 3..2:2
$ok"
refuse form_shares      8 'shares bits'         "field c = 5
form C a c
$ok"
refuse no_field         7 'no field c'          "form C c
$ok"
refuse two_structs      8 'takes OpAB here but OpA' 'x ....0000 A one ""
y ....1..1 AB one ""
z 00000010 N none ""'
refuse two_arities      8 'has 0 constants here but 1' 'x ....0000 A k(1) ""
w ....0100 A k ""
y ....1..1 AB two ""
z 00000010 N none ""'
refuse no_text          7 'missing assembly'    'x ....0000 A one'
refuse open_text        7 'unterminated'        'x ....0000 A one "a'
refuse bad_member       7 'no member'           'x ....0000 A one "{b}"
y ....1..1 AB two ""
z 00000010 N none ""'
refuse bad_attribute    7 "unexpected '\\*x'"   'x ....0000 A one *x ""'
refuse bad_flag         7 "unexpected '=q'"     'x ....0000 A one =q ""'
refuse nested_pick      8 'does not nest'       'pick {
pick {'
refuse open_pick        8 'pick without'        'pick {'
refuse stray_brace      7 'unexpected }'        '}'
refuse no_reason        7 'needs a "reason"'    'skip x 00000000 ""'
refuse second_isa       7 'second isa'          'isa u 8'
printf 'field a = 1\n' > "$dir/x.decode"
"$gen" -o "$dir/x.h" "$dir/x.decode" 2>"$dir/err" && fail "no isa line: accepted"
grep -q 'x.decode:1: .*isa' "$dir/err" || fail "no isa line: wrong error"

# --- one that must pass: every construct, all 65536 encodings against a naive match
cat > "$dir/p.decode" <<'D'
isa p 16
field rd:r = 11..8
field sx   = s15:3..1 << 2 + 1        # -15..13 in fours, plus one
field lo   = 3..0
form RL rd lo
form S sx rd
form W wide lo
form X : RL rd=5 lo
form N
first 0000 .... 0000 ....  RL one(7) %mem %load "rd, lo 100%"
pick {
spec  0001 0000 1111 ----  N nop "=w"
even  0001 .... 1111 ....  RL one(1) !even "{lo:h}(rd)"
gen/x 0001 ---- 1111 ....  W wide(A|B,2) ?fa|fb ?!fc \
      "lo"
}
sgn   .111 .... 0000 ...1  S sgn "sx"
feat  0010 0000 0000 ....  X one(2) ?fa "rd"
notf  0010 0000 0000 ....  X one(3) ?!fa "rd"
skip  left 1100 ........ .... "not yet"
D
cat > "$dir/p.c" <<'C'
#include <assert.h>
#include <string.h>
enum { FEAT_FA, FEAT_FB, FEAT_FC };
enum { A = 4, B = 8 };
#include "p.h"
static long got[4];
bool tr_one(Tr *t, const OpRL *a, int k) { got[0] = k; got[1] = a->rd; got[2] = a->lo; return true; }
bool tr_nop(Tr *t, const OpN *a) { got[0] = 100; return true; }
bool tr_wide(Tr *t, const OpW *a, int k, int k2) { got[0] = k; got[1] = k2; got[2] = a->lo; return false; }
bool tr_sgn(Tr *t, const OpS *a) { got[0] = 200; got[1] = a->sx; got[2] = a->rd; return true; }
bool ok_even(const OpRL *a) { return a->lo % 2 == 0; }
void fmt_r(char *out, int64_t v, const DisCtx *c) { sprintf(out, "r%d", (int)v); }
void fmt_h(char *out, int64_t v, const DisCtx *c) { sprintf(out, "0x%x", (int)v); }
#include "p.inc"

static int naive(uint64_t f, uint64_t insn)
{
    bool feature_ok[] = { 1, 1, 1, (f & 3) && !(f & 4), 1, f & 1, !(f & 1) };
    for (int i = 0; i < isa_p.nrows; i++)
        if (!((insn ^ isa_p.rows[i].bits) & isa_p.rows[i].mask) && feature_ok[i] && (!isa_p.rows[i].holds || isa_p.rows[i].holds(insn)))
            return i;
    return -1;
}
static void text(uint64_t insn, uint64_t feat, const char *want)
{
    uint64_t f[2] = { feat };
    DisCtx c = { 0, f };
    char out[80] = "";
    bool ok = disas_p(out, sizeof out, insn, &c);
    if (ok != (want != NULL) || (want && strcmp(out, want))) { printf("FAIL disas %x: '%s'\n", (int)insn, out); _Exit(1); }
}
int main(void)
{
    for (uint64_t f = 0; f < 8; f++)
        for (uint64_t insn = 0; insn < 65536; insn++) {
            uint64_t w[2] = { f };
            if (match_p(w, insn) != naive(f, insn)) { printf("FAIL match %x features %d: %d, want %d\n", (int)insn, (int)f, match_p(w, insn), naive(f, insn)); return 1; }
        }
    uint64_t f[2] = { 1 };
    Tr t = { .features = f };
    assert(decode_p(&t, 0x0a0b) && got[0] == 7 && got[1] == 10 && got[2] == 11);
    assert(decode_p(&t, 0xf50f) && got[0] == 200 && got[1] == -4 + 1 && got[2] == 5);      /* 1:111 = -1 */
    assert(decode_p(&t, 0xf501) && got[1] == -32 + 1);
    assert(decode_p(&t, 0x750f) && got[1] == 28 + 1);
    assert(!decode_p(&t, 0x13f3) && got[0] == 12 && got[1] == 2 && got[2] == 3);
    assert(decode_p(&t, 0x10ff) && got[0] == 100);
    assert(decode_p(&t, 0x2006) && got[0] == 2 && got[1] == 5 && got[2] == 6);
    assert(!decode_p(&t, 0xffff));
    text(0x0a0b, 0, "first   r10, 11 100%");
    text(0x13f4, 0, "even    0x4(r3)");
    text(0x13f3, 2, "gen     3");
    text(0x10f3, 0, "spec    =w");
    text(0xf501, 0, "sgn     -31");
    text(0xffff, 0, NULL);
    assert(!strcmp(isa_p.rows[0].tags, " mem load ") && isa_p.nskips == 1 && !strcmp(isa_p.skips[0].reason, "not yet"));
    assert(isa_p.width == 16 && isa_p.nrows == 7);
    return 0;
}
C
"$gen" -o "$dir/p.h" "$dir/p.decode" "$dir/p.c" || fail "good file refused"
${CC:-gcc} -std=gnu11 -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -I"$SRC" -I"$dir" \
    -o "$dir/p" "$dir/p.c" 2>"$dir/err" || { fail "good file does not compile"; cat "$dir/err"; }
"$dir/p" || fail "good file decodes wrongly"
exit $failed
