/* main.c: bw_main: the command line of every hosted application. */
#include <burrow/app.h>

#include "host/launch.h"
#include "os/daemon.h"

static const struct arg switches[] = {
    {"settings", "FILE", "read settings from FILE (JSON with comments); @NAME: a credential"},
    LAUNCH_SWITCHES
#define MODE(id, name, unknown, help) {name, NULL, help},
#include "host/modes.def"
#undef MODE
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

static int complain(const char *program, const struct bw_err *e, int status)
{
    fprintf(stderr, "%s: %s\n", program, e->text);
    return status;
}

int bw_main(const struct bw_app *app, int argc, char **argv)
{
    struct args a;
    struct bw_err e = {.code = BW_OK};
    int status = 0;
    daemon_open_std();
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
        status = launch_run(&(struct launch){.program = app->name,
                                             .args = &a,
                                             .file = args_value(&a, "settings", NULL),
                                             .app = *app});
    args_release(&a);
    return status;
}
