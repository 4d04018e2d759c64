/* sqlite_writer.c: the thread that owns the only writing connection of a database, and the queue to
 * it. The queue has the lock; all else in struct sqlite_writer is the thread's own while it runs.
 * What the thread does with an operation stands in sqlite_group.c and sqlite_lease.c.
 *
 * Gathering: without, the operations of a few writers fall into two beats, and half of the commits
 * carry half of them. So it waits until as many are queued as the last commit served and left
 * waiting: when a commit takes over a millisecond, for at most a tenth of its time. On a disk with
 * a fast flush a delay loses when there are many writers, whose beats overlap with the work; with
 * few it gains if they come back in half a commit's time, so it is tried, and after a vain try
 * passed over for twice as many commits as the time before. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metric.h"
#include "db/sqlite_sync.h"

#define QUEUE       16384 /* operations waiting for the writer */
#define SLOW_COMMIT CLOCK_MS
#define FEW         8
#define PASS_MAX    255
#define GATHER_MAX  (CLOCK_MS / 2)
#define PRESSED_NAP (10 * CLOCK_MS)

/* Until as many are queued as the last commit served and left waiting, or the time is over. */
static bool wait_for_more(struct sqlite_writer *w, int64_t most)
{
    int64_t end = clock_mono() + most;
    w->target = w->expected;
    while (w->queued < w->target && !w->closing) {
        int64_t left = end - clock_mono();
        if (left <= 0 || uv_cond_timedwait(&w->work, &w->lock, (uint64_t)left) != 0)
            break;
    }
    bool came = w->queued >= w->target;
    w->target = 0;
    return came;
}

static void gather(struct sqlite_writer *w)
{
    if (w->queued >= w->expected)
        return;
    if (w->commit_time >= SLOW_COMMIT) {
        int64_t most = w->commit_time / 10;
        wait_for_more(w, most < GATHER_MAX ? most : GATHER_MAX);
    } else if (w->expected <= FEW && w->pass > 0) {
        w->pass--;
    } else if (w->expected <= FEW) {
        bool came = wait_for_more(w, w->commit_time / 2);
        w->misses = came ? 0 : w->misses * 2 + 1 < PASS_MAX ? w->misses * 2 + 1 : PASS_MAX;
        w->pass = w->misses;
    }
}

/* Until there is work, or the end; while long reads wait for an empty log, for a moment. */
static void await_work(struct sqlite_writer *w)
{
    while (!w->queued && !w->closing) {
        if (!atomic_load(&w->s->pressed))
            uv_cond_wait(&w->work, &w->lock);
        else if (uv_cond_timedwait(&w->work, &w->lock, PRESSED_NAP) != 0)
            return;
    }
}

/* Moves what is queued to `todo`; false when there will never be any. */
static bool collect(struct sqlite_writer *w, struct list *todo)
{
    uv_mutex_lock(&w->lock);
    await_work(w);
    unsigned n = w->queued;
    bool more = n || !w->closing;
    if (n) {
        gather(w);
        n = w->queued;
        for (struct list *at = w->queue.next; at != &w->queue; at = at->next)
            LIST_OWNER(at, struct sqlite_op, node)->queued = false;
        list_move(todo, &w->queue);
        w->queued = 0;
    }
    uv_mutex_unlock(&w->lock);
    if (n)
        metric_add(w->s->metrics.queue, -(int64_t)n);
    return more;
}

static bool open_conn(struct sqlite_writer *w, struct bw_err *e)
{
    struct sqlite_conn fresh = {0};
    if (!sqlite_conn_open(&fresh, w->s, SQLITE_WRITER, w->s->opts.cache_bytes, e))
        return false;
    if (w->conn.db) {
        /* The new one is open before the old one goes: the shared WAL index stays mapped. */
        sqlite_group_release(w);
        sqlite_conn_close(&w->conn);
    }
    w->conn = fresh;
    list_init(&w->conn.lru);
    sqlite_wal_watch(w);
    return sqlite_group_prepare(w, e);
}

