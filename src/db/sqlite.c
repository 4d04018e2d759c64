/* sqlite.c: the SQLite driver: opening, closing and checking a database, and the list of its parts
 * (src/db/README.md is the tour). A struct sqlite is shared by all threads; what it holds is fixed
 * between open and close, but for the sets of readers, each made by its own loop. */
#include "db/sqlite_int.h"

#include "net/loop.h"

#define QUERY_TIMEOUT (30 * INT64_C(1000000000))
#define QUERY_MOST    (INT64_C(365) * 24 * 3600 * 1000000000) /* a sum with the clock must fit */

static void release(struct sqlite *s)
{
    sqlite_writer_stop(&s->writer);
    for (unsigned i = 0; i < atomic_load(&s->n_sets); i++)
        sqlite_readers_free(atomic_load(&s->sets[i]));
    sqlite_readers_free(s->threads);
    sqlite_writer_close(&s->writer); /* the last connection: empties and removes the log */
    sqlite_place_leave(s);
    free(s);
}

static void sqlite_close(struct db *db)
{
    release((struct sqlite *)db);
}

static struct db *sqlite_open(const struct db_opts *o, struct bw_err *e)
{
    struct sqlite *s = calloc(1, sizeof *s);
    bw_must(s);
    s->db.kind = &db_driver_sqlite;
    s->opts = *o;
    s->opts.path = NULL;
    if (s->opts.query_timeout <= 0)
        s->opts.query_timeout = QUERY_TIMEOUT;
    if (s->opts.query_timeout > QUERY_MOST)
        s->opts.query_timeout = QUERY_MOST;
    if (!sqlite_place_take(s, o->path ? o->path : "", e)) {
        sqlite_place_leave(s);
        free(s);
        return NULL;
    }
    sqlite_metric_open(s);
    s->threads = sqlite_readers_new(s, NULL);
    if (!sqlite_writer_open(&s->writer, s, e)) {
        release(s);
        return NULL;
    }
    return &s->db;
}

static bool sqlite_ping(struct db *db, struct bw_err *e)
{
    struct db_rows *r = sqlite_query(db, "SELECT count(*) FROM sqlite_schema", NULL, 0, e);
    bool ok = r && sqlite_next(r, e) == 1;
    db_rows_close(r);
    return ok;
}

struct check {
    struct sqlite *s;
    struct bw_buf *report;
    struct bw_err *e;
    unsigned problems;
    bool ok;
};

static bool report_rows(struct check *k, struct sqlite_conn *c, const char *sql, const char *what)
{
    sqlite3_stmt *st = sqlite_conn_prepare(c, sql, k->e);
    if (!st)
        return false;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (text && strcmp(text, "ok") == 0)
            continue;
        k->problems++;
        bw_buf_printf(k->report, "%s%s\n", what, text ? text : "(no name)");
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE || sqlite_fail(c, rc, k->e);
}

/* Long steps that cannot yield: on a worker thread, with a connection of its own. */
static void run_check(void *arg)
{
    struct check *k = arg;
    struct sqlite_conn c = {0};
    if (!sqlite_conn_open(&c, k->s, SQLITE_READER, 0, k->e))
        return;
    k->ok = report_rows(k, &c, "PRAGMA integrity_check(100)", "") &&
            report_rows(k, &c,
                        "SELECT \"table\" || ', record ' || rowid || ', refers to a missing ' || "
                        "parent FROM pragma_foreign_key_check LIMIT 100",
                        "broken reference: ");
    sqlite_conn_close(&c);
}

static bool sqlite_check(struct db *db, struct bw_buf *report, struct bw_err *e)
{
    struct check k = {.s = (struct sqlite *)db, .report = report, .e = e};
    worker_run(run_check, &k);
    if (!k.ok || k.problems == 0)
        return k.ok;
    return bw_fail(e, BW_SYS,
                   "the database '%s' is damaged (%u problems, see the report); restore a backup",
                   k.s->path, k.problems);
}

const struct db_driver db_driver_sqlite = {
    .name = "sqlite",
    .help = "the embedded SQLite engine: a file, or memory when the path is empty",
    .open = sqlite_open,
    .close = sqlite_close,
    .write = sqlite_write,
    .query = sqlite_query,
    .tx_query = sqlite_tx_query,
    .next = sqlite_next,
    .value = sqlite_value,
    .values = sqlite_values,
    .rows_close = sqlite_rows_close,
    .exec = sqlite_exec,
    .lease_open = sqlite_lease_open,
    .lease_submit = sqlite_lease_submit,
    .lease_wait = sqlite_lease_wait,
    .lease_close = sqlite_lease_close,
    .counter = sqlite_wal_counter,
    .ping = sqlite_ping,
    .check = sqlite_check,
};
