/* metrics.c: /metrics: a few sums as JSON, or the whole registry of series as OpenMetrics text, for
 * who names that type in Accept or asks ?format=openmetrics; plain text means Prometheus 0.0.4. */
#include "rest/builtin.h"

#include <uv.h>

#include "core/clock.h"
#include "core/metric.h"
#include "rest/dependency.h"

#define TEXT_MAX (16u * 1024 * 1024)

enum form { FORM_NONE, FORM_JSON, FORM_OPENMETRICS, FORM_PROMETHEUS };

static const char *const types[] = {
    [FORM_JSON] = "application/json",
    [FORM_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [FORM_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
};

static bool contains(bw_str s, bw_str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (bw_str_ieq(bw_str_of(s.p + i, part.n), part))
            return true;
    return false;
}

/* Scrapers accept everything besides, so OpenMetrics must be named to be meant. */
static enum form form_of_accept(bw_str accept)
{
    bw_str om = BW_LIT("application/openmetrics-text");
    if (contains(accept, om) && http_accepts(accept, om.p))
        return FORM_OPENMETRICS;
    if (http_accepts(accept, "application/json"))
        return FORM_JSON;
    return http_accepts(accept, "text/plain") ? FORM_PROMETHEUS : FORM_NONE;
}

static bool choose(struct bw_req *rq, enum form *form, struct bw_err *e)
{
    bw_str asked = req_param(rq, "format");
    if (!asked.p) {
        *form = form_of_accept(bw_req_header(rq, "accept"));
        return *form != FORM_NONE || bw_fail(e, BW_ACCEPT,
                                             "metrics are told as application/json, "
                                             "application/openmetrics-text or text/plain");
    }
    *form = bw_str_eq(asked, BW_LIT("json"))          ? FORM_JSON
            : bw_str_eq(asked, BW_LIT("openmetrics")) ? FORM_OPENMETRICS
            : bw_str_eq(asked, BW_LIT("prometheus"))  ? FORM_PROMETHEUS
                                                      : FORM_NONE;
    return *form != FORM_NONE ||
           bw_fail(e, BW_BAD, "format must be json, openmetrics or prometheus, not '%.*s'",
                   (int)(asked.n < 40 ? asked.n : 40), asked.p);
}

static double memory_mb(void)
{
    size_t rss = 0;
    return uv_resident_set_memory(&rss) == 0 ? (double)rss / (1024 * 1024) : 0;
}

/* To two decimals: more would only look exact. */
static double rounded(double v)
{
    return (double)(int64_t)(v * 100 + 0.5) / 100;
}

static void write_json(struct bw_req *rq)
{
    struct bw_server *s = rq->server;
    int64_t n = registry_requests(&s->registry);
    struct bw_json_writer *w = bw_reply_json(rq);
    bw_json_object(w);
    bw_json_put_int(w, "requests_total", n);
    bw_json_put_real(w, "requests_per_second", rounded(rate_look(&s->rate, rq->began, n)));
    bw_json_put_real(w, "memory_mb", rounded(memory_mb()));
    bw_json_put_int(w, "db_connections", metric_total("db_connections"));
    bw_json_put_int(w, "active_sessions", atomic_load_explicit(&s->sessions, memory_order_relaxed));
    bw_json_end(w);
}

static bool metrics_run(struct bw_req *rq, struct bw_err *e)
{
    enum form form = FORM_NONE;
    if (!choose(rq, &form, e))
        return false;
    if (form == FORM_JSON) {
        write_json(rq);
        return true;
    }
    /* Who watches by metrics need not ask /ready too; a slow store must not keep him waiting. */
    if (atomic_load(&rq->server->state) != SERVER_STARTING)
        dependencies_refresh(rq->server);
    struct bw_buf text;
    bw_buf_init(&text, TEXT_MAX);
    metric_write(&text, form == FORM_OPENMETRICS);
    bool ok = bw_reply_header(rq, "Content-Type", bw_cstr(types[form])) &&
              bw_reply_write(rq, bw_buf_str(&text), e);
    bw_buf_release(&text);
    return ok;
}

static const struct endpoint_param params[] = {
    {"format", "query", "{\"enum\":[\"json\",\"openmetrics\",\"prometheus\"]}",
     "Form of the answer, whatever Accept says."},
    {.name = NULL},
};

const struct endpoint builtin_metrics = {
    .method = HTTP_GET,
    .path = "/metrics",
    .run = metrics_run,
    .id = "metrics",
    .help = "Requests, memory, connections as JSON; all series as OpenMetrics text by Accept.",
    .params = params,
    .answer_schema =
        "{\"type\":\"object\",\"required\":[\"requests_total\",\"requests_per_second\","
        "\"memory_mb\",\"db_connections\",\"active_sessions\"],\"properties\":{\"requests_total\":"
        "{\"type\":\"integer\"},\"requests_per_second\":{\"type\":\"number\"},\"memory_mb\":{"
        "\"type\":\"number\"},\"db_connections\":{\"type\":\"integer\"},\"active_sessions\":{"
        "\"type\":\"integer\"}}}",
    .open_while_starting = true,
};
