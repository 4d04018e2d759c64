/* loop.h: the loop threads. Each loop is a libuv loop with its own fibers, timers and connections;
 * nothing hot is shared between loops. `struct loops` is all of them; loop 0 runs on the thread
 * that calls loops_run. What touches a loop from another thread goes through loop_post. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <burrow/err.h>
#include <stdint.h>

#include "core/list.h"

#define LOOPS_MAX 256

struct loop;
struct loops;
struct uv_loop_s;

struct loops_opts {
    unsigned count;      /* 0 = CPUs this process may use (affinity, cgroup) */
    unsigned max_fibers; /* per loop; 0 = LIMIT_FIBERS */
};

struct loops *loops_new(const struct loops_opts *o, struct bw_err *e);
/* Runs until loops_stop; starts the other threads and joins them. */
void loops_run(struct loops *ls);
void loops_stop(struct loops *ls); /* any thread; loops end when their handles are closed */
void loops_free(struct loops *ls); /* after loops_run returned, or never run */
unsigned loops_count(const struct loops *ls);
struct loop *loops_at(struct loops *ls, unsigned i);

struct loop *loop_current(void);           /* NULL on a thread that is no loop */
unsigned loop_index(const struct loop *l); /* 0 … count-1 */
struct uv_loop_s *loop_uv(struct loop *l);
int64_t loop_now(const struct loop *l); /* monotonic ns, taken once per turn */

/* Runs p->fn(p) on that loop, soon. Any thread; never blocks. p belongs to the loop until fn runs.
 */
struct loop_post {
    struct loop_post *next;
    void (*fn)(struct loop_post *p);
};
void loop_post(struct loop *l, struct loop_post *p);

/* Coarse timers (a wheel, 4 ms or finer): embedded, cheap to set and move, for this loop only. fn
 * runs on the loop, not on a fiber. A deadline of 0 cancels. */
struct loop_timer {
    struct list node;
    int64_t deadline;
    void (*fn)(struct loop_timer *t);
};
void loop_timer_init(struct loop_timer *t, void (*fn)(struct loop_timer *t));
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t deadline_ns);

/* Called once more in this turn of the loop: behind its I/O callbacks and again behind its ready
 * fibers (output is written together here). Embedded; registered for as long as linked. */
struct loop_hook {
    struct list node;
    void (*fn)(struct loop_hook *h);
};
void loop_at_turn_end(struct loop *l, struct loop_hook *h); /* once: unlinked before fn runs */
void loop_run_hooks(struct loop *l); /* those registered so far, without waiting for the end */
/* The same when the loop ends, after its last fiber: the last moment to use it. Its loop only, to
 * register and to take back (list_remove). */
void loop_at_end(struct loop *l, struct loop_hook *h);

/* *Waits.* Runs fn(arg) on a thread of the worker pool. On a thread that is no loop: runs it right
 * here. */
void worker_run(void (*fn)(void *arg), void *arg);

#endif
