/* control.c: the server of the control API: who may come in, which endpoint answers, and errors as
 * application/problem+json. */
#include "angel/control_int.h"

#include <openssl/crypto.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/near.h"
#include "core/uri.h"
#include "net/tls.h"
#include "os/file.h"

#define BODY_MAX    (64 * 1024)
#define CONNECTIONS 1024
#define STALLED     (5 * CLOCK_SECOND) /* one that takes nothing for so long is cut off */

const struct control_endpoint control_endpoints[] = {
#define ENDPOINT(id, m, p, h) {.method = (m), .path = (p), .help = (h), .run = control_at_##id},
#include "angel/control.def"
#undef ENDPOINT
    {NULL, NULL, NULL, NULL}};

/* ---- finding the endpoint ---- */

/* Does the path fit? *name: what stands for "*". */
static bool fits(const char *pattern, bw_str path, bw_str *name)
{
    bw_str want = bw_cstr(pattern), part, given;
    *name = (bw_str){0};
    for (;;) {
        bool more = bw_str_cut(&want, '/', &part), has = bw_str_cut(&path, '/', &given);
        if (more != has)
            return false;
        if (!more)
            return true;
        if (bw_str_eq(part, BW_LIT("*")) && given.n)
            *name = given;
        else if (!bw_str_eq(part, given))
            return false;
    }
}

static const struct control_endpoint *find(struct control_ask *k, struct bw_err *e)
{
    bool path = false;
    const char *method = http_method_name(k->rq->method);
    if (k->rq->method == HTTP_HEAD)
        method = "GET";
    for (const struct control_endpoint *p = control_endpoints; p->method; p++) {
        bw_str name;
        if (!fits(p->path, k->rq->path, &name))
            continue;
        path = true;
        if (strcmp(p->method, method) != 0)
            continue;
        if (!name.p)
            return p;
        bw_str decoded = uri_decode(k->rq->arena, name, false);
        if (!decoded.p) {
            bw_fail(e, BW_BAD, "the name in the path is not percent-encoded well");
            return NULL;
        }
        k->name = bw_arena_cstr(k->rq->arena, decoded);
        return p;
    }
    if (path)
        bw_fail(e, BW_METHOD, "%s is not for this address; docs/angel-api.md has the list", method);
    else
        bw_fail(e, BW_MISSING, "there is no such address; docs/angel-api.md has the list");
    return NULL;
}

/* ---- answers ---- */

struct bw_json_writer *control_json(struct control_ask *k)
{
    http_res_set(k->rs, "content-type", BW_LIT("application/json"));
    bw_json_init(&k->w, k->rs->body);
    return &k->w;
}

static void problem(struct control_ask *k, const struct bw_err *e)
{
    struct http_res *rs = k->rs;
    if (rs->started) {
        rs->broken = true;
        return;
    }
    bw_buf_clear(rs->body);
    rs->borrowed = (bw_str){0};
    rs->status = bw_code_status(e->code);
    struct bw_json_writer *w = control_json(k);
    http_res_set(rs, "content-type", BW_LIT("application/problem+json"));
    bw_json_object(w);
    bw_json_put_text(w, "title", bw_cstr(bw_code_title(e->code)));
    bw_json_put_int(w, "status", rs->status);
    bw_json_put_text(w, "detail", bw_cstr(e->text));
    bw_json_end(w);
}

static void answer(struct control_ask *k)
{
    struct bw_err e = {.code = BW_OK};
    const struct control_endpoint *p = find(k, &e);
    k->rs->status = 200;
    k->rq->max_body = BODY_MAX;
    http_res_field(k->rs, "cache-control", BW_LIT("no-store"));
    if (!p || !p->run(k, &e))
        problem(k, &e);
}

static void serve_local(struct http_req *rq, struct http_res *rs, void *arg)
{
    struct control *c = arg;
    answer(&(struct control_ask){.c = c, .b = c->o.brain, .rq = rq, .rs = rs});
}

/* Takes as long for a wrong token as for the right one. */
static bool has_token(const struct control *c, struct http_req *rq)
{
    const char *token = brain_conf(c->o.brain)->control_token;
    bw_str given = http_req_field(rq, "authorization"), bearer = BW_LIT("Bearer ");
    if (!token || given.n < bearer.n || !bw_str_ieq(bw_str_of(given.p, bearer.n), bearer))
        return false;
    given = bw_str_of(given.p + bearer.n, given.n - bearer.n);
    return given.n == strlen(token) && CRYPTO_memcmp(given.p, token, given.n) == 0;
}

static void serve_tcp(struct http_req *rq, struct http_res *rs, void *arg)
{
    struct control *c = arg;
    struct control_ask k = {.c = c, .b = c->o.brain, .rq = rq, .rs = rs};
    struct bw_err e;
    if (has_token(c, rq)) {
        answer(&k);
        return;
    }
    http_res_field(rs, "www-authenticate", BW_LIT("Bearer realm=\"burrow angel\""));
    bw_fail(&e, BW_NOAUTH,
            "this needs \"Authorization: Bearer TOKEN\" with the ControlToken of "
            "the settings");
    problem(&k, &e);
}

/* ---- parameters ---- */

const char *control_param(struct control_ask *k, const char *name)
{
    bw_str rest = k->rq->query, is, value;
    while (uri_query_next(&rest, &is, &value)) {
        if (!bw_str_eq(is, bw_cstr(name)))
            continue;
        bw_str decoded = uri_decode(k->rq->arena, value, true);
        return bw_arena_cstr(k->rq->arena, decoded.p ? decoded : BW_LIT(""));
    }
    return NULL;
}

