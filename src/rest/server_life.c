/* server_life.c: a server's life: init, ready, stop, release. What it does in between is in
 * server_handle.c. */
#include "rest/index.h"
#include "rest/server.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "rest/builtin.h"
#include "rest/crud.h"
#include "rest/dependency.h"
#include "rest/invoke.h"
#include "rest/openapi.h"
#include "rest/server_metric.h"
#include "rest/steps.h"

static const struct step *const all_steps[] = {
#define STEP(name) &step_##name,
#include "rest/steps.def"
#undef STEP
};

_Static_assert(sizeof all_steps / sizeof all_steps[0] <= SERVER_STEPS, "raise SERVER_STEPS");

/* ---- life ---- */

static int64_t or (int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static struct server_opts complete(const struct server_opts *o)
{
    struct server_opts out = *o;
    out.root = o->root ? o->root : "api";
    out.limit_max = or (o->limit_max, LIMIT_LIST);
    out.limit_default = or (o->limit_default, LIMIT_LIST_DEFAULT);
    if (out.limit_default > out.limit_max)
        out.limit_default = out.limit_max;
    out.max_body = o->max_body ? o->max_body : LIMIT_HTTP_BODY;
    out.batch_atomic_max = or (o->batch_atomic_max, LIMIT_BATCH_ATOMIC);
    out.batch_deadline = or (o->batch_deadline, 30 * CLOCK_SECOND);
    return out;
}

void server_change(struct bw_server *s, const struct server_opts *o)
{
    struct server_opts c = complete(o);
    s->opts.limit_max = c.limit_max;
    s->opts.limit_default = c.limit_default;
    s->opts.max_body = c.max_body;
    s->opts.batch_atomic_max = c.batch_atomic_max;
    s->opts.batch_deadline = c.batch_deadline;
    s->opts.health_details = c.health_details;
    s->opts.request_ids = c.request_ids;
    s->opts.access = c.access;
}

/* "", "api", "api/v1": segments that need no percent-encoding. */
static bool check_root(const char *root, struct bw_err *e)
{
    char before = '/';
    for (const char *p = root; *p; before = *p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        bool other = (*p >= '0' && *p <= '9') || strchr("-_.", *p) || (*p == '/' && before != '/');
        if (!letter && !other)
            return bw_fail(e, BW_BAD,
                           "the root '%s' is not a path: use letters, digits, '-', '_', '.' and "
                           "single '/' between them",
                           root);
    }
    if (*root && before == '/')
        return bw_fail(e, BW_BAD, "the root '%s' must not end with '/'", root);
    return true;
}

static bool id_taken(const struct registry *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->all[i]->id, id) == 0)
            return true;
    return false;
}

/* "GET /api/stats/:category" → "get_api_stats_category", a word any generator of clients takes. */
static const char *route_id(struct bw_server *s, const char *method, const char *path)
{
    struct bw_buf id;
    bw_buf_init(&id, 4096);
    const char *const pieces[] = {method, path};
    for (unsigned k = 0; k < 2; k++)
        for (const char *p = pieces[k]; *p; p++) {
            char low = *p >= 'A' && *p <= 'Z' && k == 0 ? (char)(*p + 32) : *p;
            bool word = (low >= 'a' && low <= 'z') || (low >= 'A' && low <= 'Z') ||
                        (low >= '0' && low <= '9');
            if (word)
                bw_buf_char(&id, low);
            else if (id.n && id.p[id.n - 1] != '_')
                bw_buf_char(&id, '_');
        }
    while (id_taken(&s->registry, bw_buf_cstr(&id)))
        bw_buf_char(&id, '_');
    const char *kept = bw_arena_str(&s->arena, bw_buf_str(&id)).p;
    bw_buf_release(&id);
    return kept;
}

static bool add_routes(struct bw_server *s, struct bw_err *e)
{
    for (const struct bw_route *r = s->app->routes; r && r->path; r++) {
        enum http_method m = http_method_of(bw_cstr(r->method));
        if (m == HTTP_OTHER || !r->run)
            return bw_fail(e, BW_BAD, "route '%s' has %s", r->path,
                           r->run
                               ? "a method that is none of GET HEAD POST PUT PATCH DELETE OPTIONS"
                               : "no function");
        struct endpoint ep = {
            .kind = ENDPOINT_ROUTE,
            .method = m,
            .path = r->path,
            .run = r->run,
            .id = route_id(s, http_method_name(m), r->path),
            .help = r->help,
            .route = r,
            .max_body = r->max_body,
        };
        if (!registry_add(&s->registry, &ep, e))
            return false;
    }
    return true;
}

static void choose_steps(struct bw_server *s)
{
    for (size_t i = 0; i < sizeof all_steps / sizeof all_steps[0]; i++)
        if (!all_steps[i]->wanted || all_steps[i]->wanted(s))
            s->steps[s->n_steps++] = all_steps[i];
}

bool server_init(struct bw_server *s, const struct bw_app *app, const struct server_opts *o,
                 struct bw_err *e)
{
    static const struct bw_table *const none[] = {NULL};
    *s = (struct bw_server){.app = app, .opts = complete(o), .started = bw_now()};
    atomic_init(&s->state, SERVER_STARTING);
    bw_arena_init(&s->arena);
    if (!check_root(s->opts.root, e) || !model_init(&s->model, app->tables ? app->tables : none, e))
        goto fail;
    server_metric_begin(s);
    registry_init(&s->registry, s->opts.root, &s->arena);
    log_name_requests(trace_request_name);
    registry_init_admin(&s->admin, &s->arena);
    choose_steps(s);
    rate_init(&s->rate, clock_mono(), registry_requests(&s->registry));
    if (builtins_register(s, e) && crud_register(s, e) && services_register(s, e) &&
        add_routes(s, e) && index_register(s, e))
        return true;
    server_metric_end(s);
    rate_release(&s->rate);
    model_release(&s->model);
fail:
    bw_arena_release(&s->arena);
    return false;
}

bool server_ready(struct bw_server *s, struct bw_err *e)
{
    for (unsigned i = 0; i < s->model.n_tables; i++) {
        const struct table *t = &s->model.tables[i];
        if (!t->store)
            return bw_fail(e, BW_SYS, "table '%s' has no store; its settings name '%s'",
                           t->def->name, t->def->store ? t->def->store : "default");
    }
    dependencies_init(s);
    if (s->app->start && !s->app->start(s, s->app->user, e))
        return bw_because(e, "starting %s", s->app->name);
    s->app_started = true;
    atomic_store(&s->state, SERVER_READY);
    return true;
}

void server_stop(struct bw_server *s)
{
    atomic_store(&s->state, SERVER_DRAINING);
    if (s->app_started && s->app->stop)
        s->app->stop(s, s->app->user);
    s->app_started = false;
}

void server_release(struct bw_server *s)
{
    server_stop(s);
    server_metric_end(s);
    dependencies_release(s);
    openapi_free(s);
    rate_release(&s->rate);
    model_release(&s->model);
    bw_arena_release(&s->arena);
}
