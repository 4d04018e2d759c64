/* store_sql_fault.c: a database says little about a broken constraint, and each says it otherwise.
 * So after one broke, we ask it, in the same transaction, which rule of the table it was. This is
 * the failing path: a few look-ups by index do not matter. What we cannot find keeps the database's
 * own sentence. */
#include "orm/store_sql_int.h"

#define CASCADES_MAX 4 /* tables followed to find who restricts */

struct explain {
    struct store_sql *store;
    struct db_tx *tx;
    struct change *change;
    struct bw_arena arena;
    struct {
        const struct table *table;
        const struct column *column;
    } path[CASCADES_MAX + 1]; /* path[0].table: where records are deleted */
};

/* The first row's first two integers; false when there is none. */
static bool first_row(struct explain *x, struct sql *q, int64_t out[2])
{
    struct bw_err e;
    struct db_rows *rows = db_tx_query(x->tx, sql_text(q), q->args, q->n_args, &e);
    if (!rows)
        return false;
    bool found = db_next(rows, &e) > 0;
    for (unsigned i = 0; found && i < 2 && i < db_columns(rows); i++)
        out[i] = db_value(rows, i).kind == BW_KIND_INT ? db_value(rows, i).i : 0;
    db_rows_close(rows);
    return found;
}

static struct sql select_ids(struct explain *x, const struct table *t)
{
    struct sql q;
    sql_init(&q, x->store->dialect, &x->arena);
    sql_addf(&q, "SELECT ");
    sql_name(&q, t->columns[0].name);
    sql_addf(&q, " FROM ");
    sql_name(&q, t->name);
    sql_addf(&q, " WHERE ");
    return q;
}

static bool has_id(struct explain *x, const struct table *t, int64_t id)
{
    struct sql q = select_ids(x, t);
    int64_t out[2];
    sql_name(&q, t->columns[0].name);
    sql_addf(&q, " = ");
    sql_bind(&q, bw_int(id));
    return first_row(x, &q, out);
}

static bool given(const struct change *c, const struct column *col)
{
    return c->kind == CHANGE_ADD || column_in(&c->rec.has, col->index);
}

/* An update that gives only some of a rule's fields keeps the others as they stand. */
static void match_column(struct sql *q, const struct change *c, const struct column *col)
{
    sql_name(q, col->name);
    sql_addf(q, " = ");
    if (given(c, col)) {
        sql_bind(q, c->rec.v[col->index]);
        return;
    }
    sql_addf(q, "(SELECT ");
    sql_name(q, col->name);
    sql_addf(q, " FROM ");
    sql_name(q, c->table->name);
    sql_addf(q, " WHERE ");
    sql_name(q, c->table->columns[0].name);
    sql_addf(q, " = ");
    sql_bind(q, bw_int(c->rec.id));
    sql_addf(q, ")");
}

static bool is_taken(struct explain *x, const struct index_rule *r)
{
    struct change *c = x->change;
    struct sql q = select_ids(x, c->table);
    int64_t out[2];
    bool any = false;
    for (unsigned i = 0; i < r->n; i++) {
        any = any || given(c, r->columns[i]);
        match_column(&q, c, r->columns[i]);
        sql_addf(&q, " AND ");
    }
    sql_name(&q, c->table->columns[0].name);
    sql_addf(&q, " <> ");
    sql_bind(&q, bw_int(c->kind == CHANGE_UPDATE ? c->rec.id : 0));
    return any && first_row(x, &q, out);
}

/* Fills in what the sentence shows of fields the update did not give. */
static bool taken(struct explain *x, const struct index_rule *r)
{
    struct change *c = x->change;
    struct bw_value *shown = BW_NEW_N(&x->arena, struct bw_value, c->table->n_columns);
    for (unsigned i = 0; i < r->n; i++)
        if (given(c, r->columns[i]))
            shown[r->columns[i]->index] = c->rec.v[r->columns[i]->index];
    rule_taken(r, shown, &c->err);
    return true;
}

static bool explain_unique(struct explain *x)
{
    struct change *c = x->change;
    const struct table_sql *ts = c->table->store_data;
    if (c->kind == CHANGE_ADD && c->rec.id && has_id(x, c->table, c->rec.id)) {
        rule_id_taken(c->table, c->rec.id, &c->err);
        return true;
    }
    for (unsigned i = 0; i < ts->rules.n; i++)
        if (ts->rules.at[i].unique && is_taken(x, &ts->rules.at[i]))
            return taken(x, &ts->rules.at[i]);
    return false;
}

