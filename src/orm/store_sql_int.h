/* store_sql_int.h: the SQL store's insides: statement texts per table, and the write job. Texts
 * never change once made and live as long as the store, so any thread reads them without a lock. */
#ifndef ORM_STORE_SQL_INT_H
#define ORM_STORE_SQL_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "db/db.h"
#include "orm/sql.h"
#include "orm/store_rules.h"

/* A statement made for one set of columns; a list that only grows at its head. */
struct set_text {
    struct column_set set;
    const char *sql;
    struct set_text *next;
};

#define SET_TEXTS 64 /* kept per table and kind; more are made for their call only */

struct set_texts {
    _Atomic(struct set_text *) head;
    unsigned n; /* under the store's lock */
};

struct table_sql {
    struct table *table;
    const char *insert; /* all columns in their order: a record's values are its arguments */
    const char *delete_any, *delete_version, *version;
    struct set_texts get, update, update_version;
    struct index_rules rules;
};

struct store_sql {
    struct store base;
    struct db *db;
    const struct dialect *dialect;
    pthread_mutex_t lock; /* of the arena; never held across a wait */
    struct bw_arena arena;
    unsigned most_columns;
};

/* store_sql_text.c */
void table_sql_make(struct store_sql *s, struct table *t);
const char *table_sql_get(struct store_sql *s, struct table_sql *ts, const struct column_set *set,
                          struct bw_arena *a);
/* SET the columns of set (and version + 1) WHERE id = ? [AND version = ?]. */
const char *table_sql_update(struct store_sql *s, struct table_sql *ts,
                             const struct column_set *set, bool match, struct bw_arena *a);

/* A write on its way: made by the caller, run by the database's writer. */
struct sql_job {
    struct store_sql *store;
    struct change *c;
    size_t n;
    bool together;
    struct bw_arena arena;
    struct bw_value *args;
};

/* store_sql_write.c */
bool sql_job_run(struct db_tx *tx, void *job, struct bw_err *e);
bool store_sql_write(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e);

/* store_sql_fault.c: turns a constraint's failure in c->err into what the caller can act on. */
void sql_explain(struct store_sql *s, struct db_tx *tx, struct change *c);

/* store_sql_tx.c */
struct store_tx *store_sql_begin(struct store *s, int64_t deadline, struct bw_err *e);
bool store_sql_tx_write(struct store_tx *tx, struct change *c, size_t n, struct bw_err *e);
bool store_sql_tx_end(struct store_tx *tx, bool commit, struct bw_err *e);

/* store_sql_read.c */
bool store_sql_get(struct store *s, struct table *t, int64_t id, const struct column_set *set,
                   struct bw_value *row, struct bw_arena *a, struct bw_err *e);
struct store_cursor *store_sql_list(struct store *s, const struct query *q, struct bw_arena *a,
                                    struct bw_err *e);
int store_sql_next(struct store_cursor *c, struct bw_value *row, struct bw_err *e);
void store_sql_cursor_close(struct store_cursor *c);
bool store_sql_count(struct store *s, const struct query *q, int64_t *n, struct bw_err *e);

#endif
