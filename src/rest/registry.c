/* registry.c: the one list of what a server answers, and the metric series of each entry. Filled
 * by server_init before anything listens, read-only after that. */
#include "rest/registry.h"

#include "core/limits.h"
#include "core/metric.h"
#include "rest/router.h"

/* Series are few (LIMIT_SERIES), so classes that do not happen share one. `burrow_requests` is a
 * series of its own, since routes past LIMIT_METRIC_ROUTES are not told apart. */
static void add_series(struct endpoint *ep)
{
    static const char *const classes[] = {[2] = "2xx", [3] = "3xx", [4] = "4xx", [5] = "5xx"};
    struct bw_buf labels;
    bw_buf_init(&labels, 4096);
    metric_label(&labels, "method", bw_cstr(http_method_name(ep->method)));
    metric_label(&labels, "route", bw_cstr(ep->path));
    ep->m_time = metric_new(METRIC(http_request_duration), bw_buf_cstr(&labels));
    ep->m_in_flight = metric_new(METRIC(http_requests_in_flight), bw_buf_cstr(&labels));
    ep->m_received = metric_new(METRIC(http_request_size), bw_buf_cstr(&labels));
    ep->m_sent = metric_new(METRIC(http_response_size), bw_buf_cstr(&labels));
    size_t base = labels.n;
    for (unsigned i = 2; i <= 5; i++) {
        labels.n = base;
        metric_label(&labels, "status", bw_cstr(classes[i]));
        ep->m_requests[i] = metric_new(METRIC(http_requests), bw_buf_cstr(&labels));
    }
    ep->m_requests[0] = ep->m_requests[1] = ep->m_requests[5];
    bw_buf_release(&labels);
}

void registry_init(struct registry *r, const char *root, struct bw_arena *a)
{
    *r = (struct registry){.arena = a, .routes = router_new(a)};
    r->m_total = metric_new(METRIC(burrow_requests), "");
    r->root_parts = root[0] != 0;
    for (const char *p = root; *p; p++)
        r->root_parts += *p == '/';
    r->unmatched = (struct endpoint){.method = HTTP_OTHER, .path = "(none)", .id = "(none)"};
    r->other = (struct endpoint){.method = HTTP_OTHER, .path = "(other)", .id = "(other)"};
    add_series(&r->unmatched);
}

void registry_init_admin(struct registry *r, struct bw_arena *a)
{
    *r = (struct registry){.arena = a, .routes = router_new(a), .together = true};
    r->m_total = metric_new(METRIC(burrow_admin_requests), "");
    r->unmatched = (struct endpoint){.method = HTTP_OTHER, .path = "(admin)", .id = "(none)"};
    add_series(&r->unmatched);
}

static const struct endpoint *same_id(const struct registry *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->all[i]->id, id) == 0)
            return r->all[i];
    return NULL;
}

static void count_with(struct endpoint *ep, const struct endpoint *other)
{
    memcpy(ep->m_requests, other->m_requests, sizeof ep->m_requests);
    ep->m_time = other->m_time;
    ep->m_in_flight = other->m_in_flight;
    ep->m_received = other->m_received;
    ep->m_sent = other->m_sent;
}

/* Those past the limit share the series of one route called "(other)". */
static void count(struct registry *r, struct endpoint *ep)
{
    const struct endpoint *same = ep->alias ? same_id(r, ep->id) : NULL;
    if (same || r->together) {
        count_with(ep, same ? same : &r->unmatched);
        return;
    }
    if (r->counted < LIMIT_METRIC_ROUTES) {
        r->counted++;
        add_series(ep);
        return;
    }
    if (r->counted++ == LIMIT_METRIC_ROUTES)
        add_series(&r->other);
    count_with(ep, &r->other);
}

bool registry_add(struct registry *r, const struct endpoint *e, struct bw_err *err)
{
    struct endpoint *ep = bw_arena_alloc(r->arena, sizeof *ep);
    *ep = *e;
    bool named = ep->kind == ENDPOINT_TABLE || ep->kind == ENDPOINT_METHOD;
    struct route_fold fold = {.from = r->root_parts};
    fold.count = named ? (ep->kind == ENDPOINT_METHOD ? 2 : 1) : 0;
    if (!router_add(r->routes, r->arena, ep, fold, err))
        return false;
    count(r, ep);
    if (r->n == r->cap) {
        struct endpoint **old = r->all;
        r->cap = r->cap ? r->cap * 2 : 64;
        r->all = BW_NEW_N(r->arena, struct endpoint *, r->cap);
        if (r->n)
            memcpy(r->all, old, r->n * sizeof *old);
    }
    r->all[r->n++] = ep;
    return true;
}

void registry_match(const struct registry *r, enum http_method m, bw_str path,
                    struct route_match *out)
{
    router_match(r->routes, m, path, out);
}

void registry_near(const struct registry *r, bw_str path, struct bw_buf *out)
{
    router_near(r->routes, path, out);
}

int64_t registry_requests(const struct registry *r)
{
    return metric_value(r->m_total);
}
