/* SPDX-License-Identifier: Apache-2.0 */
/* mangen man|bash|rows PROGRAM...: the man page (roff) of qemu-PROGRAM, or bash completions for all, from the option
 * and log rows. */
#include <stdio.h>
#include <string.h>

typedef struct Opt { const char *name, *arg, *var, *def, *text; } Opt;
static const Opt options[] = {
#define OPT(name, arg, var, def, text, handler) { name, arg, var, def, text },
#include "linux-user/options.def"
#undef OPT
};
typedef struct Item { const char *name, *text; } Item;
static const Item items[] = {
#define LOG(name, bit, text) { #name, text },
#include "common-user/log.def"
#undef LOG
};
enum { NOPTIONS = sizeof options / sizeof options[0], NITEMS = sizeof items / sizeof items[0] };

/* Text for roff: hyphens and backslashes escaped, no line starting with a control character. */
static void text(const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", stdout);
    for (; *s; s++)
        printf(*s == '\\' ? "\\e" : *s == '-' ? "\\-" : "%c", *s);
}

static void man(const char *program)
{
    printf(".TH QEMU\\-%s 1\n.SH NAME\nqemu\\-%s \\- run Linux programs built for %s\n", program, program, program);
    printf(".SH SYNOPSIS\n.B qemu\\-%s\n[\\fIoption\\fR]... \\fIprogram\\fR [\\fIargument\\fR]...\n", program);
    printf(".SH DESCRIPTION\nTranslates the program's instructions to the host's as it runs, and its system calls to "
           "the host kernel's. "
           "The program sees the processor, the files and the errors it would see on a machine of its own. "
           "Options come from the environment first, the command line overrides; \\-\\-x equals \\-x, \\-\\- ends "
           "options; "
           "an option without argument is on when its variable exists.\n.SH OPTIONS\n");
    for (int i = 0; i < NOPTIONS; i++) {
        const Opt *o = &options[i];
        printf(".TP\n.BR \\-");
        text(o->name);
        if (*o->arg) {
            printf(" \" \" \\fI");
            text(o->arg);
            printf("\\fR");
        }
        puts("");
        text(o->text);
        puts(".");
        if (*o->var) {
            printf("Variable ");
            text(o->var);
            puts(".");
        }
        if (*o->def) {
            printf("Default: ");
            text(o->def);
            puts(".");
        }
    }
    puts(".SH LOG ITEMS");
    for (int i = 0; i < NITEMS; i++) {
        printf(".TP\n.B ");
        text(items[i].name);
        puts("");
        text(items[i].text);
        puts("");
    }
    puts(".SH EXIT STATUS\nThe program's own; when it dies of a signal, qemu dies of that signal. "
         "1 for wrong options, 125 when qemu itself cannot start, 126 for a file that cannot be run, 127 for one that "
         "is not there.");
    puts(".SH SEE ALSO\n.BR gdb (1),\n.BR strace (1),\n.BR perf (1)");
}

static void bash(int n, char **programs)
{
    puts("# bash completions, generated from the option rows\n_qemu_user()\n{\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n    case $prev in");
    printf("    -d) COMPREPLY=($(compgen -W '");
    for (int i = 0; i < NITEMS; i++)
        printf("%s ", items[i].name);
    puts("help' -- \"${cur##*,}\")); return ;;\n"
         "    -cpu) COMPREPLY=($(compgen -W \"help $(\"${COMP_WORDS[0]}\" -cpu help 2>/dev/null | awk '/^  /{print "
         "$1}')\" -- \"$cur\")); return ;;\n"
         "    -accel) COMPREPLY=($(compgen -W 'tcg interp' -- \"$cur\")); return ;;\n    esac");
    printf("    case $cur in -*) COMPREPLY=($(compgen -W '");
    for (int i = 0; i < NOPTIONS; i++)
        printf("-%s ", options[i].name);
    puts("' -- \"$cur\")); return ;; esac\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n}");
    printf("complete -o filenames -F _qemu_user");
    for (int i = 0; i < n; i++)
        printf(" qemu-%s", programs[i]);
    puts("");
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "man"))
        man(argv[2]);
    else if (argc >= 3 && !strcmp(argv[1], "bash"))
        bash(argc - 2, argv + 2);
    else
        return fputs("usage: mangen man PROGRAM | mangen bash PROGRAM...\n", stderr), 1;
    return 0;
}
