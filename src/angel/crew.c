/* crew.c: see crew.h. Every event is one walk: look up the row, change the state, do what it says,
 * then see whether others may start or end now. Walks over all units are only taken while somebody
 * waits or leaves. */
#include "angel/crew.h"

#include <stdlib.h>

#include <burrow/err.h>

#define GUARD_LEAST 3 /* fewer have nothing in common */

void crew_init(struct crew *c, uint64_t seed)
{
    *c = (struct crew){.seed = seed | 1, .pause = INT64_C(1000000000)};
}

void crew_release(struct crew *c)
{
    for (size_t i = 0; i < c->units.n; i++)
        pace_release(&c->units.p[i].spent);
    pace_release(&c->spent);
    vec_release(&c->sets);
    vec_release(&c->units);
}

static uint32_t chance(struct crew *c)
{
    c->seed ^= c->seed << 13; /* xorshift64 */
    c->seed ^= c->seed >> 7;
    c->seed ^= c->seed << 17;
    return (uint32_t)(c->seed >> 32);
}

static void order(struct crew *c, struct crew_order o)
{
    c->order(c->arg, &o);
}

static void timer(struct crew *c, uint32_t i, int64_t at)
{
    if (c->units.p[i].due == at)
        return;
    c->units.p[i].due = at;
    order(c, (struct crew_order){.kind = CREW_TIMER, .unit = i, .at = at});
}

/* ---- who may start ---- */

static bool serves(enum life_state s)
{
    return s == LIFE_READY || s == LIFE_DONE;
}

/* A replica has come to (by == 1) or gone from (-1) a state. */
static void count(struct crew *c, const struct crew_unit *u, enum life_state s, int by)
{
    struct crew_set *set = &c->sets.p[u->set];
    set->serving += (uint32_t)(serves(s) ? by : 0);
    set->unsettled += (uint32_t)(life_is_settled(s) ? 0 : by);
    c->waiting += (unsigned)(s == LIFE_WAITING ? by : 0);
}

static void leave_queue(struct crew *c, struct crew_unit *u)
{
    c->queued -= u->queued;
    u->queued = false;
}

uint32_t crew_add(struct crew *c, uint32_t set)
{
    size_t i = 0;
    while (i < c->units.n && c->units.p[i].used)
        i++;
    if (i == c->units.n)
        vec_push(&c->units);
    c->units.p[i] = (struct crew_unit){.set = set, .used = true};
    count(c, &c->units.p[i], LIFE_STOPPED, 1);
    return (uint32_t)i;
}

void crew_remove(struct crew *c, uint32_t unit)
{
    struct crew_unit *u = &c->units.p[unit];
    bw_must(u->used && !life_has_child(u->state));
    count(c, u, u->state, -1);
    c->leaving -= u->leaving;
    leave_queue(c, u);
    pace_release(&u->spent);
    *u = (struct crew_unit){.state = LIFE_STOPPED};
}

/* What it needs will not come soon: it failed, or nobody wants it. */
static bool waits_in_vain(const struct crew *c, const struct crew_unit *u)
{
    const struct crew_set *s = &c->sets.p[u->set];
    for (uint32_t i = 0; i < s->n_needs && u->state == LIFE_WAITING; i++)
        if (!c->sets.p[s->needs[i]].serving && !c->sets.p[s->needs[i]].unsettled)
            return true;
    return false;
}

/* The lowest level of which somebody is still on the way. One that waits in vain holds up only
 * those that need it: else one missing service would stop all levels above. */
static int64_t open_level(const struct crew *c)
{
    int64_t lowest = INT64_MAX;
    for (size_t i = 0; i < c->units.n; i++) {
        const struct crew_unit *u = &c->units.p[i];
        if (u->used && !u->leaving && !life_is_settled(u->state) &&
            c->sets.p[u->set].level < lowest && !waits_in_vain(c, u))
            lowest = c->sets.p[u->set].level;
    }
    return lowest;
}

static bool lacks(const struct crew *c, const struct crew_unit *u, uint32_t *set)
{
    const struct crew_set *s = &c->sets.p[u->set];
    for (uint32_t i = 0; i < s->n_needs; i++)
        if (!c->sets.p[ *set = s->needs[i]].serving)
            return true;
    for (uint32_t i = 0; i < s->n_after; i++)
        if (c->sets.p[ *set = s->after[i]].unsettled)
            return true;
    return false;
}

