/* scrape.h: what /metrics of a server said at one moment: its Prometheus text, taken apart. Pure.
 */
#ifndef CLI_SCRAPE_H
#define CLI_SCRAPE_H

#include <burrow/arena.h>
#include <burrow/err.h>

#include "core/map.h"
#include "core/metric.h"
#include "core/vec.h"

#define SCRAPE_BUCKETS 32

struct sample {
    bw_str name, labels; /* as written, without the braces */
    double value;
};

/* A histogram of one series; the counts are cumulative. */
struct histogram {
    bw_str name, labels;
    unsigned n;
    double bounds[SCRAPE_BUCKETS], counts[SCRAPE_BUCKETS], sum;
};

struct scrape {
    int64_t at;                       /* monotonic ns */
    VEC(struct sample) samples;       /* in the order of the text */
    VEC(struct histogram) histograms; /* the same */
    struct map by_key;                /* "name{labels" → the sample or histogram's number + 1 */
    struct bw_arena arena;
};

void scrape_init(struct scrape *s);
void scrape_release(struct scrape *s);
/* The text is copied. BW_BAD names the line that is none of the format. */
bool scrape_read(struct scrape *s, bw_str text, int64_t at, struct bw_err *e);
/* Of exactly these labels; `otherwise` when there is none. */
double scrape_value(const struct scrape *s, const struct metric_family *f, bw_str labels,
                    double otherwise);
/* Over all series whose labels hold this text ("" = all). */
double scrape_sum(const struct scrape *s, const struct metric_family *f, const char *holds);
const struct histogram *scrape_histogram(const struct scrape *s, bw_str name, bw_str labels);
/* A label's value without its escapes, "" when there is none. In the arena. */
bw_str scrape_label(struct scrape *s, bw_str labels, const char *name);

/* What was observed between two moments; `before` NULL: since the start. */
void histogram_since(struct histogram *out, const struct histogram *now,
                     const struct histogram *before);
void histogram_add(struct histogram *to, const struct histogram *h);
double histogram_count(const struct histogram *h);
/* Interpolated within its bucket, 0 ≤ q ≤ 1; beyond the last bound: that; 0 when empty. */
double histogram_quantile(const struct histogram *h, double q);

#endif
