/* local.c: the client of a server in this process: the same requests through the same steps,
 * without a socket. A request's own client (bw_req_client, bw_call_client) lives in that request's
 * arena. */
#include "link/client_int.h"

#include <burrow/route.h>

#include "core/clock.h"
#include "rest/call.h"
#include "rest/inprocess.h"
#include "rest/req.h"

static bool ask_local(struct bw_client *c, const struct client_ask *ask,
                      struct client_answer *answer, struct bw_err *e)
{
    struct http_field fields[2];
    size_t n = 0;
    if (ask->content_type)
        fields[n++] = (struct http_field){.name = BW_LIT("Content-Type"),
                                          .value = bw_cstr(ask->content_type)};
    if (ask->prefer)
        fields[n++] = (struct http_field){.name = BW_LIT("Prefer"), .value = bw_cstr(ask->prefer)};
    struct inprocess_ask in = {.method = bw_cstr(ask->method),
                               .target = ask->target,
                               .fields = fields,
                               .n_fields = n,
                               .body = ask->body,
                               .deadline = clock_mono() + c->timeout,
                               .max_answer = c->max_answer};
    struct inprocess_answer got = {.arena = c->arena};
    if (!inprocess_ask(c->place, &in, &got, e))
        return false;
    *answer = (struct client_answer){
        .status = got.status,
        .body = got.body,
        .content_type = http_field_get(got.fields, got.n_fields, "content-type"),
        .link = http_field_get(got.fields, got.n_fields, "link"),
        .range = http_field_get(got.fields, got.n_fields, "content-range")};
    return true;
}

const struct client_kind client_local = {.name = "local", .ask = ask_local};

static void place_at(struct bw_client *c, struct bw_server *s, struct bw_arena *a)
{
    client_init(c, &client_local, NULL);
    client_set_root(c, s->opts.root, a);
    c->place = s;
    c->model = &s->model;
}

struct bw_client *bw_client_local(struct bw_server *s)
{
    struct bw_client *c = calloc(1, sizeof *c);
    bw_must(c);
    place_at(c, s, &c->plans);
    return c;
}

struct bw_client *bw_req_client(struct bw_req *rq)
{
    if (!rq->client) {
        struct bw_client *c = BW_NEW(rq->arena, struct bw_client);
        place_at(c, rq->server, rq->arena);
        c->arena = rq->arena;
        c->of_request = true;
        rq->client = c;
    }
    return rq->client;
}

struct bw_client *bw_call_client(struct bw_call *c)
{
    return bw_req_client(c->rq);
}
