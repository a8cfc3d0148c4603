/* SPDX-License-Identifier: Apache-2.0
 * Benchmark kernels: `kernels NAME` runs one, prints its checksum. Sizes give 0.1-0.4 s natively.
 * Names and groups are the table at the end; tools/bench reads it through `kernels --list`. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SCALAR __attribute__((optimize("no-tree-vectorize")))
#define NOINLINE __attribute__((noinline))

/* --- integer */
SCALAR static uint64_t sieve(void)
{
    enum { N = 2000000, ROOT = 1415 };         /* ROOT * ROOT >= N: no square above fits a 32-bit long */
    static uint8_t composite[N];
    uint64_t count = 0;
    for (int round = 0; round < 24; round++) {
        memset(composite, 0, N);
        for (int i = 2; i < N; i++) {
            if (composite[i])
                continue;
            count++;
            for (long j = i < ROOT ? (long)i * i : N; j < N; j += i)
                composite[j] = 1;
        }
    }
    return count;
}

SCALAR static uint64_t crc(void)
{
    uint32_t table[256], sum = ~0u;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (uint32_t i = 0; i < 60000000; i++)
        sum = table[(sum ^ i) & 255] ^ sum >> 8;
    return sum;
}

SCALAR static uint64_t matmul_int(void)
{
    enum { N = 200 };
    static int a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N * N; i++)
        a[i / N][i % N] = i * 7 % 31, b[i / N][i % N] = i * 5 % 29;
    uint64_t sum = 0;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                int s = 0;
                for (int k = 0; k < N; k++)
                    s += a[i][k] * b[k][j];
                c[i][j] = s + round;
            }
        sum += c[round][round];
    }
    return sum;
}

SCALAR static uint64_t queens_at(uint32_t cols, uint32_t left, uint32_t right, uint32_t all)
{
    if (cols == all)
        return 1;
    uint64_t n = 0;
    for (uint32_t free = all & ~(cols | left | right); free; free &= free - 1) {
        uint32_t bit = free & -free;
        n += queens_at(cols | bit, (left | bit) << 1, (right | bit) >> 1, all);
    }
    return n;
}
static uint64_t queens(void) { return queens_at(0, 0, 0, (1 << 14) - 1); }

SCALAR static uint64_t sha_like(void)
{
    uint32_t s[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    for (uint32_t i = 0; i < 40000000; i++) {
        uint32_t e = s[4],
                 t = s[7] + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)) +
            ((e & s[5]) ^ (~e & s[6])) + i;
        uint32_t a = s[0],
                 u = ((a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)) +
            ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6]; s[6] = s[5]; s[5] = e; s[4] = s[3] + t; s[3] = s[2]; s[2] = s[1]; s[1] = a; s[0] = t + u;
    }
    return s[0] ^ s[4];
}

