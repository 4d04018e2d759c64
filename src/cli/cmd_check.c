/* cmd_check.c: burrow check: do settings, tables and database fit, and is the database whole? */
#include "cli/appfile.h"

static const struct arg switches[] = {APPFILE_SWITCHES, {NULL, NULL, NULL}};

static bool check_store(struct store *s, struct bw_err *e)
{
    struct bw_buf report;
    bw_buf_init(&report, 1 << 20);
    bool ok = !s->kind->verify || s->kind->verify(s, &report, e);
    printf("store %s (%s): %s\n", s->name, s->kind->name, ok ? "ok" : "damaged");
    if (!ok && report.n)
        printf("%.*s\n", BW_FMT(bw_buf_str(&report)));
    bw_buf_release(&report);
    return ok;
}

static bool check_stores(struct host *h, struct bw_err *e)
{
    bool ok = true;
    for (size_t i = 0; h->stores[i]; i++)
        ok = check_store(h->stores[i], e) && ok;
    return ok;
}

static int run(const struct command *c, const struct args *a)
{
    struct appfile f;
    struct bw_err e = {.code = BW_OK};
    struct host *h = NULL;
    bool ok = appfile_load(&f, a->words.n ? a->words.p[0] : NULL, a, &e);
    if (ok) {
        h = host_open(&f.app, &f.conf, HOST_INSPECT, &e);
        ok = h && check_stores(h, &e);
    }
    host_close(h);
    appfile_release(&f);
    return ok ? 0 : command_complain(c, &e, 1);
}

const struct command command_check = {
    .name = "check",
    .usage = "[APP.json | --app APP.json] [SWITCH …]",
    .help = "Checks settings, tables and the integrity of the database",
    .switches = switches,
    .max_words = 1,
    .settings = true,
    .run = run,
};
