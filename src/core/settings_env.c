/* settings_env.c: settings from the environment: http.max_body is BURROW_HTTP_MAX_BODY. A name may
 * be split in several ways; the table decides, the option with the longest name first. */
#include "core/near.h"
#include "core/settings_int.h"

#define PREFIX "BURROW_"

struct spot {
    const struct option *o;
    char *at;
};

/* Is `upper` the option's name in upper case, alone or followed by '_'? */
static bool begins(bw_str upper, const char *name)
{
    size_t n = strlen(name);
    if (upper.n < n || (upper.n > n && upper.p[n] != '_'))
        return false;
    return bw_str_ieq(bw_str_of(upper.p, n), bw_str_of(name, n));
}

static bool is_many(const struct option *o)
{
    return o->type == OPT_LIST || o->type == OPT_MAP;
}

/* Where the name leads; false when nowhere. */
static bool resolve(const struct option *t, char *out, bw_str name, struct load *l,
                    struct spot *spot)
{
    size_t before = SIZE_MAX;
    for (;;) {
        const struct option *longest = NULL;
        for (const struct option *o = t; o->name; o++) {
            size_t n = strlen(o->name);
            if (n < before && begins(name, o->name) && (!longest || n > strlen(longest->name)))
                longest = o;
        }
        if (!longest)
            return false;
        before = strlen(longest->name);
        size_t mark = settings_enter(l, longest->name, before);
        *spot = (struct spot){longest, out + longest->offset};
        bool whole = name.n == before;
        if (longest->type != OPT_SECTION && (whole || is_many(longest)))
            return true;
        bw_str rest = whole ? (bw_str){0} : bw_str_of(name.p + before + 1, name.n - before - 1);
        if (longest->type == OPT_SECTION && resolve(longest->options, spot->at, rest, l, spot))
            return true;
        settings_leave(l, mark);
    }
}

struct guess {
    struct near near;
    char best[96];
};

static void offer_all(const struct option *t, char *name, size_t n, struct guess *g)
{
    for (; t->name; t++) {
        int more = snprintf(name + n, 96 - n, "%s%s", n ? "_" : "", t->name);
        if (more < 0 || n + (size_t)more >= 96 || is_many(t))
            continue;
        if (t->type == OPT_SECTION) {
            offer_all(t->options, name, n + (size_t)more, g);
            continue;
        }
        unsigned before = g->near.distance;
        near_offer(&g->near, bw_cstr(name));
        if (g->near.distance < before)
            memcpy(g->best, name, n + (size_t)more + 1);
    }
}

static bool unknown(const struct option *t, bw_str name, struct bw_err *e)
{
    char path[96] = "";
    struct guess g = {0};
    near_init(&g.near, name);
    offer_all(t, path, 0, &g);
    for (char *p = g.best; *p; p++)
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    if (!g.best[0])
        return bw_fail(e, BW_BAD, "the environment variable " PREFIX "%.*s is no setting",
                       BW_FMT(name));
    return bw_fail(e, BW_BAD,
                   "the environment variable " PREFIX "%.*s is no setting, did you mean " PREFIX
                   "%s?",
                   BW_FMT(name), g.best);
}

static bool set(const struct settings *s, struct load *l, bw_str pair, struct bw_err *e)
{
    struct spot spot;
    size_t eq = bw_str_find(pair, '=');
    bw_str name = bw_str_of(pair.p, eq);
    bw_str value = eq < pair.n ? bw_str_of(pair.p + eq + 1, pair.n - eq - 1) : BW_LIT("");
    if (!resolve(s->options, s->out, name, l, &spot))
        return unknown(s->options, name, e);
    if (is_many(spot.o) && name.n != strlen(l->path)) /* a part of it; the path is as long */
        return bw_fail(e, BW_BAD,
                       "the environment variable " PREFIX "%.*s: '%s' has no parts to be set one "
                       "by one: give " PREFIX "%.*s whole, as JSON, or the settings file",
                       BW_FMT(name), l->path, (int)strlen(l->path), name.p);
    if (settings_bare(l, spot.o, spot.at, value))
        return true;
    return bw_fail(e, BW_BAD, "the environment variable " PREFIX "%.*s: %s", BW_FMT(name),
                   l->r.why);
}

/* Said by a process manager of ours to what it runs: nobody's settings. */
static bool is_mark(bw_str pair)
{
    return bw_str_starts(pair, BW_LIT("UNIT=")) || bw_str_starts(pair, BW_LIT("ANGEL="));
}

bool settings_env(const struct settings *s, const char *const *envp, struct bw_err *e)
{
    for (; *envp; envp++) {
        bw_str pair = bw_cstr(*envp);
        if (!bw_str_starts(pair, BW_LIT(PREFIX)))
            continue;
        struct load l = {.a = s->arena};
        pair = bw_str_of(pair.p + sizeof PREFIX - 1, pair.n - (sizeof PREFIX - 1));
        if (is_mark(pair) || set(s, &l, pair, e))
            continue;
        if (e)
            snprintf(e->field, sizeof e->field, "%.63s", l.path);
        return false;
    }
    return true;
}