SCALAR static uint64_t lz(void)
{
    enum { N = 1 << 20 };
    static uint8_t text[N];
    static uint32_t head[1 << 14];
    uint32_t r = 1;
    for (int i = 0; i < N; i++) {
        r = r * 1103515245 + 12345;
        text[i] = r >> 16 & 64 ? text[i > 300 ? i - 300 + (r >> 24) : i] : r >> 20 & 15;
    }
    uint64_t total = 0;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i + 4 < N; ) {
            uint32_t v = text[i] | text[i + 1] << 8 | text[i + 2] << 16, h = v * 2654435761u >> 18;
            uint32_t at = head[h];
            head[h] = i;
            int len = 0;
            while (len < 64 && i + len < N && at < (uint32_t)i && text[at + len] == text[i + len])
                len++;
            total += len;
            i += len > 3 ? len : 1;
        }
    }
    return total;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* AES-128 by four tables of 256 words (the round's S-box, row and column mixing in one). */
SCALAR static uint64_t aes_tables(void)
{
    static uint32_t table[4][256];
    static uint8_t sbox[256];
    uint32_t key[44] = { 0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c }, s[4] = { 1, 2, 3, 4 };
    uint8_t p = 1, q = 1;
    do {
        p ^= p << 1 ^ (p & 0x80 ? 0x1b : 0);            /* times 3 */
        q ^= q << 1, q ^= q << 2, q ^= q << 4;          /* divided by 3 */
        q ^= q & 0x80 ? 0x09 : 0;
        uint32_t qq = q | q << 8;                       /* rotations of the byte */
        sbox[p] = (qq ^ qq >> 7 ^ qq >> 6 ^ qq >> 5 ^ qq >> 4) ^ 0x63;
    } while (p != 1);
    sbox[0] = 0x63;
    for (int i = 0; i < 256; i++) {
        uint32_t one = sbox[i], two = (one << 1 ^ (one & 0x80 ? 0x11b : 0)) & 0xff;
        uint32_t t = two << 24 | one << 16 | one << 8 | (one ^ two);
        for (int k = 0; k < 4; k++, t = t >> 8 | t << 24)
            table[k][i] = t;
    }
    uint32_t rcon = 1;
    for (int i = 4; i < 44; i++) {
        uint32_t t = key[i - 1];
        if (i % 4 == 0) {
            t = (uint32_t)sbox[t >> 16 & 255] << 24 | sbox[t >> 8 & 255] << 16 | sbox[t & 255] << 8 | sbox[t >> 24];
            t ^= rcon << 24;
            rcon = (rcon << 1 ^ (rcon & 0x80 ? 0x11b : 0)) & 0xff;
        }
        key[i] = key[i - 4] ^ t;
    }
#define ROUND(a, b, c, d, k) \
    (table[0][(a) >> 24] ^ table[1][(b) >> 16 & 255] ^ table[2][(c) >> 8 & 255] ^ table[3][(d) & 255] ^ (k))
#define LAST(a, b, c, d, k) (((uint32_t)sbox[(a) >> 24] << 24 | (uint32_t)sbox[(b) >> 16 & 255] << 16 | \
    (uint32_t)sbox[(c) >> 8 & 255] << 8 | sbox[(d) & 255]) ^ (k))
    for (int block = 0; block < 1500000; block++) {
        const uint32_t *k = key;
        uint32_t a = s[0] ^ k[0], b = s[1] ^ k[1], c = s[2] ^ k[2], d = s[3] ^ k[3];
        for (int round = 1; round < 10; round++) {
            k += 4;
            uint32_t e = ROUND(a, b, c, d, k[0]), f = ROUND(b, c, d, a, k[1]);
            uint32_t g = ROUND(c, d, a, b, k[2]), h = ROUND(d, a, b, c, k[3]);
            a = e, b = f, c = g, d = h;
        }
        s[0] = LAST(a, b, c, d, k[4]), s[1] = LAST(b, c, d, a, k[5]);
        s[2] = LAST(c, d, a, b, k[6]), s[3] = LAST(d, a, b, c, k[7]);
    }
#undef ROUND
#undef LAST
    return (uint64_t)s[0] << 32 | s[3];
}

/* SHA-256 of a buffer, over and over. The constants: cube roots of the first 64 primes, by integers. */
static uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
SCALAR static void sha256_block(uint32_t s[8], const uint8_t *m, const uint32_t *k)
{
    uint32_t w[64], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (int i = 0; i < 16; i++, m += 4)
        w[i] = (uint32_t)m[0] << 24 | m[1] << 16 | m[2] << 8 | m[3];
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotr(x, 7) ^ rotr(x, 18) ^ x >> 3) + (rotr(y, 17) ^ rotr(y, 19) ^ y >> 10);
    }
    for (int i = 0; i < 64; i++) {
        uint32_t t = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) + k[i] + w[i];
        uint32_t u = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));
        h = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
    }
    s[0] += a, s[1] += b, s[2] += c, s[3] += d, s[4] += e, s[5] += f, s[6] += g, s[7] += h;
}
static uint64_t sha256(void)
{
    static uint8_t text[65536];
    uint32_t k[64], s[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    for (int i = 0, prime = 2; i < 64; prime++) {
        int divisor = 2;
        while (divisor * divisor <= prime && prime % divisor)
            divisor++;
        if (divisor * divisor > prime)
            k[i++] = (uint32_t)(int64_t)(cbrt(prime) * 4294967296.0);
    }
    for (int i = 0; i < 65536; i++)
        text[i] = i * 7 + (i >> 8);
    for (int round = 0; round < 800; round++)
        for (int i = 0; i < 65536; i += 64)
            sha256_block(s, text + i, k);
    return (uint64_t)s[0] << 32 | s[7];
}

/* --- calls */
static uint64_t NOINLINE fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static uint64_t calls_fib(void) { return fib(39); }

static uint64_t calls_qsort(void)
{
    enum { N = 400000 };
    static uint32_t v[N];
    uint64_t sum = 0;
    uint32_t r = 7;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            v[i] = r = r * 1664525 + 1013904223;
        qsort(v, N, sizeof v[0], compare);
        sum += v[N / 2];
    }
    return sum;
}

