/* cmd_serve.c: burrow serve: hosts an application that is declared in JSON. */
#include "cli/appfile.h"

static const struct arg switches[] = {
    {"listen", "ADDR:PORT", "listen there instead; port 0 picks a free one; may be given again"},
    {"data", "FOLDER", "where the database files are (data)"},
    {"check", NULL, "check settings, tables and database, then end"},
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

static void take_listen(struct conf *c, const struct args *a)
{
    size_t n = 0;
    const char **list = BW_NEW_N(&c->arena, const char *, a->given.n + 1);
    for (size_t i = 0; i < a->given.n; i++)
        if (!strcmp(a->given.p[i].arg->name, "listen"))
            list[n++] = a->given.p[i].value.p;
    if (n)
        c->listen = list;
}

static int run(const struct command *c, const struct args *a)
{
    struct appfile f;
    struct bw_err e = {.code = BW_OK};
    int status;
    if (!appfile_load(&f, a->words.p[0], a, &e)) {
        status = command_complain(c, &e, 1);
    } else {
        take_listen(&f.conf, a);
        status = host_main(&f.app, &f.conf, args_has(a, "check"));
    }
    appfile_release(&f);
    return status;
}

const struct command command_serve = {
    .name = "serve",
    .usage = "APP.json [SWITCH …]",
    .help = "Serves an application declared in JSON",
    .text = "The file holds the tables and any settings:\n\n"
            "  { \"tables\": [ { \"name\": \"Note\", \"fields\": [ { \"name\": \"title\", "
            "\"type\": \"text\" } ] } ] }\n\n"
            "Then GET and POST /api/Note work, and /api/openapi.json describes it all.",
    .switches = switches,
    .min_words = 1,
    .max_words = 1,
    .settings = true,
    .run = run,
};
