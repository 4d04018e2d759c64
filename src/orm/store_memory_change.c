/* store_memory_change.c: one change, against what the writer sees. A delete gathers first all that
 * goes with it and looks then whether anything that stays still refers to what is gone, so the
 * order of references does not matter (as a database checks at the end of a statement). */
#include "orm/store_memory_int.h"

static bool same_values(const struct mem_index *x, const struct bw_value *a,
                        const struct bw_value *b)
{
    for (unsigned i = 0; i < x->n; i++) {
        unsigned c = x->columns[i]->index;
        if (a[c].kind == BW_NULL || value_compare(&a[c], &b[c]) != 0)
            return false;
    }
    return true;
}

/* The next row (by the writer's view) with these values in the index's columns. */
static struct mem_row *next_with(const struct mem_table *m, const struct mem_index *x,
                                 const struct bw_value *v, int64_t *from)
{
    uint64_t hash;
    int64_t id;
    if (!mem_index_hash(x, v, &hash))
        return NULL;
    while (mem_index_from(x, hash, *from, &id)) {
        struct mem_row *r = mem_seen(m, id);
        bool last = id == INT64_MAX;
        *from = last ? id : id + 1;
        if (r && same_values(x, v, r->v))
            return r;
        if (last)
            break;
    }
    return NULL;
}

static bool touches(const struct mem_index *x, const struct column_set *given)
{
    for (unsigned i = 0; i < x->n; i++)
        if (column_in(given, x->columns[i]->index))
            return true;
    return false;
}

static bool is_unique(const struct mem_table *m, const struct mem_index *x, int64_t id,
                      const struct bw_value *v, struct bw_err *e)
{
    int64_t from = INT64_MIN;
    struct mem_row *r = next_with(m, x, v, &from);
    if (r && r->id == id)
        r = next_with(m, x, v, &from);
    return !r || r->id == id || rule_taken(x->rule, v, e);
}

static bool refers_well(const struct mem_table *m, unsigned i, int64_t id, const struct bw_value *v,
                        struct bw_err *e)
{
    const struct column *c = &m->table->columns[i];
    if (!c->ref || v[i].kind != BW_KIND_INT)
        return true;
    bool itself = c->ref == m->table && v[i].i == id;
    return itself || mem_seen(mem_table_of(c->ref), v[i].i) || rule_no_target(c, v[i].i, e);
}

bool mem_row_fits(const struct mem_table *m, int64_t id, const struct bw_value *v,
                  const struct column_set *given, struct bw_err *e)
{
    for (unsigned i = 0; i < m->n_indexes; i++)
        if (m->indexes[i].unique && touches(&m->indexes[i], given) &&
            !is_unique(m, &m->indexes[i], id, v, e))
            return false;
    for (unsigned i = 1; i < m->table->n_columns; i++)
        if (column_in(given, i) && !refers_well(m, i, id, v, e))
            return false;
    return true;
}

static bool add(struct store_memory *s, struct change *c)
{
    struct mem_table *m = mem_table_of(c->table);
    const struct table *t = c->table;
    int64_t id = c->rec.id ? c->rec.id : m->next_id;
    struct column_set all;
    memset(&all, 0xff, sizeof all);
    if (!c->rec.id && id == INT64_MAX)
        return bw_fail(&c->err, BW_FULL, "%.*s has no ids left", BW_FMT(t->name));
    if (mem_seen(m, id))
        return rule_id_taken(t, id, &c->err);
    if (!mem_row_fits(m, id, c->rec.v, &all, &c->err))
        return false;
    mem_put(s, m, id, mem_row_new(t, id, c->rec.v));
    c->id = id;
    c->count = 1;
    c->new_version = t->version ? c->rec.v[t->version].i : 0;
    return true;
}

static int64_t version_of(const struct table *t, const struct mem_row *r)
{
    return t->version && r->v[t->version].kind == BW_KIND_INT ? r->v[t->version].i : 0;
}

static struct mem_row *find_to_change(struct change *c)
{
    struct mem_row *r = mem_seen(mem_table_of(c->table), c->rec.id);
    int64_t wanted = rule_version(c);
    if (!r) {
        rule_missing(c->table, c->rec.id, &c->err);
        return NULL;
    }
    int64_t is = version_of(c->table, r);
    if (wanted && wanted != is) {
        rule_changed(c->table, c->rec.id, is, wanted, &c->err);
        return NULL;
    }
    return r;
}

static bool update(struct store_memory *s, struct change *c)
{
    const struct table *t = c->table;
    struct mem_row *old = find_to_change(c);
    if (!old)
        return false;
    struct bw_value *v = malloc(t->n_columns * sizeof *v);
    bw_must(v);
    for (unsigned i = 0; i < t->n_columns; i++)
        v[i] = column_in(&c->rec.has, i) ? c->rec.v[i] : old->v[i];
    if (t->version)
        v[t->version] = bw_int(c->new_version = version_of(t, old) + 1);
    bool ok = mem_row_fits(mem_table_of(t), c->rec.id, v, &c->rec.has, &c->err);
    if (ok)
        mem_put(s, mem_table_of(t), c->rec.id, mem_row_new(t, c->rec.id, v));
    c->count = ok;
    free(v);
    return ok;
}

