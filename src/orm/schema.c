/* schema.c: the plan from what stands in the database to what the model wants. Reads only; what it
 * finds is one list of steps in the order they must run. Tables the model does not know are nobody
 * of ours and left alone, and so are indexes that do not bear our names. */
#include "orm/schema.h"

#include <stdlib.h>

#include "orm/schema_int.h"

struct sql planning_sql(struct planning *p, const char *text)
{
    struct sql q;
    sql_init(&q, &dialect_sqlite, p->arena);
    sql_addf(&q, text);
    return q;
}

bw_str planning_many(struct planning *p, int64_t n, const char *what)
{
    return bw_arena_printf(p->arena, "%lld %s%s", (long long)n, what, n == 1 ? "" : "s");
}

void planning_do(struct planning *p, struct sql *q)
{
    const char *text = sql_text(q);
    *vec_push(&p->sql) = bw_str_of(text, q->n);
}

void planning_step(struct planning *p, bw_str sentence, bw_str why)
{
    struct schema_step *s = vec_push(&p->steps);
    bw_str *sql = BW_NEW_N(p->arena, bw_str, p->sql.n);
    if (p->sql.n)
        memcpy(sql, p->sql.p, p->sql.n * sizeof *sql);
    *s = (struct schema_step){.table = p->table->name.p,
                              .sentence = sentence,
                              .why = why,
                              .sql = sql,
                              .n_sql = (unsigned)p->sql.n,
                              .additive = !why.p};
    vec_clear(&p->sql);
}

static bw_str rule_fields(struct planning *p, const struct index_rule *r)
{
    bw_str s = r->columns[0]->name;
    for (unsigned i = 1; i < r->n; i++)
        s = bw_arena_printf(p->arena, "%.*s, %.*s", BW_FMT(s), BW_FMT(r->columns[i]->name));
    return s;
}

static void create_table(struct planning *p)
{
    struct sql q = planning_sql(p, "");
    ddl_create_table(&q, p->table);
    planning_do(p, &q);
    for (unsigned i = 0; i < p->rules.n; i++) {
        q = planning_sql(p, "");
        ddl_create_index(&q, p->table, &p->rules.at[i]);
        planning_do(p, &q);
    }
    planning_step(p, bw_arena_printf(p->arena, "create table %.*s", BW_FMT(p->table->name)),
                  (bw_str){0});
}

static bool rule_of_index(struct planning *p, bw_str name)
{
    for (unsigned i = 0; i < p->rules.n; i++)
        if (bw_str_eq(ddl_index_name(p->table, &p->rules.at[i], p->arena), name))
            return true;
    return false;
}

static void drop_old_indexes(struct planning *p)
{
    for (size_t i = 0; i < p->found.indexes.n; i++) {
        bw_str name = p->found.indexes.p[i].name;
        if (!ddl_index_ours(name) || rule_of_index(p, name))
            continue;
        struct sql q = planning_sql(p, "DROP INDEX IF EXISTS ");
        sql_name(&q, name);
        planning_do(p, &q);
        planning_step(p, bw_arena_printf(p->arena, "drop index %.*s", BW_FMT(name)), (bw_str){0});
    }
}

/* How many values stand more than once? Columns still to come hold no values yet. */
static bool count_twins(struct planning *p, const struct index_rule *r, int64_t *n,
                        struct bw_err *e)
{
    *n = 0;
    struct sql q = planning_sql(p, "SELECT count(*) FROM (SELECT 1 FROM ");
    sql_name(&q, p->table->name);
    for (unsigned i = 0; i < r->n; i++) {
        if (!found_column(&p->found, r->columns[i]->name))
            return true;
        sql_addf(&q, i ? " AND " : " WHERE ");
        sql_name(&q, r->columns[i]->name);
        sql_addf(&q, " IS NOT NULL");
    }
    for (unsigned i = 0; i < r->n; i++) {
        sql_addf(&q, i ? ", " : " GROUP BY ");
        sql_name(&q, r->columns[i]->name);
    }
    sql_addf(&q, " HAVING count(*) > 1)");
    return schema_count(p->db, &q, n, e);
}

static bool index_is_there(struct planning *p, const struct index_rule *r)
{
    bw_str name = ddl_index_name(p->table, r, p->arena);
    for (size_t i = 0; i < p->found.indexes.n; i++)
        if (bw_str_eq(p->found.indexes.p[i].name, name))
            return true;
    return false;
}

static bool create_index(struct planning *p, const struct index_rule *r, struct bw_err *e)
{
    int64_t twins = 0;
    if (index_is_there(p, r))
        return true;
    if (r->unique && !count_twins(p, r, &twins, e))
        return false;
    bw_str why = {0};
    if (twins) {
        why = bw_arena_printf(p->arena, "%.*s in more than one record: make them differ first",
                              BW_FMT(planning_many(p, twins, "value")));
    } else {
        struct sql q = planning_sql(p, "");
        ddl_create_index(&q, p->table, r);
        planning_do(p, &q);
    }
    planning_step(p,
                  bw_arena_printf(p->arena, "create %sindex on %.*s (%.*s)",
                                  r->unique ? "unique " : "", BW_FMT(p->table->name),
                                  BW_FMT(rule_fields(p, r))),
                  why);
    return true;
}

