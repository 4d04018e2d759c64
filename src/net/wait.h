/* wait.h: the one way to wait. The waiter makes a `struct wait` (usually on its stack), hands it to
 * who will wake it, and calls wait_for. On a fiber this parks the fiber; on any other thread it
 * blocks the thread. wait_wake may come before wait_for, and from any thread, exactly once.
 *
 * A wait that ended by deadline or cancellation was not woken: before its memory goes away the
 * waiter must take it back from the waker (each waker says how) or wait again for sure. WAIT_SURE
 * cannot end but by wait_wake: what the writer threads and workers use. */
#ifndef NET_WAIT_H
#define NET_WAIT_H

#include <stdatomic.h>
#include <stdint.h>

#include "net/loop.h"

struct fiber;

enum wait_result { WAIT_WOKEN, WAIT_DEADLINE, WAIT_CANCELLED };
enum { WAIT_SURE = -1 }; /* as deadline */

struct wait {
    struct fiber *fiber; /* the waiter, NULL for a thread */
    struct loop *loop;
    atomic_int state;
    struct loop_post post; /* for a wake from another thread */
    struct loop_timer timer;
};

void wait_init(struct wait *w); /* by the waiter */
/* *Waits.* deadline: monotonic ns, 0 = none, WAIT_SURE. */
enum wait_result wait_for(struct wait *w, int64_t deadline);
void wait_wake(struct wait *w);
/* *Waits.* Until then; WAIT_CANCELLED when cancelled. */
enum wait_result wait_until(int64_t deadline);

#endif
