/* otlp.h: sends recorded traces to a collector: OTLP over HTTP, as JSON, by a thread of its own.
 * Requests never wait for it: what does not fit its queue, and what the collector does not take in
 * time, is lost and counted (trace_spans_total). Switched on by the standard variables OTEL_…. */
#ifndef NET_OTLP_H
#define NET_OTLP_H

#include "core/uri.h"
#include "net/http.h"
#include "net/trace.h"

#define OTLP_PAIRS 32

struct otlp_pair {
    bw_str key, value;
};

struct otlp_opts {
    bool on;
    struct uri uri; /* of the traces: http://host:4318/v1/traces */
    const char *ca; /* https: PEM file of who may vouch for the collector; NULL: as http_client.h */
    struct http_field headers[OTLP_PAIRS];
    size_t n_headers;
    struct otlp_pair resource[OTLP_PAIRS]; /* service.name is the first */
    size_t n_resource;
    bool by_parent; /* as in trace_opts */
    double ratio;
    int64_t queue, batch;              /* spans */
    int64_t delay, timeout, post_time; /* ns: between batches; for a batch; for one attempt */
};

/* Pure. `env` as environ; texts live in it and in the arena. What cannot be used is told, a line
 * each, and is as if it were not set: the standard wants no program to fail for it. */
void otlp_read(struct otlp_opts *o, const char *const *env, const char *service, struct bw_arena *a,
               struct bw_buf *told);

struct otlp;
/* From now on requests are traced, when the environment wants it; else NULL. told: as otlp_read. */
struct otlp *otlp_start(const char *const *env, const char *service, struct bw_buf *told);
/* Sends what is queued, for a few seconds at most, and ends. NULL is fine. Behind the last request;
 * the process ends soon. */
void otlp_stop(struct otlp *x);

/* One message: ExportTraceServiceRequest as JSON of `first` and those behind it. For otlp.c. */
void otlp_write(struct bw_buf *out, const struct otlp_opts *o, const struct trace_record *first);

#endif
