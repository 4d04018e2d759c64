/* store_memory_read.c: one record, a list, a count. A list is the rows that matched when it began:
 * the cursor holds them, whatever is written meanwhile. Where a query asks by id (expanding
 * references, a page in id order) only those rows are looked at. */
#include "orm/store_memory_int.h"

struct mem_cursor {
    struct store_cursor base;
    const struct table *table;
    struct column_set columns;
    struct mem_row **rows; /* shared */
    size_t n, at;
};

static void show(struct bw_value *out, const struct mem_row *r, const struct table *t,
                 const struct column_set *set)
{
    for (unsigned i = 0; i < t->n_columns; i++)
        out[i] = column_in(set, i) ? r->v[i] : bw_null();
}

bool mem_get(struct store *base, struct table *t, int64_t id, const struct column_set *set,
             struct bw_value *row, struct bw_arena *a, struct bw_err *e)
{
    struct store_memory *s = (struct store_memory *)base;
    struct column_set columns = *set;
    column_add(&columns, 0);
    pthread_rwlock_rdlock(&s->lock);
    const struct mem_slot *slot = mem_find(mem_table_of(t), id);
    struct mem_row *r = slot && slot->now ? mem_row_share(slot->now) : NULL;
    pthread_rwlock_unlock(&s->lock);
    if (!r)
        return rule_missing(t, id, e);
    show(row, r, t, &columns);
    for (unsigned i = 0; i < t->n_columns; i++)
        if (row[i].kind >= BW_KIND_TEXT)
            row[i].s = bw_arena_str(a, row[i].s);
    mem_row_free(r);
    return true;
}

/* ---- which rows ---- */

struct gather {
    const struct mem_table *m;
    const struct query *q;
    size_t enough; /* rows wanted when the order allows to stop; SIZE_MAX = all */
    VEC(struct mem_row *) rows;
};

static void offer(struct gather *g, const struct mem_slot *slot)
{
    struct mem_row *r = slot ? slot->now : NULL;
    if (r && query_behind(g->q, r->v) && (!g->q->filter || filter_match(g->q->filter, r->v)))
        *vec_push(&g->rows) = mem_row_share(r);
}

/* A test of the id that every match must pass, or NULL. */
static const struct filter *id_test(const struct filter *f)
{
    if (!f || f->not )
        return NULL;
    if (f->kind == FILTER_TEST)
        return f->column->index == 0 && (f->op == BW_EQ || f->op == BW_IN) ? f : NULL;
    for (const struct filter *x = f->kind == FILTER_AND ? f->first : NULL; x; x = x->next)
        if (id_test(x))
            return id_test(x);
    return NULL;
}

static void offer_ids(struct gather *g, const struct filter *f)
{
    const struct bw_value *v = f->op == BW_IN ? f->values : &f->value;
    unsigned n = f->op == BW_IN ? f->n_values : 1;
    for (unsigned i = 0; i < n; i++) {
        bool again = false;
        for (unsigned k = 0; k < i && !again; k++)
            again = v[k].i == v[i].i;
        if (!again && v[i].kind == BW_KIND_INT)
            offer(g, mem_find(g->m, v[i].i));
    }
}

static bool by_id(const struct query *q)
{
    return q->n_order == 0 || q->order[0].column->index == 0;
}

static void offer_range(struct gather *g)
{
    const struct mem_table *m = g->m;
    bool down = by_id(g->q) && g->q->n_order && g->q->order[0].desc;
    bool seek = by_id(g->q) && g->q->n_order && g->q->after;
    size_t start = seek ? mem_lower(m, g->q->after[0].i) : down ? m->slots.n : 0;
    if (down) {
        for (size_t i = start; i-- > 0;) {
            if (g->rows.n >= g->enough)
                break;
            offer(g, &m->slots.p[i]);
        }
        return;
    }
    for (size_t i = start; i < m->slots.n && g->rows.n < g->enough; i++)
        offer(g, &m->slots.p[i]);
}

