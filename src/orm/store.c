/* store.c: opens a store by its kind and hands each call to the kind of the table's store. Holds no
 * state of its own; what a kind keeps per table hangs at t->store_data and is the kind's to free.
 */
#include "orm/store.h"

#include "core/near.h"

#define STORE(name) extern const struct store_kind store_##name;
#include "orm/stores.def"
#undef STORE

const struct store_kind *const store_kinds[] = {
#define STORE(name) &store_##name,
#include "orm/stores.def"
#undef STORE
    NULL};

static const struct store_kind *find_kind(const char *name, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(name));
    for (const struct store_kind *const *k = store_kinds; *k; k++) {
        if (strcmp((*k)->name, name) == 0)
            return *k;
        near_offer(&near, bw_cstr((*k)->name));
    }
    bw_fail(e, BW_BAD, "there is no kind of store '%s'%s", name, near_hint(&near, hint));
    return NULL;
}

struct store *store_open(const char *kind, const struct store_opts *o, struct table *const *tables,
                         unsigned n, struct bw_err *e)
{
    const struct store_kind *k = find_kind(kind, e);
    if (!k)
        return NULL;
    struct store *s = k->open(o, tables, n, e);
    if (!s) {
        bw_because(e, "opening store '%s'", o->name ? o->name : kind);
        return NULL;
    }
    s->kind = k;
    s->name = o->name ? o->name : kind;
    for (unsigned i = 0; i < n; i++)
        tables[i]->store = s;
    return s;
}

void store_close(struct store *s)
{
    if (s)
        s->kind->close(s);
}

bool store_get(struct table *t, int64_t id, const struct column_set *set, struct bw_value *row,
               struct bw_arena *a, struct bw_err *e)
{
    return t->store->kind->get(t->store, t, id, set, row, a, e);
}

struct store_cursor *store_list(const struct query *q, struct bw_arena *a, struct bw_err *e)
{
    struct store *s = q->table->store;
    struct store_cursor *c = s->kind->list(s, q, a, e);
    if (c)
        c->store = s;
    return c;
}

int store_next(struct store_cursor *c, struct bw_value *row, struct bw_err *e)
{
    return c->store->kind->next(c, row, e);
}

void store_cursor_close(struct store_cursor *c)
{
    if (c)
        c->store->kind->cursor_close(c);
}

bool store_count(const struct query *q, int64_t *n, struct bw_err *e)
{
    struct store *s = q->table->store;
    return s->kind->count(s, q, n, e);
}

bool store_write(struct store *s, struct change *c, size_t n, bool together, struct bw_err *e)
{
    return s->kind->write(s, c, n, together, e);
}

struct store_tx *store_begin(struct store *s, int64_t deadline, struct bw_err *e)
{
    struct store_tx *tx = s->kind->begin(s, deadline, e);
    if (tx)
        tx->store = s;
    return tx;
}

bool store_tx_write(struct store_tx *tx, struct change *c, size_t n, struct bw_err *e)
{
    return tx->store->kind->tx_write(tx, c, n, e);
}

bool store_tx_end(struct store_tx *tx, bool commit, struct bw_err *e)
{
    return tx->store->kind->tx_end(tx, commit, e);
}

uint64_t store_counter(struct store *s)
{
    return s->kind->counter(s);
}
