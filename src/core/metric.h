/* metric.h: counters, gauges and histograms. Each thread adds to its own cells without atomics
 * contended by others; a reader sums them. Series are made at start-up (or at first use of a
 * label), at most LIMIT_SERIES; beyond that metric_new gives the shared "overflow" series 0. */
#ifndef CORE_METRIC_H
#define CORE_METRIC_H

#include <burrow/buf.h>

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_TIME /* histogram of ns, shown in seconds */,
    METRIC_SIZE /* of bytes */
};

struct metric_family {
    const char *name; /* "http_requests": _total, _seconds, _bytes are put behind it by kind */
    enum metric_kind kind;
    const char *help;
};

/* labels: `route="/api/Article",status="2xx"` already escaped (metric_label), or "". Copied. The
 * same family and labels give the same series. Any thread. */
unsigned metric_new(const struct metric_family *f, const char *labels);
void metric_add(unsigned series, int64_t n);     /* counter, gauge (may be negative); ~2 ns */
void metric_observe(unsigned series, int64_t v); /* histogram */
int64_t metric_value(unsigned series);           /* sum over threads; of a histogram: the count */
/* Sum over all series of a counter's or gauge's family; 0 when there is none of that name. */
int64_t metric_total(const char *family);
/* A gauge computed when read; fn must be quick and callable from any thread. */
void metric_gauge_fn(const struct metric_family *f, const char *labels, int64_t (*fn)(void *),
                     void *arg);
/* Before arg ends: its gauges read 0 from then on, and none is being read when this returns. fn may
 * not call back into this file: the registry is locked while it runs. */
void metric_gauge_drop(const void *arg);
/* Adds `name="value"`, escaped, behind a comma when b is not empty. */
void metric_label(struct bw_buf *b, const char *name, bw_str value);
/* The whole exposition, OpenMetrics 1.0 (ends "# EOF") or Prometheus text 0.0.4. */
void metric_write(struct bw_buf *b, bool openmetrics);
/* Tests: forgets all series and values; numbers from before are void, no other thread may add. */
void metric_reset(void);

#endif
