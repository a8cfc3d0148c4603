/* SPDX-License-Identifier: Apache-2.0 */
/* Options: the environment first, then the command line; see options.def. A handler returns NULL or a message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common-user/log.h"
#include "linux-user/inherit.h"
#include "linux-user/option_cpu.h"
#include "linux-user/options.h"

/* quit: answered, leave with status. The log file is opened when all is read: a variable that the command line
 * overrides must not empty one. */
typedef struct Parse {
    Options *o;
    const GuestArch *arch;
    int quit, status;
    bool from_env;
    const char *log_file; bool log_append;
    char *cpu_note;
} Parse;
typedef char *(*Handler)(Parse *p, const char *arg);

static char *bad_number(const char *arg) { return g_strdup_printf("bad number '%s'", arg); }

static bool number(const char *s, uint64_t *v)
{
    char *end;
    errno = 0;
    *v = strtoull(s, &end, 0);
    if (end == s || errno || *s == '-')
        return false;
    const char *suffix = "kKmMgGtT", *at = *end ? strchr(suffix, *end) : NULL;
    if (!*end)
        return true;
    if (!at || end[1])
        return false;
    unsigned shift = 10 * (unsigned)((at - suffix) / 2 + 1);
    if (*v > UINT64_MAX >> shift)
        return false;
    *v <<= shift;
    return true;
}

static char *do_help(Parse *p, const char *arg) { options_help(p->arch, stdout); p->quit = 1; return NULL; }
static char *do_version(Parse *p, const char *arg)
{
    printf("qemu-%s version %s\n", p->arch->tcg.name, QEMU_VERSION);
    p->quit = 1;
    return NULL;
}
static char *do_inherit(Parse *p, const char *arg) { p->o->inherit = arg; return NULL; }
static char *do_prefix(Parse *p, const char *arg) { p->o->prefix = arg; return NULL; }
static char *do_stack_size(Parse *p, const char *arg)
{
    return number(arg, &p->o->stack_size) && p->o->stack_size ? NULL : bad_number(arg);
}

static char *do_cpu(Parse *p, const char *arg)
{
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        option_cpu_help(p->arch);
        p->quit = 1;
        return NULL;
    }
    g_free(p->cpu_note);
    return option_cpu(p->arch, arg, p->o->features, &p->cpu_note);
}

