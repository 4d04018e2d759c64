/* schema_ddl.c: tables, columns and indexes as SQL. A reference that restricts is a plain
 * REFERENCES (NO ACTION): it is checked when the statement ends, so deleting a record together with
 * all that refers to it works in any order, which RESTRICT forbids. References are never NOT NULL
 * in the database: SQLite cannot add such a column to a table with records, and record_check holds
 * the rule. */
#include "orm/schema_int.h"

/* Names cannot hold a dot, so these cannot meet a table's name nor each other. */
bw_str ddl_index_name(const struct table *t, const struct index_rule *r, struct bw_arena *a)
{
    bw_str name = bw_arena_printf(a, "%s.%.*s", r->unique ? "unique" : "index", BW_FMT(t->name));
    for (unsigned i = 0; i < r->n; i++)
        name = bw_arena_printf(a, "%.*s.%.*s", BW_FMT(name), BW_FMT(r->columns[i]->name));
    return name;
}

bool ddl_index_ours(bw_str name)
{
    return bw_str_starts(name, BW_LIT("index.")) || bw_str_starts(name, BW_LIT("unique."));
}

bool ddl_not_null(const struct column *c)
{
    return !c->nullable && c->type != BW_TYPE_REF;
}

void ddl_literal(struct sql *q, struct bw_value v)
{
    if (v.kind == BW_NULL) {
        sql_addf(q, "NULL");
    } else if (v.kind == BW_KIND_INT) {
        sql_add(q, bw_arena_printf(q->arena, "%lld", (long long)v.i));
    } else if (v.kind == BW_KIND_REAL) {
        sql_add(q, bw_arena_printf(q->arena, "%.17g", v.r));
    } else if (v.kind == BW_KIND_BLOB) {
        sql_addf(q, "x'");
        for (size_t i = 0; i < v.s.n; i++)
            sql_add(q, bw_arena_printf(q->arena, "%02x", (unsigned char)v.s.p[i]));
        sql_addf(q, "'");
    } else {
        sql_addf(q, "'");
        for (size_t i = 0; i < v.s.n; i++)
            sql_add(q, v.s.p[i] == '\'' ? BW_LIT("''") : bw_str_of(v.s.p + i, 1));
        sql_addf(q, "'");
    }
}

static int64_t least(const struct column *c)
{
    const struct bw_field *f = c->f;
    if (f->min.set && f->min.i > 0)
        return f->min.i;
    return f->max.set && f->max.i < 0 ? f->max.i : 0;
}

static struct bw_value fill_of(const struct column *c)
{
    if (c->has_initial)
        return c->initial;
    switch (c->type) {
    case BW_TYPE_VERSION:
        return bw_int(1);
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        return bw_int(bw_now());
    case BW_TYPE_ENUM:
        return bw_text(bw_cstr(c->f->names[0]));
    case BW_TYPE_JSON:
        return bw_text(BW_LIT("null"));
    case BW_TYPE_INT:
        return bw_int(least(c));
    case BW_TYPE_REAL:
        return bw_real((double)least(c));
    default:
        return c->kind == BW_KIND_INT    ? bw_int(0)
               : c->kind == BW_KIND_BLOB ? bw_blob(BW_LIT(""))
                                         : bw_text(BW_LIT(""));
    }
}

void ddl_fill(struct sql *q, const struct column *c)
{
    ddl_literal(q, ddl_not_null(c) ? fill_of(c) : bw_null());
}

static void references(struct sql *q, const struct column *c)
{
    sql_addf(q, " REFERENCES ");
    sql_name(q, c->ref->name);
    sql_addf(q, " (");
    sql_name(q, c->ref->columns[0].name);
    sql_addf(q, c->f->on_delete == BW_CASCADE    ? ") ON DELETE CASCADE"
                : c->f->on_delete == BW_SET_NULL ? ") ON DELETE SET NULL"
                                                 : ")");
}

void ddl_column(struct sql *q, const struct column *c, bw_str name, bool fill)
{
    sql_name(q, name);
    sql_addf(q, " ");
    sql_addf(q, q->d->type[c->kind]);
    if (ddl_not_null(c)) {
        sql_addf(q, " NOT NULL");
        if (fill) {
            sql_addf(q, " DEFAULT ");
            ddl_fill(q, c);
        }
    }
    if (c->ref)
        references(q, c);
}

void ddl_create_table(struct sql *q, const struct table *t)
{
    sql_addf(q, "CREATE TABLE ");
    sql_name(q, t->name);
    sql_addf(q, " (");
    sql_name(q, t->columns[0].name);
    sql_addf(q, " ");
    sql_addf(q, q->d->id_column);
    for (unsigned i = 1; i < t->n_columns; i++) {
        sql_addf(q, ", ");
        ddl_column(q, &t->columns[i], t->columns[i].name, false);
    }
    sql_addf(q, ")");
}

void ddl_create_index(struct sql *q, const struct table *t, const struct index_rule *r)
{
    sql_addf(q, r->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    sql_name(q, ddl_index_name(t, r, q->arena));
    sql_addf(q, " ON ");
    sql_name(q, t->name);
    for (unsigned i = 0; i < r->n; i++) {
        sql_addf(q, i ? ", " : " (");
        sql_name(q, r->columns[i]->name);
    }
    sql_addf(q, ")");
}

/* A text that is no number becomes null, not the 0 that CAST makes of it. The column is named with
 * its table: inside the look-up of a reference another table may have one of the same name. */
static void cast(struct sql *q, const struct column *c, const struct found_column *old, bw_str from)
{
    bool number = c->kind == BW_KIND_INT || c->kind == BW_KIND_REAL;
    bool parse = number && bw_str_ieq(old->type, bw_cstr(q->d->type[BW_KIND_TEXT]));
    if (bw_str_ieq(old->type, bw_cstr(q->d->type[c->kind]))) {
        sql_add(q, from);
        return;
    }
    if (parse) {
        sql_addf(q, "CASE WHEN ");
        sql_add(q, from);
        sql_addf(q, " GLOB '*[0-9]*' AND ");
        sql_add(q, from);
        sql_addf(q, c->kind == BW_KIND_INT ? " NOT GLOB '*[^-0-9]*' THEN "
                                           : " NOT GLOB '*[^-+.0-9eE]*' THEN ");
    }
    sql_addf(q, "CAST(");
    sql_add(q, from);
    sql_addf(q, " AS ");
    sql_addf(q, q->d->type[c->kind]);
    sql_addf(q, parse ? ") END" : ")");
}

void ddl_convert(struct sql *q, const struct table *t, const struct column *c,
                 const struct found_column *old)
{
    struct sql from;
    sql_init(&from, q->d, q->arena);
    sql_name(&from, t->name);
    sql_addf(&from, ".");
    sql_name(&from, old->name);
    bw_str column = bw_str_of(from.p, from.n);
    if (c->ref) {
        sql_addf(q, "(SELECT target.");
        sql_name(q, c->ref->columns[0].name);
        sql_addf(q, " FROM ");
        sql_name(q, c->ref->name);
        sql_addf(q, " AS target WHERE target.");
        sql_name(q, c->ref->columns[0].name);
        sql_addf(q, " = ");
        cast(q, c, old, column);
        sql_addf(q, ")");
        return;
    }
    sql_addf(q, ddl_not_null(c) ? "coalesce(" : "");
    cast(q, c, old, column);
    if (ddl_not_null(c)) {
        sql_addf(q, ", ");
        ddl_fill(q, c);
        sql_addf(q, ")");
    }
}
