/* settings_help.c: the options of a table as text, for --help and the docs. */
#include "core/settings_int.h"

#define PATH_MAX_SHOWN 128

static void help_table(const struct option *t, char *path, size_t n, struct bw_buf *out);

void settings_describe_range(const struct option *o, struct bw_buf *out)
{
    if (!o->min && !o->max)
        return;
    if (!settings_has_max(o))
        bw_buf_put(out, BW_LIT(", at least "));
    else
        bw_buf_put(out, BW_LIT(", from "));
    settings_write_number(o, o->min, out);
    if (!settings_has_max(o))
        return;
    bw_buf_put(out, BW_LIT(" to "));
    settings_write_number(o, o->max, out);
}

static void put_env(const char *path, struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT("BURROW_"));
    for (; *path; path++) {
        char c = *path;
        bw_buf_char(out, c == '.' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

static void help_option(const struct option *o, const char *path, struct bw_buf *out)
{
    bool in_items = strchr(path, '[') || strchr(path, '<');
    bw_buf_printf(out, "%s\n    ", path);
    settings_describe(o, out);
    settings_describe_range(o, out);
    if (o->initial)
        bw_buf_printf(out, "; default %s", o->initial);
    bw_buf_put(out, bw_cstr(o->required ? "; required" : ""));
    bw_buf_put(out, bw_cstr(o->live ? "; a reload may change it" : ""));
    bw_buf_char(out, '\n');
    if (o->help)
        bw_buf_printf(out, "    %s\n", o->help);
    if (!in_items && o->type != OPT_LIST && o->type != OPT_MAP) {
        bw_buf_put(out, BW_LIT("    environment: "));
        put_env(path, out);
        bw_buf_char(out, '\n');
    }
}

/* What stands between the option's own name and its members' names. */
static const char *inner(const struct option *o)
{
    return o->type == OPT_LIST ? "[]" : o->type == OPT_MAP ? ".<name>" : "";
}

static void help_table(const struct option *t, char *path, size_t n, struct bw_buf *out)
{
    for (; t->name; t++) {
        bool many = t->type == OPT_LIST || t->type == OPT_MAP;
        snprintf(path + n, PATH_MAX_SHOWN - n, "%s%s", n ? "." : "", t->name);
        if (t->type != OPT_SECTION)
            help_option(t, path, out);
        if (!t->options)
            continue;
        size_t len = strlen(path);
        snprintf(path + len, PATH_MAX_SHOWN - len, "%s", many ? inner(t) : "");
        help_table(t->options + (t->type == OPT_MAP), path, strlen(path), out);
    }
    path[n] = 0;
}

void settings_help(const struct option *t, struct bw_buf *out)
{
    char path[PATH_MAX_SHOWN] = "";
    help_table(t, path, 0, out);
}
