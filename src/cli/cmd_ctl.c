/* cmd_ctl.c: burrow ctl: tells a running angel what to do and shows what it knows: finds the verb
 * and the angel. */
#include "cli/ctl.h"

#include "core/near.h"

#define VERB(n) extern const struct ctl_verb ctl_verb_##n;
#include "cli/ctl_verbs.def"
#undef VERB

const struct ctl_verb *const ctl_verbs[] = {
#define VERB(n) &ctl_verb_##n,
#include "cli/ctl_verbs.def"
#undef VERB
    NULL};

/* Those of every verb, then those that a verb takes when its usage names them. */
static const struct arg switches[] = {
    {"settings", "FILE", "the settings of the angel that is meant"},
    {"state", "FOLDER", "its state folder"},
    {"control", "ADDRESS",
     "its control API: unix:PATH, or http://HOST:PORT, https://… with a token"},
    {"ca", "FILE",
     "for https://: PEM file of who may vouch for the angel; else as the system says"},
    {"token", "@FILE", "for http(s)://: the file of the ControlToken; or $BURROW_ANGEL_TOKEN"},
    {"json", NULL, "what the angel says, as JSON: an object for each NAME, event or line"},
    {"help", NULL, "this"},
    {"once", NULL, "status, top: show it once, also on a terminal"},
    {"names", NULL, "status: the names alone"},
    {"f", NULL, "logs, events: go on with what comes"},
    {"lines", "N", "logs: the last N lines (50)"},
    {"after", "SEQ", "events: only those after that number"},
    {"wait", "SECONDS",
     "start, stop, restart, upgrade: how long to wait for it (30); 0: do not; reload, retry: (0)"},
    {"ready", NULL, "wait: until ready"},
    {"timeout", "SECONDS", "wait: for so long at most (30)"},
    {NULL, NULL, NULL},
};

/* Programs that asked for JSON get the sentence there too. */
int ctl_complain(const struct ctl *c, const struct bw_err *e, int status)
{
    if (c->json && status != CTL_OK) {
        struct bw_buf out;
        struct bw_json_writer w;
        bw_buf_init(&out, 4096);
        bw_json_init(&w, &out);
        bw_json_object(&w);
        bw_json_put_text(&w, "error", bw_cstr(e->text));
        bw_json_end(&w);
        ctl_put(bw_buf_str(&out));
        bw_buf_release(&out);
    }
    return command_complain(c->command, e, status);
}

static const struct ctl_verb *find(const char *word, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(word));
    for (const struct ctl_verb *const *v = ctl_verbs; *v; v++) {
        if (!strcmp((*v)->name, word))
            return *v;
        near_offer(&near, bw_cstr((*v)->name));
    }
    bw_fail(e, BW_BAD, "there is no '%s'%s; burrow help ctl lists all", word,
            near_hint(&near, hint));
    return NULL;
}

/* "[NAME] --ready [--timeout SECONDS]" names --ready and --timeout; "-f" is one letter. */
static bool usage_names(const char *usage, const char *word)
{
    const char *at = strstr(usage, word);
    return at && strcspn(at + 1, " ]") == strlen(word) - 1;
}

/* A switch that would be taken and mean nothing: who says it believes that it does. */
static bool takes_switches(const struct ctl *c, const struct ctl_verb *v, struct bw_err *e)
{
    const struct arg *a = switches;
    char word[24];
    while (strcmp(a->name, "help") != 0)
        a++;
    for (a++; a->name; a++) {
        snprintf(word, sizeof word, "%s%s", strlen(a->name) > 1 ? "--" : "-", a->name);
        if (args_has(c->args, a->name) && !usage_names(v->usage, word))
            return bw_fail(e, BW_BAD, "%s takes no %s; usage: burrow ctl %s %s", v->name, word,
                           v->name, v->usage);
    }
    return true;
}

static int run_verb(struct ctl *c, const struct ctl_verb *v)
{
    struct bw_err e = {.code = BW_OK};
    if (!takes_switches(c, v, &e))
        return ctl_complain(c, &e, CTL_WRONG);
    if (c->n_words < v->min_words || c->n_words > v->max_words) {
        bw_fail(&e, BW_BAD, "usage: burrow ctl %s %s", v->name, v->usage);
        return ctl_complain(c, &e, CTL_WRONG);
    }
    if (!ctl_open(c, &e))
        return ctl_complain(c, &e, e.code == BW_BAD ? CTL_WRONG : CTL_NO_ANGEL);
    int status = v->run(c);
    if (fflush(stdout) != 0)
        return CTL_FAILED;
    return status;
}

static int run(const struct command *command, const struct args *a)
{
    struct ctl c = {.command = command,
                    .args = a,
                    .words = a->words.p + 1,
                    .n_words = a->words.n - 1,
                    .json = args_has(a, "json"),
                    .once = args_has(a, "once")};
    struct bw_err e = {.code = BW_OK};
    const struct ctl_verb *v = find(a->words.p[0], &e);
    if (!v)
        return ctl_complain(&c, &e, CTL_WRONG);
    bw_arena_init(&c.arena);
    int status = run_verb(&c, v);
    ctl_close(&c);
    bw_arena_release(&c.arena);
    return status;
}

const struct command command_ctl = {
    .name = "ctl",
    .usage = "status | start | stop | restart | retry | reload | signal | logs | why | events | "
             "top | wait | notify-test | reopen | upgrade [NAME …]",
    .help = "Tells a running angel what to do, and shows what it knows",
    .text =
        "  burrow ctl status [NAME …]     every service; on a terminal it goes on until q\n"
        "  burrow ctl start NAME …        and waits until ready (--wait 0: does not)\n"
        "  burrow ctl stop NAME …         and waits until nothing of it runs\n"
        "  burrow ctl restart NAME …\n"
        "  burrow ctl retry [NAME …]      starts at once what waits or has failed for good\n"
        "  burrow ctl reload NAME …       its ReloadSignal, or a restart\n"
        "  burrow ctl signal NAME SIGNAL\n"
        "  burrow ctl logs NAME [-f]      what it printed\n"
        "  burrow ctl why NAME            how it came to be as it is, in sentences\n"
        "  burrow ctl events [NAME] [-f]  what has happened\n"
        "  burrow ctl top                 the same table with CPU and memory\n"
        "  burrow ctl wait [NAME] --ready\n"
        "  burrow ctl notify-test         a notice to everyone who is told anything\n"
        "  burrow ctl reopen              log files are opened anew\n"
        "  burrow ctl upgrade             keeper and brain become the program as it is on disk "
        "now\n"
        "\n"
        "NAME is a service, or one of its replicas: api, api#2.\n"
        "Exit status: 0 done, and for status: all that is wanted is ready; 1 refused, failed or "
        "not ready;\n2 wrong use; 3 no angel runs there; 4 not within the time.",
    .switches = switches,
    .min_words = 1,
    .max_words = 1000,
    .run = run,
};
