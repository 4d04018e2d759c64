/* schema_read.c: one table of a SQLite database as it stands, through the pragma functions. */
#include "orm/schema_int.h"

#include <stdlib.h>

static bw_str text_of(const struct db_rows *r, unsigned i, struct bw_arena *a)
{
    struct bw_value v = db_value(r, i);
    return v.kind == BW_KIND_TEXT ? bw_arena_str(a, v.s) : (bw_str){0};
}

static bool flag_of(const struct db_rows *r, unsigned i)
{
    struct bw_value v = db_value(r, i);
    return v.kind == BW_KIND_INT && v.i != 0;
}

static void read_column(struct found *f, const struct db_rows *r, struct bw_arena *a)
{
    *vec_push(&f->columns) = (struct found_column){.name = text_of(r, 0, a),
                                                   .type = text_of(r, 1, a),
                                                   .not_null = flag_of(r, 2),
                                                   .key = flag_of(r, 3)};
}

static void read_reference(struct found *f, const struct db_rows *r, struct bw_arena *a)
{
    bw_str from = text_of(r, 0, a), action = text_of(r, 2, a);
    for (size_t i = 0; i < f->columns.n; i++) {
        struct found_column *c = &f->columns.p[i];
        if (!bw_str_ieq(c->name, from))
            continue;
        c->ref = text_of(r, 1, a);
        c->on_delete = bw_str_ieq(action, BW_LIT("CASCADE"))    ? BW_CASCADE
                       : bw_str_ieq(action, BW_LIT("SET NULL")) ? BW_SET_NULL
                                                                : BW_RESTRICT;
    }
}

/* One row per column of an index, the rows of an index together. */
static void read_index(struct found *f, const struct db_rows *r, struct bw_arena *a)
{
    bw_str name = text_of(r, 0, a);
    struct found_index *x = f->indexes.n ? &f->indexes.p[f->indexes.n - 1] : NULL;
    if (!x || !bw_str_eq(x->name, name)) {
        x = vec_push(&f->indexes);
        *x = (struct found_index){.name = name, .unique = flag_of(r, 1), .sql = text_of(r, 3, a)};
    }
    *vec_push(&x->columns) = text_of(r, 2, a);
}

typedef void read_fn(struct found *, const struct db_rows *, struct bw_arena *);

struct reading {
    struct found *found;
    struct db *db;
    bw_str table;
    struct bw_arena *arena;
};

static bool each(const struct reading *x, const char *sql, read_fn *fn, struct bw_err *e)
{
    struct bw_value arg = bw_text(x->table);
    struct db_rows *rows = db_query(x->db, sql, &arg, 1, e);
    if (!rows)
        return false;
    int r;
    while ((r = db_next(rows, e)) > 0)
        fn(x->found, rows, x->arena);
    db_rows_close(rows);
    return r == 0;
}

bool found_read(struct found *f, struct db *db, const struct table *t, struct bw_arena *a,
                struct bw_err *e)
{
    *f = (struct found){0};
    struct reading x = {.found = f, .db = db, .table = t->name, .arena = a};
    return each(&x, "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?)", read_column,
                e) &&
           each(&x, "SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list(?)",
                read_reference, e) &&
           each(&x,
                "SELECT l.name, l.\"unique\", i.name, m.sql FROM pragma_index_list(?) AS l"
                " JOIN pragma_index_info(l.name) AS i"
                " JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name"
                " WHERE l.origin = 'c' ORDER BY l.name, i.seqno",
                read_index, e);
}

void found_release(struct found *f)
{
    for (size_t i = 0; i < f->indexes.n; i++)
        vec_release(&f->indexes.p[i].columns);
    vec_release(&f->indexes);
    vec_release(&f->columns);
}

const struct found_column *found_column(const struct found *f, bw_str name)
{
    for (size_t i = 0; i < f->columns.n; i++)
        if (bw_str_ieq(f->columns.p[i].name, name))
            return &f->columns.p[i];
    return NULL;
}

bool found_index_has(const struct found_index *x, bw_str column)
{
    for (size_t i = 0; i < x->columns.n; i++)
        if (x->columns.p[i].p && bw_str_ieq(x->columns.p[i], column))
            return true;
    return false;
}

bool schema_count(struct db *db, struct sql *q, int64_t *n, struct bw_err *e)
{
    struct db_rows *rows = db_query(db, sql_text(q), q->args, q->n_args, e);
    if (!rows)
        return false;
    int r = db_next(rows, e);
    if (r > 0)
        *n = db_value(rows, 0).kind == BW_KIND_INT ? db_value(rows, 0).i : 0;
    db_rows_close(rows);
    return r > 0 || (r == 0 && bw_fail(e, BW_SYS, "the database gave no count"));
}