bool crew_lacks(const struct crew *c, uint32_t unit, uint32_t *set, int64_t *level)
{
    const struct crew_unit *u = &c->units.p[unit];
    if (lacks(c, u, set))
        return true;
    *set = UINT32_MAX;
    *level = open_level(c);
    return *level < c->sets.p[u->set].level;
}

/* ---- who may end ---- */

static bool names(const uint32_t *list, uint32_t n, uint32_t set)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i] == set)
            return true;
    return false;
}

static bool leans_on(const struct crew *c, const struct crew_unit *o, const struct crew_unit *u)
{
    const struct crew_set *s = &c->sets.p[o->set];
    return o->set != u->set &&
           (names(s->needs, s->n_needs, u->set) || names(s->after, s->n_after, u->set) ||
            s->level > c->sets.p[u->set].level);
}

/* Those that are stuck would hold up the end for ever. */
static bool may_end(const struct crew *c, const struct crew_unit *u)
{
    for (size_t i = 0; i < c->units.n; i++) {
        const struct crew_unit *o = &c->units.p[i];
        bool ends = o->leaving || !life_is_wanted(o->state);
        if (o->used && ends && life_has_child(o->state) && o->state != LIFE_STUCK &&
            leans_on(c, o, u))
            return false;
    }
    return true;
}

/* ---- a row ---- */

static void delay(struct crew *c, uint32_t i, int64_t now)
{
    struct crew_unit *u = &c->units.p[i];
    const struct crew_set *s = &c->sets.p[u->set];
    timer(c, i, now + pace_backoff(&s->backoff, u->failures++, chance(c)));
}

/* A start that nobody asked for costs both budgets, when it happens and not before: who is started
 * by a person's word meanwhile, or waits for others, leaves them as they are. It happens at some
 * time from here until one hears that the process is born: where many are being started that may
 * be long. */
static void begin_to_spend(struct crew *c, struct crew_unit *u)
{
    bool reserved = u->promised;
    u->spending = !u->asked || reserved;
    u->asked = u->promised = false;
    if (!u->spending)
        return;
    pace_begin(&u->spent);
    if (!reserved)
        pace_begin(&c->spent);
}

static void has_spent(struct crew *c, struct crew_unit *u, int64_t now)
{
    if (!u->spending)
        return;
    u->spending = false;
    pace_end(&c->sets.p[u->set].budget, &u->spent, now);
    pace_end(&c->budget, &c->spent, now);
}

/* When it can be paid for; ahead: of those that wait for the budget of all, so many come first. */
static int64_t affordable(struct crew *c, struct crew_unit *u, size_t ahead, int64_t now)
{
    if (u->asked || u->promised)
        return now;
    int64_t own = pace_when(&c->sets.p[u->set].budget, &u->spent, 0, now);
    if (own > now)
        return own;
    int64_t at = pace_when(&c->budget, &c->spent, ahead, now);
    u->queued = at > now;
    c->queued += u->queued;
    return at;
}

/* Its pause is over. True: it has to wait for a budget; for that of all in a queue, so that each
 * comes in its turn. */
static bool is_over_budget(struct crew *c, uint32_t i, int64_t now)
{
    struct crew_unit *u = &c->units.p[i];
    bool its_turn = u->queued;
    leave_queue(c, u);
    int64_t at = affordable(c, u, its_turn ? 0 : c->queued, now);
    if (at > now)
        timer(c, i, at);
    return at > now;
}

