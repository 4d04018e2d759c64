/* cmd_config.c: burrow config: the settings in force, or their JSON Schema. */
#include "cli/appfile.h"

static const struct arg switches[] = {APPFILE_SWITCHES, {NULL, NULL, NULL}};

static int put(struct bw_buf *b)
{
    if (b->n)
        fwrite(b->p, 1, b->n, stdout);
    bw_buf_release(b);
    return 0;
}

static int print(const struct command *c, const struct args *a, struct bw_buf *out)
{
    struct appfile f;
    struct bw_err e = {.code = BW_OK};
    int status = 0;
    if (a->words.n < 2 && !args_has(a, "app")) { /* the defaults */
        conf_init(&f.conf);
        settings_print(conf_options, &f.conf, out);
    } else if (appfile_load(&f, a->words.n > 1 ? a->words.p[1] : NULL, a, &e)) {
        settings_print(conf_options, &f.conf, out);
    } else {
        status = command_complain(c, &e, 1);
    }
    appfile_release(&f);
    return status;
}

/* docs/settings.md */
static void markdown(struct bw_buf *out)
{
    bw_buf_put(
        out,
        BW_LIT(
            "# Settings\n\n"
            "Written by `burrow config markdown`; `./dev docs` renews it.\n\n"
            "Sources, each over the one before: the default; the JSON file (comments are "
            "allowed); the environment,\nwhere `server.threads` is `BURROW_SERVER_THREADS`; "
            "the command line, `--server.threads=4`. `stores`\nis given whole by these two, as "
            "JSON: `BURROW_STORES='{\"default\": {\"cache\": \"64M\"}}'`. An unknown name is an\n"
            "error. "
            "`--print-settings` shows what is in force, `burrow config schema` is a JSON Schema "
            "for editors.\n\"reload: yes\": `--reload` (or SIGHUP) changes it while the server "
            "runs.\n\n"));
    settings_markdown(conf_options, out);
}

static int run(const struct command *c, const struct args *a)
{
    struct bw_buf out;
    struct bw_err e;
    int status = 0;
    bw_buf_init(&out, 4 << 20);
    if (!strcmp(a->words.p[0], "print"))
        status = print(c, a, &out);
    else if (!strcmp(a->words.p[0], "schema"))
        settings_schema(conf_options, "Settings of a Burrow application", &out);
    else if (!strcmp(a->words.p[0], "help"))
        settings_help(conf_options, &out);
    else if (!strcmp(a->words.p[0], "markdown"))
        markdown(&out);
    else
        status =
            (bw_fail(&e, BW_BAD, "'%s' is none of print, schema, help, markdown", a->words.p[0]),
             command_complain(c, &e, 2));
    put(&out);
    return status;
}

const struct command command_config = {
    .name = "config",
    .usage = "print [APP.json] | schema | help | markdown",
    .help = "Prints the settings in force, their JSON Schema, or what each means",
    .switches = switches,
    .min_words = 1,
    .max_words = 2,
    .settings = true,
    .run = run,
};
