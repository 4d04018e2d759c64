/* model.c: all tables of an application together. Binds references both ways and finds tables by
 * name. Made once at start by the main thread, then read-only and shared; stores hang their plans
 * on its tables before any request is served. */
#include "orm/table.h"

#include "core/near.h"
#include "core/vec.h"
#include "orm/table_int.h"

static unsigned count_defs(const struct bw_table *const *defs)
{
    unsigned n = 0;
    while (defs && defs[n])
        n++;
    return n;
}

static bool make_tables(struct model *m, const struct bw_table *const *defs, struct bw_err *e)
{
    unsigned n = count_defs(defs);
    if (n > LIMIT_TABLES)
        return bw_fail(e, BW_BAD, "%u tables are more than the %d there may be", n, LIMIT_TABLES);
    m->tables = BW_NEW_N(&m->arena, struct table, n);
    for (unsigned i = 0; i < n; i++) {
        struct table *t = &m->tables[m->n_tables++];
        if (!table_make(t, defs[i], &m->arena, e))
            return false;
        t->index = i;
        if (map_put(&m->by_name, t->name, t))
            return bw_fail(e, BW_BAD, "two tables are named '%.*s' (case does not count)",
                           BW_FMT(t->name));
    }
    return true;
}

static const char *near_table(const struct model *m, bw_str name, char hint[96])
{
    struct near near;
    near_init(&near, name);
    for (unsigned i = 0; i < m->n_tables; i++)
        near_offer(&near, m->tables[i].name);
    return near_hint(&near, hint);
}

static bool bind_references(struct model *m, struct table *t, struct bw_err *e)
{
    for (unsigned i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        if (c->type != BW_TYPE_REF)
            continue;
        c->ref = model_table(m, bw_cstr(c->f->ref));
        char hint[96];
        if (!c->ref)
            return table_wrong(t->def, c->f, e, "it refers to a table '%s' that does not exist%s",
                               c->f->ref, near_table(m, bw_cstr(c->f->ref), hint));
    }
    return true;
}

static bool refers_to(const struct table *t, const struct table *to)
{
    for (unsigned i = 0; i < t->n_columns; i++)
        if (t->columns[i].ref == to)
            return true;
    return false;
}

static void find_referrers(struct model *m, struct table *to)
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->n_tables; i++)
        n += refers_to(&m->tables[i], to);
    to->referrers = BW_NEW_N(&m->arena, struct table *, n + 1);
    for (unsigned i = 0, k = 0; i < m->n_tables; i++)
        if (refers_to(&m->tables[i], to))
            to->referrers[k++] = &m->tables[i];
}

bool model_init(struct model *m, const struct bw_table *const *defs, struct bw_err *e)
{
    *m = (struct model){0};
    bw_arena_init(&m->arena);
    map_init(&m->by_name, true);
    bool ok = make_tables(m, defs, e);
    for (unsigned i = 0; ok && i < m->n_tables; i++)
        ok = bind_references(m, &m->tables[i], e);
    if (!ok) {
        model_release(m);
        return false;
    }
    for (unsigned i = 0; i < m->n_tables; i++)
        find_referrers(m, &m->tables[i]);
    return true;
}

void model_release(struct model *m)
{
    for (unsigned i = 0; i < m->n_tables; i++)
        map_release(&m->tables[i].by_name);
    map_release(&m->by_name);
    bw_arena_release(&m->arena);
    *m = (struct model){0};
}

struct table *model_table(const struct model *m, bw_str name)
{
    return map_get(&m->by_name, name);
}

struct table *model_need(const struct model *m, bw_str name, struct bw_err *e)
{
    struct table *t = model_table(m, name);
    char hint[96];
    if (!t)
        bw_fail(e, BW_MISSING, "no table '%.*s'%s", name.n < 64 ? (int)name.n : 64,
                name.p ? name.p : "", near_table(m, name, hint));
    return t;
}

struct table *model_of(const struct model *m, const struct bw_table *def)
{
    return model_table(m, bw_cstr(def->name));
}
