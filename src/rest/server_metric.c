/* server_metric.c: see server_metric.h. Computed when read; they end with the server. */
#include "rest/server_metric.h"

#include "core/log.h"
#include "core/metric.h"
#include "rest/server.h"

static int64_t is_ready(void *server)
{
    return atomic_load(&((struct bw_server *)server)->state) == SERVER_READY;
}

static int64_t one(void *server)
{
    (void)server;
    return 1;
}

static int64_t lost(void *server)
{
    (void)server;
    return (int64_t)log_lost();
}

void server_metric_begin(struct bw_server *s)
{
    struct bw_buf labels;
    bw_buf_init(&labels, 4096);
    metric_label(&labels, "app", bw_cstr(s->app->name));
    metric_label(&labels, "version", bw_cstr(s->app->version ? s->app->version : "0"));
    metric_label(&labels, "burrow", BW_LIT(BW_RELEASE));
    metric_computed(METRIC(burrow_info), bw_buf_cstr(&labels), one, s);
    metric_computed(METRIC(burrow_ready), "", is_ready, s);
    metric_computed(METRIC(log_records_lost), "", lost, s);
    /* Told from the start, at 0, though nothing may ever count here. */
    metric_new(METRIC(http_client_pooled), "");
    metric_new(METRIC(trace_spans), "result=\"sent\"");
    metric_new(METRIC(trace_spans), "result=\"lost\"");
    bw_buf_release(&labels);
}

void server_metric_end(struct bw_server *s)
{
    metric_computed_drop(s);
}
