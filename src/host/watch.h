/* watch.h: does everything still answer? A round asks every loop (a post) and every store (a read,
 * and its writer: an empty transaction). At the start the first round says "ready"; later rounds
 * feed the service manager's watchdog. All of it happens on loop 0. */
#ifndef HOST_WATCH_H
#define HOST_WATCH_H

#include <stdatomic.h>

#include "net/loop.h"
#include "orm/store.h"

struct watch_ask;

struct watch {
    struct loops *loops;
    struct store **stores; /* NULL-terminated */
    /* A round is over; e is NULL or what a store has said. */
    void (*over)(void *arg, const struct bw_err *e);
    void *arg;
    /* private */
    bool asking, loops_answered;
    int64_t asked_at;
    _Atomic unsigned missing;
    struct watch_ask *asks;
    struct loop_post back;
};

/* over, arg, loops, stores are set. */
void watch_init(struct watch *w);
void watch_release(struct watch *w); /* after the loops have ended */
/* Begins a round, unless one is under way. Loop 0, or before the loops run. */
void watch_begin(struct watch *w);
/* No round is late: each loop has answered the last one, and the stores have, or have been busy for
 * no longer than `patience` (a large batch may hold the writer so long). Loop 0. */
bool watch_is_well(const struct watch *w, int64_t patience);

#endif
