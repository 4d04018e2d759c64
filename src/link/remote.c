/* remote.c: the client over HTTP: one exchange through net/http_client. */
#include "link/client_int.h"

#include "core/clock.h"
#include "net/http_client.h"

struct remote {
    struct http_client *http;
    struct uri uri;
    struct bw_arena arena; /* of the uri */
};

static void close_http(struct bw_client *c)
{
    struct remote *r = c->place;
    http_client_free(r->http);
    bw_arena_release(&r->arena);
    free(r);
}

static bool receive(struct bw_client *c, struct http_exchange *x, struct client_answer *answer,
                    struct bw_err *e)
{
    struct bw_buf body;
    if (!http_exchange_head(x, e))
        return false;
    bw_buf_init(&body, c->max_answer);
    bool ok = http_exchange_body(x, c->max_answer, &body, e);
    if (ok) {
        answer->status = http_exchange_status(x);
        answer->body = bw_arena_str(c->arena, bw_buf_str(&body));
        answer->content_type = bw_arena_str(c->arena, http_exchange_field(x, "content-type"));
        answer->link = bw_arena_str(c->arena, http_exchange_field(x, "link"));
        answer->range = bw_arena_str(c->arena, http_exchange_field(x, "content-range"));
    }
    bw_buf_release(&body);
    return ok;
}

static bool ask_http(struct bw_client *c, const struct client_ask *ask,
                     struct client_answer *answer, struct bw_err *e)
{
    struct remote *r = c->place;
    struct http_field fields[2];
    size_t n = 0;
    if (ask->content_type)
        fields[n++] = (struct http_field){.name = BW_LIT("Content-Type"),
                                          .value = bw_cstr(ask->content_type)};
    if (ask->prefer)
        fields[n++] = (struct http_field){.name = BW_LIT("Prefer"), .value = bw_cstr(ask->prefer)};
    struct http_ask http = {.method = ask->method,
                            .uri = &r->uri,
                            .target = ask->target,
                            .fields = fields,
                            .n_fields = n,
                            .body = ask->body,
                            .deadline = clock_mono() + c->timeout};
    struct http_exchange *x = http_client_ask(r->http, &http, e);
    if (!x)
        return false;
    bool ok = receive(c, x, answer, e);
    http_exchange_free(x);
    return ok;
}

const struct client_kind client_http = {.name = "http", .ask = ask_http, .close = close_http};

struct bw_client *bw_client_open(const char *url, const struct bw_client_opts *opts,
                                 struct bw_err *e)
{
    struct remote *r = calloc(1, sizeof *r);
    struct bw_client *c = calloc(1, sizeof *c);
    bw_must(r && c);
    client_init(c, &client_http, opts);
    client_set_root(c, opts && opts->root ? opts->root : "api", &c->plans);
    bw_arena_init(&r->arena);
    c->place = r;
    if (!uri_parse(&r->uri, bw_arena_str(&r->arena, bw_cstr(url)), &r->arena, e)) {
        bw_arena_release(&r->arena);
        bw_arena_release(&c->own);
        bw_arena_release(&c->plans);
        free(r);
        free(c);
        return NULL;
    }
    r->http = http_client_new();
    return c;
}
