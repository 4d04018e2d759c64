/* cmd_angel.c: burrow angel: the process manager: finds the verb. The switches of Angelize's
 * command line are verbs too: --list is `list`, /settings alone is `check`. */
#include "cli/angel.h"

#include "core/near.h"

#define VERB(n) extern const struct angel_verb angel_verb_##n;
#include "cli/angel_verbs.def"
#undef VERB

const struct angel_verb *const angel_verbs[] = {
#define VERB(n) &angel_verb_##n,
#include "cli/angel_verbs.def"
#undef VERB
    NULL};

static const struct arg switches[] = {
    {"settings", "[FILE]", "the settings, or a folder of *.service files; alone: checks them"},
    {"state", "FOLDER", "where the angel keeps what it must remember, its logs and its socket"},
    {"json", NULL, "check, plan, apply: the answer as JSON"},
    {"from", "KIND", "import: supervisord, systemd, angelize or procfile"},
    {"out", "FILE", "import: write there; never over a file that is there"},
    {"control", "ADDRESS", "plan, apply: the control API of the angel that is meant"},
    {"ca", "FILE", "for https://: PEM file of who may vouch for the angel"},
    {"token", "@FILE", "for http(s)://: the file of its ControlToken"},
    {"hands", "FD", "brain: the socket to its keeper"},
    {"console", NULL, "run: in the foreground (the default)"},
    {"run", NULL, "run: the same"},
    {"fork", NULL, "run: as a daemon; comes back when it is ready, or tells why not"},
    {"kill", NULL, "run: ends the running angel and its services in order, and waits for it"},
    {"silentkill", NULL, "run: the same without a word"},
    {"reload", NULL, "run: lets the running angel read its settings again"},
    {"log", "FILE", "brain: where its log goes"},
    {"list", NULL, "Angelize's: the verb list"},
    {"new", "NAME", "Angelize's: the verb new; behind it the program and its words", .rest = true},
    {"retry", "[NAME]", "Angelize's: the verb retry"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

static const struct angel_verb *find(const char *word, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(word));
    for (const struct angel_verb *const *v = angel_verbs; *v; v++) {
        if (!strcmp((*v)->name, word))
            return *v;
        near_offer(&near, bw_cstr((*v)->name));
    }
    bw_fail(e, BW_BAD, "there is no '%s'%s; burrow help angel lists all", word,
            near_hint(&near, hint));
    return NULL;
}

/* The verb a switch stands for; NULL = the first word says it. */
static const char *by_switch(const struct args *a)
{
    static const char *const same[] = {"list", "new", "retry"};
    static const char *const modes[] = {"console", "run", "fork", "kill", "silentkill", "reload"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (args_has(a, same[i]))
            return same[i];
    }
    for (size_t i = 0; !a->words.n && i < sizeof modes / sizeof *modes; i++) {
        if (args_has(a, modes[i]))
            return "run";
    }
    return args_has(a, "settings") && !args_value(a, "settings", NULL) && !a->words.n ? "check"
                                                                                      : NULL;
}

static int run(const struct command *command, const struct args *a)
{
    struct bw_err e = {.code = BW_OK};
    const char *name = by_switch(a);
    size_t used = name ? 0 : 1;
    struct angel_ask k = {.command = command, .args = a};
    if (!name && !a->words.n) {
        bw_fail(&e, BW_BAD, "what? burrow angel %s", command->usage);
        return command_complain(command, &e, 2);
    }
    const struct angel_verb *v = find(name ? name : a->words.p[0], &e);
    if (!v)
        return command_complain(command, &e, 2);
    k.words = a->words.p + used;
    k.n_words = a->words.n - used;
    if (k.n_words >= v->min_words && k.n_words <= v->max_words)
        return v->run(&k);
    bw_fail(&e, BW_BAD, "usage: burrow angel %s %s", v->name, v->usage);
    return command_complain(command, &e, 2);
}

const struct command command_angel = {
    .name = "angel",
    .usage = "run | check | plan | apply | import | schema | help | new | list | retry [SWITCH …]",
    .help = "Keeps other programs running: starts, watches, restarts and logs them",
    .text =
        "  burrow angel run                 starts all services and keeps them running; --fork,\n"
        "                                   --kill, --reload as for every server\n"
        "  burrow angel check [FILE]        are the settings good? Nothing is started\n"
        "  burrow angel plan [FILE]         what they would change in the running angel\n"
        "  burrow angel apply               puts them in force\n"
        "  burrow angel import FILE …       settings from supervisord.conf, a Procfile, systemd\n"
        "                                   units or Angelize's files, to standard output\n"
        "  burrow angel schema [service]    the JSON Schema, for editors\n"
        "  burrow angel help [service]      every key\n"
        "  burrow angel new NAME PROGRAM …  writes NAME.service, disabled, into the folder of\n"
        "                                   services\n"
        "  burrow angel list, retry [NAME]  as Angelize's switches; `burrow ctl` knows more\n"
        "\n"
        "Settings are --settings FILE, or <executable>.settings beside the program, or\n"
        "/etc/burrow/angel.json. docs/angel.md begins with an example.",
    .switches = switches,
    .max_words = 1000,
    .run = run,
};
