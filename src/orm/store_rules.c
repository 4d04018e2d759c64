/* store_rules.c: see the header. Pure; the sentences are shared by all kinds of store. */
#include "orm/store_rules.h"

static bool same_start(const struct index_rule *shorter, const struct index_rule *r)
{
    if (shorter->n > r->n)
        return false;
    for (unsigned i = 0; i < shorter->n; i++)
        if (shorter->columns[i] != r->columns[i])
            return false;
    return true;
}

/* A unique rule is only covered by the same unique rule, a plain one by any that begins with it. */
static bool covered(const struct index_rules *r, const struct index_rule *x)
{
    for (unsigned i = 0; i < r->n; i++)
        if (same_start(x, &r->at[i]) && (!x->unique || (r->at[i].unique && r->at[i].n == x->n)))
            return true;
    return false;
}

static void offer(struct index_rules *r, bool unique, const struct column **columns, unsigned n)
{
    struct index_rule x = {.unique = unique, .n = n, .columns = columns};
    if (n > 0 && !covered(r, &x))
        r->at[r->n++] = x;
}

static void offer_listed(struct index_rules *r, const struct table *t, bool unique,
                         struct bw_arena *a)
{
    for (const struct bw_index *i = t->def->indexes; i && i->fields; i++) {
        if (i->unique != unique)
            continue;
        const struct column **columns = BW_NEW_N(a, const struct column *, t->n_columns);
        unsigned n = 0;
        bw_str rest = bw_cstr(i->fields), name;
        while (bw_str_cut(&rest, ' ', &name)) {
            const struct column *c = name.n ? table_column(t, name) : NULL;
            if (c && n < t->n_columns)
                columns[n++] = c;
        }
        offer(r, unique, columns, n);
    }
}

static void offer_fields(struct index_rules *r, const struct table *t, bool unique,
                         struct bw_arena *a)
{
    for (unsigned i = 1; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        bool plain = c->f && (c->f->index || c->type == BW_TYPE_REF);
        if (!c->f || !(unique ? c->f->unique : plain))
            continue;
        const struct column **columns = BW_NEW_N(a, const struct column *, 1);
        columns[0] = c;
        offer(r, unique, columns, 1);
    }
}

void index_rules_of(struct index_rules *r, const struct table *t, struct bw_arena *a)
{
    unsigned most = 2 * t->n_columns;
    for (const struct bw_index *i = t->def->indexes; i && i->fields; i++)
        most++;
    *r = (struct index_rules){.at = BW_NEW_N(a, struct index_rule, most)};
    offer_fields(r, t, true, a);
    offer_listed(r, t, true, a);
    offer_listed(r, t, false, a); /* before the single fields: they may cover those */
    offer_fields(r, t, false, a);
}

/* ---- sentences ---- */

static void name_field(struct bw_err *e, bw_str field)
{
    if (!e)
        return;
    size_t n = field.n < sizeof e->field ? field.n : sizeof e->field - 1;
    memcpy(e->field, field.p, n);
    e->field[n] = 0;
}

#define SHOWN 60 /* bytes of a value in a sentence */

static void show(struct bw_buf *b, const struct column *c, struct bw_value v)
{
    if (c->f && c->f->write_only)
        bw_buf_put(b, BW_LIT("this value"));
    else if (v.kind == BW_KIND_INT && c->type == BW_TYPE_TIME)
        bw_time_write(b, v.i);
    else if (v.kind == BW_KIND_INT)
        bw_buf_int(b, v.i);
    else if (v.kind == BW_KIND_REAL)
        bw_buf_printf(b, "%.17g", v.r);
    else if (v.kind == BW_KIND_TEXT && v.s.n <= SHOWN)
        bw_buf_printf(b, "'%.*s'", BW_FMT(v.s));
    else
        bw_buf_put(b, BW_LIT("this value"));
}

bool rule_taken(const struct index_rule *r, const struct bw_value *v, struct bw_err *e)
{
    struct bw_buf b;
    bw_buf_init(&b, sizeof e->text);
    for (unsigned i = 0; i < r->n; i++) {
        if (i)
            bw_buf_put(&b, i + 1 == r->n ? BW_LIT(" and ") : BW_LIT(", "));
        bw_buf_put(&b, r->columns[i]->name);
        bw_buf_char(&b, ' ');
        show(&b, r->columns[i], v[r->columns[i]->index]);
    }
    bw_fail(e, BW_CONFLICT, "%.*s %s taken", BW_FMT(bw_buf_str(&b)),
            r->n > 1 ? "together are" : "is");
    bw_buf_release(&b);
    name_field(e, r->columns[0]->name);
    return false;
}

bool rule_id_taken(const struct table *t, int64_t id, struct bw_err *e)
{
    bw_fail(e, BW_CONFLICT, "id %lld of %.*s is taken", (long long)id, BW_FMT(t->name));
    name_field(e, BW_LIT("id"));
    return false;
}

bool rule_no_target(const struct column *c, int64_t id, struct bw_err *e)
{
    bw_fail(e, BW_INVALID, "%.*s: no %.*s %lld", BW_FMT(c->name), BW_FMT(c->ref->name),
            (long long)id);
    name_field(e, c->name);
    return false;
}

bool rule_referred(const struct table *t, int64_t id, const struct referrer *by, struct bw_err *e)
{
    bw_fail(e, BW_CONFLICT, "%.*s %lld still refers to %.*s %lld (field '%.*s')",
            BW_FMT(by->table->name), (long long)by->id, BW_FMT(t->name), (long long)id,
            BW_FMT(by->column->name));
    name_field(e, by->column->name);
    return false;
}

bool rule_missing(const struct table *t, int64_t id, struct bw_err *e)
{
    return bw_fail(e, BW_MISSING, "no %.*s %lld", BW_FMT(t->name), (long long)id);
}

bool rule_changed(const struct table *t, int64_t id, int64_t is, int64_t wanted, struct bw_err *e)
{
    return bw_fail(e, BW_CHANGED, "%.*s %lld has changed: its version is %lld, not %lld",
                   BW_FMT(t->name), (long long)id, (long long)is, (long long)wanted);
}

bool rule_change_sane(struct change *c, struct bw_err *e)
{
    const struct table *t = c->table;
    if (c->kind == CHANGE_ADD && t->version && c->rec.v[t->version].kind != BW_KIND_INT)
        c->rec.v[t->version] = bw_int(1);
    if (c->version && c->kind != CHANGE_ADD && !t->version)
        return bw_fail(e, BW_BAD, "%.*s has no version field to match", BW_FMT(t->name));
    return true;
}

int64_t rule_version(const struct change *c)
{
    unsigned column = c->table->version;
    if (c->version || c->kind != CHANGE_UPDATE || !column || !column_in(&c->rec.has, column))
        return c->version;
    return c->rec.v[column].kind == BW_KIND_INT ? c->rec.v[column].i : 0;
}

void changes_undone(struct change *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        c[i].ok = false;
        c[i].id = c[i].new_version = c[i].count = 0;
    }
}

void changes_start(struct change *c, size_t n)
{
    changes_undone(c, n);
    for (size_t i = 0; i < n; i++) {
        c[i].err.code = BW_OK;
        c[i].err.sys = 0;
        c[i].err.field[0] = c[i].err.text[0] = 0;
    }
}

bool change_alone(const struct bw_err *e)
{
    switch (e->code) {
    case BW_BAD:
    case BW_MISSING:
    case BW_CHANGED:
    case BW_CONFLICT:
    case BW_INVALID:
        return true;
    default:
        return false;
    }
}
