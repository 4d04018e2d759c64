/* sqlite_query.c: running statements: reads on a reader of this loop or thread, reads and changes
 * inside a transaction on the writer's connection. Values are bound by reference for as long as the
 * caller promised to keep them. */
#include "db/sqlite_int.h"

#include "core/clock.h"
#include "core/log.h"

/* The log can be begun anew only at a moment without readers of its old content, and long reads
 * that overlap leave none. So when it has grown too long, a statement known to be slow waits until
 * the writer has emptied it. */
static bool wait_for_log(struct sqlite *s, int64_t *deadline, struct bw_err *e)
{
    int64_t now = clock_mono();
    if (*deadline == 0)
        *deadline = now + s->opts.query_timeout;
    if (now > *deadline)
        return bw_fail(e, BW_LATE,
                       "the database is too busy: its log could not be emptied in time");
    return wait_until(now + 4 * CLOCK_MS) != WAIT_CANCELLED ||
           bw_fail(e, BW_GONE, "the query was not begun: nobody waits for it any more");
}

/* The values are bound, so the text tells no secret. Named by its first word. */
static void begin_span(struct sqlite_stmt *st)
{
    st->span = span_begin("query", SPAN_CLIENT);
    if (!st->span.record)
        return;
    bw_str sql = bw_str_of(st->sql, st->n);
    span_rename(st->span, bw_str_of(sql.p, bw_str_find(sql, ' ')));
    span_text(st->span, "db.system.name", BW_LIT("sqlite"));
    span_text(st->span, "db.query.text", sql);
}

static struct db_rows *begun(struct sqlite_stmt *st)
{
    begin_span(st);
    return &st->rows;
}

struct db_rows *sqlite_query(struct db *db, const char *sql, const struct bw_value *args,
                             unsigned n, struct bw_err *e)
{
    struct sqlite *s = (struct sqlite *)db;
    int64_t deadline = 0;
    for (;;) {
        struct sqlite_reader *r = sqlite_reader_take(s, e);
        if (!r)
            return NULL;
        struct sqlite_stmt *st = sqlite_stmt_get(&r->conn, sql, e);
        bool held = st && st->slow && r->uses == 1 && atomic_load(&s->pressed);
        if (st && !held && sqlite_bind(st, args, n, false, e))
            return begun(st);
        if (st)
            sqlite_stmt_put(st);
        sqlite_reader_give(r);
        if (!held || !wait_for_log(s, &deadline, e))
            return NULL;
    }
}

static void ended(struct sqlite_stmt *st, int rc, struct bw_err *e)
{
    struct sqlite_reader *r = st->conn->reader;
    if (rc == SQLITE_INTERRUPT && r && r->stop == BW_GONE)
        bw_fail(e, BW_GONE, "the query was ended: nobody waits for it any more");
    else if (rc == SQLITE_INTERRUPT && r)
        bw_fail(e, BW_LATE,
                "the query ran over its time and was ended; ask for less, or raise query_timeout");
    else
        sqlite_fail(st->conn, rc, e);
}

int sqlite_next(struct db_rows *rows, struct bw_err *e)
{
    struct sqlite_stmt *st = (struct sqlite_stmt *)rows;
    if (st->done)
        return 0;
    struct sqlite_reader *r = st->conn->reader;
    int rc = r ? sqlite_slice_step(r, st) : sqlite3_step(st->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    st->done = true;
    if (rc == SQLITE_DONE)
        return 0;
    ended(st, rc, e);
    span_fail(st->span, e ? bw_cstr(e->text) : BW_LIT(""));
    return -1;
}

static _Atomic int64_t slow_from;

void db_set_slow(int64_t ns)
{
    atomic_store(&slow_from, ns);
}

static void tell_slow(const struct sqlite_stmt *st, const struct sqlite_reader *r)
{
    int64_t slow = atomic_load_explicit(&slow_from, memory_order_relaxed);
    int64_t took = slow ? clock_mono() - (r->deadline - r->set->s->opts.query_timeout) : 0;
    if (slow && took >= slow)
        log_warn("db", "slow query", LOG_REAL("ms", (double)took / 1e6),
                 LOG_TEXT("sql", bw_str_of(st->sql, st->n)));
}

void sqlite_rows_close(struct db_rows *rows)
{
    struct sqlite_stmt *st = (struct sqlite_stmt *)rows;
    struct sqlite_reader *r = st->conn->reader;
    if (r)
        tell_slow(st, r);
    span_end(st->span);
    sqlite_stmt_put(st);
    if (r)
        sqlite_reader_give(r);
}

static struct sqlite_stmt *in_tx(struct db_tx *tx, const char *sql, struct bw_err *e)
{
    return sqlite_stmt_get(((struct sqlite_tx *)tx)->conn, sql, e);
}

struct db_rows *sqlite_tx_query(struct db_tx *tx, const char *sql, const struct bw_value *args,
                                unsigned n, struct bw_err *e)
{
    struct sqlite_stmt *st = in_tx(tx, sql, e);
    if (!st)
        return NULL;
    if (sqlite_bind(st, args, n, true, e))
        return begun(st);
    sqlite_stmt_put(st);
    return NULL;
}

bool sqlite_exec(struct db_tx *tx, const char *sql, const struct bw_value *args, unsigned n,
                 struct bw_err *e)
{
    struct sqlite_stmt *st = in_tx(tx, sql, e);
    if (!st)
        return false;
    bool ok = sqlite_bind(st, args, n, false, e);
    begin_span(st);
    if (ok) {
        int rc = sqlite_conn_step(st->stmt);
        ok = rc == SQLITE_OK || sqlite_fail(st->conn, rc, e);
        tx->changes = sqlite3_changes64(st->conn->db);
        tx->last_id = sqlite3_last_insert_rowid(st->conn->db);
    }
    if (!ok && e)
        span_fail(st->span, bw_cstr(e->text));
    span_end(st->span);
    sqlite_stmt_put(st);
    return ok;
}