static void carry_out(struct crew *c, uint32_t i, unsigned todo, int64_t now)
{
    struct crew_unit *u = &c->units.p[i];
    const struct crew_set *s = &c->sets.p[u->set];
    if (todo & (DO_FRESH | DO_CALM))
        u->failures = 0;
    if (todo & DO_CALM)
        order(c, (struct crew_order){.kind = CREW_CALM, .unit = i});
    if (todo & DO_CALM)
        timer(c, i, 0);
    if (todo & DO_SPAWN) {
        u->was_ready = false;
        begin_to_spend(c, u);
        order(c, (struct crew_order){.kind = CREW_SPAWN, .unit = i});
    }
    if (todo & DO_WATCH) {
        timer(c, i, s->start_timeout ? now + s->start_timeout : 0);
        order(c, (struct crew_order){.kind = CREW_WATCH, .unit = i});
    }
    if (todo & DO_STEADY) {
        u->was_ready = true;
        timer(c, i, now + s->stable);
    }
    if (todo & DO_TERM) {
        timer(c, i, now + s->grace);
        order(c, (struct crew_order){.kind = CREW_TERM, .unit = i});
    }
    if (todo & DO_SWEEP) {
        timer(c, i, 0);
        order(c, (struct crew_order){.kind = CREW_SWEEP, .unit = i});
    }
    if (todo & DO_DELAY)
        delay(c, i, now);
    if (todo & DO_PAUSE)
        timer(c, i, now + c->pause);
}

/* A state that has no time of its own lets go of the last one's. */
static bool keeps_timer(enum life_state from, enum life_state to)
{
    return (from == LIFE_STOPPING && to == LIFE_CYCLING) ||
           (from == LIFE_CYCLING && to == LIFE_STOPPING) ||
           (from == LIFE_STUCK && to == LIFE_JAMMED) || (from == LIFE_JAMMED && to == LIFE_STUCK);
}

/* The state changes; true when others may care. */
static bool step(struct crew *c, uint32_t i, enum life_event ev, int64_t now)
{
    struct crew_unit *u = &c->units.p[i];
    const struct life_row *r = life_row(u->state, ev);
    if (!r)
        return false;
    enum life_state from = u->state;
    u->state = r->next;
    count(c, u, from, -1);
    count(c, u, r->next, 1);
    if (from == LIFE_BACKOFF)
        leave_queue(c, u);
    if (!life_has_child(r->next))
        has_spent(c, u, now);
    if (from != r->next) {
        if (!keeps_timer(from, r->next))
            timer(c, i, 0);
        order(c, (struct crew_order){
                     .kind = CREW_CHANGED, .unit = i, .from = from, .to = r->next, .event = ev});
    }
    carry_out(c, i, r->todo, now);
    return from != r->next || r->todo & DO_ASK;
}

/* ---- the others ---- */

static void end_those_who_may(struct crew *c, int64_t now)
{
    for (size_t i = 0; i < c->units.n && c->leaving; i++) {
        struct crew_unit *u = &c->units.p[i];
        if (!u->used || !u->leaving || !may_end(c, u))
            continue;
        u->leaving = false;
        c->leaving--;
        step(c, (uint32_t)i, EVENT_STOP, now);
    }
}

static void start_those_who_may(struct crew *c, int64_t now)
{
    int64_t level = open_level(c); /* who starts now is of this level, or of none that counts */
    uint32_t set;
    for (size_t i = 0; i < c->units.n && c->waiting; i++) {
        struct crew_unit *u = &c->units.p[i];
        if (!u->used || u->state != LIFE_WAITING || c->sets.p[u->set].level > level ||
            lacks(c, u, &set))
            continue;
        int64_t at = affordable(c, u, 0, now);
        step(c, (uint32_t)i, at > now ? EVENT_DENIED : EVENT_ALLOWED, now);
        if (at > now)
            timer(c, (uint32_t)i, at);
    }
}

void crew_look(struct crew *c, int64_t now)
{
    if (c->leaving)
        end_those_who_may(c, now);
    if (c->waiting)
        start_those_who_may(c, now);
}

/* ---- starts that are promised ---- */

static bool is_lowest(const struct crew *c, int64_t level)
{
    for (size_t i = 0; i < c->units.n; i++)
        if (c->units.p[i].used && c->sets.p[c->units.p[i].set].level < level)
            return false;
    return true;
}

/* It leans on nobody, nobody begins anew with it, it has not failed of late. */
bool crew_may_promise(struct crew *c, uint32_t unit, int64_t now)
{
    struct crew_unit *u = &c->units.p[unit];
    const struct crew_set *s = &c->sets.p[u->set];
    return u->state == LIFE_READY && !u->leaving && !u->failures && !s->n_needs && !s->n_after &&
           (!s->group || s->strategy == CREW_ONE) && is_lowest(c, s->level) &&
           pace_when(&s->budget, &u->spent, 0, now) <= now;
}

