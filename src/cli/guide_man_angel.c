/* guide_man_angel.c: the pages burrow-angel(1) and burrow-ctl(1): the verbs, the switches, every
 * key of the settings, from their lists. */
#include "cli/angel.h"
#include "cli/guide.h"

#include <burrow/app.h>

#include "angel/conf.h"

extern const struct command command_angel, command_ctl;

static void put_head(const char *name, const char *what, struct bw_buf *out)
{
    bw_buf_printf(out, ".TH BURROW-%s 1 \"\" \"burrow %s\" \"Burrow\"\n", name, bw_version());
    bw_buf_put(out, BW_LIT(".SH NAME\nburrow\\-"));
    for (; *name; name++)
        bw_buf_char(out, (char)(*name | 0x20));
    bw_buf_printf(out, " \\- %s\n", what);
}

static void put_verb(const char *command, const char *name, const char *usage, const char *help,
                     struct bw_buf *out)
{
    bw_buf_printf(out, ".TP\n\\fBburrow %s ", command);
    guide_man_text(name, out);
    bw_buf_put(out, BW_LIT("\\fR "));
    guide_man_text(usage, out);
    bw_buf_char(out, '\n');
    guide_man_text(help, out);
    bw_buf_char(out, '\n');
}

static void put_keys(const struct option *t, struct bw_buf *out)
{
    for (; t->name; t++) {
        bw_buf_printf(out, ".TP\n\\fB%s\\fR", t->name);
        if (t->initial) {
            bw_buf_put(out, BW_LIT(" ("));
            guide_man_text(t->initial, out);
            bw_buf_put(out, BW_LIT(")"));
        }
        bw_buf_char(out, '\n');
        guide_man_text(t->help ? t->help : "", out);
        bw_buf_char(out, '\n');
    }
}

static const char example[] =
    "  { \"Services\": [\n"
    "    { \"Name\": \"db\", \"Run\": \"/opt/app/db\", \"Ready\": \"tcp:127.0.0.1:5432\" },\n"
    "    { \"Name\": \"api\", \"Run\": \"/opt/app/api --port 8080\", \"Needs\": \"db\",\n"
    "      \"Live\": \"http://127.0.0.1:8080/health=200\", \"Notify\": \"admin@example.com\" } ] "
    "}\n";

void guide_man_angel(struct bw_buf *out)
{
    put_head("ANGEL", "keeps other programs running", out);
    bw_buf_put(out,
               BW_LIT(".SH SYNOPSIS\n\\fBburrow angel\\fR \\fIVERB\\fR [\\fISWITCH\\fR …]\n"
                      ".SH DESCRIPTION\nStarts the services of its settings, watches them, "
                      "restarts what ends or no longer answers, keeps what they print in "
                      "rotated files, and tells people.\nA small keeper owns the services; what "
                      "decides may crash or be upgraded without one of them noticing.\n"
                      ".SH VERBS\n"));
    for (const struct angel_verb *const *v = angel_verbs; *v; v++)
        put_verb("angel", (*v)->name, (*v)->usage, (*v)->help, out);
    bw_buf_put(out, BW_LIT(".SH OPTIONS\n"));
    guide_man_switches(&command_angel, out);
    bw_buf_put(out, BW_LIT(".SH SETTINGS\nOne JSON file, comments allowed, keys in any case; or a "
                           "folder of *.service files with one service each.\n"));
    guide_man_paragraphs(example, out);
    bw_buf_put(out, BW_LIT(".SS Keys of a service\n"));
    put_keys(angel_conf_keys(true), out);
    bw_buf_put(out, BW_LIT(".SS Keys of the angel\n"));
    put_keys(angel_conf_keys(false), out);
    bw_buf_put(out, BW_LIT(".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone\n.TP\n\\fB1\\fR\nfailed; "
                           "standard error tells why\n.TP\n\\fB2\\fR\nwrong use\n.TP\n\\fB3\\fR\n"
                           "plan, apply, list, retry: no angel runs there\n"
                           ".SH \"SEE ALSO\"\n.BR burrow\\-ctl (1),\n.BR burrow (1)\n"));
}

void guide_man_ctl(struct bw_buf *out)
{
    put_head("CTL", "tells a running angel what to do, and shows what it knows", out);
    bw_buf_put(out,
               BW_LIT(".SH SYNOPSIS\n\\fBburrow ctl\\fR \\fIVERB\\fR [\\fINAME\\fR …] "
                      "[\\fISWITCH\\fR …]\n.SH DESCRIPTION\n\\fINAME\\fR is a service, or one of "
                      "its replicas: api, api#2.\nThe angel is found by \\-\\-control, "
                      "\\-\\-state or \\-\\-settings, or where it is by default.\n.SH VERBS\n"));
    for (const struct ctl_verb *const *v = ctl_verbs; *v; v++)
        put_verb("ctl", (*v)->name, (*v)->usage, (*v)->help, out);
    bw_buf_put(out, BW_LIT(".SH OPTIONS\n"));
    guide_man_switches(&command_ctl, out);
    bw_buf_put(
        out,
        BW_LIT(".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone; of status: all that is "
               "wanted is ready\n.TP\n\\fB1\\fR\nrefused or failed; of status: not all "
               "are ready\n.TP\n\\fB2\\fR\nwrong use\n.TP\n\\fB3\\fR\nno angel runs "
               "there\n.TP\n\\fB4\\fR\nnot within the time\n"
               ".SH ENVIRONMENT\n.TP\n\\fBBURROW_ANGEL_TOKEN\\fR\nthe ControlToken, for "
               "\\-\\-control http://… and https://…\n.TP\n\\fBNO_COLOR\\fR\nno colours, no live "
               "table\n.SH \"SEE ALSO\"\n.BR burrow\\-angel (1)\n"));
}
