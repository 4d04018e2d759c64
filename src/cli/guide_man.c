/* guide_man.c: the commands as a manual page, burrow(1), in the macros of man(7). */
#include "cli/guide.h"

#include <burrow/app.h>

/* A line as roff: a backslash is told by its name, a dash stays a dash, and none begins with a sign
 * that would make it a request. */
static void put_line(bw_str text, struct bw_buf *out)
{
    if (text.n && (text.p[0] == '.' || text.p[0] == '\''))
        bw_buf_put(out, BW_LIT("\\&"));
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\')
            bw_buf_put(out, BW_LIT("\\e"));
        else if (text.p[i] == '-')
            bw_buf_put(out, BW_LIT("\\-"));
        else
            bw_buf_char(out, text.p[i]);
    }
}

void guide_man_text(const char *text, struct bw_buf *out)
{
    put_line(bw_cstr(text), out);
}

/* Paragraphs; one that is indented is an example and keeps its lines. */
void guide_man_paragraphs(const char *text, struct bw_buf *out)
{
    bw_str rest = bw_cstr(text), line;
    bool example = false, begin = true;
    while (bw_str_cut(&rest, '\n', &line)) {
        bool indented = line.n && line.p[0] == ' ';
        if (example && !indented)
            bw_buf_put(out, BW_LIT(".EE\n"));
        if (begin && line.n)
            bw_buf_put(out, BW_LIT(".PP\n"));
        if (indented && !example)
            bw_buf_put(out, BW_LIT(".EX\n"));
        example = indented;
        begin = line.n == 0;
        if (line.n) {
            put_line(line, out);
            bw_buf_char(out, '\n');
        }
    }
    if (example)
        bw_buf_put(out, BW_LIT(".EE\n"));
}

static void put_switch(const char *name, const char *takes, const char *help, struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT(".TP\n\\fB\\-\\-"));
    guide_man_text(name, out);
    bw_buf_put(out, BW_LIT("\\fR"));
    if (takes) {
        bw_buf_put(out, BW_LIT(" \\fI"));
        guide_man_text(takes, out);
        bw_buf_put(out, BW_LIT("\\fR"));
    }
    bw_buf_char(out, '\n');
    guide_man_text(help, out);
    bw_buf_char(out, '\n');
}

void guide_man_switches(const struct command *c, struct bw_buf *out)
{
    for (const struct arg *a = c->switches; a->name; a++)
        if (strcmp(a->name, "help") != 0)
            put_switch(a->name, a->takes, a->help, out);
}

static void put_command(const struct command *c, struct bw_buf *out)
{
    bw_buf_printf(out, ".SS \"burrow %s\"\n\\fBburrow %s\\fR ", c->name, c->name);
    guide_man_text(c->usage, out);
    bw_buf_put(out, BW_LIT("\n.PP\n"));
    guide_man_text(c->help, out);
    bw_buf_put(out, BW_LIT(".\n"));
    if (c->text)
        guide_man_paragraphs(c->text, out);
    guide_man_switches(c, out);
    if (c->settings)
        put_switch("SECTION.KEY=VALUE", NULL, "any setting; `burrow config help` tells them", out);
}

void guide_man(struct bw_buf *out)
{
    bw_buf_printf(out, ".TH BURROW 1 \"\" \"burrow %s\" \"Burrow\"\n", bw_version());
    bw_buf_put(out, BW_LIT(".SH NAME\nburrow \\- hosts REST applications on an embedded database\n"
                           ".SH SYNOPSIS\n\\fBburrow\\fR \\fICOMMAND\\fR [\\fISWITCH\\fR …]\n"
                           ".br\n\\fBburrow help\\fR [\\fICOMMAND\\fR]\n"
                           ".SH DESCRIPTION\nServes an application declared in a JSON file over "
                           "HTTP, and imports, exports, migrates and checks its data.\n"
                           "A program that calls bw_main takes the switches of serve, and\n"
                           ".BR \\-\\-settings .\n"
                           ".SH COMMANDS\n"));
    for (const struct command *const *c = commands; *c; c++)
        put_command(*c, out);
    bw_buf_put(out, BW_LIT(".SH ENVIRONMENT\n.TP\n\\fBBURROW_SECTION_KEY\\fR\nthe setting "
                           "section.key, over what a file says\n"
                           ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone\n.TP\n\\fB1\\fR\nfailed; "
                           "standard error tells why\n.TP\n\\fB2\\fR\nwrong use\n"));
}
