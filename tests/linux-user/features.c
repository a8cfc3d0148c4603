/* SPDX-License-Identifier: Apache-2.0 */
/* What HWCAP, /proc/cpuinfo and riscv_hwprobe advertise executes; what they do not is an illegal instruction. One row
 * for each extension: a name in cpuinfo (NULL: none), where it is advertised, an encoding of one of its instructions.
 * Sources: the architectures' manuals, Linux asm/hwcap.h, asm/cputable.h, asm/hwprobe.h. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HWCAP = 1, HWCAP2, PROBE };
typedef struct Row { const char *name; int word, bit; uint32_t insn; const char *text; } Row;
#ifdef __aarch64__
#define LIST_START "Features\t: "
#define RETURN 0xd65f03c0
static const Row rows[] = {
    { "fp", HWCAP, 0, 0x1e602800, "fadd d0" }, { "asimd", HWCAP, 1, 0x4ea08400, "add v0.4s" },
    { "aes", HWCAP, 3, 0x4e284820, "aese" },
    { "pmull", HWCAP, 4, 0x0ee2e020, "pmull v0.1q" }, { "sha1", HWCAP, 5, 0x5e280820, "sha1h" },
    { "sha2", HWCAP, 6, 0x5e282820, "sha256su0" },
    { "crc32", HWCAP, 7, 0x1ac24020, "crc32b" }, { "atomics", HWCAP, 8, 0xf8210003, "ldadd" },
    { "atomics", HWCAP, 8, 0xf8218003, "swp" },
    { "atomics", HWCAP, 8, 0xc8a17c02, "cas" }, { "fphp", HWCAP, 9, 0x1ee22820, "fadd h0" },
    { "asimdhp", HWCAP, 10, 0x4e421420, "fadd v0.8h" },
    { "cpuid", HWCAP, 11, 0xd5380001, "mrs midr_el1" }, { "cpuid", HWCAP, 11, 0xd5380601, "mrs id_aa64isar0_el1" },
    { "asimdrdm", HWCAP, 12, 0x6e828420, "sqrdmlah" }, { "jscvt", HWCAP, 13, 0x1e7e0021, "fjcvtzs" },
    { "fcma", HWCAP, 14, 0x6e82e420, "fcadd" },
    { "lrcpc", HWCAP, 15, 0xf8bfc001, "ldapr" }, { "dcpop", HWCAP, 16, 0xd50b7c20, "dc cvap" },
    { "sha3", HWCAP, 17, 0xce020c20, "eor3" },
    { "sm3", HWCAP, 18, 0xce62c020, "sm3partw1" }, { "sm4", HWCAP, 19, 0xcec08420, "sm4e" },
    { "asimddp", HWCAP, 20, 0x6e829420, "udot" },
    { "sha512", HWCAP, 21, 0xcec08020, "sha512su0" }, { "sve", HWCAP, 22, 0x2518e3e0, "ptrue" },
    { "asimdfhm", HWCAP, 23, 0x0e22ec20, "fmlal" },
    { "ilrcpc", HWCAP, 26, 0xd9408001, "ldapur" }, { "flagm", HWCAP, 27, 0xd500401f, "cfinv" },
    { "flagm", HWCAP, 27, 0xba008421, "rmif" },
    { "ssbs", HWCAP, 28, 0xd53b42c1, "mrs ssbs" }, { "sb", HWCAP, 29, 0xd50330ff, "sb" },
    { "paca", HWCAP, 30, 0xdac10021, "pacia" },
    { "pacg", HWCAP, 31, 0x9ac23021, "pacga" }, { "dcpodp", HWCAP2, 0, 0xd50b7d20, "dc cvadp" },
    { "flagm2", HWCAP2, 7, 0xd500405f, "axflag" },
    { "flagm2", HWCAP2, 7, 0xd500403f, "xaflag" }, { "frint", HWCAP2, 8, 0x1e684020, "frint32z" },
    { "frint", HWCAP2, 8, 0x6e61f820, "frint64x" },
    { "i8mm", HWCAP2, 13, 0x4e82a420, "smmla" }, { "bf16", HWCAP2, 14, 0x6e42fc20, "bfdot" },
    { "rng", HWCAP2, 16, 0xd53b2401, "mrs rndr" },
    { "mte", HWCAP2, 18, 0x9adf1021, "irg" },
};
#elif defined __riscv
#define LIST_START "isa\t\t: "
#define RETURN 0x00008067
static const Row rows[] = {
    { NULL, HWCAP, 'm' - 'a', 0x02b585b3, "mul" }, { NULL, HWCAP, 'a' - 'a', 0x00b5252f, "amoadd.w" },
    { NULL, HWCAP, 'f' - 'a', 0x00b57553, "fadd.s" }, { NULL, HWCAP, 'd' - 'a', 0x02b57553, "fadd.d" },
    { NULL, HWCAP, 'c' - 'a', 0x00010001, "c.nop" }, { "v", HWCAP, 'v' - 'a', 0xcd007057, "vsetivli" },
    { "zba", PROBE, 3, 0x20b525b3, "sh1add" }, { "zba", PROBE, 3, 0x08b585bb, "add.uw" },
    { "zbb", PROBE, 4, 0x40b575b3, "andn" },
    { "zbb", PROBE, 4, 0x60051593, "clz" }, { "zbs", PROBE, 5, 0x28b515b3, "bset" },
    { "zicboz", PROBE, 6, 0x0045200f, "cbo.zero" },
    { "zbc", PROBE, 7, 0x0ab515b3, "clmul" }, { "zbc", PROBE, 7, 0x0ab525b3, "clmulr" },
    { "zbkb", PROBE, 8, 0x08b545b3, "pack" },
    { "zbkx", PROBE, 10, 0x28b525b3, "xperm4" }, { "zknd", PROBE, 11, 0x3eb505b3, "aes64dsm" },
    { "zkne", PROBE, 12, 0x36b505b3, "aes64esm" },
    { "zknh", PROBE, 13, 0x10251593, "sha256sig0" }, { "zksed", PROBE, 14, 0x30b505b3, "sm4ed" },
    { "zksh", PROBE, 15, 0x10851593, "sm3p0" },
    { "zfh", PROBE, 27, 0x04b57553, "fadd.h" }, { "zfhmin", PROBE, 28, 0xe40505d3, "fmv.x.h" },
    { "zfa", PROBE, 32, 0xf0148553, "fli.s" },
    { "zacas", PROBE, 34, 0x28b5252f, "amocas.w" }, { "zicond", PROBE, 35, 0x0eb555b3, "czero.eqz" },
};
#else
#define LIST_START "none"
#define RETURN 0x4e800020
static const Row rows[] = {
    { NULL, HWCAP, 27, 0xfc21082a, "fadd" }, { NULL, HWCAP, 28, 0x10010000, "vaddubm" },
    { NULL, HWCAP, 7, 0xf0010401, "xsadddp" },
    { NULL, HWCAP, 31, 0x7c631a14, "add" }, { NULL, HWCAP, 30, 0x7c6319d2, "mulld" },
};
#endif

static sigjmp_buf out;
static uint64_t words[4], data[32] __attribute__((aligned(64))), moredata[8];
static char list[4096];
static void on_illegal(int sig) { siglongjmp(out, 1); }

static int executes(uint32_t *code, uint32_t insn)
{
    code[0] = insn;
    code[1] = RETURN;
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    if (sigsetjmp(out, 1)) return 0;
    ((long (*)(void *, long, long))code)(data, 1, (long)moredata);
    return 1;
}

/* The blank- or underscore-separated words of the line that starts with LIST_START. */
static int listed(const char *name)
{
    size_t len = strlen(name);
    const char *line = strstr(list, LIST_START);
    for (const char *p = line ? line + strlen(LIST_START) - 1 : NULL; p && *p != '\n'; p++)
        if ((*p == ' ' || *p == '_') && !strncmp(p + 1, name, len) && strchr(" _\n", p[1 + len])) return 1;
    return 0;
}

