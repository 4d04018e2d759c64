/* store_sql_tx.c: a transaction fed in pieces, on a lease of the database. Two jobs take turns:
 * while the writer works on one, the caller prepares the other. */
#include "orm/store_sql_int.h"

#include "core/clock.h"

#define YEAR (365 * 24 * 3600 * CLOCK_SECOND) /* a lease always has an end */

struct sql_tx {
    struct store_tx base;
    struct db_lease *lease;
    struct sql_job jobs[2];
    unsigned turn;
    struct bw_err err; /* the first failure: the end tells it again */
    bool failed;
};

struct store_tx *store_sql_begin(struct store *base, int64_t deadline, struct bw_err *e)
{
    struct store_sql *s = (struct store_sql *)base;

    struct db_lease *lease = db_lease_open(s->db, deadline ? deadline : clock_mono() + YEAR, e);
    if (!lease)
        return NULL;
    struct sql_tx *tx = calloc(1, sizeof *tx);
    bw_must(tx);
    tx->lease = lease;
    for (unsigned i = 0; i < 2; i++) {
        tx->jobs[i] = (struct sql_job){.store = s, .together = true};
        bw_arena_init(&tx->jobs[i].arena);
    }
    return &tx->base;
}

static bool fail(struct sql_tx *tx, struct bw_err *e)
{
    if (e && e != &tx->err)
        *e = tx->err;
    tx->failed = true;
    return false;
}

bool store_sql_tx_write(struct store_tx *base, struct change *c, size_t n, struct bw_err *e)
{
    struct sql_tx *tx = (struct sql_tx *)base;
    if (tx->failed)
        return fail(tx, e);
    struct sql_job *job = &tx->jobs[tx->turn ^= 1];
    bw_arena_clear(&job->arena); /* it ran before the last one, which has been handed over */
    job->args = NULL;
    job->c = c;
    job->n = n;
    changes_start(c, n);
    return db_lease_submit(tx->lease, sql_job_run, job, &tx->err) || fail(tx, e);
}

bool store_sql_tx_end(struct store_tx *base, bool commit, struct bw_err *e)
{
    struct sql_tx *tx = (struct sql_tx *)base;
    bool good = commit && !tx->failed && db_lease_wait(tx->lease, &tx->err);
    bool ok = db_lease_close(tx->lease, good, good ? &tx->err : NULL) && good;
    if (commit && !ok)
        fail(tx, e);
    for (unsigned i = 0; i < 2; i++)
        bw_arena_release(&tx->jobs[i].arena);
    free(tx);
    return ok || !commit; /* undone, as asked */
}
