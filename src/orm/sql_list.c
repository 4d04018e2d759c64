/* sql_list.c: a list as one SELECT. Keyset pages begin behind the last row seen: as a row value
 * where the database can use an index for it, else spelled out column by column. The first column
 * is bounded once more on its own, for a planner that looks no further than that. */
#include "orm/sql.h"

/* Row values are exact when all go one way and no NULL takes part: ascending, a NULL comes before
 * every value, and "unknown" leaves it out, rightly; descending it comes last and would be lost. */
static bool as_row_value(const struct sql *q, const struct query *in)
{
    if (!q->d->row_values)
        return false;
    for (unsigned i = 0; i < in->n_order; i++) {
        const struct order *o = &in->order[i];
        bool last = o->desc && o->column->nullable;
        if (in->after[i].kind == BW_NULL || o->desc != in->order[0].desc || last)
            return false;
    }
    return true;
}

static void row_value(struct sql *q, const struct query *in)
{
    sql_addf(q, "(");
    for (unsigned i = 0; i < in->n_order; i++) {
        sql_addf(q, i ? ", " : "");
        sql_name(q, in->order[i].column->name);
    }
    sql_addf(q, in->order[0].desc ? ") < (" : ") > (");
    for (unsigned i = 0; i < in->n_order; i++) {
        sql_addf(q, i ? ", " : "");
        sql_bind(q, in->after[i]);
    }
    sql_addf(q, ")");
}

/* The column alone against NULL, which is the smallest: ascending everything else is behind it,
 * descending nothing. */
static void beyond_null(struct sql *q, const struct order *o, bool or_level)
{
    if (o->desc == or_level)
        sql_name(q, o->column->name);
    if (o->desc)
        sql_addf(q, or_level ? " IS NULL" : "1 = 0");
    else
        sql_addf(q, or_level ? "1 = 1" : " IS NOT NULL");
}

/* The column alone stands behind (or level with) the value. */
static void beyond(struct sql *q, const struct order *o, struct bw_value v, bool or_level)
{
    if (v.kind == BW_NULL) {
        beyond_null(q, o, or_level);
        return;
    }
    bool or_null = o->desc && o->column->nullable;
    sql_addf(q, or_null ? "(" : "");
    sql_name(q, o->column->name);
    sql_addf(q, o->desc ? " <" : " >");
    sql_addf(q, or_level ? "= " : " ");
    sql_bind(q, v);
    if (or_null) {
        sql_addf(q, " OR ");
        sql_name(q, o->column->name);
        sql_addf(q, " IS NULL)");
    }
}

/* a > ? OR (a IS ? AND (b > ? OR (b IS ? AND …))) */
static void spelled(struct sql *q, const struct query *in)
{
    beyond(q, &in->order[0], in->after[0], true);
    for (unsigned i = 0; i < in->n_order; i++) {
        sql_addf(q, i ? "" : " AND (");
        beyond(q, &in->order[i], in->after[i], false);
        if (i + 1 == in->n_order)
            break;
        sql_addf(q, " OR (");
        sql_name(q, in->order[i].column->name);
        sql_addf(q, q->d->same);
        sql_bind(q, in->after[i]);
        sql_addf(q, " AND (");
    }
    for (unsigned i = 1; i < in->n_order; i++)
        sql_addf(q, "))");
    sql_addf(q, ")");
}

bool sql_where(struct sql *q, const struct query *in, bool after, struct bw_err *e)
{
    after = after && in->after && in->n_order;
    if (!after && !in->filter)
        return true;
    sql_addf(q, " WHERE ");
    if (after && as_row_value(q, in))
        row_value(q, in);
    else if (after)
        spelled(q, in);
    if (!in->filter)
        return true;
    sql_addf(q, after ? " AND " : "");
    return sql_filter(q, in->filter, e);
}

static void order_by(struct sql *q, const struct query *in)
{
    for (unsigned i = 0; i < in->n_order; i++) {
        sql_addf(q, i ? ", " : " ORDER BY ");
        sql_name(q, in->order[i].column->name);
        sql_addf(q, in->order[i].desc ? q->d->desc : q->d->asc);
    }
}

static void bounds(struct sql *q, const struct query *in)
{
    if (in->limit <= 0 && in->offset <= 0)
        return;
    sql_addf(q, " LIMIT ");
    sql_bind(q, bw_int(in->limit > 0 ? in->limit : INT64_MAX));
    if (in->offset > 0) {
        sql_addf(q, " OFFSET ");
        sql_bind(q, bw_int(in->offset));
    }
}

bool sql_list(struct sql *q, const struct query *in, struct column_set *columns, struct bw_err *e)
{
    *columns = in->select;
    column_add(columns, 0);
    for (unsigned i = 0; i < in->n_order; i++)
        column_add(columns, in->order[i].column->index);
    sql_addf(q, "SELECT ");
    sql_names(q, in->table, columns);
    sql_addf(q, " FROM ");
    sql_name(q, in->table->name);
    if (!sql_where(q, in, true, e))
        return false;
    order_by(q, in);
    bounds(q, in);
    return true;
}
