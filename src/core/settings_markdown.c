/* settings_markdown.c: the options of a table as Markdown: one table of what stands alone, then one
 * for each section. docs/settings.md is made of it. */
#include "core/settings_int.h"

#define PATH_MAX_SHOWN 128

static void put_escaped(const char *text, struct bw_buf *out)
{
    for (; *text; text++) {
        if (strchr("|<*\\", *text))
            bw_buf_char(out, '\\');
        bw_buf_char(out, *text);
    }
}

/* "a whole number, from 1 to 256" in a cell. */
static void put_takes(const struct option *o, struct bw_buf *out)
{
    struct bw_buf text;
    bw_buf_init(&text, 4096);
    settings_describe(o, &text);
    settings_describe_range(o, &text);
    put_escaped(bw_buf_cstr(&text), out);
    bw_buf_release(&text);
}

static void put_row(const struct option *o, const char *path, struct bw_buf *out)
{
    bw_buf_printf(out, "| `%s` | ", path);
    put_takes(o, out);
    bw_buf_put(out, bw_cstr(o->required ? "; required |" : " |"));
    if (o->initial)
        bw_buf_printf(out, " `%s`", o->initial);
    bw_buf_put(out, bw_cstr(o->live ? " | yes | " : " | | "));
    put_escaped(o->help ? o->help : "", out);
    bw_buf_put(out, BW_LIT(" |\n"));
}

static void put_rows(const struct option *t, const char *prefix, struct bw_buf *out)
{
    char path[PATH_MAX_SHOWN];
    for (; t->name; t++) {
        snprintf(path, sizeof path, "%s%s", prefix, t->name);
        if (!t->options)
            put_row(t, path, out);
    }
}

static void put_table(const struct option *t, const char *prefix, struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT("| setting | takes | default | reload | meaning |\n"
                           "|---|---|---|---|---|\n"));
    put_rows(t, prefix, out);
}

static void put_sections(const struct option *t, const char *prefix, struct bw_buf *out)
{
    static const char *const joint[] = {
        [OPT_SECTION] = ".", [OPT_LIST] = "[].", [OPT_MAP] = ".<name>."};
    char path[PATH_MAX_SHOWN];
    for (; t->name; t++) {
        if (!t->options)
            continue;
        const struct option *inner = t->options + (t->type == OPT_MAP);
        bw_buf_printf(out, "\n## %s%s\n\n", prefix, t->name);
        if (t->help) {
            put_escaped(t->help, out);
            bw_buf_put(out, BW_LIT("\n\n"));
        }
        snprintf(path, sizeof path, "%s%s%s", prefix, t->name, joint[t->type]);
        put_table(inner, path, out);
        put_sections(inner, path, out);
    }
}

void settings_markdown(const struct option *t, struct bw_buf *out)
{
    put_table(t, "", out);
    put_sections(t, "", out);
}
