/* sqlite_lease.c: a transaction driven from outside. The writer thread serves nobody else until it
 * ends, so it has a deadline. The holder hands over one function at a time and may prepare the next
 * while it runs. The lock guards all fields; the lease is the holder's to free, so the writer's
 * last touch is to wake the holder that closes, or to set `over` when the lease ended by itself. */
#include "db/sqlite_int.h"

#include "core/clock.h"

struct sqlite_lease {
    struct db_lease lease;
    struct sqlite_writer *w;
    uv_mutex_t lock;
    uv_cond_t work; /* what the writer thread waits for */
    int64_t deadline;
    bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e); /* handed over, not done */
    void *arg;
    bool closing, commit; /* the holder wants the end */
    bool over;            /* the writer has left it */
    bool failed;          /* err says why; all is undone */
    struct bw_err err;
    struct wait *waiter; /* the holder, waiting for fn or the end */
    struct span span;    /* the holder's: its functions run beside him, so they have none */
};

static void fail_late(struct sqlite_lease *l)
{
    l->failed = true;
    bw_fail(&l->err, BW_LATE, "the transaction took longer than it may and was undone");
}

/* With the lock; gives it back for as long as fn runs. */
static void run_fn(struct sqlite_lease *l)
{
    struct sqlite_writer *w = l->w;
    uv_mutex_unlock(&l->lock);
    bool ok = l->fn(&w->tx.tx, l->arg, &l->err);
    bw_must(w->conn.running == 0);
    bool late = clock_mono() > l->deadline;
    uv_mutex_lock(&l->lock);
    l->fn = NULL;
    l->failed = !ok;
    if (late)
        fail_late(l);
}

static struct wait *take_waiter(struct sqlite_lease *l)
{
    struct wait *w = l->waiter;
    l->waiter = NULL;
    return w;
}

/* Serves the holder until it closes, an operation fails or the time is over. With the lock. */
static void serve(struct sqlite_lease *l)
{
    while (!l->failed && !l->closing) {
        if (l->fn) {
            run_fn(l);
            if (l->failed || !l->waiter)
                continue;
            struct wait *waiter = take_waiter(l);
            uv_mutex_unlock(&l->lock);
            wait_wake(waiter);
            uv_mutex_lock(&l->lock);
            continue;
        }
        int64_t left = l->deadline - clock_mono();
        if (left <= 0)
            fail_late(l);
        else
            uv_cond_timedwait(&l->work, &l->lock, (uint64_t)left);
    }
}

static void finish(struct sqlite_writer *w, struct sqlite_lease *l)
{
    bool commit = l->closing && l->commit && !l->failed;
    uv_mutex_unlock(&l->lock);
    w->deadline = 0;
    bool ok = commit && sqlite_group_commit(w, &l->err);
    if (!commit)
        sqlite_group_undo(w);
    uv_mutex_lock(&l->lock);
    l->failed = l->failed || (commit && !ok);
    l->fn = NULL;
    l->over = true;
    struct wait *waiter = take_waiter(l);
    uv_mutex_unlock(&l->lock);
    if (waiter)
        wait_wake(waiter);
}

void sqlite_lease_serve(struct sqlite_writer *w, struct sqlite_op *op)
{
    struct sqlite_lease *l = op->lease;
    if (clock_mono() > l->deadline)
        op->ok = bw_fail(op->e, BW_LATE, "the writer did not become free in time");
    else
        op->ok = sqlite_group_begin(w, op->e);
    bool ok = op->ok;
    w->deadline = ok ? l->deadline : 0;
    wait_wake(&op->wait);
    if (!ok)
        return;
    uv_mutex_lock(&l->lock);
    serve(l);
    finish(w, l);
}

static void lease_free(struct sqlite_lease *l)
{
    span_end(l->span);
    uv_mutex_destroy(&l->lock);
    uv_cond_destroy(&l->work);
    free(l);
}

/* False: e says why it was not granted. */
static bool is_granted(struct sqlite_op *op, int64_t deadline, struct bw_err *e)
{
    enum wait_result how = wait_for(&op->wait, deadline);
    if (how == WAIT_WOKEN)
        return op->ok;
    if (sqlite_writer_recall(op->lease->w, op)) {
        if (how == WAIT_CANCELLED)
            return bw_fail(e, BW_GONE, "nobody waits for the transaction any more");
        return bw_fail(e, BW_LATE, "the writer did not become free in time");
    }
    wait_for(&op->wait, WAIT_SURE); /* the writer has it in hand */
    return op->ok;
}

struct db_lease *sqlite_lease_open(struct db *db, int64_t deadline, struct bw_err *e)
{
    struct sqlite_lease *l = calloc(1, sizeof *l);
    bw_must(l && uv_mutex_init(&l->lock) == 0 && uv_cond_init(&l->work) == 0);
    l->lease.kind = &db_driver_sqlite;
    l->w = &((struct sqlite *)db)->writer;
    l->deadline = deadline;
    l->span = span_begin("transaction", SPAN_INTERNAL);
    struct sqlite_op op = {.lease = l, .e = e};
    if (sqlite_writer_queue(l->w, &op, e) && is_granted(&op, deadline, e))
        return &l->lease;
    lease_free(l);
    return NULL;
}

/* With the lock, which is free while it waits and taken again: until fn is done, or the end. */
static void await(struct sqlite_lease *l)
{
    struct wait w;
    wait_init(&w);
    l->waiter = &w;
    uv_mutex_unlock(&l->lock);
    wait_for(&w, WAIT_SURE);
    uv_mutex_lock(&l->lock);
}

static bool idle(struct sqlite_lease *l, struct bw_err *e)
{
    if (l->fn && !l->over)
        await(l);
    if (l->failed && e)
        *e = l->err;
    return !l->failed;
}

bool sqlite_lease_wait(struct db_lease *lease, struct bw_err *e)
{
    struct sqlite_lease *l = (struct sqlite_lease *)lease;
    uv_mutex_lock(&l->lock);
    bool ok = idle(l, e);
    uv_mutex_unlock(&l->lock);
    return ok;
}

bool sqlite_lease_submit(struct db_lease *lease,
                         bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e), void *arg,
                         struct bw_err *e)
{
    struct sqlite_lease *l = (struct sqlite_lease *)lease;
    uv_mutex_lock(&l->lock);
    bool ok = idle(l, e);
    if (ok) {
        l->fn = fn;
        l->arg = arg;
        uv_cond_signal(&l->work);
    }
    uv_mutex_unlock(&l->lock);
    return ok;
}

bool sqlite_lease_close(struct db_lease *lease, bool commit, struct bw_err *e)
{
    struct sqlite_lease *l = (struct sqlite_lease *)lease;
    uv_mutex_lock(&l->lock);
    idle(l, NULL);
    if (!l->over) {
        l->closing = true;
        l->commit = commit;
        uv_cond_signal(&l->work);
        await(l);
    }
    bool ok = !l->failed;
    if (!ok && commit && e)
        *e = l->err;
    uv_mutex_unlock(&l->lock);
    lease_free(l);
    return ok || !commit;
}
