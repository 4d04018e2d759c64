/* schema_column.c: the steps of one column. A column that changes is made anew beside the old one,
 * filled from it, and takes its name: SQLite cannot alter a column, and the other way, a new table
 * for the old one, would run the ON DELETE actions of everything that refers to it when the old one
 * is dropped (foreign keys cannot be switched off inside a transaction). */
#include "orm/schema_int.h"

#include <stdlib.h>

#define ASIDE BW_LIT("burrow_new")

static struct sql count_where(struct planning *p, bw_str column, const char *test)
{
    struct sql q = planning_sql(p, "SELECT count(*) FROM ");
    sql_name(&q, p->table->name);
    if (column.p) {
        sql_addf(&q, " WHERE ");
        sql_name(&q, column);
        sql_addf(&q, test);
    }
    return q;
}

static bool count(struct planning *p, bw_str column, const char *test, int64_t *n, struct bw_err *e)
{
    struct sql q = count_where(p, column, test);
    return schema_count(p->db, &q, n, e);
}

static bw_str fill_text(struct planning *p, const struct column *c)
{
    struct sql q = planning_sql(p, "");
    ddl_fill(&q, c);
    return bw_cstr(sql_text(&q));
}

/* ---- add ---- */

static struct sql alter(struct planning *p)
{
    struct sql q = planning_sql(p, "ALTER TABLE ");
    sql_name(&q, p->table->name);
    return q;
}

static void do_add(struct planning *p, const struct column *c, bw_str name)
{
    struct sql q = alter(p);
    sql_addf(&q, " ADD COLUMN ");
    ddl_column(&q, c, name, true);
    planning_do(p, &q);
}

static bool add_column(struct planning *p, const struct column *c, struct bw_err *e)
{
    bw_str why = {0};
    if (c->f && c->f->required && !c->has_initial) {
        int64_t n;
        if (!count(p, (bw_str){0}, "", &n, e))
            return false;
        if (n > 0 && ddl_not_null(c))
            why =
                bw_arena_printf(p->arena, "it is required and has no default: %.*s would get %.*s",
                                BW_FMT(planning_many(p, n, "record")), BW_FMT(fill_text(p, c)));
        else if (n > 0)
            why = bw_arena_printf(p->arena, "it is required: %.*s would have none",
                                  BW_FMT(planning_many(p, n, "record")));
    }
    do_add(p, c, c->name);
    planning_step(p,
                  bw_arena_printf(p->arena, "add column %.*s.%.*s (%s)", BW_FMT(p->table->name),
                                  BW_FMT(c->name), dialect_sqlite.type[c->kind]),
                  why);
    return true;
}

/* ---- change ---- */

static bool same_reference(const struct column *c, const struct found_column *old)
{
    if (!c->ref || !old->ref.p)
        return !c->ref && !old->ref.p;
    return bw_str_ieq(c->ref->name, old->ref) && c->f->on_delete == old->on_delete;
}

static bool same_type(const struct column *c, const struct found_column *old)
{
    return bw_str_ieq(old->type, bw_cstr(dialect_sqlite.type[c->kind]));
}

static void drop_indexes(struct planning *p, bw_str column)
{
    for (size_t i = 0; i < p->found.indexes.n; i++) {
        if (!found_index_has(&p->found.indexes.p[i], column))
            continue;
        struct sql q = planning_sql(p, "DROP INDEX IF EXISTS ");
        sql_name(&q, p->found.indexes.p[i].name);
        planning_do(p, &q);
    }
}

static bool still_wanted(struct planning *p, const struct found_index *x)
{
    if (!ddl_index_ours(x->name))
        return true;
    for (unsigned i = 0; i < p->rules.n; i++)
        if (bw_str_eq(ddl_index_name(p->table, &p->rules.at[i], p->arena), x->name))
            return true;
    return false;
}

static void make_indexes_again(struct planning *p, bw_str column)
{
    for (size_t i = 0; i < p->found.indexes.n; i++) {
        const struct found_index *x = &p->found.indexes.p[i];
        if (!found_index_has(x, column) || !still_wanted(p, x))
            continue;
        struct sql q = planning_sql(p, "");
        sql_add(&q, x->sql);
        planning_do(p, &q);
    }
}

static void do_change(struct planning *p, const struct column *c, const struct found_column *old)
{
    drop_indexes(p, old->name);
    do_add(p, c, ASIDE);
    struct sql q = planning_sql(p, "UPDATE ");
    sql_name(&q, p->table->name);
    sql_addf(&q, " SET ");
    sql_name(&q, ASIDE);
    sql_addf(&q, " = ");
    ddl_convert(&q, p->table, c, old);
    planning_do(p, &q);
    q = alter(p);
    sql_addf(&q, " DROP COLUMN ");
    sql_name(&q, old->name);
    planning_do(p, &q);
    q = alter(p);
    sql_addf(&q, " RENAME COLUMN ");
    sql_name(&q, ASIDE);
    sql_addf(&q, " TO ");
    sql_name(&q, c->name);
    planning_do(p, &q);
    make_indexes_again(p, old->name);
}

