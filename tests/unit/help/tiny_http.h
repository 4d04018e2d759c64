/* tiny_http.h: a server of fixed answers on a thread, for tests of what asks: "/ok" is a JSON
 * object,
 * "/bad" is 503, any other 404. One connection at a time; requests are written down whole. */
#ifndef TEST_TINY_HTTP_H
#define TEST_TINY_HTTP_H

#include "help/t.h"

#include <pthread.h>
#include <stdatomic.h>

struct tiny_http {
    int fd;
    unsigned port;
    pthread_t thread;
    _Atomic unsigned asked;
    pthread_mutex_t lock;
    bool stops; /* these under the lock */
    int peer;   /* whose request is read; -1: nobody's */
    char last[8192];
};

void tiny_http_start(struct tiny_http *t);
/* Waits for the thread, but for no peer: what is under way is read no further. */
void tiny_http_stop(struct tiny_http *t);
/* Has a connection been taken, and is a request to come or read? */
bool tiny_http_is_reading(struct tiny_http *t);
void tiny_http_last(struct tiny_http *t, char out[8192]);

#endif
