/* wait.c: one primitive to wait. The state of a wait decides every race by one atomic step:
 *
 *   OPEN --wait_for--> PARKED --wait_wake--> WOKEN       the waker brings the waiter back
 *   OPEN --wait_wake--> WOKEN                            wait_for returns at once
 *   PARKED --deadline, cancellation--> OPEN              the waiter is back; may be woken later
 *
 * A waker that finds OPEN touches the wait no more. One that finds PARKED still may, since the
 * waiter stays parked until the loop (or the lot, for a thread) is told.
 * Threads that are no loops block in one of a few parking lots, which are never destroyed: the
 * waker must not touch the waiter's memory when the waiter may already be gone. */
#include "net/fiber_int.h"

#include "core/clock.h"

enum { OPEN, PARKED, WOKEN };

#define LOTS 16

static struct lot {
    uv_mutex_t lock;
    uv_cond_t woken;
} lots[LOTS];
static uv_once_t lots_once = UV_ONCE_INIT;

static void make_lots(void)
{
    for (unsigned i = 0; i < LOTS; i++)
        bw_must(uv_mutex_init(&lots[i].lock) == 0 && uv_cond_init(&lots[i].woken) == 0);
}

static struct lot *lot_of(const struct wait *w)
{
    uv_once(&lots_once, make_lots);
    return &lots[((uintptr_t)w >> 6) % LOTS];
}

static bool step(struct wait *w, int from, int to)
{
    return atomic_compare_exchange_strong_explicit(&w->state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

static void go_on(struct wait *w, enum wait_result r)
{
    struct fiber *f = w->fiber;
    loop_timer_set(w->loop, &w->timer, 0);
    f->wait = NULL;
    f->result = r;
    fiber_ready(w->loop, f);
}

static void woken_from_afar(struct loop_post *p)
{
    go_on(LIST_OWNER(p, struct wait, post), WAIT_WOKEN);
}

static void expired(struct loop_timer *t)
{
    struct wait *w = LIST_OWNER(t, struct wait, timer);
    if (step(w, PARKED, OPEN))
        go_on(w, WAIT_DEADLINE);
}

void wait_cancel(struct fiber *f)
{
    struct wait *w = f->wait;
    if (w && step(w, PARKED, OPEN))
        go_on(w, WAIT_CANCELLED);
}

void wait_init(struct wait *w)
{
    w->loop = loop_current();
    w->fiber = fiber_current();
    atomic_init(&w->state, OPEN);
    w->post.fn = woken_from_afar;
    loop_timer_init(&w->timer, expired);
}

static enum wait_result wait_on_thread(struct wait *w, int64_t deadline)
{
    struct lot *lot = lot_of(w);
    enum wait_result r = WAIT_WOKEN;
    uv_mutex_lock(&lot->lock);
    if (step(w, OPEN, PARKED)) {
        while (atomic_load_explicit(&w->state, memory_order_acquire) != WOKEN) {
            int64_t left = deadline > 0 ? deadline - clock_mono() : 0;
            if (deadline > 0 && left <= 0) {
                r = WAIT_DEADLINE;
                atomic_store_explicit(&w->state, OPEN, memory_order_release);
                break;
            }
            if (deadline > 0)
                uv_cond_timedwait(&lot->woken, &lot->lock, (uint64_t)left);
            else
                uv_cond_wait(&lot->woken, &lot->lock);
        }
    }
    uv_mutex_unlock(&lot->lock);
    return r;
}

enum wait_result wait_for(struct wait *w, int64_t deadline)
{
    struct fiber *f = w->fiber;
    bw_must(f == fiber_current());
    if (!f) {
        bw_must(!loop_current()); /* a loop's callback must not block its loop */
        return wait_on_thread(w, deadline);
    }
    bw_must(f->forbidden == 0);
    bool sure = deadline == WAIT_SURE;
    if (!sure && f->cancelled)
        return atomic_load_explicit(&w->state, memory_order_acquire) == WOKEN ? WAIT_WOKEN
                                                                              : WAIT_CANCELLED;
    if (!step(w, OPEN, PARKED))
        return WAIT_WOKEN;
    f->wait = sure ? NULL : w;
    if (deadline > 0)
        loop_timer_set(w->loop, &w->timer, deadline);
    fiber_park(w->loop);
    return f->result;
}

void wait_wake(struct wait *w)
{
    if (!w->fiber) {
        struct lot *lot = lot_of(w);
        uv_mutex_lock(&lot->lock);
        if (atomic_exchange_explicit(&w->state, WOKEN, memory_order_acq_rel) == PARKED)
            uv_cond_broadcast(&lot->woken);
        uv_mutex_unlock(&lot->lock);
        return;
    }
    if (atomic_exchange_explicit(&w->state, WOKEN, memory_order_acq_rel) != PARKED)
        return;
    if (w->loop == loop_current())
        go_on(w, WAIT_WOKEN);
    else
        loop_post(w->loop, &w->post);
}

enum wait_result wait_until(int64_t deadline)
{
    struct wait w;
    wait_init(&w);
    return wait_for(&w, deadline);
}
