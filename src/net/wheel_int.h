/* wheel_int.h: the timer wheel of one loop. Eight levels of 64 slots; a tick is 2^20 ns (1.05 ms).
 * A timer due at tick T stands in the level of the highest six-bit digit in which T differs from
 * the wheel's own tick, in the slot of that digit: setting and cancelling are O(1), each timer
 * moves down at most seven times, and no deadline is out of reach. A timer moved to a later
 * deadline keeps its slot and is placed anew when that slot comes. */
#ifndef NET_WHEEL_INT_H
#define NET_WHEEL_INT_H

#include "net/loop.h"

#define WHEEL_LEVELS 8
#define WHEEL_SHIFT  20

struct wheel {
    int64_t tick;                /* all timers due at or before it have fired */
    size_t count;                /* linked timers */
    uint64_t used[WHEEL_LEVELS]; /* a bit per slot that may hold timers */
    struct list slots[WHEEL_LEVELS][64];
};

void wheel_init(struct wheel *w);
void wheel_set(struct wheel *w, struct loop_timer *t, int64_t deadline, int64_t now);
/* Fires what is due at `now`. */
void wheel_run(struct wheel *w, int64_t now);
/* When the wheel next needs wheel_run, ns; 0 = never. Not later than any deadline's tick, but maybe
 * earlier (to move timers down). */
int64_t wheel_next(struct wheel *w);

#endif
