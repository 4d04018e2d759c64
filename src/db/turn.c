/* turn.c: see the header. The holder is changed under the lock only; a waiter is woken after it has
 * been made the holder, so that it has nothing left to ask. */
#include "db/turn.h"

#include "core/clock.h"

#define LOOK_AGAIN CLOCK_SECOND /* a later holder may have a deadline the waiter does not know */

void turns_init(struct turns *ts)
{
    *ts = (struct turns){0};
    bw_must(pthread_mutex_init(&ts->lock, NULL) == 0);
    list_init(&ts->waiting);
}

void turns_release(struct turns *ts)
{
    bw_must(!ts->holder && list_empty(&ts->waiting));
    pthread_mutex_destroy(&ts->lock);
}

/* Under the lock. */
static void hand_over(struct turns *ts)
{
    ts->holder = NULL;
    if (list_empty(&ts->waiting))
        return;
    struct turn *next = LIST_OWNER(ts->waiting.next, struct turn, node);
    list_remove(&next->node);
    ts->holder = next;
    wait_wake(&next->wait);
}

static bool is_late(const struct turn *t)
{
    return t->deadline && clock_mono() >= t->deadline;
}

/* Under the lock: takes the turn from a holder who is late and not at work. */
static void expire(struct turns *ts)
{
    struct turn *t = ts->holder;
    if (!t || t->working || !is_late(t))
        return;
    t->lost = true;
    t->undo(t);
    hand_over(ts);
}

/* When to look at the holder again; one who is late but at work gives up by himself. */
static int64_t next_look(const struct turns *ts)
{
    int64_t later = clock_mono() + LOOK_AGAIN;
    int64_t d = ts->holder ? ts->holder->deadline : 0;
    return d && d < later && !is_late(ts->holder) ? d : later;
}

/* After a wait that was not woken. 1: the turn is ours; 0: wait on; -1: given up. */
static int look(struct turns *ts, struct turn *t, bool cancelled, int64_t *deadline)
{
    pthread_mutex_lock(&ts->lock);
    if (!cancelled)
        expire(ts);
    bool ours = ts->holder == t;
    if (!ours && cancelled)
        list_remove(&t->node);
    *deadline = next_look(ts);
    pthread_mutex_unlock(&ts->lock);
    return ours ? 1 : cancelled ? -1 : 0;
}

bool turn_begin(struct turns *ts, struct turn *t, struct bw_err *e)
{
    list_init(&t->node);
    t->working = true;
    t->lost = false;
    pthread_mutex_lock(&ts->lock);
    expire(ts);
    bool free = !ts->holder;
    if (free) {
        ts->holder = t;
    } else {
        wait_init(&t->wait);
        list_push_back(&ts->waiting, &t->node);
    }
    int64_t deadline = next_look(ts);
    pthread_mutex_unlock(&ts->lock);
    while (!free) {
        enum wait_result r = wait_for(&t->wait, t->sure ? WAIT_SURE : deadline);
        if (r == WAIT_WOKEN)
            break;
        int now = look(ts, t, r == WAIT_CANCELLED, &deadline);
        if (now < 0)
            return bw_fail(e, BW_GONE, "cancelled while waiting for its turn to write");
        if (now > 0) {
            wait_for(&t->wait, WAIT_SURE);
            break;
        }
    }
    return true;
}

static bool too_late(struct bw_err *e)
{
    return bw_fail(e, BW_LATE, "the transaction took longer than it may, and was undone");
}

bool turn_pause(struct turns *ts, struct turn *t, struct bw_err *e)
{
    pthread_mutex_lock(&ts->lock);
    t->working = false;
    expire(ts);
    bool lost = t->lost;
    pthread_mutex_unlock(&ts->lock);
    return !lost || too_late(e);
}

bool turn_resume(struct turns *ts, struct turn *t, struct bw_err *e)
{
    pthread_mutex_lock(&ts->lock);
    if (!t->lost)
        expire(ts);
    t->working = !t->lost;
    bool lost = t->lost;
    pthread_mutex_unlock(&ts->lock);
    return !lost || too_late(e);
}

void turn_end(struct turns *ts, struct turn *t)
{
    pthread_mutex_lock(&ts->lock);
    if (!t->lost) {
        bw_must(ts->holder == t);
        hand_over(ts);
    }
    pthread_mutex_unlock(&ts->lock);
}

void turn_block(void (*fn)(void *arg), void *arg)
{
    worker_run(fn, arg);
}
