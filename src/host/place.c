/* place.c: which table lives in which store, and in which file. Pure but for the folder it makes.
 */
#include "host/host.h"

#include "core/near.h"

static const struct conf_store *store_named(const struct conf *c, const char *name)
{
    const struct conf_store *s = c->stores.items;
    for (size_t i = 0; i < c->stores.n; i++)
        if (!strcmp(s[i].name, name))
            return &s[i];
    return NULL;
}

static bool no_such_store(const struct conf *c, const struct table *t, const char *name,
                          struct bw_err *e)
{
    struct near near;
    char hint[96];
    const struct conf_store *s = c->stores.items;
    near_init(&near, bw_cstr(name));
    near_offer(&near, BW_LIT("default"));
    for (size_t i = 0; i < c->stores.n; i++)
        near_offer(&near, bw_cstr(s[i].name));
    return bw_fail(e, BW_MISSING,
                   "table %.*s wants the store '%s', but the settings have none of that name%s",
                   BW_FMT(t->name), name, near_hint(&near, hint));
}

/* Without an entry in the settings, "default" is SQLite in <data>/<application>.db. */
static const struct conf_store *implicit_default(const struct conf *c, struct bw_arena *a)
{
    struct conf_store *s = BW_NEW(a, struct conf_store);
    *s = (struct conf_store){.name = "default", .kind = "sqlite", .cache = INT64_C(16) << 20};
    s->path = bw_arena_printf(a, "%s.db", c->name ? c->name : "burrow").p;
    s->query_timeout = INT64_C(30000000000);
    return s;
}

static const char *path_of(const struct conf *c, const struct conf_store *s, struct bw_arena *a)
{
    bool memory = !strcmp(s->kind, "memory");
    if (!*c->data || (memory && (!s->path || !*s->path)))
        return "";
    if (s->path && s->path[0] == '/')
        return s->path;
    if (s->path && *s->path)
        return bw_arena_printf(a, "%s/%s", c->data, s->path).p;
    return bw_arena_printf(a, "%s/%s.db", c->data, s->name).p;
}

static struct store_place *place_named(struct store_place *p, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(p[i].name, name))
            return &p[i];
    return NULL;
}

static bool place_table(const struct conf *c, struct table *t, struct store_places *places,
                        struct bw_arena *a, struct bw_err *e)
{
    const char *name = t->def->store ? t->def->store : "default";
    struct store_place *at = place_named(places->at, places->n, name);
    if (at) {
        at->tables[at->n_tables++] = t;
        return true;
    }
    const struct conf_store *s = store_named(c, name);
    if (!s && strcmp(name, "default") != 0)
        return no_such_store(c, t, name, e);
    s = s ? s : implicit_default(c, a);
    at = &places->at[places->n++];
    at->name = name;
    at->kind = s->kind;
    at->path = path_of(c, s, a);
    at->conf = s;
    at->tables[at->n_tables++] = t;
    return true;
}

bool host_places(const struct conf *c, const struct model *m, struct bw_arena *a,
                 struct store_places *places, struct bw_err *e)
{
    *places = (struct store_places){.at = BW_NEW_N(a, struct store_place, m->n_tables + 1)};
    for (unsigned i = 0; i < m->n_tables; i++)
        places->at[i].tables = BW_NEW_N(a, struct table *, m->n_tables);
    for (unsigned i = 0; i < m->n_tables; i++)
        if (!place_table(c, &m->tables[i], places, a, e))
            return false;
    return true;
}

#define CACHE_LEAST (INT64_C(256) << 10) /* with less SQLite reads each page of an index anew */

int64_t host_cache(int64_t wanted, unsigned connections, int64_t memory)
{
    int64_t share = memory > 0 ? memory / 4 / (connections ? connections : 1) : wanted;
    if (share < CACHE_LEAST)
        share = CACHE_LEAST;
    return share < wanted ? share : wanted;
}
