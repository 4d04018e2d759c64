/* schema_int.h: what stands in the database, and the DDL for what the model wants. Private to the
 * schema's files. */
#ifndef ORM_SCHEMA_INT_H
#define ORM_SCHEMA_INT_H

#include "orm/schema.h"
#include "orm/sql.h"
#include "orm/store_rules.h"

struct found_column {
    bw_str name, type;
    bool not_null, key;
    bw_str ref; /* the table it refers to, p == NULL for none */
    enum bw_on_delete on_delete;
};

struct found_index {
    bw_str name;
    bw_str sql; /* as it was made, to make it again */
    bool unique;
    VEC(bw_str) columns;
};

/* One table of the database; no columns: it is not there. Release gives the vectors back. */
struct found {
    VEC(struct found_column) columns;
    VEC(struct found_index) indexes; /* made by CREATE INDEX only */
};

/* schema_read.c; *Waits.* */
bool found_read(struct found *f, struct db *db, const struct table *t, struct bw_arena *a,
                struct bw_err *e);
void found_release(struct found *f);
const struct found_column *found_column(const struct found *f, bw_str name);
bool found_index_has(const struct found_index *x, bw_str column);
/* First value of the first row. */
bool schema_count(struct db *db, struct sql *q, int64_t *n, struct bw_err *e);

/* schema_ddl.c: texts, each with a NUL behind. */
bw_str ddl_index_name(const struct table *t, const struct index_rule *r, struct bw_arena *a);
bool ddl_index_ours(bw_str name);
void ddl_create_table(struct sql *q, const struct table *t);
void ddl_create_index(struct sql *q, const struct table *t, const struct index_rule *r);
/* The column's definition under `name`; fill: with the DEFAULT that rows already there get. */
void ddl_column(struct sql *q, const struct column *c, bw_str name, bool fill);
/* What a row without a value gets, as SQL. */
void ddl_fill(struct sql *q, const struct column *c);
void ddl_literal(struct sql *q, struct bw_value v);
bool ddl_not_null(const struct column *c);
/* The old column's value as the new one's. */
void ddl_convert(struct sql *q, const struct table *t, const struct column *c,
                 const struct found_column *old);

/* schema_column.c: a plan being made. */
struct planning {
    struct schema_plan *plan;
    struct db *db;
    struct bw_arena *arena;
    const struct table *table;
    struct found found;
    struct index_rules rules;
    VEC(struct schema_step) steps;
    VEC(bw_str) sql; /* of the step being made */
};

/* "1 record", "3 records". */
bw_str planning_many(struct planning *p, int64_t n, const char *what);
struct sql planning_sql(struct planning *p, const char *text);
void planning_do(struct planning *p, struct sql *q); /* one more statement of the step */
/* Ends the step. why.p == NULL: additive. */
void planning_step(struct planning *p, bw_str sentence, bw_str why);
bool plan_column(struct planning *p, const struct column *c, struct bw_err *e);
bool plan_drop_column(struct planning *p, const struct found_column *old, struct bw_err *e);

#endif
