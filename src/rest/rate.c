/* rate.c: see rate.h. */
#include "rest/rate.h"

#include "core/clock.h"

#define WINDOW (60 * CLOCK_SECOND)

static void sample(struct rate *r, int64_t now, int64_t count)
{
    unsigned i = r->n++ % RATE_SAMPLES;
    r->ring[i].at = now;
    r->ring[i].count = count;
}

void rate_init(struct rate *r, int64_t now, int64_t count)
{
    r->n = 0;
    pthread_mutex_init(&r->lock, NULL);
    sample(r, now, count);
}

void rate_release(struct rate *r)
{
    pthread_mutex_destroy(&r->lock);
}

/* The youngest sample that is a whole window old, else the oldest there is. */
static unsigned base_of(const struct rate *r, int64_t now)
{
    unsigned kept = r->n < RATE_SAMPLES ? r->n : RATE_SAMPLES, base = 0;
    for (unsigned back = 1; back <= kept; back++) {
        base = (r->n - back) % RATE_SAMPLES;
        if (now - r->ring[base].at >= WINDOW)
            break;
    }
    return base;
}

double rate_look(struct rate *r, int64_t now, int64_t count)
{
    pthread_mutex_lock(&r->lock);
    unsigned base = base_of(r, now), last = (r->n - 1) % RATE_SAMPLES;
    int64_t took = now - r->ring[base].at, done = count - r->ring[base].count;
    if (now - r->ring[last].at >= CLOCK_SECOND)
        sample(r, now, count);
    pthread_mutex_unlock(&r->lock);
    return took > 0 && done > 0 ? (double)done * 1e9 / (double)took : 0;
}
