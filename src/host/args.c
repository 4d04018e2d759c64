/* args.c: reads a command line by its table of switches. Pure: looks at nothing but argv. */
#include "host/args.h"

#include "core/near.h"

static const struct arg *find(const struct arg *known, bw_str name)
{
    for (; known->name; known++)
        if (bw_str_eq(bw_cstr(known->name), name))
            return known;
    return NULL;
}

static struct near nearest(const struct args *a, bw_str name)
{
    struct near near;
    near_init(&near, name);
    for (const struct arg *k = a->known; k->name; k++)
        near_offer(&near, bw_cstr(k->name));
    return near;
}

static bool unknown(const struct args *a, const char *word, bw_str name, struct bw_err *e)
{
    struct near near = nearest(a, name);
    char hint[96] = "";
    const char *dashes = word[0] == '/' ? "/" : "--";
    if (near.best.p)
        snprintf(hint, sizeof hint, ", did you mean '%s%.*s'?", dashes, BW_FMT(near.best));
    return bw_fail(e, BW_BAD, "no switch '%s'%s; --help lists them", word, hint);
}

/* "/consol": one segment that is almost the name of a switch. */
static bool is_slip(const struct args *a, bw_str name)
{
    return bw_str_find(name, '/') == name.n && bw_str_find(name, '.') == name.n &&
           nearest(a, name).best.p;
}

/* The name without its dashes (or slash), p == NULL for a plain word. A path begins with '/' too:
 * only a name that is known, or almost, makes it a switch. */
static bw_str switch_name(const struct args *a, const char *word)
{
    bw_str s = bw_cstr(word);
    if (bw_str_starts(s, BW_LIT("--")))
        return bw_str_of(word + 2, s.n - 2);
    if (s.n > 1 && s.p[0] == '/') {
        bw_str name = bw_str_of(word + 1, s.n - 1);
        bw_str bare = bw_str_of(name.p, bw_str_find(name, '='));
        return find(a->known, bare) || is_slip(a, bare) ? name : (bw_str){.p = NULL};
    }
    return s.n > 1 && s.p[0] == '-' ? bw_str_of(word + 1, s.n - 1) : (bw_str){.p = NULL};
}

/* One switch at argv[*i]; takes its value from the next word when it needs one. */
static bool take(struct args *a, bw_str name, char **argv, int *i, struct bw_err *e)
{
    const char *word = argv[*i];
    size_t eq = bw_str_find(name, '=');
    bool has_value = eq < name.n;
    bw_str value = has_value ? bw_str_of(name.p + eq + 1, name.n - eq - 1) : (bw_str){.p = NULL};
    name.n = eq;
    const struct arg *arg = find(a->known, name);
    if (!arg && has_value && bw_str_find(name, '.') < name.n) {
        *vec_push(&a->settings) = (struct arg_given){.value = bw_cstr(name.p)};
        return true;
    }
    if (!arg)
        return unknown(a, word, name, e);
    if (!arg->takes && has_value)
        return bw_fail(e, BW_BAD, "--%s takes no value", arg->name);
    bool may = arg->takes && arg->takes[0] == '[';
    bool follows = argv[*i + 1] && (!may || argv[*i + 1][0] != '-');
    if (arg->takes && !has_value && (!may || follows)) {
        if (!follows)
            return bw_fail(e, BW_BAD, "--%s needs a value: --%s %s", arg->name, arg->name,
                           arg->takes);
        value = bw_cstr(argv[++*i]);
    }
    *vec_push(&a->given) = (struct arg_given){.arg = arg, .value = value};
    return true;
}

bool args_parse(struct args *a, const struct arg *known, int argc, char **argv, struct bw_err *e)
{
    bool rest = false;
    *a = (struct args){.known = known};
    for (int i = 1; i < argc; i++) {
        if (!rest && !strcmp(argv[i], "--")) {
            while (++i < argc)
                *vec_push(&a->words) = argv[i];
            return true;
        }
        bw_str name = rest ? (bw_str){.p = NULL} : switch_name(a, argv[i]);
        if (!name.p)
            *vec_push(&a->words) = argv[i];
        else if (!take(a, name, argv, &i, e))
            return false;
        else
            rest = a->given.n && a->given.p[a->given.n - 1].arg &&
                   a->given.p[a->given.n - 1].arg->rest;
    }
    return true;
}

void args_release(struct args *a)
{
    vec_release(&a->given);
    vec_release(&a->words);
    vec_release(&a->settings);
}

bool args_has(const struct args *a, const char *name)
{
    for (size_t i = 0; i < a->given.n; i++)
        if (!strcmp(a->given.p[i].arg->name, name))
            return true;
    return false;
}

const char *args_value(const struct args *a, const char *name, const char *otherwise)
{
    for (size_t i = a->given.n; i-- > 0;)
        if (!strcmp(a->given.p[i].arg->name, name))
            return a->given.p[i].value.p;
    return otherwise;
}

void args_help(const struct arg *known, struct bw_buf *out)
{
    for (; known->name; known++) {
        size_t at = out->n;
        bw_buf_printf(out, "  --%s%s%s", known->name, known->takes ? " " : "",
                      known->takes ? known->takes : "");
        while (out->n - at < 26)
            bw_buf_char(out, ' ');
        bw_buf_printf(out, " %s\n", known->help);
    }
}
