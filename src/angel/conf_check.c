/* conf_check.c: what can be said of services only together: their names are different, what they
 * need is there, nobody waits for himself; and the order they start in: by level, then name, but
 * never before what they are After or Need. */
#include "angel/conf_int.h"

#include "core/map.h"
#include "core/near.h"
#include "core/utf8.h"

#define NAME_MAX_BYTES 48 /* hands.h and records hold 64, "#1000" behind */

/* ---- names ---- */

/* Names are in paths, in records and on command lines. */
static bool is_name(bw_str name, struct bw_err *e)
{
    if (name.n > NAME_MAX_BYTES)
        return bw_fail(e, BW_BAD, "a name has at most %d bytes", NAME_MAX_BYTES);
    if (name.p[0] == '.' || name.p[0] == '-' || name.p[0] == '@' || name.p[0] == ' ' ||
        name.p[name.n - 1] == ' ')
        return bw_fail(e, BW_BAD, "a name does not begin with '.', '-', '@' or a blank");
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c < 0x20 || c == 0x7f || strchr("/#%,:\\\"", c))
            return bw_fail(e, BW_BAD,
                           "a name has none of / # %% , : \\ \" and no control "
                           "characters");
    }
    return true;
}

bool conf_check_names(const struct conf_load *l, struct bw_err *e)
{
    struct map names;
    bool ok = true;
    map_init(&names, true);
    for (size_t i = 0; ok && i < l->n; i++) {
        struct conf_entry *u = l->entries[i];
        if (!is_name(bw_cstr(u->conf.name), e)) {
            ok = conf_fail_at(l, u, "Name", e);
            break;
        }
        const struct conf_entry *other = map_put(&names, bw_cstr(u->conf.name), u);
        if (!other)
            continue;
        unsigned line, column;
        char where[256];
        snprintf(where, sizeof where, "%s%sName", other->path, *other->path ? "." : "");
        settings_place(other->source->text, where, &line, &column);
        bw_fail(e, BW_BAD, "there is a service '%s' already, at %s:%u:%u", u->conf.name,
                other->source->file, line, column);
        ok = conf_fail_at(l, u, "Name", e);
    }
    map_release(&names);
    return ok;
}

/* ---- dependencies ---- */

struct graph {
    struct conf_load *l;
    struct unit_conf *units;
    size_t n;
    struct map names;     /* name → unit */
    unsigned char *state; /* 0 not seen, 1 on the way, 2 done */
    size_t *way, *next;   /* the units on the way, and which of its dependencies comes next */
    size_t depth;
    struct unit_conf *out;
    size_t n_out;
};

static const struct conf_entry *entry_of(const struct conf_load *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!strcmp(l->entries[i]->conf.name, name))
            return l->entries[i];
    }
    return NULL;
}

static bool unknown(struct graph *g, const struct unit_conf *u, const char *key, size_t i,
                    struct bw_err *e)
{
    const char *name = *key == 'A' ? u->after[i] : u->needs[i];
    struct near n;
    char hint[96], path[32];
    near_init(&n, bw_cstr(name));
    for (size_t k = 0; k < g->n; k++)
        near_offer(&n, bw_cstr(g->units[k].name));
    bw_fail(e, BW_BAD, "there is no service '%.64s'%s", name, near_hint(&n, hint));
    snprintf(path, sizeof path, "%s[%zu]", key, i);
    return conf_fail_at(g->l, entry_of(g->l, u->name), path, e);
}

/* Names as the units write them, so that all who come later may compare bytes. */
static bool resolve(struct graph *g, struct unit_conf *u, const char *key, struct bw_err *e)
{
    const char **names = (const char **)(uintptr_t)(*key == 'A' ? u->after : u->needs);
    for (size_t i = 0; names[i]; i++) {
        const struct unit_conf *other = map_get(&g->names, bw_cstr(names[i]));
        if (!other)
            return unknown(g, u, key, i, e);
        names[i] = other->name;
        bool off = other->disabled || !other->os_matches;
        if (*key == 'N' && off && !u->disabled)
            *vec_push(&g->l->notes) =
                bw_arena_printf(g->l->a, "%s needs %s, which is disabled: it will not start",
                                u->name, other->name)
                    .p;
    }
    return true;
}

