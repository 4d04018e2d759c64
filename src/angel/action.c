/* action.c: the text of a step taken apart, and carried out.
 *
 * "=expected" is a number behind the last '='. In an address it is one only when no '?' stands
 * before it: "http://host/health=200" expects 200, "http://host/a?b=5" asks with b=5. */
#include "angel/action.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/near.h"
#include "net/wait.h"

#define TIMEOUT (60 * CLOCK_SECOND)
#define AGAIN   (100 * CLOCK_MS)

static const struct action_kind *const all[] = {
#define ACTION(name) &action_##name,
#include "angel/actions.def"
#undef ACTION
};

#define N (sizeof all / sizeof all[0])

static const struct action_kind *find(bw_str name)
{
    for (size_t i = 0; i < N; i++)
        if (bw_str_ieq(name, bw_cstr(all[i]->name)))
            return all[i];
    return NULL;
}

static const char *place_name(enum action_place p)
{
    return p == ACTION_START ? "Start" : p == ACTION_STOP ? "Stop" : "Watch";
}

static bool unknown(bw_str verb, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, verb);
    for (size_t i = 0; i < N; i++)
        near_offer(&near, bw_cstr(all[i]->name));
    return bw_fail(e, BW_BAD, "unknown verb '%.*s'%s", (int)(verb.n < 40 ? verb.n : 40), verb.p,
                   near_hint(&near, hint));
}

/* The first of the verbs that is for this place and this system; all of them must be known. */
static bool choose(bw_str verbs, enum action_place place, const struct action_kind **kind,
                   struct bw_err *e)
{
    bw_str verb;
    *kind = NULL;
    while (bw_str_cut(&verbs, ',', &verb)) {
        const struct action_kind *k = find(bw_str_trim(verb));
        if (!k)
            return unknown(bw_str_trim(verb), e);
        if (!*kind && k->places & (unsigned)place)
            *kind = k;
    }
    return *kind || bw_fail(e, BW_BAD, "none of these verbs is for %s here", place_name(place));
}

static void cut_expected(bw_str *param, int64_t *expected)
{
    size_t at = param->n;
    while (at > 0 && param->p[at - 1] >= '0' && param->p[at - 1] <= '9')
        at--;
    if (at == param->n || at == 0 || param->p[at - 1] != '=' || param->n - at > 9 ||
        memchr(param->p, '?', at))
        return;
    *expected = 0;
    for (size_t i = at; i < param->n; i++)
        *expected = *expected * 10 + (param->p[i] - '0');
    param->n = at - 1;
}

bool action_parse(struct action_step *s, enum action_place place, bw_str *param, struct bw_err *e)
{
    bw_str rest = bw_cstr(s->text), verbs;
    if (!memchr(rest.p, ':', rest.n) && !find(bw_str_trim(rest)))
        return bw_fail(e, BW_BAD, "'%s' is no verb:parameter, as in start:%%run%%", s->text);
    bw_str_cut(&rest, ':', &verbs);
    if (!choose(verbs, place, &s->kind, e))
        return false;
    s->expected = s->kind->expected;
    s->timeout = TIMEOUT;
    cut_expected(&rest, &s->expected);
    *param = rest;
    return true;
}

bool action_run(const struct action_step *s, const struct action_world *w, struct bw_err *e)
{
    struct action_world here = *w;
    int64_t last = clock_mono() + (s->timeout ? s->timeout : TIMEOUT);
    if (!here.deadline || here.deadline > last)
        here.deadline = last;
    while (!s->kind->run(s, &here, e))
        if (!w->patient || !s->kind->asks || clock_mono() + AGAIN >= here.deadline ||
            wait_until(clock_mono() + AGAIN) == WAIT_CANCELLED)
            return false;
    return true;
}
