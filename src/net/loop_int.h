/* loop_int.h: what a loop is made of, for the files of net/ that are the loop: loop.c (turns,
 * posts, hooks, life), fiber.c (the fields of struct fibers), wait.c and the streams. Everything
 * but `posts` and the atomics of struct loops belongs to the loop's thread.
 *
 * A turn: poll calls I/O callbacks; then, right before the next poll, turn_end runs posts, timers,
 * the fibers that became ready (the list as it stands, once) and hooks. */
#ifndef NET_LOOP_INT_H
#define NET_LOOP_INT_H

#include <stdatomic.h>
#include <uv.h>

#include "core/limits.h"
#include "net/wheel_int.h"
#include "os/fiber_switch.h"
#include "os/stack.h"

#define LOOP_READ_BUFFER (64 * 1024)

struct fiber;

struct fibers {
    struct fiber *current;       /* runs now; NULL: the loop itself */
    const struct stack *on;      /* the current one's stack, for the overflow handler */
    struct fiber_context host;   /* the loop's own stack while a fiber runs */
    void *host_fake, *host_tsan; /* sanitizers */
    const void *host_base;
    size_t host_size;
    struct fiber *ready, **ready_end; /* in order of waking */
    struct fiber *pool;               /* last used first */
    struct list all;
    unsigned in_use, pooled, pooled_least, total, max;
    struct loop_timer trim, look;
    unsigned told_in_use, told_pooled; /* to the metrics */
    size_t deepest;                    /* bytes of stack */
};

/* Series of metrics; beyond LIMIT_METRIC_LOOPS loops share them. */
struct loop_metrics {
    unsigned turn, in_use, pooled, jobs;
    unsigned stack; /* 0 where shared: maxima do not add up */
};

struct loop {
    uv_loop_t uv;
    uv_async_t async; /* wakes the loop; posts are taken at the turn's end */
    uv_prepare_t turn;
    uv_idle_t idle;   /* active while something is ready: the poll does not block */
    uv_timer_t alarm; /* bounds the poll for the wheel; armed only forwards in time */
    struct loops *all;
    unsigned index;
    uv_thread_t thread;
    int64_t now;      /* 0: not asked for in this turn */
    int64_t alarm_at; /* ns; 0: not armed */
    struct loop_metrics metrics;
    bool idling, busy;
    unsigned streams; /* open ones: a paused stream does not count as alive for libuv */
    struct list hooks, enders;
    struct list paused_listeners; /* wait for a descriptor */
    struct fibers fibers;
    struct stack_watch watch;
    struct wheel wheel;
    _Alignas(64) _Atomic(struct loop_post *) posts;
    _Alignas(64) char read_buffer[LOOP_READ_BUFFER];
};

struct loops {
    unsigned count;
    atomic_bool stopping;
    atomic_uint busy; /* loops with work left; all end together when it is 0 */
    struct loop *at[];
};

/* fiber.c */
void fibers_init(struct fibers *fs, unsigned max);
void fibers_begin(struct loop *l); /* on the loop's thread, before the first turn */
void fibers_end(struct loop *l);
void fibers_run_ready(struct loop *l);
void fibers_tell(struct loop *l); /* the metrics: when a turn ends */
/* Its loop's thread only. */
void fiber_ready(struct loop *l, struct fiber *f);
/* Leaves the current fiber until fiber_ready. */
void fiber_park(struct loop *l);

#endif
