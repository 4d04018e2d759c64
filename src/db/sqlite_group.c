/* sqlite_group.c: group commit, on the writer thread. All that is queued runs in one transaction,
 * each operation in its own savepoint, so that a failing one undoes itself alone; one commit, one
 * flush, then all are woken. What undoes the whole transaction (a full disk, a failing COMMIT)
 * fails every operation in it: none was acknowledged. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/metric.h"

#define GROUP_TIME                                                                 \
    (20 * CLOCK_MS) /* no operation joins after this: those done want their answer \
                     */
#define TICK 1000

static int progress(void *arg)
{
    struct sqlite_writer *w = arg;
    return w->deadline && clock_mono() > w->deadline;
}

bool sqlite_group_prepare(struct sqlite_writer *w, struct bw_err *e)
{
    struct sqlite_conn *c = &w->conn;
    w->begin = sqlite_conn_prepare(c, "BEGIN IMMEDIATE", e);
    w->commit = w->begin ? sqlite_conn_prepare(c, "COMMIT", e) : NULL;
    w->rollback = w->commit ? sqlite_conn_prepare(c, "ROLLBACK", e) : NULL;
    w->save = w->rollback ? sqlite_conn_prepare(c, "SAVEPOINT op", e) : NULL;
    w->release = w->save ? sqlite_conn_prepare(c, "RELEASE op", e) : NULL;
    w->undo = w->release ? sqlite_conn_prepare(c, "ROLLBACK TO op", e) : NULL;
    sqlite3_progress_handler(c->db, TICK, progress, w);
    return w->undo != NULL;
}

void sqlite_group_release(struct sqlite_writer *w)
{
    sqlite3_stmt **all[] = {&w->begin, &w->commit, &w->rollback, &w->save, &w->release, &w->undo};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sqlite3_finalize(*all[i]);
        *all[i] = NULL;
    }
}

static bool run(struct sqlite_writer *w, sqlite3_stmt *st, struct bw_err *e)
{
    int rc = sqlite_conn_step(st);
    return rc == SQLITE_OK || sqlite_fail(&w->conn, rc, e);
}

static bool is_undone(const struct sqlite_writer *w)
{
    return sqlite3_get_autocommit(w->conn.db) != 0;
}

bool sqlite_group_begin(struct sqlite_writer *w, struct bw_err *e)
{
    return run(w, w->begin, e);
}

void sqlite_group_undo(struct sqlite_writer *w)
{
    if (!is_undone(w) && !run(w, w->rollback, NULL))
        w->conn.broken = true;
}

bool sqlite_group_commit(struct sqlite_writer *w, struct bw_err *e)
{
    int64_t began = clock_mono();
    bool ok = run(w, w->commit, e);
    int64_t took = clock_mono() - began;
    if (!ok) {
        sqlite_group_undo(w);
        return false;
    }
    w->commit_time = w->commit_time ? (7 * w->commit_time + took) / 8 : took;
    metric_observe(w->s->metrics.commit_time, took);
    metric_add(w->s->metrics.groups, 1);
    return true;
}

/* A reference checked only at the end would else fail the COMMIT, and the neighbours with it. */
static bool is_whole(struct sqlite_writer *w, struct bw_err *e)
{
    int open = 0, most = 0;
    sqlite3_db_status(w->conn.db, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &most, 0);
    if (!open)
        return true;
    bw_fail(e, BW_CONFLICT, "a record would refer to one that is not there");
    if (e)
        e->sys = SQLITE_CONSTRAINT_FOREIGNKEY;
    return false;
}

/* May leave the transaction gone: see is_undone. */
static bool run_op(struct sqlite_writer *w, struct sqlite_op *op, struct bw_err *e)
{
    if (!run(w, w->save, e))
        return false;
    struct trace *before = trace_enter(op->trace);
    bool ok = op->fn(&w->tx.tx, op->arg, e);
    trace_enter(before);
    bw_must(w->conn.running == 0); /* fn closes its rows */
    if (is_undone(w)) {
        if (ok)
            bw_fail(e, BW_SYS, "the database '%s' undid the write", w->s->path);
        return false;
    }
    ok = ok && is_whole(w, e);
    bool clean = ok || run(w, w->undo, e);
    return run(w, w->release, e) && ok && clean;
}

static void fail_all(struct list *ops, const struct bw_err *why)
{
    for (struct list *n = ops->next; n != ops; n = n->next) {
        struct sqlite_op *op = LIST_OWNER(n, struct sqlite_op, node);
        if (op->ok && op->e)
            *op->e = *why;
        op->ok = false;
    }
}

static void wake(struct list *ops)
{
    while (!list_empty(ops)) {
        struct sqlite_op *op = LIST_OWNER(ops->next, struct sqlite_op, node);
        list_remove(&op->node);
        wait_wake(&op->wait); /* from here on it is gone */
    }
}

/* No transaction could be begun: fails what would have been in it. */
static void refuse(struct list *todo, const struct bw_err *why)
{
    struct list done;
    list_init(&done);
    while (!list_empty(todo)) {
        struct sqlite_op *op = LIST_OWNER(todo->next, struct sqlite_op, node);
        if (op->lease)
            break;
        list_remove(&op->node);
        list_push_back(&done, &op->node);
        op->ok = true; /* so far: fail_all tells it */
    }
    fail_all(&done, why);
    wake(&done);
}

/* Runs operations until a lease, the time's end or the loss of the transaction. */
static unsigned run_ops(struct sqlite_writer *w, struct list *todo, struct list *done,
                        struct bw_err *why)
{
    int64_t end = clock_mono() + GROUP_TIME;
    unsigned good = 0;
    while (!list_empty(todo)) {
        struct sqlite_op *op = LIST_OWNER(todo->next, struct sqlite_op, node);
        if (op->lease || (good && clock_mono() > end))
            break;
        list_remove(&op->node);
        list_push_back(done, &op->node);
        struct bw_err own;
        struct bw_err *e = op->e ? op->e : &own;
        op->ok = run_op(w, op, e);
        good += op->ok;
        if (is_undone(w)) {
            *why = *e;
            return 0;
        }
    }
    return good;
}

void sqlite_group_run(struct sqlite_writer *w, struct list *todo)
{
    struct list done;
    struct bw_err why;
    list_init(&done);
    if (!sqlite_group_begin(w, &why)) {
        refuse(todo, &why);
        return;
    }
    unsigned n = run_ops(w, todo, &done, &why);
    if (n == 0)
        sqlite_group_undo(w);
    if (is_undone(w) || !sqlite_group_commit(w, &why)) {
        fail_all(&done, &why);
    } else {
        metric_add(w->s->metrics.writes, n);
        metric_observe(w->s->metrics.group, n);
    }
    uv_mutex_lock(&w->lock);
    w->expected = n + w->queued;
    uv_mutex_unlock(&w->lock);
    wake(&done);
}
