/* store_sql_write.c: changes as statements, on the database's writer. One call is one db_write. A
 * change is one statement, and a statement that breaks a rule undoes itself, so changes that stand
 * each on their own need no savepoint: the next one simply goes on. The values of a record are the
 * arguments of its INSERT as they lie, nothing is copied. */
#include "orm/store_sql_int.h"

static bool add(struct sql_job *job, struct db_tx *tx, struct change *c)
{
    const struct table *t = c->table;
    const struct table_sql *ts = t->store_data;
    (void)job;
    c->rec.v[0] = c->rec.id ? bw_int(c->rec.id) : bw_null();
    if (!db_exec(tx, ts->insert, c->rec.v, t->n_columns, &c->err))
        return false;
    c->id = c->rec.id ? c->rec.id : db_tx_last_id(tx);
    c->new_version = t->version ? c->rec.v[t->version].i : 0;
    c->count = 1;
    return true;
}

/* The version that stands there now, or (no version column) the id. 1, 0 when no record, -1. */
static int read_version(struct db_tx *tx, const struct table *t, int64_t id, int64_t *version,
                        struct bw_err *e)
{
    const struct table_sql *ts = t->store_data;
    struct bw_value arg = bw_int(id);
    struct db_rows *rows = db_tx_query(tx, ts->version, &arg, 1, e);
    if (!rows)
        return -1;
    int r = db_next(rows, e);
    if (r > 0)
        *version = db_value(rows, 0).kind == BW_KIND_INT ? db_value(rows, 0).i : 0;
    db_rows_close(rows);
    return r;
}

static bool nothing_hit(struct db_tx *tx, struct change *c, int64_t id, int64_t wanted)
{
    int64_t is = 0;
    int r = read_version(tx, c->table, id, &is, &c->err);
    if (r < 0)
        return false;
    if (r == 0 || !wanted)
        return rule_missing(c->table, id, &c->err);
    return rule_changed(c->table, id, is, wanted, &c->err);
}

static struct bw_value *job_args(struct sql_job *job)
{
    if (!job->args)
        job->args = BW_NEW_N(&job->arena, struct bw_value, job->store->most_columns + 2);
    return job->args;
}

static bool update(struct sql_job *job, struct db_tx *tx, struct change *c)
{
    const struct table *t = c->table;
    struct column_set set = c->rec.has;
    struct bw_value *args = job_args(job);
    int64_t wanted = rule_version(c);
    unsigned n = 0;
    column_drop(&set, 0);
    if (t->version)
        column_drop(&set, t->version);
    for (unsigned i = 1; i < t->n_columns; i++)
        if (column_in(&set, i))
            args[n++] = c->rec.v[i];
    if (n == 0 && !t->version) { /* nothing to set: but is it there? */
        int r = read_version(tx, t, c->rec.id, &(int64_t){0}, &c->err);
        c->count = r > 0;
        return r > 0 || (r == 0 && rule_missing(t, c->rec.id, &c->err));
    }
    args[n++] = bw_int(c->rec.id);
    if (wanted)
        args[n++] = bw_int(wanted);
    const char *sql = table_sql_update(job->store, t->store_data, &set, wanted != 0, &job->arena);
    if (!db_exec(tx, sql, args, n, &c->err))
        return false;
    c->count = db_tx_changes(tx);
    if (c->count == 0)
        return nothing_hit(tx, c, c->rec.id, wanted);
    if (!t->version || wanted) {
        c->new_version = wanted ? wanted + 1 : 0;
        return true;
    }
    return read_version(tx, t, c->rec.id, &c->new_version, &c->err) > 0;
}

static bool remove_one(struct sql_job *job, struct db_tx *tx, struct change *c)
{
    const struct table_sql *ts = c->table->store_data;
    struct bw_value args[2] = {bw_int(c->rec.id), bw_int(c->version)};
    (void)job;
    const char *sql = c->version ? ts->delete_version : ts->delete_any;
    if (!db_exec(tx, sql, args, c->version ? 2 : 1, &c->err))
        return false;
    c->count = db_tx_changes(tx);
    return c->count > 0 || nothing_hit(tx, c, c->rec.id, c->version);
}

static bool remove_where(struct sql_job *job, struct db_tx *tx, struct change *c)
{
    struct sql q;
    sql_init(&q, job->store->dialect, &job->arena);
    sql_addf(&q, "DELETE FROM ");
    sql_name(&q, c->table->name);
    if (c->filter) {
        sql_addf(&q, " WHERE ");
        if (!sql_filter(&q, c->filter, &c->err))
            return false;
    }
    if (!db_exec(tx, sql_text(&q), q.args, q.n_args, &c->err))
        return false;
    c->count = db_tx_changes(tx);
    return true;
}

static bool run_one(struct sql_job *job, struct db_tx *tx, struct change *c)
{
    static bool (*const runs[])(struct sql_job *, struct db_tx *,
                                struct change *) = {[CHANGE_ADD] = add,
                                                    [CHANGE_UPDATE] = update,
                                                    [CHANGE_DELETE] = remove_one,
                                                    [CHANGE_DELETE_WHERE] = remove_where};
    c->ok = rule_change_sane(c, &c->err) && runs[c->kind](job, tx, c);
    if (!c->ok && c->err.code == BW_CONFLICT)
        sql_explain(job->store, tx, c);
    return c->ok;
}

bool sql_job_run(struct db_tx *tx, void *arg, struct bw_err *e)
{
    struct sql_job *job = arg;
    for (size_t i = 0; i < job->n; i++) {
        struct change *c = &job->c[i];
        if (run_one(job, tx, c) || (!job->together && change_alone(&c->err)))
            continue;
        if (e)
            *e = c->err;
        return false;
    }
    return true;
}

bool store_sql_write(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e)
{
    struct sql_job job = {.store = (struct store_sql *)s, .c = c, .n = n, .together = together};
    bw_arena_init(&job.arena);
    changes_start(c, n);
    bool ok = db_write(job.store->db, sql_job_run, &job, e);
    if (!ok)
        changes_undone(c, n);
    bw_arena_release(&job.arena);
    return ok;
}