static char *env_word(Parse *p, const char *word, bool want_eq)
{
    if (want_eq != (strchr(word, '=') != NULL) || *word == '=' || !*word)
        return g_strdup_printf("bad variable '%s'", word);
    g_ptr_array_add(p->o->env, g_strdup(word));
    return NULL;
}
static char *env_words(Parse *p, const char *arg, bool want_eq)
{
    if (!p->from_env)
        return env_word(p, arg, want_eq);
    char **words = g_strsplit(arg, ",", -1), *err = NULL;
    for (char **w = words; *w && !err; w++)
        err = env_word(p, *w, want_eq);
    g_strfreev(words);
    return err;
}
static char *do_set_env(Parse *p, const char *arg) { return env_words(p, arg, true); }
static char *do_unset_env(Parse *p, const char *arg) { return env_words(p, arg, false); }
static char *do_argv0(Parse *p, const char *arg) { p->o->argv0 = arg; return NULL; }
static char *do_uname(Parse *p, const char *arg) { p->o->uname_release = arg; return NULL; }
static char *do_guest_base(Parse *p, const char *arg)
{
    if (!number(arg, &p->o->guest_base))
        return bad_number(arg);
    return p->o->guest_base % (uint64_t)sysconf(_SC_PAGESIZE)
        ? g_strdup_printf("'%s' is not aligned to the host page size", arg)
        : NULL;
}
static char *do_reserved_va(Parse *p, const char *arg)
{
    return number(arg, &p->o->reserved_va) ? NULL : bad_number(arg);
}
static char *do_ignored(Parse *p, const char *arg) { return NULL; }
static char *do_log(Parse *p, const char *arg)
{
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        log_help();
        p->quit = 1;
        return NULL;
    }
    return log_set_items(arg);
}
static char *do_dfilter(Parse *p, const char *arg) { return log_set_filter(arg); }
static char *set_logfile(Parse *p, const char *arg, bool append)
{
    p->log_file = arg;
    p->log_append = append;
    return NULL;
}
static char *do_logfile(Parse *p, const char *arg) { return set_logfile(p, arg, false); }
static char *do_logfile_append(Parse *p, const char *arg) { return set_logfile(p, arg, true); }
static char *do_one_insn(Parse *p, const char *arg) { p->o->tcg.one_insn = true; return NULL; }
static char *do_tb_size(Parse *p, const char *arg)
{
    uint64_t n;
    enum { MOST = 1024 };                       /* what jumps and counters reach by 32-bit displacements, with room to
                                                 * spare */
    if (!number(arg, &n))
        return bad_number(arg);
    p->o->tcg.cache_bytes = (n < MOST ? n : MOST) << 20;
    return NULL;
}
static char *do_accel(Parse *p, const char *arg)
{
    bool interp = !strcmp(arg, "interp");
    if (!interp && strcmp(arg, "tcg"))
        return g_strdup_printf("unknown engine '%s': tcg or interp", arg);
    p->o->tcg.interp = interp;
    return NULL;
}
static char *do_opt_level(Parse *p, const char *arg)
{
    uint64_t n;
    if (!number(arg, &n) || n > 1)
        return bad_number(arg);
    p->o->tcg.opt_level = (unsigned)n;
    return NULL;
}
static char *do_strace(Parse *p, const char *arg) { p->o->strace = true; return NULL; }
static char *do_seed(Parse *p, const char *arg)
{
    p->o->seeded = true;
    return number(arg, &p->o->seed) ? NULL : bad_number(arg);
}
static char *do_perfmap(Parse *p, const char *arg) { p->o->perfmap = true; return NULL; }
static char *do_jitdump(Parse *p, const char *arg) { p->o->jitdump = true; return NULL; }
static char *do_later(Parse *p, const char *arg) { return g_strdup("not there yet"); }
static char *do_page_size(Parse *p, const char *arg)
{
    uint64_t n;
    if (!number(arg, &n) || n < 4096 || n > 1 << 20 || (n & (n - 1)))
        return g_strdup_printf("page size '%s': want a power of two from 4096 to 1M", arg);
    p->o->page_size = n;
    return NULL;
}

typedef struct Row { const char *name, *arg, *env, *def, *help; Handler fn; } Row;
static const Row rows[] = {
#define OPT(name, arg, env, def, help, fn) { name, arg, env, def, help, do_##fn },
#include "linux-user/options.def"
#undef OPT
};
enum { NROWS = sizeof rows / sizeof *rows };

static void usage(const GuestArch *arch, FILE *out)
{
    fprintf(out, "usage: qemu-%s [options] program [arguments...]\n", arch->tcg.name);
}

void options_help(const GuestArch *arch, FILE *out)
{
    usage(arch, out);
    fprintf(out, "Runs a Linux program for %s.\n\n"
                 "%-24s %-21s %s\n", arch->tcg.name, "Option", "Variable", "Meaning");
    for (const Row *r = rows; r < rows + NROWS; r++) {
        char left[64];
        snprintf(left, sizeof left, "-%s%s%s", r->name, *r->arg ? " " : "", r->arg);
        fprintf(out, "%-24s %-21s %s%s%s%s\n", left, r->env, r->help, *r->def ? " [" : "", r->def, *r->def ? "]" : "");
    }
    fprintf(out, "\n--option equals -option; -- ends the options. A flag's variable counts when it exists at all.\n"
                 "The command line overrides variables. A set-user-ID program ignores all variables.\n");
}

static bool forwarded(const Row *r)
{
    return (!strchr("0EUh", r->name[0]) || r->name[1]) && strcmp(r->name, INHERIT_OPTION + 1);
}

