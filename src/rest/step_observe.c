/* step_observe.c: counts and times every request, whatever became of it, and tells the log at
 * debug level. Never a body, never the query string: they may carry secrets. */
#include "rest/steps.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metric.h"
#include "rest/access.h"

static _Atomic int64_t slow_from;

void access_set_slow(int64_t ns)
{
    atomic_store(&slow_from, ns);
}

static void tell_slow(struct bw_req *rq, int64_t took)
{
    char trace[33];
    log_warn("rest", "slow request", LOG_TEXT("method", rq->http->method_text),
             LOG_TEXT("path", rq->http->path), LOG_CSTR("route", rq->endpoint->path),
             LOG_NUM("status", rq->res->status), LOG_REAL("ms", (double)took / 1e6),
             LOG_CSTR("request", req_name(rq)), req_trace_field(rq, trace));
}

static enum step_result observe(struct bw_req *rq, struct bw_err *e)
{
    (void)e;
    const struct endpoint *ep = rq->endpoint;
    int status = rq->res->status;
    int64_t took = clock_mono() - rq->began;
    unsigned class = (unsigned)status / 100;
    metric_add(ep->m_requests[class < 6 ? class : 5], 1);
    metric_add(rq->registry->m_total, 1);
    metric_observe(ep->m_time, took);
    metric_observe(ep->m_received, rq->http->received);
    metric_observe(ep->m_sent, http_res_size(rq->res));
    if (rq->counted)
        metric_add(ep->m_in_flight, -1);
    int64_t slow = atomic_load_explicit(&slow_from, memory_order_relaxed);
    if (slow && took >= slow && !rq->admin)
        tell_slow(rq, took);
    if (rq->server->opts.access && !rq->admin)
        access_log(rq->server->opts.access, rq, took);
    log_debug("rest", "request", LOG_TEXT("method", rq->http->method_text),
              LOG_TEXT("path", rq->http->path), LOG_NUM("status", status),
              LOG_REAL("ms", (double)took / 1e6), LOG_TEXT("peer", rq->http->peer));
    return STEP_ON;
}

const struct step step_observe = {
    .name = "observe",
    .help = "metrics per endpoint and the access record of the log",
    .run = observe,
    .always = true,
};