/* The i-th of all that u waits for; NULL behind the last. */
static const char *dependency(const struct unit_conf *u, size_t i)
{
    size_t n = 0;
    while (u->needs[n] && n < i)
        n++;
    if (n == i && u->needs[n])
        return u->needs[n];
    const char *const *after = u->after;
    for (i -= n; i && *after; i--)
        after++;
    return *after;
}

static bool cycle(struct graph *g, size_t to, struct bw_err *e)
{
    struct bw_buf b;
    size_t from = 0;
    while (g->way[from] != to)
        from++;
    bw_buf_init(&b, 400);
    for (size_t i = from; i < g->depth; i++)
        bw_buf_printf(&b, "%s waits for ", g->units[g->way[i]].name);
    bw_buf_put(&b, bw_cstr(g->units[to].name));
    bw_fail(e, BW_BAD, "services wait for each other: %.*s", BW_FMT(bw_buf_str(&b)));
    bw_buf_release(&b);
    const struct unit_conf *u = &g->units[to];
    return conf_fail_at(g->l, entry_of(g->l, u->name), *u->needs ? "Needs" : "After", e);
}

static void enter(struct graph *g, size_t i)
{
    g->state[i] = 1;
    g->way[g->depth] = i;
    g->next[g->depth++] = 0;
}

/* Puts out all that unit `i` waits for, then itself. No recursion: a chain may be long, a stack is
 * not. */
static bool put_out(struct graph *g, size_t i, struct bw_err *e)
{
    if (g->state[i])
        return true;
    enter(g, i);
    while (g->depth) {
        const struct unit_conf *u = &g->units[g->way[g->depth - 1]];
        const char *name = dependency(u, g->next[g->depth - 1]++);
        if (!name) {
            g->state[g->way[--g->depth]] = 2;
            g->out[g->n_out++] = *u;
            continue;
        }
        size_t to =
            (size_t)((const struct unit_conf *)map_get(&g->names, bw_cstr(name)) - g->units);
        if (g->state[to] == 1)
            return cycle(g, to, e);
        if (!g->state[to])
            enter(g, to);
    }
    return true;
}

static int by_level(const void *a, const void *b)
{
    const struct unit_conf *x = a, *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool resolve_all(struct graph *g, struct bw_err *e)
{
    for (size_t i = 0; i < g->n; i++)
        map_put(&g->names, bw_cstr(g->units[i].name), &g->units[i]);
    for (size_t i = 0; i < g->n; i++) {
        if (!resolve(g, &g->units[i], "After", e) || !resolve(g, &g->units[i], "Needs", e))
            return false;
    }
    return true;
}

/* The name as the unit has it. */
static bool check_exit_with(struct conf_load *l, struct bw_err *e)
{
    struct angel_conf *c = l->c;
    struct near near;
    char hint[96];
    if (!c->exit_with)
        return true;
    near_init(&near, bw_cstr(c->exit_with));
    for (size_t i = 0; i < c->n_units; i++) {
        near_offer(&near, bw_cstr(c->units[i].name));
        if (bw_str_ieq(bw_cstr(c->units[i].name), bw_cstr(c->exit_with))) {
            c->exit_with = c->units[i].name;
            return true;
        }
    }
    bw_fail(e, BW_BAD, "no service '%s'%s", c->exit_with, near_hint(&near, hint));
    return conf_fail_at(l, NULL, "ExitWith", e);
}

bool conf_check_units(struct conf_load *l, struct bw_err *e)
{
    struct angel_conf *c = l->c;
    struct bw_arena *t = &l->raw;
    struct graph g = {.l = l, .n = c->n_units};
    g.units = BW_NEW_N(t, struct unit_conf, g.n + 1);
    g.state = BW_NEW_N(t, unsigned char, g.n + 1);
    g.way = BW_NEW_N(t, size_t, g.n + 1);
    g.next = BW_NEW_N(t, size_t, g.n + 1);
    g.out = c->units;
    memcpy(g.units, c->units, g.n * sizeof *g.units);
    qsort(g.units, g.n, sizeof *g.units, by_level);
    map_init(&g.names, true);
    bool ok = resolve_all(&g, e);
    for (size_t i = 0; ok && i < g.n; i++)
        ok = put_out(&g, i, e);
    map_release(&g.names);
    return ok && check_exit_with(l, e);
}