static void gather(struct store_memory *s, struct gather *g)
{
    const struct filter *ids = id_test(g->q->filter);
    pthread_rwlock_rdlock(&s->lock);
    if (ids)
        offer_ids(g, ids);
    else
        offer_range(g);
    pthread_rwlock_unlock(&s->lock);
}

/* ---- in which order ---- */

/* Stable, and without qsort's lack of an argument: bottom-up merge. */
static void sort(const struct query *q, struct mem_row **rows, size_t n)
{
    struct mem_row **from = rows, **to = malloc((n + 1) * sizeof *to), **spare = to;
    bw_must(to);
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t lo = 0; lo < n; lo += 2 * width) {
            size_t mid = lo + width < n ? lo + width : n;
            size_t hi = mid + width < n ? mid + width : n;
            for (size_t k = lo, i = lo, j = mid; k < hi; k++) {
                bool right = i == mid || (j < hi && query_compare(q, from[j]->v, from[i]->v) < 0);
                to[k] = right ? from[j++] : from[i++];
            }
        }
        struct mem_row **x = from;
        from = to;
        to = x;
    }
    if (from != rows)
        memcpy(rows, from, n * sizeof *rows);
    free(spare);
}

static size_t wanted(const struct query *q)
{
    uint64_t limit = q->limit > 0 ? (uint64_t)q->limit : SIZE_MAX / 2;
    return (size_t)(limit + (uint64_t)(q->offset > 0 ? q->offset : 0));
}

static void cut(struct mem_cursor *c, const struct query *q)
{
    size_t skip = q->offset > 0 ? (size_t)q->offset : 0, end = wanted(q);
    for (size_t i = 0; i < c->n; i++)
        if (i < skip || i >= end) {
            mem_row_free(c->rows[i]);
            c->rows[i] = NULL;
        }
    c->at = skip < c->n ? skip : c->n;
    c->n = end < c->n ? end : c->n;
}

static struct column_set shown(const struct query *q)
{
    struct column_set set = q->select;
    column_add(&set, 0);
    for (unsigned i = 0; i < q->n_order; i++)
        column_add(&set, q->order[i].column->index);
    return set;
}

struct store_cursor *mem_list(struct store *base, const struct query *q, struct bw_arena *a,
                              struct bw_err *e)
{
    (void)e;
    struct gather g = {.m = mem_table_of(q->table), .q = q, .enough = SIZE_MAX};
    if (by_id(q))
        g.enough = wanted(q);
    gather((struct store_memory *)base, &g);
    struct mem_cursor *c = BW_NEW(a, struct mem_cursor);
    c->table = q->table;
    c->columns = shown(q);
    c->rows = g.rows.p;
    c->n = g.rows.n;
    if (q->n_order)
        sort(q, c->rows, c->n);
    cut(c, q);
    return &c->base;
}

int mem_next(struct store_cursor *base, struct bw_value *row, struct bw_err *e)
{
    struct mem_cursor *c = (struct mem_cursor *)base;
    (void)e;
    if (c->at >= c->n)
        return 0;
    show(row, c->rows[c->at++], c->table, &c->columns);
    return 1;
}

void mem_cursor_close(struct store_cursor *base)
{
    struct mem_cursor *c = (struct mem_cursor *)base;
    for (size_t i = 0; i < c->n; i++)
        mem_row_free(c->rows[i]);
    free(c->rows);
    c->rows = NULL;
    c->n = c->at = 0;
}

bool mem_count(struct store *base, const struct query *q, int64_t *n, struct bw_err *e)
{
    (void)e;
    struct store_memory *s = (struct store_memory *)base;
    const struct mem_table *m = mem_table_of(q->table);
    *n = 0;
    pthread_rwlock_rdlock(&s->lock);
    if (!q->filter)
        *n = m->live;
    for (size_t i = 0; q->filter && i < m->slots.n; i++)
        *n += m->slots.p[i].now && filter_match(q->filter, m->slots.p[i].now->v);
    pthread_rwlock_unlock(&s->lock);
    return true;
}
