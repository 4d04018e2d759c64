/* ctl_link.c: the connection of `burrow ctl` to an angel. A brain that is just being started again
 * does not answer for a moment: that is waited for, a little. */
#include "cli/ctl.h"

#include <errno.h>
#include <time.h>

#include "angel/place.h"
#include "core/clock.h"
#include "os/file.h"

#define PATIENCE      (2 * CLOCK_SECOND)
#define LONG_PATIENCE (5 * CLOCK_SECOND)
#define AGAIN         (50 * CLOCK_MS)
#define BODY_MAX      (64u << 20)

/* ---- opening ---- */

static bool read_token(struct ctl *c, struct bw_err *e)
{
    const char *said = args_value(c->args, "token", getenv("BURROW_ANGEL_TOKEN"));
    bw_str text = bw_cstr(said);
    if (!said)
        return true;
    if (*said == '@' && !file_read(said + 1, 65536, &c->arena, &text, e))
        return bw_because(e, "--token");
    if (*said != '@' && args_has(c->args, "token"))
        return bw_fail(e, BW_BAD, "--token names a file, @FILE: others could read it here");
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    c->token = (struct http_field){BW_LIT("Authorization"),
                                   bw_arena_printf(&c->arena, "Bearer %.*s", BW_FMT(text))};
    c->n_tokens = 1;
    return true;
}

static bw_str url_of(struct ctl *c, const char *address)
{
    struct bw_buf url;
    if (strncmp(address, "unix:", 5) != 0)
        return bw_cstr(address);
    bw_buf_init(&url, 4096);
    bw_buf_put(&url, BW_LIT("http+unix://"));
    uri_encode(&url, bw_cstr(address + 5));
    bw_buf_put(&url, BW_LIT("/"));
    bw_str out = bw_arena_str(&c->arena, bw_buf_str(&url));
    bw_buf_release(&url);
    return out;
}

bool ctl_open(struct ctl *c, struct bw_err *e)
{
    const char *settings = place_settings(args_value(c->args, "settings", NULL), &c->arena);
    const char *state = args_value(c->args, "state", NULL);
    const char *address = args_value(c->args, "control", NULL);
    if (!address)
        address = place_control(settings, state, &c->arena);
    c->address = address;
    if (!read_token(c, e) || !uri_parse(&c->uri, url_of(c, address), &c->arena, e))
        return false;
    c->http = http_client_new();
    const char *ca = args_value(c->args, "ca", NULL);
    return !ca || http_client_trust(c->http, ca, e) || bw_because(e, "--ca");
}

void ctl_close(struct ctl *c)
{
    http_client_free(c->http);
}

/* ---- requests ---- */

/* The angel's own sentence. */
static bool tell_problem(struct ctl *c, struct http_exchange *x, struct bw_err *e)
{
    int status = http_exchange_status(x);
    struct bw_buf body;
    struct bw_json_reader r;
    bw_str name, detail = {0};
    bw_buf_init(&body, 65536);
    if (http_exchange_body(x, 65536, &body, e)) {
        bw_json_open(&r, &c->arena, bw_buf_str(&body));
        if (bw_json_next(&r) == BW_JSON_OBJECT) {
            while (bw_json_member(&r, &name)) {
                enum bw_json_kind kind = bw_json_next(&r);
                if (kind == BW_JSON_TEXT && bw_str_eq(name, BW_LIT("detail")))
                    detail = bw_arena_str(&c->arena, r.text);
                bw_json_skip(&r, kind);
            }
        }
    }
    bw_buf_release(&body);
    enum bw_code code = bw_code_of_status(status);
    code = code == BW_DOWN ? BW_SYS : code; /* somebody did answer */
    if (detail.n)
        return bw_fail(e, code, "%.*s", BW_FMT(detail));
    return bw_fail(e, code, "the angel answered with status %d", status);
}

static struct http_exchange *try(struct ctl *c, const char *method, const char *target,
                                 struct bw_err *e)
{
    struct http_exchange *x = http_client_ask(c->http,
                                              &(struct http_ask){.method = method,
                                                                 .uri = &c->uri,
                                                                 .target = bw_cstr(target),
                                                                 .fields = &c->token,
                                                                 .n_fields = c->n_tokens},
                                              e);
    if (x && http_exchange_head(x, e))
        return x;
    http_exchange_free(x);
    return NULL;
}

static bool is_absent(const struct bw_err *e)
{
    return e->sys == ECONNREFUSED || e->sys == ENOENT || e->sys == ECONNRESET;
}

struct http_exchange *ctl_begin(struct ctl *c, const char *method, const char *target,
                                struct bw_err *e)
{
    int64_t patience = clock_mono() + (c->served ? LONG_PATIENCE : PATIENCE);
    struct http_exchange *x;
    bool again = c->served && !strcmp(method, "GET"); /* what is told twice is done twice */
    while (!(x = try(c, method, target, e)) && (again || e->sys == ECONNREFUSED) &&
           clock_mono() < patience)
        nanosleep(&(struct timespec){.tv_nsec = AGAIN}, NULL);
    if (!x) {
        if (is_absent(e))
            bw_fail(e, BW_DOWN,
                    "no angel answers at %s; is it started? --state or --settings say "
                    "which one is meant",
                    c->address);
        e->code = BW_DOWN;
        return NULL;
    }
    c->served = true;
    if (http_exchange_status(x) < 300)
        return x;
    tell_problem(c, x, e);
    http_exchange_free(x);
    return NULL;
}

bool ctl_ask(struct ctl *c, const char *method, const char *target, bw_str *body, struct bw_err *e)
{
    struct bw_buf b;
    struct http_exchange *x = ctl_begin(c, method, target, e);
    if (!x)
        return false;
    bw_buf_init(&b, BODY_MAX);
    bool ok = http_exchange_body(x, BODY_MAX, &b, e);
    http_exchange_free(x);
    if (ok)
        *body = bw_arena_str(&c->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return ok;
}

int ctl_status_of(const struct bw_err *e)
{
    switch (e->code) {
    case BW_DOWN:
        return CTL_NO_ANGEL;
    case BW_LATE:
    case BW_BUSY:
        return CTL_LATE;
    default:
        return CTL_FAILED;
    }
}

const char *ctl_unit_path(struct ctl *c, const char *name, const char *what)
{
    struct bw_buf b;
    bw_buf_init(&b, 4096);
    bw_buf_put(&b, BW_LIT("/v1/units/"));
    uri_encode(&b, bw_cstr(name));
    bw_buf_put(&b, bw_cstr(what));
    const char *out = bw_arena_cstr(&c->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return out;
}

int64_t ctl_seconds(const struct ctl *c, const char *name, int64_t otherwise)
{
    const char *said = args_value(c->args, name, NULL);
    int64_t v;
    struct bw_err e;
    if (!said)
        return otherwise;
    if (bw_str_int(bw_cstr(said), &v) && v >= 0 && v <= 86400)
        return v;
    bw_fail(&e, BW_BAD, "--%s %s is no number of seconds", name, said);
    ctl_complain(c, &e, 0);
    return -1;
}

void ctl_put(bw_str text)
{
    if (text.n)
        fwrite(text.p, 1, text.n, stdout);
    if (!text.n || text.p[text.n - 1] != '\n')
        putchar('\n');
}
