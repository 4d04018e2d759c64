/* store_probe.c: see store.h. Asks with plain reads, as they are now: what a store says while it
 * refuses is the truth, this is for telling all of it. One look-up by an index for each unique rule
 * and each reference, and only of a record that is refused anyway. */
#include "orm/store_rules.h"

struct probe {
    struct table *table;
    const struct record *rec;
    int64_t id; /* of the record an update is for; 0 = an add */
    struct faults *faults;
    struct bw_value *now; /* an update's record as it stands */
};

static bool given(const struct probe *p, const struct column *c)
{
    return !p->id || column_in(&p->rec->has, c->index);
}

static struct bw_value value(const struct probe *p, const struct column *c)
{
    return given(p, c) ? p->rec->v[c->index] : p->now[c->index];
}

static void require(struct probe *p, struct filter *all, const struct column *c, enum bw_op op,
                    struct bw_value v)
{
    struct filter *f = filter_new(p->faults->arena, FILTER_TEST);
    f->column = c;
    f->op = op;
    f->value = v;
    filter_add(all, f);
}

/* Nulls are never taken, a value with a fault of its own is not looked for. */
static bool is_taken(struct probe *p, const struct index_rule *r)
{
    struct filter *all = filter_new(p->faults->arena, FILTER_AND);
    bool any = false;
    int64_t n = 0;
    for (unsigned i = 0; i < r->n; i++) {
        const struct column *c = r->columns[i];
        struct bw_value v = value(p, c);
        if (v.kind == BW_NULL || faults_hold(p->faults, c->name))
            return false;
        any = any || given(p, c);
        require(p, all, c, BW_EQ, v);
    }
    if (p->id)
        require(p, all, &p->table->columns[0], BW_NEQ, bw_int(p->id));
    struct query q;
    query_init(&q, p->table);
    q.filter = all;
    return any && store_count(&q, &n, NULL) && n > 0;
}

static void probe_unique(struct probe *p, const struct index_rule *r)
{
    struct bw_err e;
    struct bw_value *v = BW_NEW_N(p->faults->arena, struct bw_value, p->table->n_columns);
    if (!r->unique || !is_taken(p, r))
        return;
    for (unsigned i = 0; i < r->n; i++)
        v[r->columns[i]->index] = value(p, r->columns[i]);
    rule_taken(r, v, &e);
    for (unsigned i = 0; i < r->n; i++)
        fault_add(p->faults, r->columns[i]->name, "unique", "%s", e.text);
}

static bool is_there(struct probe *p, struct table *t, int64_t id)
{
    struct column_set none = {0};
    struct bw_err e;
    struct bw_value *row = BW_NEW_N(p->faults->arena, struct bw_value, t->n_columns);
    return (t == p->table && id == p->rec->id) ||
           store_get(t, id, &none, row, p->faults->arena, &e) || e.code != BW_MISSING;
}

static void probe_reference(struct probe *p, const struct column *c)
{
    struct bw_err e;
    struct bw_value v = p->rec->v[c->index];
    if (!c->ref || !given(p, c) || v.kind != BW_KIND_INT || faults_hold(p->faults, c->name) ||
        is_there(p, c->ref, v.i))
        return;
    rule_no_target(c, v.i, &e);
    fault_add(p->faults, c->name, "reference", "%s", e.text);
}

/* For rules over fields an update does not give. */
static bool read_now(struct probe *p)
{
    struct column_set all = {0};
    for (unsigned i = 0; i < p->table->n_columns; i++)
        if (p->table->columns[i].type != BW_TYPE_BLOB)
            column_add(&all, i);
    p->now = BW_NEW_N(p->faults->arena, struct bw_value, p->table->n_columns);
    return !p->id || store_get(p->table, p->id, &all, p->now, p->faults->arena, NULL);
}

void store_probe(struct table *t, const struct record *r, int64_t id, struct faults *f)
{
    struct probe p = {.table = t, .rec = r, .id = id, .faults = f};
    struct index_rules rules;
    if (!read_now(&p))
        return;
    index_rules_of(&rules, t, f->arena);
    for (unsigned i = 0; i < rules.n; i++)
        probe_unique(&p, &rules.at[i]);
    for (unsigned i = 1; i < t->n_columns; i++)
        probe_reference(&p, &t->columns[i]);
}

bool store_refused(const struct change *c, struct faults *f, struct bw_err *e)
{
    bool record = c->kind == CHANGE_ADD || c->kind == CHANGE_UPDATE;
    enum bw_code code = c->err.code;
    if (e)
        *e = c->err;
    if (!c->err.field[0])
        return false;
    if (record && (code == BW_CONFLICT || code == BW_INVALID))
        store_probe(c->table, &c->rec, c->kind == CHANGE_UPDATE ? c->rec.id : 0, f);
    if (!faults_hold(f, bw_cstr(c->err.field)))
        fault_add(f, bw_arena_str(f->arena, bw_cstr(c->err.field)),
                  !record               ? "restrict"
                  : code == BW_CONFLICT ? "unique"
                                        : "reference",
                  "%s", c->err.text);
    if (f->n > 1 && !faults_fail(f, e) && e)
        e->code = code;
    return false;
}
