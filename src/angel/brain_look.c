/* brain_look.c: what others ask of the brain: how things are, and why; and what they tell it to do.
 */
#include "angel/brain_int.h"

#include <stdio.h>
#include <string.h>

#include "core/near.h"

size_t brain_count(const struct brain *b)
{
    return b->in_order.n;
}

static const struct crew_unit *unit_of(const struct replica *r)
{
    return &r->brain->crew.units.p[r->slot];
}

void brain_look(const struct brain *b, size_t i, struct brain_unit *out)
{
    const struct replica *r = b->in_order.p[i];
    enum life_state s = unit_of(r)->state;
    *out = (struct brain_unit){.name = r->name,
                               .unit = r->conf->name,
                               .conf = r->conf,
                               .state = s,
                               .ready = s == LIFE_READY,
                               .wanted = life_is_wanted(s) && !unit_of(r)->leaving,
                               .degraded = b->degraded && unit_of(r)->sick,
                               .pid = r->pid,
                               .runs = r->runs,
                               .restarts = r->restarts,
                               .standing = r->standing,
                               .since = r->since,
                               .started = r->started,
                               .next = s == LIFE_BACKOFF ? r->next : 0,
                               .why = r->why};
    snprintf(out->last_exit, sizeof out->last_exit, "%s", r->last->words);
    if (r->output)
        out->log = capture_stats(r->output);
}

size_t brain_find(const struct brain *b, const char *name, size_t *first)
{
    size_t n = 0, alone = b->in_order.n;
    const char *hash = strrchr(name, '#');
    for (size_t i = 0; i < b->in_order.n; i++) {
        const struct replica *r = b->in_order.p[i];
        if (strcmp(r->conf->name, name) == 0 && n++ == 0)
            *first = i;
        if (strcmp(r->name, name) == 0 || (hash && strcmp(hash, "#1") == 0 && r->number == 1 &&
                                           strlen(r->name) == (size_t)(hash - name) &&
                                           strncmp(r->name, name, (size_t)(hash - name)) == 0))
            alone = i;
    }
    if (n || alone == b->in_order.n)
        return n;
    *first = alone;
    return 1;
}

static size_t need(const struct brain *b, const char *name, size_t *first, struct bw_err *e)
{
    size_t n = brain_find(b, name, first);
    if (n)
        return n;
    struct near near;
    char hint[96];
    near_init(&near, bw_cstr(name));
    for (size_t i = 0; i < b->in_order.n; i++)
        near_offer(&near, bw_cstr(b->in_order.p[i]->conf->name));
    bw_fail(e, BW_MISSING, "no service '%s'%s", name, near_hint(&near, hint));
    return 0;
}

/* ---- commands ---- */

static void command(struct replica *r, enum brain_command c)
{
    struct bw_err e;
    switch (c) {
    case BRAIN_START:
    case BRAIN_RETRY:
        brain_post(r, EVENT_START);
        break;
    case BRAIN_STOP:
        brain_let_go(r);
        break;
    case BRAIN_RESTART:
        brain_post(r, EVENT_RESTART);
        break;
    case BRAIN_RELOAD:
        if (r->conf->reload_signal)
            replica_signal(r, r->conf->reload_signal, &e);
        else
            brain_post(r, EVENT_RESTART);
        break;
    }
}

bool brain_tell(struct brain *b, const char *name, enum brain_command c, struct bw_err *e)
{
    size_t first = 0, n = need(b, name, &first, e);
    if (n && b->stopping && c != BRAIN_STOP)
        return bw_fail(e, BW_BUSY, "the angel is stopping: nothing is started any more");
    for (size_t i = first; i < first + n; i++)
        command(b->in_order.p[i], c);
    return n > 0;
}

bool brain_signal(struct brain *b, const char *name, int signal, struct bw_err *e)
{
    size_t first = 0, n = need(b, name, &first, e);
    for (size_t i = first; i < first + n; i++)
        if (!replica_signal(b->in_order.p[i], signal, e))
            return false;
    return n > 0;
}

/* ---- why ---- */

#define WHY_DEPTH 8

