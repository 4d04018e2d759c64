/* http and https: asks an address, and compares the status. */
#include "angel/action.h"

#include <stdio.h>

#include "angel/fetch.h"

static bool ask(const struct action_step *s, const char *scheme, int64_t deadline, struct bw_err *e)
{
    char url[2048];
    int status = 0;
    /* "http://host/x" is the verb http with the parameter "//host/x". */
    if ((size_t)snprintf(url, sizeof url, "%s:%s", scheme, s->param) >= sizeof url)
        return bw_fail(e, BW_TOOBIG, "an address of over %zu bytes", sizeof url);
    struct fetch f = {.url = url, .deadline = deadline};
    if (!fetch(&f, &status, NULL, e))
        return false;
    return status == s->expected ||
           bw_fail(e, BW_DOWN, "%s answered %d, not %lld", url, status, (long long)s->expected);
}

static bool run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return ask(s, "http", w->deadline, e);
}

static bool run_tls(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    return ask(s, "https", w->deadline, e);
}

static bool check(const struct action_step *s, struct bw_err *e)
{
    return (s->param[0] == '/' && s->param[1] == '/' && s->param[2]) ||
           bw_fail(e, BW_BAD, "'%s' is no address, as in http://127.0.0.1:8080/health=200",
                   s->text);
}

const struct action_kind action_http = {
    .name = "http",
    .help = "ask an address; expects status 200 unless =N says another",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .expected = 200,
    .check = check,
    .run = run,
};

const struct action_kind action_https = {
    .name = "https",
    .help = "the same over TLS; the certificate is verified",
    .places = ACTION_START | ACTION_STOP | ACTION_WATCH,
    .asks = true,
    .expected = 200,
    .check = check,
    .run = run_tls,
};
