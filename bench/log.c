/* log: what a record costs the thread that logs it, in nanoseconds, at a level that is written and
 * at one that is not. Bursts of a quarter of a ring, written between the measurements. */
#include "core/clock.h"
#include "core/log.h"

#define BURST  500
#define ROUNDS 400

static double best(double a, double b)
{
    return b < a ? b : a;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    struct bw_err e;
    double written = 1e9, skipped = 1e9, all[ROUNDS];
    struct log_opts o = {.level = LOG_LEVEL_INFO, .path = "/dev/null"};
    if (!log_start(&o, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        log_flush();
        int64_t t0 = clock_mono();
        for (int i = 0; i < BURST; i++)
            log_info("http", "request", LOG_CSTR("method", "GET"),
                     LOG_CSTR("path", "/api/Article/7"), LOG_NUM("status", 200),
                     LOG_REAL("ms", 0.25));
        int64_t t1 = clock_mono();
        for (int i = 0; i < BURST; i++)
            log_debug("http", "request", LOG_CSTR("method", "GET"), LOG_NUM("i", i));
        int64_t t2 = clock_mono();
        written = best(written, (double)(t1 - t0) / BURST);
        skipped = best(skipped, (double)(t2 - t1) / BURST);
        all[round] = (double)(t1 - t0) / BURST;
    }
    log_stop();
    qsort(all, ROUNDS, sizeof *all, by_size);
    printf("a record of 4 fields: %.0f ns best, %.0f ns median; below the level: %.1f ns; lost: "
           "%llu\n",
           written, all[ROUNDS / 2], skipped, (unsigned long long)log_lost());
    return 0;
}