typedef struct Node { int (*eval)(const struct Node *); const struct Node *a, *b; int k; } Node;
static int NOINLINE node_const(const Node *n) { return n->k; }
static int NOINLINE node_add(const Node *n) { return n->a->eval(n->a) + n->b->eval(n->b); }
static int NOINLINE node_xor(const Node *n) { return n->a->eval(n->a) ^ n->b->eval(n->b); }
static uint64_t calls_virtual(void)
{
    static Node n[1023];
    for (int i = 0; i < 1023; i++)
        n[i] = i >= 511 ? (Node){ node_const, 0, 0, i }
                        : (Node){ i % 3 ? node_add : node_xor, &n[2 * i + 1], &n[2 * i + 2], 0 };
    uint64_t sum = 0;
    for (int i = 0; i < 40000; i++)
        sum += n[0].eval(&n[0]) + i;
    return sum;
}

/* --- interpreters */
enum { PUSH, ADD, SUB, MUL, DUP, SWAP, JNZ, DEC, HALT, LOADV, STOREV };
static uint64_t interp_switch(void)
{
    static const uint8_t code[] = {
        PUSH, 1, STOREV, PUSH, 100, DUP, LOADV, ADD, STOREV, LOADV, PUSH, 3, MUL, PUSH, 7, SUB, STOREV, DEC, DUP, JNZ,
        5, HALT,
    };
    uint64_t sum = 0;
    for (int round = 0; round < 100000; round++) {
        uint32_t stack[16], sp = 0, var = 0;
        for (const uint8_t *pc = code;;) {
            switch (*pc++) {
            case PUSH: stack[sp++] = *pc++; continue;
            case ADD: sp--; stack[sp - 1] += stack[sp]; continue;
            case SUB: sp--; stack[sp - 1] -= stack[sp]; continue;
            case MUL: sp--; stack[sp - 1] *= stack[sp]; continue;
            case DUP: stack[sp] = stack[sp - 1]; sp++; continue;
            case SWAP: { uint32_t t = stack[sp - 1]; stack[sp - 1] = stack[sp - 2]; stack[sp - 2] = t; continue; }
            case JNZ: if (stack[--sp]) pc = code + *pc; else pc++; continue;
            case DEC: stack[sp - 1]--; continue;
            case LOADV: stack[sp++] = var; continue;
            case STOREV: var = stack[--sp]; continue;
            case HALT: break;
            }
            break;
        }
        sum += var;
    }
    return sum;
}

static uint64_t interp_goto(void)
{
    static const void *const op[] = { &&inc, &&dbl, &&xor_, &&back, &&end };
    static const uint8_t code[] = { 0, 1, 2, 0, 0, 2, 1, 2, 3, 4 };
    uint64_t acc = 1;
    for (int round = 0; round < 200000; round++) {
        uint32_t count = 100;
        const uint8_t *pc = code;
        goto *op[*pc++];
inc:    acc += count; goto *op[*pc++];
dbl:    acc *= 2; goto *op[*pc++];
xor_:   acc ^= acc >> 7; goto *op[*pc++];
back:   if (--count) pc = code; goto *op[*pc++];
end:;
    }
    return acc;
}