/* ---- delete ---- */

struct gone {
    struct mem_table *m;
    int64_t id;
};

struct held {
    struct gone target;
    struct mem_table *by;
    unsigned column;
    int64_t by_id;
};

struct removal {
    struct store_memory *s;
    VEC(struct gone) gone; /* those before `done` have been followed */
    size_t done;
    VEC(struct held) held; /* who restricts, unless it goes too */
};

static void take_away(struct removal *x, struct mem_table *m, int64_t id)
{
    if (!mem_seen(m, id))
        return;
    mem_put(x->s, m, id, NULL);
    *vec_push(&x->gone) = (struct gone){.m = m, .id = id};
}

static void set_null(struct removal *x, struct mem_table *m, const struct mem_row *r,
                     unsigned column)
{
    struct bw_value *v = malloc(m->table->n_columns * sizeof *v);
    bw_must(v);
    memcpy(v, r->v, m->table->n_columns * sizeof *v);
    v[column] = bw_null();
    mem_put(x->s, m, r->id, mem_row_new(m->table, r->id, v));
    free(v);
}

static void referrer(struct removal *x, struct gone target, struct mem_table *by, unsigned column,
                     const struct mem_row *r)
{
    switch (by->table->columns[column].f->on_delete) {
    case BW_CASCADE:
        take_away(x, by, r->id);
        break;
    case BW_SET_NULL:
        set_null(x, by, r, column);
        break;
    default:
        *vec_push(&x->held) =
            (struct held){.target = target, .by = by, .column = column, .by_id = r->id};
    }
}

/* The steps taken here never add to the index being walked: a row goes, or its reference does. */
static void follow_column(struct removal *x, struct gone target, struct mem_table *by,
                          const struct mem_index *index)
{
    unsigned column = index->columns[0]->index;
    struct bw_value *key = calloc(by->table->n_columns, sizeof *key);
    int64_t from = INT64_MIN;
    bw_must(key);
    key[column] = bw_int(target.id);
    for (struct mem_row *r; (r = next_with(by, index, key, &from));) {
        int64_t id = r->id;
        referrer(x, target, by, column, r);
        if (id == INT64_MAX)
            break;
    }
    free(key);
}

static void follow(struct removal *x, struct gone target)
{
    for (struct table **t = target.m->table->referrers; t && *t; t++) {
        struct mem_table *by = mem_table_of(*t);
        for (unsigned i = 0; i < by->n_indexes; i++) {
            const struct mem_index *index = &by->indexes[i];
            if (!index->unique && index->columns[0]->ref == target.m->table)
                follow_column(x, target, by, index);
        }
    }
}

static bool nothing_held(struct removal *x, struct bw_err *e)
{
    for (size_t i = 0; i < x->held.n; i++) {
        const struct held *h = &x->held.p[i];
        const struct mem_row *r = mem_seen(h->by, h->by_id);
        if (r && r->v[h->column].kind == BW_KIND_INT && r->v[h->column].i == h->target.id) {
            struct referrer by = {h->by->table, &h->by->table->columns[h->column], h->by_id};
            return rule_referred(h->target.m->table, h->target.id, &by, e);
        }
    }
    return true;
}

static bool finish_removal(struct removal *x, struct bw_err *e)
{
    while (x->done < x->gone.n)
        follow(x, x->gone.p[x->done++]);
    bool ok = nothing_held(x, e);
    vec_release(&x->gone);
    vec_release(&x->held);
    return ok;
}

static bool remove_one(struct store_memory *s, struct change *c)
{
    if (!find_to_change(c))
        return false;
    struct removal x = {.s = s};
    take_away(&x, mem_table_of(c->table), c->rec.id);
    c->count = 1;
    return finish_removal(&x, &c->err);
}

static bool remove_where(struct store_memory *s, struct change *c)
{
    struct mem_table *m = mem_table_of(c->table);
    struct removal x = {.s = s};
    for (size_t i = 0; i < m->slots.n; i++) {
        const struct mem_row *r = mem_seen(m, m->slots.p[i].id);
        if (!r || (c->filter && !filter_match(c->filter, r->v)))
            continue;
        take_away(&x, m, r->id);
        c->count++;
    }
    return finish_removal(&x, &c->err);
}

bool mem_change(struct store_memory *s, struct change *c)
{
    static bool (*const runs[])(struct store_memory *,
                                struct change *) = {[CHANGE_ADD] = add,
                                                    [CHANGE_UPDATE] = update,
                                                    [CHANGE_DELETE] = remove_one,
                                                    [CHANGE_DELETE_WHERE] = remove_where};
    size_t mark = s->steps.n;
    c->ok = rule_change_sane(c, &c->err) && runs[c->kind](s, c);
    if (!c->ok) {
        mem_undo(s, mark);
        c->new_version = c->count = c->id = 0;
    }
    return c->ok;
}
