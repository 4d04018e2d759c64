/* step_route.c: which endpoint a request means. No such path: 404 with the nearest one; not this
 * method: 405 with Allow; OPTIONS is answered here for every path that no endpoint answers it. */
#include "rest/steps.h"

#include "core/metric.h"

static enum step_result no_path(struct bw_req *rq, struct bw_err *e)
{
    bw_str path = rq->http->path;
    struct bw_buf near;
    bw_buf_init(&near, 300);
    if (path.n < 256)
        registry_near(rq->registry, path, &near);
    path.n = path.n < 200 ? path.n : 200;
    if (near.n && bw_buf_ok(&near))
        bw_fail(e, BW_MISSING, "no such path %.*s, did you mean %s?", BW_FMT(path),
                bw_buf_cstr(&near));
    else
        bw_fail(e, BW_MISSING, "no such path %.*s", BW_FMT(path));
    bw_buf_release(&near);
    return STEP_FAIL;
}

static enum step_result tell_options(struct bw_req *rq)
{
    rq->res->status = 204;
    req_allow(rq);
    return STEP_DONE;
}

static enum step_result no_endpoint(struct bw_req *rq, struct bw_err *e)
{
    if (rq->http->method == HTTP_OPTIONS && bw_str_eq(rq->http->path, BW_LIT("*")))
        rq->match.allowed = (1u << HTTP_OTHER) - 1; /* the server as a whole */
    if (!rq->match.allowed)
        return no_path(rq, e);
    if (rq->http->method == HTTP_OPTIONS)
        return tell_options(rq);
    bw_str m = rq->http->method_text;
    m.n = m.n < 32 ? m.n : 32;
    bw_fail(e, BW_METHOD, "%.*s is not allowed on this path; its Allow header tells what is",
            BW_FMT(m));
    return STEP_FAIL;
}

static enum step_result route(struct bw_req *rq, struct bw_err *e)
{
    const struct registry *r = rq->registry;
    registry_match(r, rq->http->method, rq->http->path, &rq->match);
    const struct endpoint *ep = rq->match.endpoint;
    rq->endpoint = ep ? ep : &r->unmatched;
    metric_add(rq->endpoint->m_in_flight, 1);
    rq->counted = true;
    if (!ep)
        return no_endpoint(rq, e);
    rq->http->max_body = ep->max_body ? ep->max_body : rq->server->opts.max_body;
    return STEP_ON;
}

const struct step step_route = {
    .name = "route",
    .help = "finds the endpoint of a path and method",
    .run = route,
};