/* --- strings and memory, through the C library */
static uint64_t strings(void)
{
    static char text[65536], copy[65536];
    for (int i = 0; i < 65535; i++)
        text[i] = 'a' + i * i % 23;
    uint64_t sum = 0;
    for (int i = 0; i < 200000; i++) {
        char *at = text + i % 1000;
        sum += strlen(at) + (memchr(at, 'z', 9000) != 0);
        memcpy(copy, at, 8000);
        sum += memcmp(copy, at, 8000) == 0;
        sum += strchr(at + i % 50, 'e') - at;
    }
    return sum;
}
static uint64_t small_copies(void)
{
    unsigned char buf[64] = "the quick brown fox", out[64];
    uint64_t sum = 0;
    for (int i = 0; i < 12000000; i++) {
        buf[i & 7] = i;
        memcpy(out, buf, 9 + (i & 31));
        sum += out[i & 15];
        __asm__ volatile("" ::: "memory");
    }
    return sum;
}

static uint64_t copies(void)
{
    static unsigned char a[20000], b[20000];
    uint64_t sum = 0;
    for (int i = 0; i < 400000; i++) {
        int at = i & 31, n = 512 << (i & 3);
        memset(a + at, i, n);
        memcpy(b + (i >> 5 & 31), a + at, n);
        memmove(b + 8, b, n);
        sum += b[n - 1];
    }
    return sum;
}

/* --- scalar FP */
SCALAR static uint64_t nbody(void)
{
    double p[5][3], v[5][3], m[5];
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            p[i][k] = i * 1.7 + k * .3, v[i][k] = .01 * (i - k), m[i] = 1.0 / (i + 1);
    for (int step = 0; step < 1000000; step++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double d[3], r = 1e-9;
                for (int k = 0; k < 3; k++)
                    d[k] = p[i][k] - p[j][k], r += d[k] * d[k];
                double f = 1e-4 / (r * sqrt(r));
                for (int k = 0; k < 3; k++)
                    v[i][k] -= d[k] * m[j] * f, v[j][k] += d[k] * m[i] * f;
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++)
                p[i][k] += 1e-4 * v[i][k];
    }
    return (uint64_t)(fabs(p[0][0]) * 1e3);
}
SCALAR static uint64_t mandel(void)
{
    uint64_t n = 0;
    for (int y = 0; y < 600; y++)
        for (int x = 0; x < 300; x++) {
            double cr = x / 150.0 - 1.5, ci = y / 150.0 - 1, r = 0, i = 0;
            for (int k = 0; k < 1000 && r * r + i * i < 4; k++) {
                double t = r * r - i * i + cr;
                i = 2 * r * i + ci, r = t, n++;
            }
        }
    return n;
}
SCALAR static uint64_t spectral(void)
{
    enum { N = 700 };
    static double u[N], v[N];
    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (int round = 0; round < 240; round++) {
        double *from = round & 1 ? v : u, *to = round & 1 ? u : v;
        for (int i = 0; i < N; i++) {
            double s = 0;
            for (int j = 0; j < N; j++)
                s += from[j] / ((i + j) * (i + j + 1) / 2 + i + 1);
            to[i] = s * .7;
        }
    }
    return (uint64_t)(u[0] * 1e6);
}
SCALAR static uint64_t float_poly(void)
{
    float s = 0;
    for (int i = 0; i < 100000000; i++) {
        float x = (i & 1023) * 0.001f;
        s += ((x * 1.1f + .3f) * x - .7f) * x;
        if (s > 1000)
            s -= 1000;
    }
    return (uint64_t)(s * 16);
}

