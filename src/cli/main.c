/* main.c: the burrow program: finds the command, reads its switches, runs it. */
#include "cli/command.h"
#include "cli/guide.h"

#include <burrow/app.h>

#include "core/near.h"
#include "os/daemon.h"

#define COMMAND(n) extern const struct command command_##n;
#include "cli/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(n) &command_##n,
#include "cli/commands.def"
#undef COMMAND
    NULL};

int command_complain(const struct command *c, const struct bw_err *e, int status)
{
    fprintf(stderr, "burrow %s: %s\n", c->name, e->text);
    return status;
}

static const struct command *find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}

static int unknown(const char *name)
{
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(name));
    for (const struct command *const *c = commands; *c; c++)
        near_offer(&near, bw_cstr((*c)->name));
    fprintf(stderr, "burrow: no command '%s'%s; burrow --help lists them\n", name,
            near_hint(&near, hint));
    return 2;
}

static int print_help(void)
{
    puts("burrow hosts REST applications on an embedded database.\n\nusage: burrow COMMAND [SWITCH "
         "…]\n");
    for (const struct command *const *c = commands; *c; c++)
        printf("  %-10s %s\n", (*c)->name, (*c)->help);
    puts("\nburrow help COMMAND tells about one; burrow --version tells the version.");
    for (const struct guide *g = guides; g->name; g++)
        printf("burrow help --%-10s writes %s.\n", g->name, g->help);
    return 0;
}

static int print_command(const struct command *c)
{
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    bw_buf_printf(&b, "usage: burrow %s %s\n\n%s.\n", c->name, c->usage, c->help);
    if (c->text)
        bw_buf_printf(&b, "\n%s\n", c->text);
    bw_buf_char(&b, '\n');
    args_help(c->switches, &b);
    if (c->settings)
        bw_buf_put(
            &b,
            BW_LIT("  --SECTION.KEY=VALUE       any setting; `burrow config print` tells them\n"));
    fwrite(b.p, 1, b.n, stdout);
    bw_buf_release(&b);
    return 0;
}

static int print_guide(const struct guide *g)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    g->write(&b);
    fwrite(b.p, 1, b.n, stdout);
    bw_buf_release(&b);
    return 0;
}

static int help(int argc, char **argv)
{
    if (argc < 3)
        return print_help();
    for (const struct guide *g = guides; g->name; g++)
        if (!strncmp(argv[2], "--", 2) && !strcmp(argv[2] + 2, g->name))
            return print_guide(g);
    const struct command *c = find(argv[2]);
    return c ? print_command(c) : unknown(argv[2]);
}

static bool wrong_use(const struct command *c, const struct args *a, struct bw_err *e)
{
    if (a->words.n < c->min_words || a->words.n > c->max_words)
        return !bw_fail(e, BW_BAD, "usage: burrow %s %s", c->name, c->usage);
    if (a->settings.n && !c->settings)
        return !bw_fail(e, BW_BAD, "it takes no settings ('--%s')", a->settings.p[0].value.p);
    return false;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct args a;
    struct bw_err e = {.code = BW_OK};
    int status;
    if (!args_parse(&a, c->switches, argc, argv, &e))
        status = command_complain(c, &e, 2);
    else if (args_has(&a, "help"))
        status = print_command(c);
    else if (wrong_use(c, &a, &e))
        status = command_complain(c, &e, 2);
    else
        status = c->run(c, &a);
    args_release(&a);
    return status;
}

int main(int argc, char **argv)
{
    daemon_open_std();
    if (argc < 2) {
        print_help();
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return help(argc, argv);
    if (!strcmp(argv[1], "--version"))
        return printf("burrow %s\n", bw_version()) < 0;
    const struct command *c = find(argv[1]);
    return c ? run(c, argc - 1, argv + 1) : unknown(argv[1]);
}