static void remember(Options *o, const Row *r, const char *arg)
{
    if (!forwarded(r))
        return;
    bool log = !strcmp(r->name, "D") || !strcmp(r->name, "D+");     /* continued, wherever the guest has gone */
    g_ptr_array_add(o->forward, g_strdup_printf("-%s", log ? "D+" : r->name));
    if (*r->arg)
        g_ptr_array_add(o->forward, log ? g_canonicalize_filename(arg, NULL) : g_strdup(arg));
}

static void refuse(Parse *p, const char *where, char *err)
{
    fprintf(stderr, "qemu-%s: %s: %s\n", p->arch->tcg.name, where, err);
    g_free(err);
    p->quit = p->status = 1;
}

static bool apply(Parse *p, const Row *r, const char *arg)
{
    char *err = r->fn(p, arg), where[64];
    snprintf(where, sizeof where, "%s%s", p->from_env ? "" : "-", p->from_env ? r->env : r->name);
    if (err)
        refuse(p, where, err);
    else
        remember(p->o, r, arg);
    return !p->quit;
}

static const Row *find(const char *name)
{
    for (const Row *r = rows; r < rows + NROWS; r++)
        if (!strcmp(r->name, name))
            return r;
    return NULL;
}

static void usage_error(Parse *p, const char *what, const char *word)
{
    fprintf(stderr, "qemu-%s: %s '%s'; -help lists the options\n", p->arch->tcg.name, what, word);
    usage(p->arch, stderr);
    p->quit = p->status = 1;
}

static int command_line(Parse *p, int argc, char **argv)
{
    int i = 1;
    p->from_env = false;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] && !p->quit; i++) {
        const char *name = argv[i] + 1;
        if (!strcmp(name, "-")) {
            i++;
            break;
        }
        if (*name == '-')
            name++;
        const Row *r = find(name);
        if (!r)
            usage_error(p, "unknown option", argv[i]);
        else if (*r->arg && i + 1 >= argc)
            usage_error(p, "no argument for", argv[i]);
        else
            apply(p, r, *r->arg ? g_strdup(argv[++i]) : "");    /* argv itself is rewritten for ps */
    }
    return i;
}

void options_unset_variables(void)
{
    for (const Row *r = rows; r < rows + NROWS; r++)
        if (*r->env)
            unsetenv(r->env);
}

bool options_parse(Options *o, const GuestArch *arch, int argc, char **argv, const Start *s, int *program, int *status)
{
    Parse p = { .o = o, .arch = arch, .from_env = true };
    memset(o, 0, sizeof *o);
    o->self = argv[0];
    o->tcg.opt_level = 1;
    o->tcg.interp_runs = 8;
    o->tcg.cold_runs = 64;
    o->tcg.alone = true;
    o->env = g_ptr_array_new();
    o->forward = g_ptr_array_new();
    if (arch->nmodels)
        memcpy(o->features, arch->models[0].features, sizeof o->features);
    for (const Row *r = rows; r < rows + NROWS && !s->secure && !p.quit; r++) {
        const char *v = *r->env ? getenv(r->env) : NULL;
        if (v)
            apply(&p, r, v);
    }
    *program = 1;
    if (s->options && !p.quit)
        *program = command_line(&p, argc, argv);
    char *err = p.log_file && !p.quit ? log_set_file(p.log_file, p.log_append) : NULL;
    if (err)
        refuse(&p, "-D", err);
    option_cpu_settle(arch, o->features);
    if (o->strace)
        log_add_items(LOG_strace);
    o->strace = log_on(LOG_strace);
    o->tcg.nochain = log_on(LOG_nochain);
    if (p.cpu_note && log_on(LOG_unimp))
        log_printf("-cpu: %s\n", p.cpu_note);
    g_free(p.cpu_note);
    if (!p.quit && *program >= argc) {
        options_help(arch, stderr);
        p.quit = p.status = 1;
    }
    *status = p.status;
    return !p.quit;
}