static void mend(struct sqlite_writer *w)
{
    struct bw_err e;
    if (open_conn(w, &e)) {
        log_warn("db", "opened the database again after an error", LOG_CSTR("path", w->s->path));
        return;
    }
    w->conn.broken = true; /* tried again after the next group */
    log_error("db", "cannot open the database again", LOG_CSTR("path", w->s->path), log_err(&e));
}

static void serve_next(struct sqlite_writer *w, struct list *todo)
{
    struct sqlite_op *first = LIST_OWNER(todo->next, struct sqlite_op, node);
    if (first->lease) {
        list_remove(&first->node);
        sqlite_lease_serve(w, first);
    } else {
        sqlite_group_run(w, todo);
    }
    if (w->conn.broken)
        mend(w);
}

static void run(void *arg)
{
    struct sqlite_writer *w = arg;
    struct list todo;
    list_init(&todo);
    sqlite_sync_observe(w->s->metrics.sync);
    while (collect(w, &todo)) {
        while (!list_empty(&todo)) {
            serve_next(w, &todo);
            sqlite_wal_tend(w);
        }
        if (atomic_load(&w->s->pressed))
            sqlite_wal_tend(w);
    }
}

bool sqlite_writer_open(struct sqlite_writer *w, struct sqlite *s, struct bw_err *e)
{
    w->s = s;
    w->tx = (struct sqlite_tx){.tx.kind = &db_driver_sqlite, .conn = &w->conn};
    list_init(&w->queue);
    bw_must(uv_mutex_init(&w->lock) == 0 && uv_cond_init(&w->work) == 0);
    if (open_conn(w, e) && sqlite_wal_find(s, e)) {
        int r = uv_thread_create(&w->thread, run, w);
        if (r == 0)
            return true;
        bw_fail_sys(e, -r, "cannot start the writer thread of the database '%s'", s->path);
    }
    w->closing = true; /* no thread to join */
    return false;
}

void sqlite_writer_stop(struct sqlite_writer *w)
{
    if (w->closing)
        return;
    uv_mutex_lock(&w->lock);
    w->closing = true;
    uv_cond_signal(&w->work);
    uv_mutex_unlock(&w->lock);
    uv_thread_join(&w->thread);
}

void sqlite_writer_close(struct sqlite_writer *w)
{
    if (w->conn.db) {
        sqlite_group_release(w);
        sqlite_conn_close(&w->conn);
    }
    metric_add(w->s->metrics.wal, -w->wal_bytes);
    uv_mutex_destroy(&w->lock);
    uv_cond_destroy(&w->work);
}

bool sqlite_writer_queue(struct sqlite_writer *w, struct sqlite_op *op, struct bw_err *e)
{
    wait_init(&op->wait);
    uv_mutex_lock(&w->lock);
    bool room = w->queued < QUEUE && !w->closing;
    if (room) {
        op->queued = true;
        list_push_back(&w->queue, &op->node);
        w->queued++;
        /* The thread sleeps only while the queue is empty or shorter than its target. */
        if (w->queued == 1 || w->queued == w->target)
            uv_cond_signal(&w->work);
    }
    uv_mutex_unlock(&w->lock);
    if (!room)
        return bw_fail(e, BW_BUSY, "too many writes wait for the database; try again later");
    metric_add(w->s->metrics.queue, 1);
    return true;
}

bool sqlite_writer_recall(struct sqlite_writer *w, struct sqlite_op *op)
{
    uv_mutex_lock(&w->lock);
    bool was = op->queued;
    if (was) {
        list_remove(&op->node);
        op->queued = false;
        w->queued--;
    }
    uv_mutex_unlock(&w->lock);
    if (was)
        metric_add(w->s->metrics.queue, -1);
    return was;
}

bool sqlite_write(struct db *db, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e),
                  void *arg, struct bw_err *e)
{
    struct sqlite_writer *w = &((struct sqlite *)db)->writer;
    struct span span = span_begin("write", SPAN_INTERNAL); /* the queue and the commit, too */
    struct sqlite_op op = {.fn = fn, .arg = arg, .e = e, .trace = trace_current()};
    if (!sqlite_writer_queue(w, &op, e)) {
        span_end(span);
        return false;
    }
    wait_for(&op.wait,
             WAIT_SURE); /* also when the client has gone: op is the writer's until then */
    span_end(span);
    return op.ok;
}
