/* ctl_upgrade.c: burrow ctl upgrade: the angel is replaced by its program as it is on disk now. The
 * brain that took the word is not the one that can tell the end of it: it has come when another
 * answers. */
#include "cli/ctl.h"

#include "core/clock.h"

#define LOOK_MS 50

struct angel_state {
    int64_t pid;
    bw_str version, upgrade, body;
};

/* *Waits.* */
static bool look(struct ctl *c, const char *method, const char *target, struct angel_state *s,
                 struct bw_err *e)
{
    struct bw_json_reader r;
    bw_str name;
    *s = (struct angel_state){.pid = 0};
    if (!ctl_ask(c, method, target, &s->body, e))
        return false;
    bw_json_open(&r, &c->arena, s->body);
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return bw_fail(e, BW_BAD, "the angel's answer is no object");
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind kind = bw_json_next(&r);
        if (kind == BW_JSON_TEXT && bw_str_eq(name, BW_LIT("version")))
            s->version = bw_arena_str(&c->arena, r.text);
        else if (kind == BW_JSON_TEXT && bw_str_eq(name, BW_LIT("upgrade")))
            s->upgrade = bw_arena_str(&c->arena, r.text);
        else if (kind == BW_JSON_INT && bw_str_eq(name, BW_LIT("pid")))
            s->pid = r.integer;
        bw_json_skip(&r, kind);
    }
    return true;
}

static int put_end(struct ctl *c, const struct angel_state *s)
{
    if (c->json)
        ctl_put(s->body);
    else
        printf("renewed: version %.*s, pid %lld\n", BW_FMT(s->version), (long long)s->pid);
    return CTL_OK;
}

static int fail(struct ctl *c, const struct bw_err *e)
{
    return ctl_complain(c, e, ctl_status_of(e));
}

static int upgrade(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    struct angel_state before, now;
    int64_t wait = ctl_seconds(c, "wait", 30), end = clock_mono() + wait * CLOCK_SECOND;
    if (wait < 0)
        return CTL_WRONG;
    if (!look(c, "POST", "/v1/upgrade", &before, &e))
        return fail(c, &e);
    if (!wait && c->json)
        ctl_put(before.body);
    while (wait) {
        if (!look(c, "GET", "/v1/state", &now, &e))
            return fail(c, &e);
        if (now.pid != before.pid)
            return put_end(c, &now);
        if (bw_str_eq(now.upgrade, BW_LIT("refused"))) {
            bw_fail(&e, BW_CONFLICT,
                    "no upgrade, everything goes on as before: the program on disk does not run "
                    "as a keeper; the angel's log says more");
            return fail(c, &e);
        }
        if (clock_mono() > end) {
            bw_fail(&e, BW_LATE, "the angel has not been replaced within %lld s", (long long)wait);
            return fail(c, &e);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * CLOCK_MS}, NULL);
    }
    return CTL_OK;
}

const struct ctl_verb ctl_verb_upgrade = {
    .name = "upgrade",
    .usage = "[--wait SECONDS]",
    .help = "keeper and brain become the program as it is on disk now; no service notices",
    .run = upgrade,
};
