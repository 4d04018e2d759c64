/* reload.c: see reload.h. Two values are compared as the JSON they print as: no type needs its own
 * code. What changes live is one row of `lives`; a setting is marked .live in the options when it
 * has one. */
#include "host/reload.h"

#include "core/log.h"
#include "db/db.h"
#include "host/host.h"

static void set_level(struct conf *now, const struct conf *fresh)
{
    now->log.level = fresh->log.level;
    log_set_level((enum log_level)now->log.level);
}

static void set_areas(struct conf *now, const struct conf *fresh)
{
    now->log.levels = bw_arena_str(&now->arena, fresh->log.levels);
    host_log_levels(now);
}

static void set_slow_request(struct conf *now, const struct conf *fresh)
{
    now->log.slow_request = fresh->log.slow_request;
    access_set_slow(now->log.slow_request);
}

static void set_slow_query(struct conf *now, const struct conf *fresh)
{
    now->log.slow_query = fresh->log.slow_query;
    db_set_slow(now->log.slow_query);
}

static void set_drain(struct conf *now, const struct conf *fresh)
{
    now->server.drain_timeout = fresh->server.drain_timeout; /* read on this thread, at the end */
}

static const struct {
    const char *name;
    void (*apply)(struct conf *now, const struct conf *fresh);
} lives[] = {
    {"log.level", set_level},
    {"log.levels", set_areas},
    {"log.slow_request", set_slow_request},
    {"log.slow_query", set_slow_query},
    {"server.drain_timeout", set_drain},
};

struct diff {
    struct conf *now;
    const struct conf *fresh;
    struct bw_buf changed, waiting; /* names, comma between */
};

static bool differs(const struct option *o, const void *now, const void *fresh)
{
    struct option one[2] = {*o, {.name = NULL}};
    struct bw_buf a, b;
    one[0].secret = false; /* else all secrets look alike */
    bw_buf_init(&a, 8u << 20);
    bw_buf_init(&b, 8u << 20);
    settings_print(one, now, &a);
    settings_print(one, fresh, &b);
    bool same = bw_str_eq(bw_buf_str(&a), bw_buf_str(&b));
    bw_buf_release(&a);
    bw_buf_release(&b);
    return !same;
}

static void note(struct bw_buf *names, const char *name)
{
    bw_buf_printf(names, "%s%s", names->n ? ", " : "", name);
}

static void take(struct diff *d, const struct option *o, const char *name)
{
    for (size_t i = 0; o->live && i < sizeof lives / sizeof lives[0]; i++) {
        if (strcmp(lives[i].name, name) != 0)
            continue;
        lives[i].apply(d->now, d->fresh);
        note(&d->changed, name);
        return;
    }
    note(&d->waiting, name);
}

static void compare(struct diff *d, const struct option *t, const char *prefix)
{
    for (; t->name; t++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", t->name);
        if (t->type == OPT_SECTION && t->offset == 0)
            compare(d, t->options, name);
        else if (differs(t, d->now, d->fresh))
            take(d, t, name);
    }
}

void reload_apply(struct conf *now, const struct conf *fresh, struct bw_buf *said)
{
    struct diff d = {.now = now, .fresh = fresh};
    bw_buf_init(&d.changed, 8192);
    bw_buf_init(&d.waiting, 8192);
    compare(&d, conf_options, "");
    if (d.changed.n)
        bw_buf_printf(said, "changed: %s", bw_buf_cstr(&d.changed));
    if (d.waiting.n)
        bw_buf_printf(said, "%sneeds a restart: %s", said->n ? "; " : "", bw_buf_cstr(&d.waiting));
    if (!said->n)
        bw_buf_put(said, BW_LIT("nothing has changed"));
    bw_buf_release(&d.changed);
    bw_buf_release(&d.waiting);
}
