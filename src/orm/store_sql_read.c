/* store_sql_read.c: one record, a list, a count. Runs inline on the asking fiber's loop; the only
 * memory is the request's arena. */
#include "orm/store_sql_int.h"

struct sql_cursor {
    struct store_cursor base;
    struct table *table;
    struct db_rows *rows;
    unsigned n; /* columns the statement gives, and where they go in a row */
    struct db_place *places;
    const struct bw_value *cleared; /* row whose other columns are null, as we left them */
};

/* The statement gives them in ascending order. */
static unsigned place(const struct table *t, const struct column_set *set, struct db_place *places)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->n_columns; i++)
        if (column_in(set, i))
            places[n++] = (struct db_place){(unsigned short)i, (unsigned char)t->columns[i].kind};
    return n;
}

static void clear(struct bw_value *row, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        row[i].kind = BW_NULL;
}

static void keep_texts(struct bw_value *row, unsigned n, struct bw_arena *a)
{
    for (unsigned i = 0; i < n; i++)
        if (row[i].kind >= BW_KIND_TEXT)
            row[i].s = bw_arena_str(a, row[i].s);
}

bool store_sql_get(struct store *base, struct table *t, int64_t id, const struct column_set *set,
                   struct bw_value *row, struct bw_arena *a, struct bw_err *e)
{
    struct store_sql *s = (struct store_sql *)base;
    struct column_set columns = *set;
    column_add(&columns, 0);
    struct bw_value arg = bw_int(id);
    struct db_rows *rows =
        db_query(s->db, table_sql_get(s, t->store_data, &columns, a), &arg, 1, e);
    if (!rows)
        return false;
    int found = db_next(rows, e);
    if (found > 0) {
        struct db_place places[COLUMNS_MAX];
        clear(row, t->n_columns);
        db_values(rows, places, place(t, &columns, places), row);
        keep_texts(row, t->n_columns, a);
    }
    db_rows_close(rows);
    return found > 0 || (found == 0 && rule_missing(t, id, e));
}

struct store_cursor *store_sql_list(struct store *base, const struct query *q, struct bw_arena *a,
                                    struct bw_err *e)
{
    struct store_sql *s = (struct store_sql *)base;
    struct sql_cursor *c = BW_NEW(a, struct sql_cursor);
    struct sql text;
    sql_init(&text, s->dialect, a);
    struct column_set columns;
    c->table = q->table;
    if (!sql_list(&text, q, &columns, e))
        return NULL;
    c->places = BW_NEW_N(a, struct db_place, q->table->n_columns);
    c->n = place(q->table, &columns, c->places);
    c->rows = db_query(s->db, sql_text(&text), text.args, text.n_args, e);
    return c->rows ? &c->base : NULL;
}

int store_sql_next(struct store_cursor *base, struct bw_value *row, struct bw_err *e)
{
    struct sql_cursor *c = (struct sql_cursor *)base;
    int r = db_next(c->rows, e);
    if (r > 0) {
        if (row != c->cleared)
            clear(row, c->table->n_columns);
        c->cleared = row;
        db_values(c->rows, c->places, c->n, row);
    }
    return r;
}

void store_sql_cursor_close(struct store_cursor *base)
{
    struct sql_cursor *c = (struct sql_cursor *)base;
    db_rows_close(c->rows);
    c->rows = NULL;
}

static bool count_with(struct store_sql *s, struct sql *text, int64_t *n, struct bw_err *e)
{
    struct db_rows *rows = db_query(s->db, sql_text(text), text->args, text->n_args, e);
    if (!rows)
        return false;
    int r = db_next(rows, e);
    bool ok = r > 0;
    if (ok)
        *n = db_value(rows, 0).i;
    else if (r == 0)
        bw_fail(e, BW_SYS, "the database gave no count");
    db_rows_close(rows);
    return ok;
}

bool store_sql_count(struct store *base, const struct query *q, int64_t *n, struct bw_err *e)
{
    struct store_sql *s = (struct store_sql *)base;
    struct bw_arena arena;
    struct sql text;
    bw_arena_init(&arena);
    sql_init(&text, s->dialect, &arena);
    sql_addf(&text, "SELECT count(*) FROM ");
    sql_name(&text, q->table->name);
    bool ok = sql_where(&text, q, false, e) && count_with(s, &text, n, e);
    bw_arena_release(&arena);
    return ok;
}