/* --- vectors: what -O3 makes of plain loops */
#define VECTOR __attribute__((optimize("O3", "tree-vectorize")))
VECTOR static uint64_t vec_saxpy(void)
{
    static float x[8192], y[8192];
    for (int i = 0; i < 8192; i++)
        x[i] = i * .001f, y[i] = 1;
    for (int round = 0; round < 200000; round++)
        for (int i = 0; i < 8192; i++)
            y[i] = y[i] * .999f + x[i];
    return (uint64_t)y[77];
}
VECTOR static uint64_t vec_matmul(void)
{
    enum { N = 256 };
    static float a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N * N; i++)
        a[i / N][i % N] = i % 13, b[i / N][i % N] = i % 11;
    for (int round = 0; round < 80; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i][j] += a[i][k] * b[k][j];
    return (uint64_t)c[3][5];
}

/* The same as programs do it that were linked with -ffast-math: its start-up code has subnormals flushed to zero. */
static void flush_subnormals(int on)
{
#if defined __aarch64__
    __asm__ volatile("msr fpcr, %0" : : "r"(on ? 1ul << 24 : 0ul));
#elif defined __x86_64__
    __builtin_ia32_ldmxcsr(on ? 0x9fc0 : 0x1f80);
#else
    (void)on;
#endif
}
static uint64_t flushed(uint64_t (*run)(void))
{
    flush_subnormals(1);
    uint64_t r = run();
    flush_subnormals(0);
    return r;
}
static uint64_t fz_saxpy(void) { return flushed(vec_saxpy); }
static uint64_t fz_matmul(void) { return flushed(vec_matmul); }
static uint64_t fz_poly(void) { return flushed(float_poly); }
static uint64_t fz_nbody(void) { return flushed(nbody); }

VECTOR static uint64_t vec_bytes(void)
{
    static uint8_t a[16384], b[16384], c[16384];
    for (int i = 0; i < 16384; i++)
        a[i] = i * 3, b[i] = i * 7;
    for (int round = 0; round < 200000; round++)
        for (int i = 0; i < 16384; i++)
            c[i] = (a[i] ^ c[i]) + (b[i] & 0x3c);
    return c[100] + c[101] * 256;
}
VECTOR static uint64_t vec_dot16(void)
{
    static int16_t a[8192], b[8192];
    for (int i = 0; i < 8192; i++)
        a[i] = i * 3, b[i] = i * 5 - 100;
    uint64_t sum = 0;
    for (int round = 0; round < 200000; round++) {
        int32_t s = round;
        for (int i = 0; i < 8192; i++)
            s += a[i] * b[i];
        sum += s;
        a[round & 8191] ^= 1;
    }
    return sum;
}

/* --- atomics */
static uint64_t atomic_ops(void)
{
    static _Atomic uint64_t n;
    for (int i = 0; i < 30000000; i++) {
        atomic_fetch_add(&n, 3);
        uint64_t e = i;
        atomic_compare_exchange_strong(&n, &e, 5);
    }
    return n;
}
static uint64_t atomic_words(void)
{
    static _Atomic uint32_t n, m;
    for (int i = 0; i < 15000000; i++) {
        atomic_fetch_add(&n, 3);
        uint32_t e = i;
        atomic_compare_exchange_strong(&n, &e, 5);
        atomic_fetch_or_explicit(&m, i, memory_order_relaxed);
        atomic_store_explicit(&m, e ^ atomic_exchange_explicit(&m, i, memory_order_acquire), memory_order_release);
    }
    return n + (uint64_t)m;
}
static uint64_t mutexes(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint64_t n = 0;
    for (int i = 0; i < 40000000; i++) {
        pthread_mutex_lock(&lock);
        n += i;
        pthread_mutex_unlock(&lock);
    }
    return n;
}

/* --- kernel: the count is known to tools/bench, which turns time into ns a call */
static uint64_t syscalls(void)
{
    for (int i = 0; i < 2000000; i++)
        syscall(SYS_getppid);
    return 0;
}
static uint64_t clocks(void)
{
    struct timespec t;
    for (int i = 0; i < 4000000; i++)
        clock_gettime(CLOCK_MONOTONIC, &t);
    return 0;
}
static volatile sig_atomic_t taken;
static void on_signal(int sig) { taken += sig; }
static uint64_t signals(void)
{
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 200000; i++)
        raise(SIGUSR1);
    return taken / SIGUSR1;
}

