/* query.c: the request for a list: its order, made total so that every list has one sequence only
 * and a cursor names one place in it, and the comparison by it, the same as SQLite's (BINARY
 * collation) so that every store sorts alike. */
#include "orm/query.h"

void query_init(struct query *q, struct table *t)
{
    *q = (struct query){.table = t, .select = t->simple};
}

static bool order_wrong(const struct column *c, struct bw_err *e, const char *why)
{
    bw_fail(e, BW_BAD, "cannot order by '%.*s': %s", BW_FMT(c->name), why);
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(c->name));
    return false;
}

bool query_order(struct query *q, const struct column *c, bool desc, struct bw_err *e)
{
    if (c->type == BW_TYPE_BLOB || c->type == BW_TYPE_JSON)
        return order_wrong(c, e, "a blob or JSON field has no order");
    if (c->f && c->f->write_only)
        return order_wrong(c, e, "it is write-only");
    for (unsigned i = 0; i < q->n_order; i++)
        if (q->order[i].column == c)
            return order_wrong(c, e, "it is named twice");
    if (q->n_order == ORDER_MAX)
        return order_wrong(c, e, "8 fields are the most");
    q->order[q->n_order++] = (struct order){.column = c, .desc = desc};
    return true;
}

void query_finish(struct query *q)
{
    for (unsigned i = 0; i < q->n_order; i++)
        if (q->order[i].column->index == 0) {
            q->n_order = i + 1;
            return;
        }
    bw_must(q->n_order <= ORDER_MAX);
    q->order[q->n_order++] = (struct order){.column = &q->table->columns[0]};
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Exact, as SQLite does it: an int64 does not fit a double, nor the other way round. */
static int compare_int_real(int64_t i, double r)
{
    if (r < -9223372036854775808.0)
        return 1;
    if (r >= 9223372036854775808.0)
        return -1;
    int64_t whole = (int64_t)r;
    if (i != whole)
        return sign(i, whole);
    double rest = r - (double)whole;
    return (rest < 0) - (rest > 0);
}

static int rank(enum bw_kind k)
{
    return k == BW_KIND_REAL ? (int)BW_KIND_INT : (int)k;
}

int value_compare(const struct bw_value *a, const struct bw_value *b)
{
    if (rank(a->kind) != rank(b->kind))
        return sign(rank(a->kind), rank(b->kind));
    if (a->kind == BW_NULL)
        return 0;
    if (rank(a->kind) != BW_KIND_INT)
        return sign(bw_str_cmp(a->s, b->s), 0);
    if (a->kind == BW_KIND_INT)
        return b->kind == BW_KIND_INT ? sign(a->i, b->i) : compare_int_real(a->i, b->r);
    if (b->kind == BW_KIND_INT)
        return -compare_int_real(b->i, a->r);
    return (a->r > b->r) - (a->r < b->r);
}

int query_compare(const struct query *q, const struct bw_value *a, const struct bw_value *b)
{
    for (unsigned i = 0; i < q->n_order; i++) {
        unsigned c = q->order[i].column->index;
        int d = value_compare(&a[c], &b[c]);
        if (d)
            return q->order[i].desc ? -d : d;
    }
    return 0;
}

bool query_behind(const struct query *q, const struct bw_value *row)
{
    for (unsigned i = 0; q->after && i < q->n_order; i++) {
        int d = value_compare(&row[q->order[i].column->index], &q->after[i]);
        if (d)
            return (q->order[i].desc ? -d : d) > 0;
    }
    return !q->after;
}
