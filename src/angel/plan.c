/* plan.c: what new settings would do to what runs: compares the digests of every key. Pure. A key
 * that is `live` in its table changes without a restart; services with replicas or sockets of the
 * angel are restarted one after another; all others as a whole. */
#include "angel/conf_int.h"

#include "core/map.h"

const char *const plan_names[] = {
    [PLAN_SAME] = "unchanged",  [PLAN_LIVE] = "live",   [PLAN_ROLLING] = "rolling",
    [PLAN_RESTART] = "restart", [PLAN_START] = "start", [PLAN_STOP] = "stop"};

static void add(struct bw_buf *b, const char *key)
{
    if (b->n)
        bw_buf_put(b, BW_LIT(", "));
    bw_buf_put(b, bw_cstr(key));
}

/* The keys that differ, live ones and others; `files` is called so when only what is in files has
 * changed. */
static void compare(const struct option *t, const struct conf_keys *a, const struct conf_keys *b,
                    const char *files, struct bw_buf out[2])
{
    size_t i = 0;
    for (; t[i].name; i++) {
        if (conf_key(a, i) != conf_key(b, i))
            add(&out[!t[i].live], t[i].name);
    }
    if (conf_key(a, i) != conf_key(b, i) && !strstr(bw_buf_cstr(&out[0]), files) &&
        !strstr(bw_buf_cstr(&out[1]), files))
        add(&out[!strcmp(files, "EnvFiles")], files);
}

static bool runs(const struct unit_conf *u)
{
    return u && !u->disabled && u->os_matches;
}

static bool can_roll(const struct unit_conf *a, const struct unit_conf *b)
{
    return b->rolling_surge > 0 &&
           ((a->replicas > 1 && b->replicas > 1) || (a->n_listen > 0 && b->n_listen > 0));
}

static void look(const struct unit_conf *from, const struct unit_conf *to, struct bw_arena *a,
                 struct plan_item *out)
{
    struct bw_buf keys[2];
    bw_buf_init(&keys[0], 8192);
    bw_buf_init(&keys[1], 8192);
    *out = (struct plan_item){.unit = to ? to->name : from->name, .keys = ""};
    if (from && to)
        compare(conf_unit_keys, from->keys, to->keys, "EnvFiles", keys);
    if (!runs(from) || !runs(to))
        out->kind = runs(to) ? PLAN_START : runs(from) ? PLAN_STOP : PLAN_SAME;
    else if (keys[1].n)
        out->kind = can_roll(from, to) ? PLAN_ROLLING : PLAN_RESTART;
    else if (keys[0].n)
        out->kind = PLAN_LIVE;
    if (keys[1].n && keys[0].n)
        bw_buf_put(&keys[1], BW_LIT(", "));
    bw_buf_put(&keys[1], bw_buf_str(&keys[0]));
    out->keys = bw_arena_cstr(a, bw_buf_str(&keys[1]));
    bw_buf_release(&keys[0]);
    bw_buf_release(&keys[1]);
}

static void look_at_angel(const struct angel_conf *from, const struct angel_conf *to,
                          struct bw_arena *a, struct plan *out)
{
    struct bw_buf keys[2];
    bw_buf_init(&keys[0], 8192);
    bw_buf_init(&keys[1], 8192);
    compare(conf_main_keys, from->keys, to->keys, "secrets", keys);
    out->live = bw_arena_cstr(a, bw_buf_str(&keys[0]));
    out->restart = bw_arena_cstr(a, bw_buf_str(&keys[1]));
    bw_buf_release(&keys[0]);
    bw_buf_release(&keys[1]);
}

void plan_make(const struct angel_conf *from, const struct angel_conf *to, struct bw_arena *a,
               struct plan *out)
{
    struct map before, after;
    map_init(&before, true);
    map_init(&after, true);
    for (size_t i = 0; i < from->n_units; i++)
        map_put(&before, bw_cstr(from->units[i].name), &from->units[i]);
    *out = (struct plan){.p = BW_NEW_N(a, struct plan_item, from->n_units + to->n_units + 1)};
    for (size_t i = 0; i < to->n_units; i++) {
        struct unit_conf *u = &to->units[i];
        map_put(&after, bw_cstr(u->name), u);
        look(map_get(&before, bw_cstr(u->name)), u, a, &out->p[out->n++]);
    }
    for (size_t i = from->n_units; i-- > 0;) {
        struct unit_conf *u = &from->units[i];
        if (!map_get(&after, bw_cstr(u->name)))
            look(u, NULL, a, &out->p[out->n++]);
    }
    map_release(&before);
    map_release(&after);
    look_at_angel(from, to, a, out);
}
