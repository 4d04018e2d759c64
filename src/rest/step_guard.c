/* step_guard.c: what is refused before any work: everything but health and its like while the
 * server starts or drains, a body that says itself that it is too large, a request whose deadline
 * has passed while it waited its turn. */
#include "rest/steps.h"

static enum step_result not_serving(struct bw_req *rq, int state, struct bw_err *e)
{
    bool starting = state == SERVER_STARTING;
    rq->res->close = !starting;
    bw_fail(e, BW_BUSY, "the server is %s; try again in a moment",
            starting ? "starting" : "shutting down");
    return STEP_FAIL;
}

static enum step_result guard(struct bw_req *rq, struct bw_err *e)
{
    const struct http_req *h = rq->http;
    int state = atomic_load_explicit(&rq->server->state, memory_order_relaxed);
    bool serves = state == SERVER_READY || (state == SERVER_DRAINING && h->first);
    if (!serves && !rq->endpoint->open_while_starting)
        return not_serving(rq, state, e);
    if (h->content_length > 0 && (uint64_t)h->content_length > h->max_body) {
        bw_fail(e, BW_TOOBIG, "a body here may have %zu bytes, this one has %lld", h->max_body,
                (long long)h->content_length);
        return STEP_FAIL;
    }
    if (h->deadline && rq->began >= h->deadline) {
        bw_fail(e, BW_LATE, "the request's deadline passed before its turn came");
        return STEP_FAIL;
    }
    return STEP_ON;
}

const struct step step_guard = {
    .name = "guard",
    .help = "refuses what cannot be served now: starting, draining, too large, too late",
    .run = guard,
};
