/* admin.c: see admin.h. A server of its own on the same loops, so that neither the maximum of
 * connections nor the drain of the other one keeps the operator out. */
#include "host/admin.h"

#include "core/clock.h"
#include "core/log.h"
#include "net/http_server.h"
#include "net/wait.h"

#define CONNECTIONS 64
#define BODY_MAX    (64u * 1024)
#define GRACE       (2 * CLOCK_SECOND) /* for answers in hand when all else has ended */

static const struct endpoint *const all[] = {
#define ADMIN(name) &name,
#include "host/admin.def"
#undef ADMIN
};

static bool add_endpoints(struct bw_server *server, struct bw_err *e)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct endpoint ep = *all[i];
        ep.kind = ENDPOINT_BUILTIN;
        ep.open_while_starting = true;
        ep.max_body = BODY_MAX;
        if (!registry_add(&server->admin, &ep, e))
            return false;
    }
    return true;
}

static bool listen_at(struct serving *s, const char *path, struct bw_err *e)
{
    char address[160], url[256];
    struct http_server_opts o = {.handler = server_handle_admin,
                                 .arg = &s->host->server,
                                 .max_connections = CONNECTIONS,
                                 .max_body = BODY_MAX,
                                 .own_only = true};
    s->admin = http_server_new(s->loops, &o, e);
    if (!s->admin)
        return false;
    snprintf(address, sizeof address, "unix:%s", path);
    return http_server_listen(s->admin, address, url, e);
}

bool admin_open(struct serving *s, struct bw_err *e)
{
    struct conf *c = &s->launch->conf;
    struct bw_err why = {.code = BW_OK};
    bool chosen = c->admin.socket && *c->admin.socket;
    s->host->server.serving = s;
    if (!launch_admin_socket(s->launch, s->admin_path, &why))
        return bw_fail(e, why.code, "%s", why.text);
    if (!s->admin_path[0])
        return true;
    if (!add_endpoints(&s->host->server, e))
        return false;
    if (listen_at(s, s->admin_path, &why)) {
        snprintf(s->pidfile.info.admin, sizeof s->pidfile.info.admin, "%s", s->admin_path);
        log_info("host", "admin socket", LOG_CSTR("path", s->admin_path));
        return true;
    }
    admin_close(s);
    s->admin_path[0] = 0;
    if (chosen)
        return bw_fail(e, why.code, "opening the admin socket: %s", why.text);
    log_warn("host", "no admin socket; admin.socket may name another place", log_err(&why));
    return true;
}

void admin_drain_socket(struct serving *s, void (*done)(void *arg), void *arg)
{
    if (s->admin)
        http_server_drain(s->admin, clock_mono() + GRACE, done, arg);
    else
        done(arg);
}

void admin_close(struct serving *s)
{
    http_server_free(s->admin);
    s->admin = NULL;
}

/* ---- for the endpoints ---- */

struct serving *admin_serving(struct bw_req *rq)
{
    return rq->server->serving;
}

struct admin_order {
    struct loop_post post;
    struct wait wait;
    struct serving *serving;
    void (*fn)(struct serving *s, void *arg);
    void *arg;
};

static void carry_out(struct loop_post *p)
{
    struct admin_order *o = LIST_OWNER(p, struct admin_order, post);
    o->fn(o->serving, o->arg);
    wait_wake(&o->wait);
}

void admin_on_main(struct bw_req *rq, void (*fn)(struct serving *s, void *arg), void *arg)
{
    struct admin_order o = {
        .post.fn = carry_out, .serving = admin_serving(rq), .fn = fn, .arg = arg};
    wait_init(&o.wait);
    loop_post(loops_at(o.serving->loops, 0), &o.post);
    wait_for(&o.wait, WAIT_SURE);
}
