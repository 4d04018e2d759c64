/* reload.c: see reload.h. Two values are compared as the JSON they print as: no type needs its own
 * code. */
#include "host/reload.h"

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

static size_t size_of(const struct option *o)
{
    switch (o->type) {
    case OPT_BOOL:
        return sizeof(bool);
    case OPT_ENUM:
        return sizeof(int);
    case OPT_TEXT:
    case OPT_RAW:
        return sizeof(bw_str);
    case OPT_CSTR:
    case OPT_TEXTS:
        return sizeof(char *);
    case OPT_SECTION:
    case OPT_LIST:
    case OPT_MAP:
        return 0;
    default:
        return sizeof(int64_t);
    }
}

static void take(struct diff *d, const struct option *o, const char *name)
{
    if (!o->live) {
        note(&d->waiting, name);
        return;
    }
    bw_must(size_of(o));
    memcpy((char *)d->now + o->offset, (const char *)d->fresh + o->offset, size_of(o));
    note(&d->changed, name);
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

/* Where records go, in what form, and when files are rotated: what the outputs are opened by. */
bool reload_reopens_log(const struct conf *now, const struct conf *fresh)
{
    static const char *const by_themselves[] = {
        "level", "levels", "access_sample", "slow_request", "slow_query", "access_errors_only",
        NULL};
    for (const struct option *o = conf_log_options; o->name; o++) {
        const char *const *no = by_themselves;
        while (*no && strcmp(*no, o->name) != 0)
            no++;
        if (!*no && differs(o, now, fresh))
            return true;
    }
    return false;
}

bool reload_apply(struct conf *now, const struct conf *fresh, struct bw_buf *said)
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
    bool changed = d.changed.n > 0;
    bw_buf_release(&d.changed);
    bw_buf_release(&d.waiting);
    return changed;
}
