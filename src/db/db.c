/* db.c: the list of drivers and the way from a call to the driver it belongs to. Holds no state of
 * its own; every object carries its driver. */
#include "db/db.h"

#include "db/db_int.h"

#define X(name) extern const struct db_driver db_driver_##name;
#include "db/drivers.def"
#undef X

const struct db_driver *const db_drivers[] = {
#define X(name) &db_driver_##name,
#include "db/drivers.def"
#undef X
    NULL};

struct db *db_open(const char *driver, const struct db_opts *o, struct bw_err *e)
{
    for (const struct db_driver *const *d = db_drivers; *d; d++)
        if (strcmp((*d)->name, driver) == 0)
            return (*d)->open(o, e);
    char names[128] = "";
    size_t used = 0;
    for (const struct db_driver *const *d = db_drivers; *d && used < sizeof names; d++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 (*d)->name);
    bw_fail(e, BW_BAD, "no database driver '%s'; there are: %s", driver, names);
    return NULL;
}

void db_close(struct db *db)
{
    if (db)
        db->kind->close(db);
}

const struct db_driver *db_kind(const struct db *db)
{
    return db->kind;
}

bool db_write(struct db *db, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e), void *arg,
              struct bw_err *e)
{
    return db->kind->write(db, fn, arg, e);
}

bool db_exec(struct db_tx *tx, const char *sql, const struct bw_value *args, unsigned n,
             struct bw_err *e)
{
    return tx->kind->exec(tx, sql, args, n, e);
}

int64_t db_tx_changes(struct db_tx *tx)
{
    return tx->changes;
}

int64_t db_tx_last_id(struct db_tx *tx)
{
    return tx->last_id;
}

struct db_rows *db_tx_query(struct db_tx *tx, const char *sql, const struct bw_value *args,
                            unsigned n, struct bw_err *e)
{
    return tx->kind->tx_query(tx, sql, args, n, e);
}

struct db_lease *db_lease_open(struct db *db, int64_t deadline, struct bw_err *e)
{
    return db->kind->lease_open(db, deadline, e);
}

bool db_lease_submit(struct db_lease *l, bool (*fn)(struct db_tx *tx, void *arg, struct bw_err *e),
                     void *arg, struct bw_err *e)
{
    return l->kind->lease_submit(l, fn, arg, e);
}

bool db_lease_wait(struct db_lease *l, struct bw_err *e)
{
    return l->kind->lease_wait(l, e);
}

bool db_lease_close(struct db_lease *l, bool commit, struct bw_err *e)
{
    return l->kind->lease_close(l, commit, e);
}

struct db_rows *db_query(struct db *db, const char *sql, const struct bw_value *args, unsigned n,
                         struct bw_err *e)
{
    return db->kind->query(db, sql, args, n, e);
}

int db_next(struct db_rows *r, struct bw_err *e)
{
    return r->kind->next(r, e);
}

unsigned db_columns(const struct db_rows *r)
{
    return r->columns;
}

struct bw_value db_value(const struct db_rows *r, unsigned column)
{
    struct bw_value v;
    r->kind->value(r, column, &v);
    return v;
}

void db_values(struct db_rows *r, const struct db_place *places, unsigned n, struct bw_value *row)
{
    r->kind->values(r, places, n, row);
}

void db_rows_close(struct db_rows *r)
{
    if (r)
        r->kind->rows_close(r);
}

uint64_t db_commit_counter(const struct db *db)
{
    return db->kind->counter(db);
}

bool db_ping(struct db *db, struct bw_err *e)
{
    return db->kind->ping(db, e);
}

bool db_check(struct db *db, struct bw_buf *report, struct bw_err *e)
{
    return db->kind->check(db, report, e);
}