static void ago(int64_t ms, char out[32])
{
    int64_t s = (clock_wall_ms() - ms) / 1000;
    if (s < 120)
        snprintf(out, 32, "%lld s", (long long)(s < 0 ? 0 : s));
    else if (s < 7200)
        snprintf(out, 32, "%lld min", (long long)s / 60);
    else
        snprintf(out, 32, "%lld h", (long long)s / 3600);
}

static const struct replica *member_of(const struct brain *b, uint32_t set)
{
    for (size_t i = 0; i < b->in_order.n; i++)
        if (unit_of(b->in_order.p[i])->set == set)
            return b->in_order.p[i];
    return NULL;
}

static void explain(const struct replica *r, struct bw_buf *out, unsigned depth);

static void explain_wait(const struct replica *r, struct bw_buf *out, unsigned depth)
{
    const struct brain *b = r->brain;
    uint32_t set;
    int64_t level;
    if (!crew_lacks(&b->crew, r->slot, &set, &level))
        return;
    if (set == UINT32_MAX) {
        bw_buf_printf(out, "It waits for level %lld, where not all have come up yet.\n",
                      (long long)level);
        return;
    }
    const struct replica *o = member_of(b, set);
    bw_buf_printf(out, "It waits for %s to be ready.\n", b->set_names.p[set]);
    if (o && depth < WHY_DEPTH)
        explain(o, out, depth + 1);
}

static void explain_probes(const struct replica *r, struct bw_buf *out)
{
    static const char *const names[] = {"startup", "ready", "live"};
    for (int i = 0; i < PROBE_KINDS && r->prober; i++) {
        int64_t took = 0;
        const char *last = prober_last(r->prober, (enum probe_what)i, &took);
        if (r->conf->probes[i].kind && *last)
            bw_buf_printf(out, "Its %s probe last said: %s (%lld ms).\n", names[i], last,
                          (long long)(took / CLOCK_MS));
    }
}

static void explain_log(const struct replica *r, struct bw_buf *out)
{
    bw_time since = r->output ? capture_stats(r->output).hangs_since : 0;
    if (!since)
        return;
    bw_buf_printf(out, "Its log hangs: in a disk call for %s, or another on that disk, since ",
                  r->conf->log.path);
    bw_time_write(out, since);
    bw_buf_put(out, r->conf->log.full == CAPTURE_BLOCK
                        ? BW_LIT("; it waits when its pipe is full.\n")
                        : BW_LIT("; what it prints is kept as far as there is room, then lost.\n"));
}

static void explain(const struct replica *r, struct bw_buf *out, unsigned depth)
{
    const struct crew_unit *u = unit_of(r);
    char since[32];
    ago(r->since, since);
    bw_buf_printf(out, "%s is %s for %s: %s.\n", r->name, life_state_name(u->state), since, r->why);
    if (u->state == LIFE_BACKOFF)
        bw_buf_printf(out, "It starts again in %lld s; %u in a row have failed.\n",
                      (long long)((r->next - clock_wall_ms() + 999) / 1000), u->failures);
    if (u->queued)
        bw_buf_printf(out, "The budget of restarts of all services is used up until then.\n");
    if (u->state == LIFE_WAITING)
        explain_wait(r, out, depth);
    if (u->state == LIFE_RUNNING)
        explain_probes(r, out);
    if (*r->last->words && u->state != LIFE_DONE)
        bw_buf_printf(out, "Its last process ended with %s.\n", r->last->words);
    explain_log(r, out);
    if (r->brain->degraded && u->sick)
        bw_buf_printf(out, "It is sick, but so are many: none is restarted for that.\n");
    if (r->conf->disabled)
        bw_buf_printf(out,
                      "Its settings say Disabled, so nothing starts it but a word of yours.\n");
    else if (!r->conf->os_matches)
        bw_buf_printf(out, "Its settings say another OS, so it is not started here.\n");
}

bool brain_why(const struct brain *b, const char *name, struct bw_buf *out, struct bw_err *e)
{
    size_t first = 0, n = need(b, name, &first, e);
    for (size_t i = first; i < first + n; i++)
        explain(b->in_order.p[i], out, 0);
    return n > 0;
}

void brain_tail(const struct brain *b, size_t i, struct bw_buf *out)
{
    if (b->in_order.p[i]->output)
        capture_tail(b->in_order.p[i]->output, out);
}

const struct angel_conf *brain_conf(const struct brain *b)
{
    return b->conf;
}