/* Ten thousand mappings of a page each, and what is done to each of them and to all at once. */
static uint64_t maps(void)
{
    enum { N = 10000, PAGE = 4096, ANON = MAP_PRIVATE | MAP_ANONYMOUS, RW = PROT_READ | PROT_WRITE };
    size_t all = (size_t)N * PAGE;
    uint64_t failed = 0;
    FILE *file = tmpfile();
    int fd = fileno(file);
    failed += ftruncate(fd, all) != 0;
    char *a = mmap(NULL, all, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++)
            failed += mmap(a + (size_t)i * PAGE, PAGE, i & 1 ? PROT_READ : RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED;
        for (int i = 0; i < N; i += 8)
            a[(size_t)i * PAGE] = 1;
        for (int i = 0; i < N; i++)
            failed += madvise(a + (size_t)i * PAGE, PAGE, MADV_DONTNEED) != 0;
        failed += madvise(a, all, MADV_DONTNEED) != 0;
        for (int i = 0; i < N; i++)
            failed += mprotect(a + (size_t)i * PAGE, PAGE, i & 1 ? RW : PROT_READ) != 0;
        for (int i = 0; i < N; i++) {
            off_t at = (off_t)(N - 1 - i) * PAGE;
            failed += mmap(a + (size_t)i * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, at) == MAP_FAILED;
        }
        for (int i = 0; i < N; i += 2)
            failed += munmap(a + (size_t)i * PAGE, PAGE) != 0;
        failed += munmap(a, all) != 0;
    }
    fclose(file);
    return failed;
}

static const struct { const char *name, *group; uint64_t (*run)(void); int calls; } kernels[] = {
    { "sieve", "integer", sieve }, { "crc", "integer", crc }, { "matmul_int", "integer", matmul_int },
    { "queens", "integer", queens }, { "sha_like", "integer", sha_like }, { "lz", "integer", lz },
    { "aes_tables", "integer", aes_tables }, { "sha256", "integer", sha256 },
    { "fib", "calls", calls_fib }, { "qsort", "calls", calls_qsort }, { "virtual", "calls", calls_virtual },
    { "interp_switch", "interpreter", interp_switch }, { "interp_goto", "interpreter", interp_goto },
    { "strings", "strings", strings }, { "small_copies", "strings", small_copies }, { "copies", "strings", copies },
    { "nbody", "fp", nbody }, { "mandel", "fp", mandel }, { "spectral", "fp", spectral },
    { "float_poly", "fp", float_poly },
    { "vec_saxpy", "fpvector", vec_saxpy }, { "vec_matmul", "fpvector", vec_matmul },
    { "fz_saxpy", "flush", fz_saxpy }, { "fz_matmul", "flush", fz_matmul },
    { "fz_poly", "flush", fz_poly }, { "fz_nbody", "flush", fz_nbody },
    { "vec_bytes", "intvector", vec_bytes }, { "vec_dot16", "intvector", vec_dot16 },
    { "atomic_ops", "atomics", atomic_ops }, { "atomic_words", "atomics", atomic_words },
    { "mutexes", "atomics", mutexes },
    { "syscalls", "syscalls", syscalls, 2000000 }, { "clocks", "syscalls", clocks, 4000000 },
    { "signals", "signals", signals, 200000 }, { "maps", "memory", maps },
};

int main(int argc, char **argv)
{
    size_t n = sizeof kernels / sizeof kernels[0];
    for (size_t i = 0; i < n; i++)
        if (argc > 1 && !strcmp(argv[1], "--list"))
            printf("%s %s %d\n", kernels[i].name, kernels[i].group, kernels[i].calls);
        else if (argc > 1 && !strcmp(argv[1], kernels[i].name))
            return printf("%s %llu\n", argv[1], (unsigned long long)kernels[i].run()) < 0;
    return argc < 2 || strcmp(argv[1], "--list");
}
