/* probe_parse.c: the text of a probe taken apart. In an address "=200" at its end is the status
 * that is expected, but not behind a '?': "http://host/a?b=5" asks with b=5. */
#include "angel/probe_int.h"
#include "core/near.h"

static const struct probe_kind *const kinds[] = {
#define PROBE(name) &probe_##name,
#include "angel/probes.def"
#undef PROBE
};

#define N (sizeof kinds / sizeof kinds[0])

static const char *what_name(enum probe_what w)
{
    return w == PROBE_STARTUP ? "Startup" : w == PROBE_READY ? "Ready" : "Live";
}

static const struct probe_kind *find(bw_str name)
{
    if (bw_str_ieq(name, BW_LIT("https")) || bw_str_ieq(name, BW_LIT("http+unix")))
        name = BW_LIT("http");
    for (size_t i = 0; i < N; i++)
        if (bw_str_ieq(name, bw_cstr(kinds[i]->name)))
            return kinds[i];
    return NULL;
}

static bool unknown(bw_str name, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, name);
    near_offer(&near, BW_LIT("https"));
    for (size_t i = 0; i < N; i++)
        near_offer(&near, bw_cstr(kinds[i]->name));
    return bw_fail(e, BW_BAD, "there is no probe '%.*s'%s", (int)(name.n < 40 ? name.n : 40),
                   name.p, near_hint(&near, hint));
}

bool probe_parse(struct probe_conf *c, enum probe_what what, const char *check, struct bw_arena *a,
                 struct bw_err *e)
{
    bw_str rest = bw_str_trim(bw_cstr(check)), name, whole = rest;
    bw_str_cut(&rest, ':', &name);
    c->kind = find(bw_str_trim(name));
    if (!c->kind)
        return unknown(name, e);
    if (!(c->kind->places & 1u << what))
        return bw_fail(e, BW_BAD, "'%s' cannot tell what %s asks", c->kind->name, what_name(what));
    c->target = bw_arena_cstr(a, c->kind == &probe_http ? whole : bw_str_trim(rest));
    return c->kind->check(c, a, e);
}
