/* metric: what the metrics of one request cost its loop (rest/step_observe.c: four counters, three
 * histograms, the clock twice), in nanoseconds. Bursts, each over series of a dozen endpoints. */
#include "core/clock.h"
#include "core/metric.h"

#define BURST     1000
#define ROUNDS    400
#define ENDPOINTS 12

struct series {
    unsigned requests, in_flight, time, received, sent;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static unsigned make(const char *name, enum metric_kind kind, int i)
{
    char labels[32];
    struct metric_family *f = malloc(sizeof *f); /* for as long as the program runs */
    bw_must(f);
    *f = (struct metric_family){name, kind, "of the bench"};
    snprintf(labels, sizeof labels, "route=\"/%d\"", i);
    return metric_new(f, labels);
}

static void request(const struct series *s, unsigned total)
{
    int64_t began = clock_mono();
    metric_add(s->in_flight, 1);
    int64_t took = clock_mono() - began;
    metric_add(s->requests, 1);
    metric_add(total, 1);
    metric_observe(s->time, took);
    metric_observe(s->received, 70 + (took & 255));
    metric_observe(s->sent, 300 + (took & 1023));
    metric_add(s->in_flight, -1);
}

int main(void)
{
    struct series all[ENDPOINTS];
    double ns[ROUNDS];
    unsigned total = make("bench_all", METRIC_COUNTER, 0);
    for (int i = 0; i < ENDPOINTS; i++)
        all[i] = (struct series){
            make("bench_requests", METRIC_COUNTER, i), make("bench_in_flight", METRIC_GAUGE, i),
            make("bench_time", METRIC_TIME, i), make("bench_received", METRIC_SIZE, i),
            make("bench_sent", METRIC_SIZE, i)};
    for (int round = 0; round < ROUNDS; round++) {
        int64_t t0 = clock_mono();
        for (int i = 0; i < BURST; i++)
            request(&all[i % ENDPOINTS], total);
        ns[round] = (double)(clock_mono() - t0) / BURST;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_size);
    printf("the metrics of a request: %.0f ns best, %.0f ns median\n", ns[0], ns[ROUNDS / 2]);
    return 0;
}