static void explain_reference(struct explain *x)
{
    struct change *c = x->change;
    for (unsigned i = 1; i < c->table->n_columns; i++) {
        const struct column *col = &c->table->columns[i];
        if (!col->ref || !given(c, col) || c->rec.v[i].kind != BW_KIND_INT)
            continue;
        if (!has_id(x, col->ref, c->rec.v[i].i)) {
            rule_no_target(col, c->rec.v[i].i, &c->err);
            return;
        }
    }
}

/* ---- who refers to what was to be deleted ---- */

/* The ids deleted, `depth` cascades away from the table itself. */
static void deleted_ids(struct explain *x, struct sql *q, unsigned depth)
{
    const struct table *t = x->path[depth].table;
    if (depth == 0 && x->change->kind == CHANGE_DELETE) {
        sql_bind(q, bw_int(x->change->rec.id));
        return;
    }
    sql_addf(q, "SELECT ");
    sql_name(q, t->columns[0].name);
    sql_addf(q, " FROM ");
    sql_name(q, t->name);
    sql_addf(q, " WHERE ");
    if (depth == 0) {
        if (!x->change->filter || !sql_filter(q, x->change->filter, NULL))
            sql_addf(q, "1 = 1");
        return;
    }
    sql_name(q, x->path[depth].column->name);
    sql_addf(q, " IN (");
    deleted_ids(x, q, depth - 1);
    sql_addf(q, ")");
}

static bool restricts(struct explain *x, unsigned depth, const struct table *by,
                      const struct column *c)
{
    const struct table *to = x->path[depth].table;
    struct sql q;
    int64_t out[2] = {0};
    sql_init(&q, x->store->dialect, &x->arena);
    sql_addf(&q, "SELECT ");
    sql_name(&q, by->columns[0].name);
    sql_addf(&q, ", ");
    sql_name(&q, c->name);
    sql_addf(&q, " FROM ");
    sql_name(&q, by->name);
    sql_addf(&q, " WHERE ");
    sql_name(&q, c->name);
    sql_addf(&q, " IN (");
    deleted_ids(x, &q, depth);
    sql_addf(&q, ")");
    if (by == x->path[0].table) { /* one that goes too does not hold anything back */
        sql_addf(&q, " AND ");
        sql_name(&q, by->columns[0].name);
        sql_addf(&q, " NOT IN (");
        deleted_ids(x, &q, 0);
        sql_addf(&q, ")");
    }
    if (!first_row(x, &q, out))
        return false;
    rule_referred(to, out[1], &(struct referrer){by, c, out[0]}, &x->change->err);
    return true;
}

static bool explain_delete(struct explain *x, unsigned depth);

static bool explain_referrer(struct explain *x, unsigned depth, const struct table *by,
                             const struct column *c)
{
    if (c->ref != x->path[depth].table)
        return false;
    if (c->f->on_delete == BW_RESTRICT)
        return restricts(x, depth, by, c);
    if (c->f->on_delete != BW_CASCADE || depth == CASCADES_MAX)
        return false;
    x->path[depth + 1].table = by;
    x->path[depth + 1].column = c;
    return explain_delete(x, depth + 1);
}

static bool explain_delete(struct explain *x, unsigned depth)
{
    const struct table *t = x->path[depth].table;
    for (struct table **by = t->referrers; by && *by; by++)
        for (unsigned i = 1; i < (*by)->n_columns; i++)
            if (explain_referrer(x, depth, *by, &(*by)->columns[i]))
                return true;
    return false;
}

void sql_explain(struct store_sql *s, struct db_tx *tx, struct change *c)
{
    struct explain x = {.store = s, .tx = tx, .change = c};
    bw_arena_init(&x.arena);
    if (c->kind == CHANGE_ADD || c->kind == CHANGE_UPDATE) {
        if (!explain_unique(&x))
            explain_reference(&x);
    } else {
        x.path[0].table = c->table;
        explain_delete(&x, 0);
    }
    bw_arena_release(&x.arena);
}
