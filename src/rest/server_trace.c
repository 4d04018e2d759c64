/* server_trace.c: what the span of a request tells, in the words of OpenTelemetry's conventions for
 * HTTP servers. Never the query string: it may carry secrets. */
#include "rest/server_trace.h"

#include "rest/req.h"

static void describe(struct bw_req *rq, struct span s)
{
    const struct http_req *h = rq->http;
    bool found = rq->match.endpoint != NULL;
    bw_str method = bw_cstr(http_method_name(h->method)), route = bw_cstr(rq->endpoint->path);
    span_rename(s, found ? bw_arena_printf(rq->arena, "%.*s %.*s", BW_FMT(method), BW_FMT(route))
                         : method);
    span_text(s, "http.request.method", h->method == HTTP_OTHER ? BW_LIT("_OTHER") : method);
    if (found)
        span_text(s, "http.route", route);
    span_text(s, "url.path", h->path);
    span_text(s, "client.address", h->peer);
    span_int(s, "http.response.status_code", rq->res->status);
    span_int(s, "http.response.body.size", http_res_size(rq->res));
    if (rq->name[0])
        span_text(s, "http.request.id", bw_cstr(rq->name));
    if (rq->res->status >= 500)
        span_fail(s, BW_LIT(""));
}

void server_trace_end(struct bw_req *rq)
{
    if (rq->trace.record)
        describe(rq, rq->trace.root);
    trace_end(&rq->trace);
}