static bool change_columns(struct planning *p, struct bw_err *e)
{
    for (unsigned i = 1; i < p->table->n_columns; i++)
        if (!plan_column(p, &p->table->columns[i], e))
            return false;
    for (size_t i = 0; i < p->found.columns.n; i++) {
        const struct found_column *old = &p->found.columns.p[i];
        bool known = false;
        for (unsigned k = 0; k < p->table->n_columns && !known; k++)
            known = bw_str_ieq(old->name, p->table->columns[k].name);
        if (!known && !plan_drop_column(p, old, e))
            return false;
    }
    return true;
}

static bool usable_id(struct planning *p)
{
    const struct found_column *id = found_column(&p->found, p->table->columns[0].name);
    if (id && id->key && bw_str_ieq(id->type, BW_LIT("INTEGER")))
        return true;
    planning_step(p, bw_arena_printf(p->arena, "take table %.*s over", BW_FMT(p->table->name)),
                  BW_LIT("it was made by another program and has no \"id\" INTEGER PRIMARY KEY: "
                         "rename it, or give the model's table another name"));
    return false;
}

static bool plan_table(struct planning *p, struct bw_err *e)
{
    index_rules_of(&p->rules, p->table, p->arena);
    if (!found_read(&p->found, p->db, p->table, p->arena, e))
        return false;
    if (p->found.columns.n == 0) {
        create_table(p);
        return true;
    }
    if (!usable_id(p))
        return true;
    drop_old_indexes(p);
    if (!change_columns(p, e))
        return false;
    for (unsigned i = 0; i < p->rules.n; i++)
        if (!create_index(p, &p->rules.at[i], e))
            return false;
    return true;
}

bool schema_plan(struct schema_plan *plan, struct db *db, struct table *const *tables, unsigned n,
                 struct bw_arena *a, struct bw_err *e)
{
    struct planning p = {.plan = plan, .db = db, .arena = a};
    bool ok = true;
    *plan = (struct schema_plan){0};
    for (unsigned i = 0; ok && i < n; i++) {
        p.table = tables[i];
        ok = plan_table(&p, e) ||
             bw_because(e, "comparing table '%.*s' with the database", BW_FMT(tables[i]->name));
        found_release(&p.found);
        p.found = (struct found){0};
    }
    plan->n = p.steps.n;
    plan->steps = BW_NEW_N(a, struct schema_step, p.steps.n);
    for (size_t i = 0; i < p.steps.n; i++) {
        plan->steps[i] = p.steps.p[i];
        plan->lossy += !p.steps.p[i].additive;
    }
    vec_release(&p.steps);
    vec_release(&p.sql);
    return ok;
}

/* ---- apply ---- */

struct applying {
    const struct schema_plan *plan;
    bool also_lossy;
};

static bool apply_step(struct db_tx *tx, const struct schema_step *s, struct bw_err *e)
{
    if (!s->n_sql)
        return bw_fail(e, BW_CONFLICT, "cannot %.*s: %.*s", BW_FMT(s->sentence), BW_FMT(s->why));
    for (unsigned i = 0; i < s->n_sql; i++)
        if (!db_exec(tx, s->sql[i].p, NULL, 0, e))
            return bw_because(e, "to %.*s", BW_FMT(s->sentence));
    return true;
}

static bool apply(struct db_tx *tx, void *arg, struct bw_err *e)
{
    const struct applying *x = arg;
    for (size_t i = 0; i < x->plan->n; i++) {
        const struct schema_step *s = &x->plan->steps[i];
        if ((s->additive || x->also_lossy) && !apply_step(tx, s, e))
            return false;
    }
    return true;
}

bool schema_apply(const struct schema_plan *p, struct db *db, bool also_lossy, struct bw_err *e)
{
    struct applying x = {.plan = p, .also_lossy = also_lossy};
    return p->n == 0 || db_write(db, apply, &x, e);
}

bool schema_refuse(const struct schema_plan *p, struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, 4 * sizeof e->text); /* the error cuts it */
    for (size_t i = 0; i < p->n; i++) {
        const struct schema_step *s = &p->steps[i];
        if (p->lossy && s->additive)
            continue;
        bw_buf_printf(&b, "%s%.*s", b.n ? "; " : "", BW_FMT(s->sentence));
        if (s->why.p)
            bw_buf_printf(&b, " (%.*s)", BW_FMT(s->why));
    }
    size_t n = p->lossy ? p->lossy : p->n;
    bw_fail(e, BW_CONFLICT, "%zu %s to the database %s (see `burrow migrate plan`): %.*s", n,
            n == 1 ? "change" : "changes",
            p->lossy ? "could lose or refuse data" : "must be applied first",
            BW_FMT(bw_buf_str(&b)));
    bw_buf_release(&b);
    return false;
}
