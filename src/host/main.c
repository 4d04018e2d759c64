/* main.c: bw_main: the command line of every hosted application. */
#include <burrow/app.h>

#include "core/log.h"
#include "host/args.h"
#include "host/host.h"

extern char **environ;

static const struct arg switches[] = {
    {"settings", "FILE", "read settings from FILE (JSON with comments)"},
    {"listen", "ADDR:PORT", "listen there instead; port 0 picks a free one; may be given again"},
    {"data", "FOLDER", "where the database files are (data)"},
    {"console", NULL, "serve in the foreground with the log on the terminal (the default)"},
    {"check", NULL, "check settings, tables and database, then end"},
    {"print-settings", NULL, "print the settings in force as JSON, then end"},
    {"help", NULL, "this"},
    {"version", NULL, "the versions of the application and of Burrow"},
    {NULL, NULL, NULL},
};

static void print_help(const struct bw_app *app, const char *program)
{
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    bw_buf_printf(&b, "%s%s%s\n\nusage: %s [SWITCH …]\n\n", app->name, app->help ? ": " : "",
                  app->help ? app->help : "", program);
    args_help(switches, &b);
    bw_buf_put(&b, BW_LIT("  --SECTION.KEY=VALUE       any setting, for example "
                          "--log.level=debug\n\nsettings:\n"));
    settings_help(conf_options, &b);
    bw_buf_put(&b, BW_LIT("\nEach may also stand in the environment: BURROW_LOG_LEVEL=debug.\n"));
    fwrite(b.p, 1, b.n, stdout);
    bw_buf_release(&b);
}

/* --listen given once or more replaces the list. */
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

static bool load(struct conf *c, const struct args *a, struct bw_err *e)
{
    VEC(bw_str) overrides = {0};
    for (size_t i = 0; i < a->settings.n; i++)
        *vec_push(&overrides) = a->settings.p[i].value;
    struct conf_sources from = {.file = args_value(a, "settings", NULL),
                                .environment = (const char *const *)environ,
                                .overrides = overrides.p,
                                .n_overrides = overrides.n};
    bool ok = conf_load(c, &from, e);
    vec_release(&overrides);
    take_listen(c, a);
    c->data = args_value(a, "data", c->data);
    return ok;
}

static int print_settings(const struct conf *c)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    settings_print(conf_options, c, &b);
    fwrite(b.p, 1, b.n, stdout);
    bw_buf_release(&b);
    return 0;
}

static int complain(const char *program, const struct bw_err *e, int status)
{
    fprintf(stderr, "%s: %s\n", program, e->text);
    return status;
}

int host_main(const struct bw_app *app, struct conf *c, bool check)
{
    struct bw_err e = {.code = BW_OK};
    if (!host_log(c, &e))
        return complain(app->name, &e, 1);
    struct host *h = host_open(app, c, check ? HOST_INSPECT : HOST_SERVE, &e);
    bool ok = h && (check || host_serve(h, &e));
    if (!ok)
        log_error("host", check ? "the check failed" : "could not start", log_err(&e));
    if (ok && check)
        puts("settings, tables and database fit together");
    host_close(h);
    log_stop();
    return ok ? 0 : 1;
}

static int serve(const struct bw_app *app, const struct args *a)
{
    struct conf c;
    struct bw_err e = {.code = BW_OK};
    int status;
    conf_init(&c);
    if (!load(&c, a, &e))
        status = complain(app->name, &e, 1);
    else if (args_has(a, "print-settings"))
        status = print_settings(&c);
    else
        status = host_main(app, &c, args_has(a, "check"));
    conf_release(&c);
    return status;
}

int bw_main(const struct bw_app *app, int argc, char **argv)
{
    struct args a;
    struct bw_err e = {.code = BW_OK};
    int status = 0;
    if (!args_parse(&a, switches, argc, argv, &e))
        status = complain(argv[0], &e, 2);
    else if (a.words.n)
        status = (bw_fail(&e, BW_BAD, "'%s' is no switch; --help lists them", a.words.p[0]),
                  complain(argv[0], &e, 2));
    else if (args_has(&a, "help"))
        print_help(app, argv[0]);
    else if (args_has(&a, "version"))
        printf("%s %s (Burrow %s)\n", app->name, app->version ? app->version : "0", bw_version());
    else
        status = serve(app, &a);
    args_release(&a);
    return status;
}
