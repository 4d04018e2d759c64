/* metric.h: counters, gauges and histograms; the server's own are listed in metrics.def. Each
 * thread adds to its own cells without atomics contended by others; a reader sums them. Series are
 * made at start-up (or at first use of a label), at most LIMIT_SERIES; beyond that metric_new gives
 * the shared "overflow" series 0. */
#ifndef CORE_METRIC_H
#define CORE_METRIC_H

#include <burrow/buf.h>

enum metric_kind {
    METRIC_COUNTER,         /* _total */
    METRIC_GAUGE,           /* its name as it is */
    METRIC_TIME,            /* histogram of ns: _seconds */
    METRIC_SIZE,            /* histogram of bytes: _bytes */
    METRIC_COUNT,           /* histogram of numbers: its name as it is */
    METRIC_SECONDS,         /* gauge of ns: _seconds */
    METRIC_COUNTER_SECONDS, /* counter of ns: _seconds_total */
};

struct metric_family {
    const char *name; /* without what its kind puts behind it */
    enum metric_kind kind;
    const char *help;
};

/* The families of metrics.def: METRIC(http_requests). */
enum metric_id {
#define FAMILY(name, kind, help) METRIC_ID_##name,
#include "core/metrics.def"
#undef FAMILY
    METRIC_FAMILIES
};
extern const struct metric_family metric_families[METRIC_FAMILIES];
#define METRIC(name) (&metric_families[METRIC_ID_##name])

/* labels: `route="/api/Article",status="2xx"` already escaped (metric_label), or "". Copied. The
 * same family and labels give the same series. Any thread. */
unsigned metric_new(const struct metric_family *f, const char *labels);
void metric_add(unsigned series, int64_t n);     /* counter, gauge (may be negative); ~2 ns */
void metric_observe(unsigned series, int64_t v); /* histogram */
int64_t metric_value(unsigned series);           /* sum over threads; of a histogram: the count */
/* Sum over all series of a counter's or gauge's family; 0 when there is none of that name. */
int64_t metric_total(const char *family);
/* A counter or gauge computed when read; fn must be quick and callable from any thread. */
void metric_computed(const struct metric_family *f, const char *labels, int64_t (*fn)(void *),
                     void *arg);
/* Before arg ends: what is computed from it reads 0 from then on, and none is being read when this
 * returns. fn may not call back into this file: the registry is locked while it runs. */
void metric_computed_drop(const void *arg);
/* Adds `name="value"`, escaped, behind a comma when b is not empty. */
void metric_label(struct bw_buf *b, const char *name, bw_str value);
/* The name as the exposition has it: "http_requests_total", of a histogram without "_bucket". */
void metric_full_name(struct bw_buf *b, const struct metric_family *f);
/* The whole exposition, OpenMetrics 1.0 (ends "# EOF") or Prometheus text 0.0.4. A histogram that
 * nothing was observed in is left out: most routes of a server are never asked. */
void metric_write(struct bw_buf *b, bool openmetrics);
/* Tests: forgets all series and values; numbers from before are void, no other thread may add. */
void metric_reset(void);

#endif
