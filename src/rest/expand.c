/* expand.c: see expand.h. A reference to a record that is gone meanwhile stays an id. */
#include "rest/expand.h"

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct expand_found *)a)->id, y = ((const struct expand_found *)b)->id;
    return x < y ? -1 : x > y;
}

static bool write_found(void *arg, const struct column *c, int64_t id, struct bw_json_writer *w)
{
    struct expand *x = arg;
    struct expand_column *col = x->columns[c->index];
    struct expand_found key = {.id = id};
    const struct expand_found *f = bsearch(&key, col->found, col->n, sizeof key, by_id);
    if (f)
        record_write(c->ref, &c->ref->simple, f->row, NULL, w);
    return f != NULL;
}

void expand_init(struct expand *x, const struct table *t, const struct column_set *set,
                 struct bw_arena *a)
{
    *x = (struct expand){.table = t, .hook = {.set = *set, .write = write_found, .arg = x}};
    bw_arena_init(&x->arena);
    x->columns = BW_NEW_N(a, struct expand_column *, t->n_columns);
    for (unsigned i = 0; i < t->n_columns; i++)
        if (column_in(set, i)) {
            x->columns[i] = BW_NEW(a, struct expand_column);
            x->columns[i]->column = &t->columns[i];
        }
}

void expand_release(struct expand *x)
{
    bw_arena_release(&x->arena);
}

/* The distinct ids that the rows hold in this column. */
static size_t collect(struct expand_column *col, struct bw_value *const *rows, size_t n,
                      struct bw_value *ids)
{
    size_t k = 0, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i][col->column->index].kind == BW_KIND_INT)
            col->found[k++].id = rows[i][col->column->index].i;
    qsort(col->found, k, sizeof *col->found, by_id);
    for (size_t i = 0; i < k; i++)
        if (!i || col->found[i].id != col->found[i - 1].id)
            ids[kept++] = bw_int(col->found[i].id);
    return kept;
}

static bool fetch_column(struct expand *x, struct expand_column *col, const struct bw_value *ids,
                         size_t n, struct bw_err *e)
{
    struct table *to = col->column->ref;
    struct filter *in = filter_new(&x->arena, FILTER_TEST);
    struct query q;
    in->column = &to->columns[0];
    in->op = BW_IN;
    in->values = ids;
    in->n_values = (unsigned)n;
    query_init(&q, to);
    q.filter = in;
    q.limit = (int64_t)n;
    query_finish(&q); /* ordered by id: found[] comes sorted */
    struct store_cursor *cursor = store_list(&q, &x->arena, e);
    struct bw_value *row = BW_NEW_N(&x->arena, struct bw_value, to->n_columns);
    int got = cursor ? 0 : -1;
    for (col->n = 0; cursor && col->n < n && (got = store_next(cursor, row, e)) > 0; col->n++)
        col->found[col->n] =
            (struct expand_found){.id = row[0].i, .row = record_keep(to, row, &x->arena)};
    store_cursor_close(cursor);
    return got >= 0;
}

bool expand_fetch(struct expand *x, struct bw_value *const *rows, size_t n, struct bw_err *e)
{
    bw_arena_clear(&x->arena);
    for (unsigned i = 0; i < x->table->n_columns; i++) {
        struct expand_column *col = x->columns[i];
        if (!col)
            continue;
        struct bw_value *ids = BW_NEW_N(&x->arena, struct bw_value, n);
        size_t wanted = collect(col, rows, n, ids);
        col->n = 0;
        if (wanted && !fetch_column(x, col, ids, wanted, e))
            return false;
    }
    return true;
}
