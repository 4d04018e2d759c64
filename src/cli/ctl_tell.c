/* ctl_tell.c: the verbs of `burrow ctl` that tell the angel something. */
#include "cli/ctl.h"

/* What became of it, a line for each replica. */
static void print_units(struct ctl *c, bw_str body)
{
    struct ctl_units all;
    struct bw_err e;
    if (c->json) {
        ctl_put(body);
        return;
    }
    if (!ctl_units_read(body, &c->arena, &all, &e))
        return;
    for (size_t i = 0; i < all.n; i++)
        printf("%s: %s%s%s\n", all.p[i].name, all.p[i].state, *all.p[i].why ? ": " : "",
               all.p[i].why);
}

static int tell_one(struct ctl *c, const char *target)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    if (!ctl_ask(c, "POST", target, &body, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    print_units(c, body);
    return CTL_OK;
}

/* Every name, also behind one that failed; the first failure is the exit status. */
static int tell_all(struct ctl *c, const char *what, int64_t wait)
{
    int status = CTL_OK;
    char more[64];
    snprintf(more, sizeof more, "/%s?wait=%lld", what, (long long)wait);
    for (size_t i = 0; wait >= 0 && i < c->n_words; i++) {
        int one = tell_one(c, ctl_unit_path(c, c->words[i], more));
        status = status ? status : one;
    }
    return wait < 0 ? CTL_WRONG : status;
}

static int start(struct ctl *c)
{
    return tell_all(c, "start", ctl_seconds(c, "wait", 30));
}

static int stop(struct ctl *c)
{
    return tell_all(c, "stop", ctl_seconds(c, "wait", 30));
}

static int restart(struct ctl *c)
{
    return tell_all(c, "restart", ctl_seconds(c, "wait", 30));
}

static int reload(struct ctl *c)
{
    return tell_all(c, "reload", ctl_seconds(c, "wait", 0));
}

/* Without names: all that wait for a restart or have failed. */
static int retry(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    struct ctl_units all;
    bw_str body;
    int status = CTL_OK;
    char what[64];
    int64_t wait = ctl_seconds(c, "wait", 0);
    if (c->n_words || wait < 0)
        return tell_all(c, "retry", wait);
    snprintf(what, sizeof what, "/retry?wait=%lld", (long long)wait);
    if (!ctl_ask(c, "GET", "/v1/units", &body, &e) || !ctl_units_read(body, &c->arena, &all, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    for (size_t i = 0; i < all.n; i++) {
        const char *s = all.p[i].state;
        if (strcmp(s, "failed") != 0 && strcmp(s, "backoff") != 0 && strcmp(s, "stuck") != 0 &&
            strcmp(s, "jammed") != 0)
            continue;
        int one = tell_one(c, ctl_unit_path(c, all.p[i].name, what));
        status = status ? status : one;
    }
    return status;
}

static int send_signal(struct ctl *c)
{
    struct bw_buf more;
    bw_buf_init(&more, 4096);
    bw_buf_put(&more, BW_LIT("/signal?signal="));
    uri_encode(&more, bw_cstr(c->words[1]));
    int status = tell_one(c, ctl_unit_path(c, c->words[0], bw_buf_cstr(&more)));
    bw_buf_release(&more);
    return status;
}

static int reopen(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    if (!ctl_ask(c, "POST", "/v1/reopen", &body, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    if (c->json)
        ctl_put(body);
    return CTL_OK;
}

#define MANY 1000
#define VERB(id, n, u, h, least, most, fn)  \
    const struct ctl_verb ctl_verb_##id = { \
        .name = n, .usage = u, .help = h, .min_words = least, .max_words = most, .run = fn}

VERB(start, "start", "NAME … [--wait SECONDS]", "starts it and waits until ready", 1, MANY, start);
VERB(stop, "stop", "NAME … [--wait SECONDS]", "stops it and waits until nothing of it runs", 1,
     MANY, stop);
VERB(restart, "restart", "NAME … [--wait SECONDS]", "stops and starts it", 1, MANY, restart);
VERB(reload, "reload", "NAME … [--wait SECONDS]", "its ReloadSignal, or a restart", 1, MANY,
     reload);
VERB(retry, "retry", "[NAME …] [--wait SECONDS]",
     "starts at once what waits or has failed for good", 0, MANY, retry);
VERB(signal, "signal", "NAME SIGNAL", "a signal to its main process", 2, 2, send_signal);
VERB(reopen, "reopen", "", "log files are opened anew", 0, 0, reopen);
