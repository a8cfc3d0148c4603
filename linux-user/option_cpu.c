/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include "linux-user/option_cpu.h"
#include "target/cpu_names.h"

static const CpuModel *find_model(const GuestArch *a, const char *name)
{
    if (!strcmp(name, "max"))
        return &a->models[0];
    for (int i = 0; i < a->nmodels; i++)
        if (!strcmp(a->models[i].name, name))
            return &a->models[i];
    return NULL;
}

void option_cpu_help(const GuestArch *a)
{
    printf("CPU models:\n");
    for (const CpuModel *m = a->models; m < a->models + a->nmodels; m++)
        printf("  %-16s %s\n", m->name, m->text ? m->text : "");
    printf("Other cores, run as the nearest model:\n");
    for (const CpuAlias *n = cpu_names.aliases; n->name; n++)
        if (find_model(a, n->model))
            printf(" %s", n->name);
    printf("\n");
    printf("Features (feature=on, feature=off):\n ");
    for (int i = 0; i < a->nfeatures; i++)
        printf(" %s", a->features[i].name);
    printf("\n");
}

static bool has_bit(const uint64_t *features, unsigned bit) { return features[bit >> 6] >> (bit & 63) & 1; }

void option_cpu_settle(const GuestArch *a, uint64_t features[2])
{
    for (bool changed = true; changed; ) {
        changed = false;
        for (const CpuFeature *f = a->features; f < a->features + a->nfeatures; f++) {
            if (!has_bit(features, f->bit) || has_bit(features, f->needs))
                continue;
            features[f->bit >> 6] &= ~(1ull << (f->bit & 63));
            changed = true;
        }
    }
}

/* CPU_ON, CPU_OFF, CPU_NUMBER; 0: no value that a feature may have. */
static int value_of(const char *v)
{
    if (!v || !strcmp(v, "on") || !strcmp(v, "true") || !strcmp(v, "yes"))
        return CPU_ON;
    if (!strcmp(v, "off") || !strcmp(v, "false") || !strcmp(v, "no"))
        return CPU_OFF;
    return (*v >= '0' && *v <= '9') || *v == 'v' ? CPU_NUMBER : 0;         /* vext_spec=v1.0 */
}

static bool set_feature(const GuestArch *a, uint64_t features[2], const char *name, size_t len, bool on)
{
    for (const CpuFeature *f = a->features; f < a->features + a->nfeatures; f++) {
        if (strlen(f->name) != len || strncmp(f->name, name, len))
            continue;
        uint64_t bit = 1ull << (f->bit & 63);
        if (on)
            features[f->bit >> 6] |= bit;
        else
            features[f->bit >> 6] &= ~bit;
        return true;
    }
    return false;
}

static char *use_word(const GuestArch *a, uint64_t features[2], const CpuWord *w, int value, const char *word)
{
    if (!(w->takes & value))
        return g_strdup_printf("the CPU cannot have '%s'; -cpu help lists its features", word);
    for (const char *s = w->same; s && *s; s += strspn(s, " ")) {
        size_t len = strcspn(s, " ");
        set_feature(a, features, s, len, value == CPU_ON);
        s += len;
    }
    return NULL;
}

static char *use_feature(const GuestArch *a, uint64_t features[2], const char *word)
{
    const char *eq = strchr(word, '=');
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    int value = value_of(eq ? eq + 1 : NULL);
    if (value & CPU_ANY && set_feature(a, features, word, len, value == CPU_ON))
        return NULL;
    for (const CpuWord *w = cpu_names.words; w->name && value; w++)
        if (strlen(w->name) == len && !strncmp(w->name, word, len))
            return use_word(a, features, w, value, word);
    return g_strdup_printf("unknown CPU feature '%s'; -cpu help lists them", word);
}

static const CpuModel *find_nearest(const GuestArch *a, const char *name)
{
    for (const CpuAlias *n = cpu_names.aliases; n->name; n++)
        if (!strcmp(n->name, name))
            return find_model(a, n->model);
    return NULL;
}

char *option_cpu(const GuestArch *a, const char *arg, uint64_t features[2], char **note)
{
    char **words = g_strsplit(arg, ",", -1), *err = NULL;
    const char *name = words[0] ? words[0] : "";
    const CpuModel *own = find_model(a, name), *m = own ? own : find_nearest(a, name);
    *note = m && !own ? g_strdup_printf("%s is run as the nearest model, %s", name, m->name) : NULL;
    if (!m)
        err = g_strdup_printf("unknown CPU model '%s'; -cpu help lists them", name);
    else
        memcpy(features, m->features, sizeof m->features);
    for (char **w = words + 1; !err && words[0] && *w; w++)
        err = use_feature(a, features, *w);
    g_strfreev(words);
    return err;
}