/* Branch targets: where HWCAP2 says BTI a guarded page can be had and a call to no landing pad is SIGILL; elsewhere
 * neither, and the ID register agrees. */
static int guards_branches(uint32_t *code)
{
#ifdef __aarch64__
    enum { BTI = 17, GUARDED = 0x10 };
    uint64_t pfr1;
    int says = words[HWCAP2] >> BTI & 1;
    int runs = executes(code, 0xd503201f);          /* nop: no pad */
    int had = !mprotect(code, 4096, PROT_READ | PROT_EXEC | GUARDED);
    int stopped = had && sigsetjmp(out, 1) ? 1 : (had && (((void (*)(void))code)(), 0));
    mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    int in_register = 0;
    if (words[HWCAP] >> 11 & 1) {
        __asm__("mrs %0, id_aa64pfr1_el1" : "=r"(pfr1));
        in_register = pfr1 & 15;
    } else {
        in_register = says;
    }
    if (runs && says == had && says == stopped && says == listed("bti") && says == in_register) return 0;
    printf("bti: advertised %d, guarded page %d, stopped %d, register %d\n", says, had, stopped, in_register);
    return 1;
#endif
    return 0;
}

int main(void)
{
    int bad = 0;
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FILE *f = fopen("/proc/cpuinfo", "r");
    if (!f || fread(list, 1, sizeof list - 1, f) == 0) return 1;
    words[HWCAP] = getauxval(AT_HWCAP);
    words[HWCAP2] = getauxval(AT_HWCAP2);
#ifdef __riscv
    enum { RISCV_HWPROBE = 258, IMA_EXT_0 = 4 };
    struct { int64_t key; uint64_t value; } pair = { IMA_EXT_0 };
    if (syscall(RISCV_HWPROBE, &pair, 1, 0, NULL, 0)) return 1;
    words[PROBE] = pair.value;
    static const struct { int probe; char letter; } same[] = { { 0, 'd' }, { 1, 'c' }, { 2, 'v' } };
    for (int i = 0; i < 3; i++)
        if ((words[PROBE] >> same[i].probe & 1) != (words[HWCAP] >> (same[i].letter - 'a') & 1))
            printf("%c: hwprobe and HWCAP differ\n", same[i].letter), bad++;
#endif
    signal(SIGILL, on_illegal);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Row *r = &rows[i];
        int says = words[r->word] >> r->bit & 1, in_list = r->name ? listed(r->name) : says,
            runs = executes(code, r->insn);
        if (says == runs && says == in_list) continue;
        printf("%s (%s): advertised %d, in cpuinfo %d, executes %d\n", r->name ? r->name : "", r->text, says, in_list,
            runs);
        bad++;
    }
    bad += guards_branches(code);
    printf("%zu rows, %d wrong\n", sizeof rows / sizeof *rows, bad);
    return bad != 0;
}
