/* rate.h: requests per second from a counter that is looked at now and then: the mean over the last
 * minute, or over what is known of it. A ring of samples, one a second at most; any thread. */
#ifndef REST_RATE_H
#define REST_RATE_H

#include <pthread.h>
#include <stdint.h>

#define RATE_SAMPLES 64

struct rate {
    pthread_mutex_t lock;
    struct {
        int64_t at, count; /* monotonic ns */
    } ring[RATE_SAMPLES];
    unsigned n; /* taken so far; the ring holds the last RATE_SAMPLES */
};

void rate_init(struct rate *r, int64_t now, int64_t count); /* the first sample */
void rate_release(struct rate *r);
double rate_look(struct rate *r, int64_t now, int64_t count);

#endif