bool control_seconds(struct control_ask *k, const char *name, int64_t otherwise, int64_t *ns,
                     struct bw_err *e)
{
    const char *said = control_param(k, name);
    int64_t seconds = otherwise;
    if (said && (!bw_str_int(bw_cstr(said), &seconds) || seconds < 0 || seconds > 86400))
        return bw_fail(e, BW_BAD, "%s is a number of seconds, 86400 at most", name);
    *ns = seconds * CLOCK_SECOND;
    return true;
}

bool control_find(struct control_ask *k, size_t *first, size_t *n, struct bw_err *e)
{
    *n = brain_find(k->b, k->name, first);
    if (*n)
        return true;
    const struct angel_conf *c = brain_conf(k->b);
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(k->name));
    for (size_t i = 0; i < c->n_units; i++)
        near_offer(&near, bw_cstr(c->units[i].name));
    return bw_fail(e, BW_MISSING, "there is no service '%.64s'%s", k->name, near_hint(&near, hint));
}

/* ---- waiting for events ---- */

static void wake(struct control_waiter *w)
{
    w->woken = true;
    if (!w->waiting)
        return;
    w->waiting = false;
    wait_wake(&w->wait);
}

static void happened(struct brain_listener *l, const struct brain_event *ev)
{
    (void)ev;
    wake(LIST_OWNER(l, struct control_waiter, listener));
}

void control_wait_begin(struct control_ask *k, struct control_waiter *w)
{
    *w = (struct control_waiter){.listener.fn = happened};
    brain_listen(k->b, &w->listener);
    list_push_back(&k->c->waiters, &w->node);
}

bool control_wait(struct control_ask *k, struct control_waiter *w, int64_t deadline)
{
    if (!w->woken && !k->c->ending) {
        wait_init(&w->wait);
        w->waiting = true;
        wait_for(&w->wait, deadline);
        w->waiting = false;
    }
    bool woken = w->woken;
    w->woken = false;
    return woken && !k->c->ending;
}

void control_wait_end(struct control_waiter *w)
{
    list_remove(&w->listener.node);
    list_remove(&w->node);
}

/* ---- life ---- */

static bool listen_local(struct control *c, struct bw_err *e)
{
    const struct http_server_opts o = {.handler = serve_local,
                                       .arg = c,
                                       .own_only = true,
                                       .max_connections = CONNECTIONS,
                                       .write_timeout = STALLED};
    const char *address = brain_conf(c->o.brain)->control;
    const char *path = address + strlen("unix:"), *slash = strrchr(path, '/');
    if (slash && slash != path) {
        char folder[256];
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (!file_make_folders(folder, e))
            return false;
    }
    c->local = http_server_new(c->o.loops, &o, e);
    return c->local && http_server_listen(c->local, address, c->local_url, e);
}

static bool listen_tcp(struct control *c, struct bw_err *e)
{
    const struct http_server_opts o = {
        .handler = serve_tcp, .arg = c, .max_connections = CONNECTIONS, .write_timeout = STALLED};
    const struct angel_conf *conf = brain_conf(c->o.brain);
    const char *address = conf->control_tcp;
    if (!address)
        return true;
    if (conf->control_cert) {
        c->tls = tls_server_new(
            &(struct tls_server_opts){.cert = conf->control_cert, .key = conf->control_key}, e);
        if (!c->tls)
            return bw_because(e, "ControlCert");
    }
    c->tcp = http_server_new(c->o.loops, &o, e);
    if (!c->tcp || !http_server_listen_tls(c->tcp, address, c->tls, c->tcp_url, e))
        return bw_because(e, "ControlListen");
    log_info("angel", "the control API is served by TCP", LOG_CSTR("url", c->tcp_url));
    return true;
}

bool control_open(const struct control_opts *o, struct control **made, struct bw_err *e)
{
    struct control *c = calloc(1, sizeof *c);
    bw_must(c);
    *made = c;
    c->o = *o;
    c->began = clock_wall_ms();
    list_init(&c->waiters);
    if (listen_local(c, e) && listen_tcp(c, e)) {
        c->file = control_file_new(c);
        return true;
    }
    control_stop(c, clock_mono(), NULL, NULL);
    return false;
}

static void drained(void *arg)
{
    struct control *c = arg;
    if (--c->undrained == 0 && c->done)
        c->done(c->done_arg);
}

void control_stop(struct control *c, int64_t deadline, void (*done)(void *arg), void *arg)
{
    if (c->ending)
        return;
    c->ending = true;
    control_file_free(c->file);
    c->file = NULL;
    c->done = done;
    c->done_arg = arg;
    for (struct list *n = c->waiters.next; n != &c->waiters; n = n->next)
        wake(LIST_OWNER(n, struct control_waiter, node));
    c->undrained = (c->local ? 1 : 0) + (c->tcp ? 1 : 0);
    if (c->local)
        http_server_drain(c->local, deadline, drained, c);
    if (c->tcp)
        http_server_drain(c->tcp, deadline, drained, c);
}

void control_free(struct control *c)
{
    if (!c)
        return;
    control_file_free(c->file);
    if (c->local)
        http_server_free(c->local);
    if (c->tcp)
        http_server_free(c->tcp);
    tls_context_free(c->tls);
    free(c);
}
