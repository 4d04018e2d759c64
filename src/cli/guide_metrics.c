/* guide_metrics.c: the metrics as Markdown: docs/metrics.md, from the list they are made by. */
#include "cli/guide.h"
#include "core/metric.h"

static const char *const kinds[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_TIME] = "histogram, seconds",
    [METRIC_SIZE] = "histogram, bytes",
    [METRIC_COUNT] = "histogram",
    [METRIC_SECONDS] = "gauge, seconds",
    [METRIC_COUNTER_SECONDS] = "counter, seconds",
};

void guide_metrics(struct bw_buf *out)
{
    bw_buf_put(out, BW_LIT("# Metrics\n\nWhat `/metrics` tells, by name. Of a histogram there are "
                           "`_bucket`, `_count` and `_sum`. "
                           "[Monitoring](monitoring.md) tells how to use them.\n\n"
                           "| metric | kind | what |\n|---|---|---|\n"));
    for (int i = 0; i < METRIC_FAMILIES; i++) {
        const struct metric_family *f = &metric_families[i];
        bw_buf_put(out, BW_LIT("| `"));
        metric_full_name(out, f);
        bw_buf_printf(out, "` | %s | %s |\n", kinds[f->kind], f->help);
    }
}