unsigned crew_reserve(struct crew *c, unsigned n, int64_t now)
{
    unsigned got = 0;
    for (; got < n && pace_when(&c->budget, &c->spent, c->queued, now) <= now; got++)
        pace_begin(&c->spent);
    return got;
}

void crew_promise(struct crew *c, uint32_t unit)
{
    c->units.p[unit].promised = true;
}

void crew_squander(struct crew *c, uint32_t unit, int64_t now)
{
    struct crew_unit *u = &c->units.p[unit];
    pace_begin(&u->spent);
    pace_end(&c->sets.p[u->set].budget, &u->spent, now);
    pace_end(&c->budget, &c->spent, now);
}

/* ---- groups ---- */

/* One has ended unasked: by its group's strategy others begin anew with it. */
static void group_follows(struct crew *c, uint32_t i, int64_t now)
{
    const struct crew_set *s = &c->sets.p[c->units.p[i].set];
    if (!s->group || s->strategy == CREW_ONE)
        return;
    for (size_t k = 0; k < c->units.n; k++) {
        const struct crew_unit *o = &c->units.p[k];
        if (!o->used || k == i || c->sets.p[o->set].group != s->group ||
            (s->strategy == CREW_REST && o->set <= c->units.p[i].set))
            continue;
        if (o->state == LIFE_STARTING || o->state == LIFE_RUNNING || o->state == LIFE_READY)
            step(c, (uint32_t)k, EVENT_RESTART, now);
    }
}

/* ---- the guard ---- */

static void count_sick(const struct crew *c, int64_t now, unsigned *sick, unsigned *run)
{
    for (size_t i = 0; i < c->units.n; i++) {
        const struct crew_unit *u = &c->units.p[i];
        if (!u->used || !life_has_child(u->state))
            continue;
        ++*run;
        *sick += u->sick && now - u->sick <= c->guard_window;
    }
}

static bool too_many_are_sick(struct crew *c, int64_t now)
{
    unsigned sick = 0, run = 0;
    if (!c->guard_share)
        return false;
    count_sick(c, now, &sick, &run);
    bool many = sick >= GUARD_LEAST && (int64_t)sick * 1000 > (int64_t)run * c->guard_share;
    if (many != c->degraded) {
        c->degraded = many;
        order(c, (struct crew_order){.kind = many ? CREW_DEGRADED : CREW_SOUND});
    }
    return many;
}

void crew_well(struct crew *c, uint32_t unit, int64_t now)
{
    c->units.p[unit].sick = 0;
    if (c->degraded)
        too_many_are_sick(c, now);
}

/* ---- what comes in ---- */

void crew_event(struct crew *c, uint32_t unit, enum life_event ev, int64_t now)
{
    struct crew_unit *u = &c->units.p[unit];
    bw_must(unit < c->units.n && u->used);
    bool up = u->state == LIFE_RUNNING || u->state == LIFE_READY;
    if (ev == EVENT_SICK && up) {
        u->sick = now;
        if (too_many_are_sick(c, now)) {
            order(c, (struct crew_order){.kind = CREW_SPARED, .unit = unit});
            return;
        }
    }
    if (ev == EVENT_DUE && u->state == LIFE_RUNNING && u->was_ready)
        return; /* its time to get ready is long over */
    if ((ev == EVENT_START || ev == EVENT_RESTART) && u->leaving) {
        u->leaving = false;
        c->leaving--;
    }
    if (ev == EVENT_DUE)
        u->due = 0;
    if (ev == EVENT_SPAWNED || ev == EVENT_UNBORN)
        has_spent(c, u, now);
    if (ev == EVENT_START || ev == EVENT_RESTART || ev == EVENT_STOP)
        u->asked = ev != EVENT_STOP && (u->asked || life_row(u->state, ev));
    if (ev == EVENT_DUE && u->state == LIFE_BACKOFF && is_over_budget(c, unit, now))
        return;
    if (!step(c, unit, ev, now))
        return;
    if (up && (ev == EVENT_AGAIN || ev == EVENT_SICK))
        group_follows(c, unit, now);
    crew_look(c, now);
}

void crew_leave(struct crew *c, uint32_t unit)
{
    struct crew_unit *u = &c->units.p[unit];
    if (!u->leaving && u->state != LIFE_STOPPED) {
        u->leaving = true;
        c->leaving++;
    }
}
