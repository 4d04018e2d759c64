/* schema.h: the database's tables against the model's. Missing tables, columns and indexes are
 * additive and applied at start; whatever could lose or refuse data (a dropped or retyped column, a
 * new unique or required rule over rows that break it) stops the start with a sentence and waits
 * for `burrow migrate apply`. */
#ifndef ORM_SCHEMA_H
#define ORM_SCHEMA_H

#include "core/vec.h"
#include "db/db.h"
#include "orm/table.h"

struct schema_step {
    const char *table;
    bw_str sentence;   /* "add column Article.views (INTEGER)" */
    bw_str why;        /* for a lossy one: what could be lost, "column 'old' holds 512 values" */
    const bw_str *sql; /* run in order, in one transaction; NUL behind each */
    unsigned n_sql;    /* 0: apply cannot do it either, `why` tells what to do by hand */
    bool additive;
};

struct schema_plan {
    struct schema_step *steps;
    size_t n;
    size_t lossy;
};

/* *Waits.* Reads the database and compares. All in the arena. */
bool schema_plan(struct schema_plan *p, struct db *db, struct table *const *tables, unsigned n,
                 struct bw_arena *a, struct bw_err *e);
/* *Waits.* Runs the additive steps, or all, in one transaction. */
bool schema_apply(const struct schema_plan *p, struct db *db, bool also_lossy, struct bw_err *e);
/* "3 changes could lose data: …; see `burrow migrate plan`". BW_CONFLICT, always false. */
bool schema_refuse(const struct schema_plan *p, struct bw_err *e);

#endif
