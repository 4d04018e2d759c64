/* sqlite_slice.c: a query in slices. SQLite calls the progress handler every few hundred operations
 * of its machine; here the fiber yields when its slice is used up, and the query ends when it is
 * too late or its client has gone. No SQLite mutex is held at that point (NOMUTEX, private cache),
 * and nobody else has this connection, so that the fiber may be parked in it.
 *
 * One thing cannot be sliced: sorting a large set is a single operation. A statement that has one
 * begins on the loop with a small budget of operations; if that does not do, it is ended before its
 * first row and run again on a worker thread, at once the next time. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/metric.h"
#include "net/fiber.h"

#define SLICE      (100 * 1000) /* ns of a query before the other fibers' turn */
#define SORT_TICKS 12           /* what a sorting query may do on the loop */
#define TICK       500          /* machine operations between two progress calls */
static void note_slice(struct sqlite_reader *r, int64_t ns)
{
    struct sqlite_metrics *m = &r->set->s->metrics;
    long long longest = atomic_load_explicit(&m->longest_slice, memory_order_relaxed);
    while (ns > longest)
        if (atomic_compare_exchange_weak(&m->longest_slice, &longest, ns)) {
            metric_add(m->slice, (int64_t)(ns - longest));
            return;
        }
}

static int stop(struct sqlite_reader *r, enum bw_code why)
{
    r->stop = why;
    return 1;
}

static int yield(struct sqlite_reader *r)
{
    r->running->yielded = true;
    fiber_yield();
    r->slice = r->ticked = clock_mono();
    return fiber_is_cancelled() ? stop(r, BW_GONE) : 0;
}

static int progress(void *arg)
{
    struct sqlite_reader *r = arg;
    int64_t now = clock_mono();
    if (!r->fresh && !r->away && r->set->loop)
        note_slice(r, now - r->ticked);
    r->fresh = false; /* the time before the first call of a step may have passed elsewhere */
    r->ticked = now;
    r->ticks++;
    if (now > r->deadline)
        return stop(r, BW_LATE);
    if (r->away || !fiber_current())
        return 0;
    if (fiber_is_cancelled())
        return stop(r, BW_GONE);
    if (r->budget && r->ticks >= r->budget)
        return stop(r, BW_OK);
    return r->running && now - r->slice >= SLICE ? yield(r) : 0;
}

/* Readers of a WAL meet a lock only while another process recovers or removes the log. */
static int busy(void *arg, int count)
{
    struct sqlite_reader *r = arg;
    int64_t now = clock_mono();
    if (now > r->deadline)
        return 0;
    int64_t pause = CLOCK_MS << (count < 3 ? count : 3);
    return wait_until(now + pause) != WAIT_CANCELLED;
}

void sqlite_slice_watch(struct sqlite_reader *r)
{
    sqlite3_progress_handler(r->conn.db, TICK, progress, r);
    sqlite3_busy_handler(r->conn.db, busy, r);
}

struct away {
    struct sqlite_stmt *st;
    int rc;
};

static void step_away(void *arg)
{
    struct away *a = arg;
    a->rc = sqlite3_step(a->st->stmt);
}

static int run_away(struct sqlite_reader *r, struct sqlite_stmt *st)
{
    struct away a = {.st = st};
    metric_add(r->set->s->metrics.moved, 1);
    r->ticks = 0;
    r->away = true;
    worker_run(step_away, &a);
    r->away = false;
    r->fresh = true;
    r->slice = clock_mono();
    st->heavy = r->ticks >= SORT_TICKS; /* its next values may be fewer */
    st->yielded |= st->heavy;
    return a.rc;
}

static int step_sorting(struct sqlite_reader *r, struct sqlite_stmt *st)
{
    if (!st->heavy) {
        r->ticks = 0;
        r->budget = SORT_TICKS;
        int rc = sqlite3_step(st->stmt);
        r->budget = 0;
        if (rc != SQLITE_INTERRUPT || r->stop != BW_OK)
            return rc;
        sqlite3_reset(st->stmt);
    }
    return run_away(r, st);
}

int sqlite_slice_step(struct sqlite_reader *r, struct sqlite_stmt *st)
{
    bool first = !st->stepped;
    r->running = st;
    st->stepped = true;
    r->fresh = true;
    r->stop = BW_OK;
    if (!r->set->loop)
        return sqlite3_step(st->stmt);
    /* Between rows the fiber may have been parked for long, at a slow client. */
    if (loop_now(r->set->loop) > r->deadline) {
        r->stop = BW_LATE;
        return SQLITE_INTERRUPT;
    }
    return first && st->sorts ? step_sorting(r, st) : sqlite3_step(st->stmt);
}
