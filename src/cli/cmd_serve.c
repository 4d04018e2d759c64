/* cmd_serve.c: burrow serve: hosts an application that is declared in JSON. */
#include "cli/command.h"
#include "host/launch.h"

static const struct arg switches[] = {
    LAUNCH_SWITCHES
#define MODE(id, name, unknown, help) {name, NULL, help},
#include "host/modes.def"
#undef MODE
    {"help", NULL, "this"},
    {NULL, NULL, NULL},
};

static int run(const struct command *c, const struct args *a)
{
    (void)c;
    return launch_run(
        &(struct launch){.program = "burrow serve", .args = a, .file = a->words.p[0]});
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
