/* guide_markdown.c: the commands as Markdown: docs/cli.md. */
#include "cli/guide.h"

static void put_cell(const char *text, struct bw_buf *out)
{
    for (; *text; text++) {
        if (strchr("|<*\\", *text))
            bw_buf_char(out, '\\');
        bw_buf_char(out, *text);
    }
}

static void put_row(const struct arg *a, struct bw_buf *out)
{
    bw_buf_printf(out, "| `--%s%s%s` | ", a->name, a->takes ? " " : "", a->takes ? a->takes : "");
    put_cell(a->help, out);
    bw_buf_put(out, BW_LIT(" |\n"));
}

/* What is indented by two is an example: a code block is indented by four. */
static void put_text(const char *text, struct bw_buf *out)
{
    bw_str rest = bw_cstr(text), line;
    while (bw_str_cut(&rest, '\n', &line))
        bw_buf_printf(out, "%s%.*s\n", line.n && line.p[0] == ' ' ? "  " : "", BW_FMT(line));
    bw_buf_char(out, '\n');
}

static void put_command(const struct command *c, struct bw_buf *out)
{
    bw_buf_printf(out, "\n## burrow %s\n\n%s.\n\n    burrow %s %s\n\n", c->name, c->help, c->name,
                  c->usage);
    if (c->text)
        put_text(c->text, out);
    bw_buf_put(out, BW_LIT("| switch | meaning |\n|---|---|\n"));
    for (const struct arg *a = c->switches; a->name; a++)
        if (strcmp(a->name, "help") != 0)
            put_row(a, out);
    if (c->settings)
        bw_buf_put(out, BW_LIT("| `--SECTION.KEY=VALUE` | any setting of "
                               "[settings.md](settings.md) |\n"));
}

void guide_markdown(struct bw_buf *out)
{
    bw_buf_put(
        out,
        BW_LIT(
            "# The burrow program\n\n"
            "Written by `burrow help --markdown`; `./dev docs` renews it.\n\n"
            "    burrow COMMAND [SWITCH …]\n\n"
            "A switch is `--name VALUE` or `--name=VALUE`; `--` ends them. Exit "
            "code 0: done; 1: failed, told on standard\nerror; 2: wrong use. A "
            "program that calls `bw_main` takes the switches of `serve`, and `--settings FILE`.\n\n"
            "| command | does |\n|---|---|\n"));
    for (const struct command *const *c = commands; *c; c++)
        bw_buf_printf(out, "| [%s](#burrow-%s) | %s |\n", (*c)->name, (*c)->name, (*c)->help);
    bw_buf_put(out, BW_LIT("| help COMMAND | Tells about one; with "));
    for (const struct guide *g = guides; g->name; g++)
        bw_buf_printf(out, "%s`--%s`", g == guides ? "" : g[1].name ? ", " : " or ", g->name);
    bw_buf_put(out, BW_LIT(" writes all of it |\n"));
    for (const struct command *const *c = commands; *c; c++)
        put_command(*c, out);
}