static bool why_type(struct planning *p, const struct column *c, const struct found_column *old,
                     bw_str *why, struct bw_err *e)
{
    int64_t n;
    if (!count(p, old->name, " IS NOT NULL", &n, e))
        return false;
    if (n > 0)
        *why = bw_arena_printf(
            p->arena, "%.*s would be converted from %.*s to %s; what is none is lost",
            BW_FMT(planning_many(p, n, "value")), BW_FMT(old->type), dialect_sqlite.type[c->kind]);
    return true;
}

static bool why_null(struct planning *p, const struct column *c, const struct found_column *old,
                     bw_str *why, struct bw_err *e)
{
    int64_t n;
    if (!count(p, old->name, " IS NULL", &n, e))
        return false;
    if (n > 0)
        *why = bw_arena_printf(p->arena, "%.*s without a value would get %.*s",
                               BW_FMT(planning_many(p, n, "record")), BW_FMT(fill_text(p, c)));
    return true;
}

/* Whether the target's table is there already cannot matter: a query on a missing one fails, so it
 * is looked for first. */
static bool why_reference(struct planning *p, const struct column *c,
                          const struct found_column *old, bw_str *why, struct bw_err *e)
{
    struct found target;
    bool ok = found_read(&target, p->db, c->ref, p->arena, e);
    bool there = ok && target.columns.n > 0;
    found_release(&target);
    if (!ok)
        return false;
    int64_t n;
    struct sql q = count_where(p, old->name, " IS NOT NULL");
    if (there) {
        sql_addf(&q, " AND ");
        sql_name(&q, old->name);
        sql_addf(&q, " NOT IN (SELECT ");
        sql_name(&q, c->ref->columns[0].name);
        sql_addf(&q, " FROM ");
        sql_name(&q, c->ref->name);
        sql_addf(&q, ")");
    }
    if (!schema_count(p->db, &q, &n, e))
        return false;
    if (n > 0)
        *why = bw_arena_printf(p->arena, "there is no %.*s for %.*s, which would be lost",
                               BW_FMT(c->ref->name), BW_FMT(planning_many(p, n, "value")));
    return true;
}

static bw_str say_change(struct planning *p, const struct column *c, const struct found_column *old)
{
    bw_str name = bw_arena_printf(p->arena, "%.*s.%.*s", BW_FMT(p->table->name), BW_FMT(c->name));
    if (!same_type(c, old))
        return bw_arena_printf(p->arena, "change column %.*s from %.*s to %s", BW_FMT(name),
                               BW_FMT(old->type), dialect_sqlite.type[c->kind]);
    if (!same_reference(c, old))
        return c->ref ? bw_arena_printf(p->arena, "let column %.*s refer to %.*s (%s)",
                                        BW_FMT(name), BW_FMT(c->ref->name),
                                        c->f->on_delete == BW_CASCADE    ? "cascade"
                                        : c->f->on_delete == BW_SET_NULL ? "set null"
                                                                         : "restrict")
                      : bw_arena_printf(p->arena, "let column %.*s refer to %.*s no more",
                                        BW_FMT(name), BW_FMT(old->ref));
    return bw_arena_printf(
        p->arena, ddl_not_null(c) ? "require a value in column %.*s" : "let column %.*s be empty",
        BW_FMT(name));
}

bool plan_column(struct planning *p, const struct column *c, struct bw_err *e)
{
    const struct found_column *old = found_column(&p->found, c->name);
    if (!old)
        return add_column(p, c, e);
    bool type = same_type(c, old), ref = same_reference(c, old);
    bool null = ddl_not_null(c) == old->not_null;
    if (type && ref && null)
        return true;
    bool new_target = c->ref && (!old->ref.p || !bw_str_ieq(c->ref->name, old->ref));
    bw_str why = {0};
    if (!null && ddl_not_null(c) && !why_null(p, c, old, &why, e))
        return false;
    if (new_target && !why_reference(p, c, old, &why, e))
        return false;
    if (!type && !why_type(p, c, old, &why, e))
        return false;
    do_change(p, c, old);
    planning_step(p, say_change(p, c, old), why);
    return true;
}

/* ---- drop ---- */

bool plan_drop_column(struct planning *p, const struct found_column *old, struct bw_err *e)
{
    int64_t n;
    if (!count(p, old->name, " IS NOT NULL", &n, e))
        return false;
    drop_indexes(p, old->name);
    struct sql q = alter(p);
    sql_addf(&q, " DROP COLUMN ");
    sql_name(&q, old->name);
    planning_do(p, &q);
    planning_step(
        p,
        bw_arena_printf(p->arena, "drop column %.*s.%.*s (%.*s)", BW_FMT(p->table->name),
                        BW_FMT(old->name), BW_FMT(old->type)),
        n ? bw_arena_printf(p->arena, "it holds %.*s", BW_FMT(planning_many(p, n, "value")))
          : (bw_str){0});
    return true;
}
