/* The simulator: crews of replicas in a world that goes wrong in every way it can, for millions of
 * events under fixed seeds. The crew decides; the world here has processes that are born late or
 * not at all, die by themselves, pass TERM over, leave others of their tree behind, cannot be
 * killed for a while; brains that die and find what runs; words that come twice or too late;
 * operators who change their minds. What must hold is checked at every step; that the checks can
 * fail is shown by breaking the table, line by line. crew.c is part of this file, so that its table
 * can be broken. */
#include "help/t.h"

#include <stdlib.h>
#include <string.h>

#include "angel/life.h"

static const struct life_row *broken_row(enum life_state s, enum life_event e);
#define life_row(s, e) broken_row(s, e)
#include "../../../src/angel/crew.c"
#undef life_row

#define S     INT64_C(1000000000)
#define UNITS 24
#define SETS  12
#define SPENT 64 /* more than any budget here */

/* ---- the broken line ---- */

static struct {
    bool on;
    enum life_state s;
    enum life_event e;
    bool gone;           /* the line is not there */
    struct life_row row; /* else it says this */
} bug;

static const struct life_row *broken_row(enum life_state s, enum life_event e)
{
    if (bug.on && bug.s == s && bug.e == e)
        return bug.gone ? NULL : &bug.row;
    return life_row(s, e);
}

/* ---- the world ---- */

struct process {
    bool coming;      /* a spawn is under way */
    bool alive;       /* the main process */
    bool rest;        /* others of its tree */
    bool told;        /* TERM came */
    bool deaf;        /* passes TERM over */
    int64_t immortal; /* cannot be killed until then */
    bool sweeping;
    bool asked;      /* an operator said so, and it has not been started since */
    bool costs;      /* what is coming is a restart that nobody asked for */
    bool standing;   /* it is started at once when it ends, before the crew has heard */
    int64_t unheard; /* ... or not any more, but until then the world has not heard that */
    bool follows;    /* it was: the crew is to order what has happened already */
    uint32_t run;
    int64_t restarts[SPENT]; /* the last ones nobody asked for */
    unsigned n_restarts;
};

/* What will happen: to unit, of that run (0 = whatever run). */
struct happening {
    int64_t at;
    uint32_t unit, run;
    enum life_event ev;
    bool used, exits; /* exits: the process ends; ev says how */
    bool born, swept, kills;
};

#define PENDING 512

struct world {
    struct crew crew;
    struct process p[UNITS];
    struct happening next[PENDING];
    unsigned n;
    int64_t now;
    uint64_t seed;
    bool calm;   /* nothing goes wrong any more */
    bool ending; /* all were told to leave */
    int64_t restarts[SPENT];
    unsigned n_restarts, events, born, spared, credit, followed, squandered;
    const char *wrong;
    char why[160];
    uint32_t needs[SETS][2], after[SETS][1];
};

static uint32_t roll(struct world *w)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (uint32_t)(w->seed >> 33);
}

static bool luck(struct world *w, unsigned percent)
{
    return roll(w) % 100 < percent;
}

static int64_t soon(struct world *w, int64_t most)
{
    return w->now + 1 + (int64_t)(roll(w) % 1000) * most / 1000;
}

static void violated(struct world *w, const char *rule, uint32_t unit)
{
    if (w->wrong)
        return;
    w->wrong = rule;
    snprintf(w->why, sizeof w->why, "%s: unit %u in state %s at %lld ms, event %u", rule, unit,
             life_state_name(w->crew.units.p[unit].state), (long long)(w->now / 1000000),
             w->events);
}

static void plan(struct world *w, struct happening h)
{
    for (unsigned i = 0; i < PENDING; i++)
        if (!w->next[i].used) {
            h.used = true;
            w->next[i] = h;
            w->n = i >= w->n ? i + 1 : w->n;
            return;
        }
    violated(w, "what is to happen has no bound", h.unit);
}

static enum life_event way_to_end(struct world *w)
{
    if (w->calm)
        return EVENT_AGAIN;
    return luck(w, 90) ? EVENT_AGAIN : luck(w, 50) ? EVENT_FINAL : EVENT_OVER;
}

static void dies(struct world *w, uint32_t i, int64_t at)
{
    plan(w, (struct happening){
                .at = at, .unit = i, .run = w->p[i].run, .ev = way_to_end(w), .exits = true});
}

/* ---- what the crew orders ---- */

static void check_spawn(struct world *w, uint32_t i)
{
    const struct process *p = &w->p[i];
    const struct crew_set *s = &w->crew.sets.p[w->crew.units.p[i].set];
    if (!p->follows && (p->coming || p->alive || p->rest))
        violated(w, "two copies", i);
    for (uint32_t k = 0; k < s->n_needs; k++) {
        bool there = false;
        for (uint32_t u = 0; u < UNITS; u++)
            there |=
                w->crew.units.p[u].set == s->needs[k] &&
                (w->crew.units.p[u].state == LIFE_READY || w->crew.units.p[u].state == LIFE_DONE);
        if (!there)
            violated(w, "started before what it needs", i);
    }
}

/* One more now: never more than n in a window. */
static bool is_within(const struct pace_budget *b, int64_t *list, unsigned *n, int64_t now)
{
    unsigned most = (unsigned)b->n;
    bool ok = *n < most || list[(*n - most) % SPENT] <= now - b->window;
    list[(*n)++ % SPENT] = now;
    return ok;
}

static void check_budgets(struct world *w, uint32_t i)
{
    struct process *p = &w->p[i];
    const struct crew_set *s = &w->crew.sets.p[w->crew.units.p[i].set];
    if (p->costs && !is_within(&s->budget, p->restarts, &p->n_restarts, w->now))
        violated(w, "restarts beyond its budget", i);
    if (p->costs && !is_within(&w->crew.budget, w->restarts, &w->n_restarts, w->now))
        violated(w, "restarts beyond the budget of all", i);
}

/* ---- standing orders ---- */

static void stand_down(struct world *w, uint32_t i)
{
    if (w->p[i].standing)
        w->p[i].unheard = w->now + S / 1000 * (roll(w) % 3);
    w->p[i].standing = false;
}

static void stand(struct world *w, uint32_t i)
{
    if (!crew_may_promise(&w->crew, i, w->now))
        return;
    w->p[i].standing = true;
    if (w->credit < 2)
        w->credit += crew_reserve(&w->crew, 3 - w->credit, w->now);
}

static void spawn_by_itself(struct world *w, uint32_t i)
{
    struct process *p = &w->p[i];
    p->costs = !p->asked;
    p->asked = false;
    p->coming = true;
    p->alive = p->rest = p->told = p->deaf = p->sweeping = false;
    p->immortal = 0;
    p->run++;
    w->born++;
    bool fails = !w->calm && luck(w, 10);
    plan(w, (struct happening){.at = soon(w, fails ? S / 10 : S / 100),
                               .unit = i,
                               .run = p->run,
                               .ev = fails ? EVENT_UNBORN : EVENT_SPAWNED,
                               .born = true});
}

static void spawn(struct world *w, uint32_t i)
{
    check_spawn(w, i);
    struct process *p = &w->p[i];
    if (p->follows) {
        p->follows = false;
        p->asked = false;
        return;
    }
    stand_down(w, i);
    spawn_by_itself(w, i);
}

static void is_born(struct world *w, uint32_t i, enum life_event ev)
{
    struct process *p = &w->p[i];
    p->coming = false;
    check_budgets(w, i);
    if (ev == EVENT_UNBORN)
        return;
    p->alive = true;
    p->rest = luck(w, 30);
    p->deaf = !w->calm && luck(w, 20);
    p->immortal = !w->calm && luck(w, 5) ? w->now + 20 * S : 0;
    if (p->told && !p->deaf)
        dies(w, i, soon(w, S / 2));
    else if (!w->calm && luck(w, 60))
        dies(w, i, soon(w, luck(w, 50) ? S / 100 : 30 * S));
}

static void watch(struct world *w, uint32_t i)
{
    if (!w->calm && luck(w, 10))
        return; /* never gets ready */
    plan(w, (struct happening){
                .at = soon(w, S / 5), .unit = i, .run = w->p[i].run, .ev = EVENT_READY});
    for (unsigned k = 0; k < 3 && !w->calm; k++)
        plan(w, (struct happening){.at = soon(w, 20 * S),
                                   .unit = i,
                                   .run = luck(w, 80) ? w->p[i].run : 0, /* 0: comes too late */
                                   .ev = luck(w, 40)   ? EVENT_UNREADY
                                         : luck(w, 70) ? EVENT_READY
                                                       : EVENT_SICK});
}

static void term(struct world *w, uint32_t i)
{
    struct process *p = &w->p[i];
    stand_down(w, i);
    p->told = true;
    bool leaves = w->ending && w->crew.units.p[i].state == LIFE_STOPPING;
    for (uint32_t k = 0; k < UNITS && leaves; k++) {
        const struct crew_unit *o = &w->crew.units.p[k];
        if (life_has_child(o->state) && o->state != LIFE_STUCK &&
            leans_on(&w->crew, o, &w->crew.units.p[i]))
            violated(w, "ended before those that lean on it", i);
    }
    if (p->alive && !p->deaf)
        dies(w, i, soon(w, S));
}

static void sweep(struct world *w, uint32_t i)
{
    if (w->p[i].sweeping)
        violated(w, "two sweeps at once", i);
    w->p[i].sweeping = true;
    if (w->p[i].follows)
        return; /* nothing is left, as was told with its end */
    stand_down(w, i);
    plan(w,
         (struct happening){.at = soon(w, S / 50), .unit = i, .run = w->p[i].run, .swept = true});
}

static void is_swept(struct world *w, uint32_t i)
{
    struct process *p = &w->p[i];
    p->sweeping = false;
    if (p->immortal > w->now) {
        crew_event(&w->crew, i, EVENT_SURVIVORS, w->now);
        return;
    }
    p->run += p->coming; /* born or not */
    p->alive = p->rest = p->coming = false;
    crew_event(&w->crew, i, EVENT_EMPTY, w->now);
}

static void ordered(void *arg, const struct crew_order *o)
{
    struct world *w = arg;
    switch (o->kind) {
    case CREW_SPAWN:
        spawn(w, o->unit);
        break;
    case CREW_WATCH:
        watch(w, o->unit);
        break;
    case CREW_TERM:
        term(w, o->unit);
        break;
    case CREW_SWEEP:
        sweep(w, o->unit);
        break;
    case CREW_CALM:
        stand(w, o->unit);
        break;
    case CREW_SPARED:
        w->spared++;
        break;
    default:
        break;
    }
}

/* ---- time ---- */

/* The earliest of what will happen and what is due; false: nothing ever. */
static bool soonest(const struct world *w, int64_t *at, unsigned *which, bool *due)
{
    *at = INT64_MAX;
    for (unsigned i = 0; i < w->n; i++)
        if (w->next[i].used && w->next[i].at < *at)
            *at = w->next[i].at, *which = i, *due = false;
    for (unsigned i = 0; i < UNITS; i++)
        if (w->crew.units.p[i].due && w->crew.units.p[i].due < *at)
            *at = w->crew.units.p[i].due, *which = i, *due = true;
    return *at != INT64_MAX;
}

/* What is so of every replica after every event. */
static void check_unit(struct world *w, uint32_t i)
{
    const struct process *p = &w->p[i];
    const struct crew_unit *u = &w->crew.units.p[i];
    bool said = u->state == LIFE_STARTING || u->state == LIFE_RUNNING || u->state == LIFE_READY ||
                u->state == LIFE_STOPPING || u->state == LIFE_CYCLING;
    if (said && !p->coming && !p->alive)
        violated(w, "an end was lost", i);
    if (p->alive && !life_has_child(u->state))
        violated(w, "it runs, but nobody knows", i);
    if (u->state == LIFE_BACKOFF && !u->due)
        violated(w, "never starts again", i);
    if ((u->state == LIFE_SWEEPING || u->state == LIFE_CLEARING || u->state == LIFE_CLOSING ||
         u->state == LIFE_FINISHING) &&
        !p->sweeping)
        violated(w, "waits for a sweep that nobody makes", i);
}

/* An event that means something has had its effect. */
static void check_heard(struct world *w, uint32_t i, enum life_event ev, enum life_state before,
                        unsigned spared)
{
    enum life_state s = w->crew.units.p[i].state;
    bool up = before == LIFE_RUNNING || before == LIFE_READY;
    if (ev == EVENT_UNREADY && s == LIFE_READY)
        violated(w, "ready against its word", i);
    if (ev == EVENT_SICK && (up || before == LIFE_STARTING) && s == before && spared == w->spared)
        violated(w, "sick, and nobody cares", i);
    if (ev == EVENT_DUE && before == LIFE_RUNNING && s == before && !w->crew.units.p[i].was_ready)
        violated(w, "not ready in time, and nobody cares", i);
    if (ev == EVENT_STOP && life_is_wanted(s))
        violated(w, "told to end, still wanted", i);
}

static void tell(struct world *w, uint32_t i, enum life_event ev)
{
    enum life_state before = w->crew.units.p[i].state;
    unsigned spared = w->spared;
    if ((ev == EVENT_START || ev == EVENT_RESTART) && life_row(before, ev))
        w->p[i].asked = true;
    if (ev == EVENT_STOP)
        w->p[i].asked = false;
    crew_event(&w->crew, i, ev, w->now);
    check_heard(w, i, ev, before, spared);
    check_unit(w, i);
}

/* It has ended, and there is another already before anybody was asked. */
static void is_followed(struct world *w, uint32_t i)
{
    struct process *p = &w->p[i];
    bool agreed = p->standing, asked = p->asked;

    w->credit--;
    p->standing = false;
    p->unheard = 0;
    spawn_by_itself(w, i);
    if (!agreed) {
        w->squandered++;
        p->costs = true;
        check_budgets(w, i); /* it has happened, born or not */
        p->costs = false;
        p->asked = asked; /* that was not the start that was asked for */
        crew_squander(&w->crew, i, w->now);
        tell(w, i, EVENT_AGAIN);
        return;
    }
    w->followed++;
    p->follows = true;
    crew_promise(&w->crew, i);
    tell(w, i, EVENT_AGAIN);
    p->sweeping = false;
    crew_event(&w->crew, i, EVENT_EMPTY, w->now);
    for (unsigned k = 0; k < 2 && w->crew.units.p[i].due && w->crew.units.p[i].due <= w->now; k++)
        tell(w, i, EVENT_DUE);
    if (p->follows)
        violated(w, "a promised start was not ordered", i);
}

static bool is_to_be_followed(const struct world *w, const struct happening *h)
{
    const struct process *p = &w->p[h->unit];
    return h->ev == EVENT_AGAIN && !p->rest && w->credit && (p->standing || p->unheard > w->now);
}

static void happens(struct world *w, struct happening h)
{
    struct process *p = &w->p[h.unit];
    if (h.swept) {
        is_swept(w, h.unit);
        return;
    }
    if (h.run && h.run != p->run)
        return; /* of a life that is over: the brain knows by the run's number */
    if (h.born)
        is_born(w, h.unit, h.ev);
    if (h.exits) {
        if (!p->alive)
            return;
        p->alive = false;
        if (is_to_be_followed(w, &h)) {
            is_followed(w, h.unit);
            return;
        }
        stand_down(w, h.unit);
    }
    tell(w, h.unit, h.ev);
}

static bool turn(struct world *w)
{
    int64_t at;
    unsigned which = 0;
    bool due = false;
    if (w->wrong || !soonest(w, &at, &which, &due))
        return false;
    w->now = at > w->now ? at : w->now;
    w->events++;
    if (due) {
        tell(w, which, EVENT_DUE);
        return true;
    }
    struct happening h = w->next[which];
    w->next[which].used = false;
    while (w->n && !w->next[w->n - 1].used)
        w->n--;
    happens(w, h);
    return true;
}

/* ---- operators, and brains that die ---- */

static void meddle(struct world *w)
{
    w->events++;
    static const enum life_event told[] = {EVENT_START, EVENT_STOP, EVENT_RESTART};
    uint32_t i = roll(w) % UNITS;
    if (luck(w, 20)) {
        stand_down(w, i);
        crew_leave(&w->crew, i);
    } else
        tell(w, i, told[roll(w) % 3]);
    if (luck(w, 10))
        crew_well(&w->crew, i, w->now);
}

static void make_crew(struct world *w);

/* The hands know what runs and what is left; all else the new brain has to learn. */
static void new_brain(struct world *w)
{
    struct pace_spent spent[UNITS], all = w->crew.spent; /* the brain keeps these on disk */
    bool spending[UNITS];
    all.begun -= w->credit; /* what it had reserved is nobody's */
    w->credit = 0;
    w->crew.spent = (struct pace_spent){.n = 0};
    for (uint32_t i = 0; i < UNITS; i++) {
        spending[i] = w->crew.units.p[i].spending;
        spent[i] = w->crew.units.p[i].spent;
        w->crew.units.p[i].spent = (struct pace_spent){.n = 0};
    }
    crew_release(&w->crew);
    make_crew(w);
    w->crew.spent = all;
    for (uint32_t i = 0; i < UNITS; i++)
        w->crew.units.p[i].spent = spent[i], w->crew.units.p[i].spending = spending[i];
    for (uint32_t i = 0; i < UNITS; i++) {
        struct process *p = &w->p[i];
        p->sweeping = p->standing = false;
        p->unheard = 0;
        for (unsigned k = 0; k < w->n; k++) /* sweeps were the old one's to ask for */
            if (w->next[k].used && w->next[k].unit == i &&
                (w->next[k].swept || !w->next[k].exits) && !w->next[k].born)
                w->next[k].used = false;
        if (p->coming || p->alive || p->rest) {
            crew_event(&w->crew, i, EVENT_FOUND, w->now);
            if (!p->coming && !p->alive)
                crew_event(&w->crew, i, EVENT_AGAIN, w->now);
        }
    }
    for (uint32_t i = 0; i < UNITS; i++)
        tell(w, i, luck(w, 50) ? EVENT_LOST : EVENT_START);
}

static void make_crew(struct world *w)
{
    struct crew *c = &w->crew;
    crew_init(c, w->seed);
    c->order = ordered;
    c->arg = w;
    c->budget = (struct pace_budget){.n = 10, .window = 10 * S};
    c->guard_share = 500;
    c->guard_window = 5 * S;
    for (uint32_t i = 0; i < SETS; i++) {
        w->needs[i][0] = i ? i / 2 : 0;
        w->after[i][0] = i ? i - 1 : 0;
        *vec_push(&c->sets) =
            (struct crew_set){.level = i / 4,
                              .needs = w->needs[i],
                              .after = w->after[i],
                              .n_needs = i && i % 2,
                              .n_after = i && i % 3 == 0,
                              .group = i % 5 == 0   ? 1
                                       : i % 7 == 0 ? 2
                                                    : 0,
                              .strategy = i % 5 == 0 ? CREW_REST : CREW_ALL,
                              .backoff = {.base = S / 2, .cap = 8 * S, .factor = 2, .jitter = 100},
                              .budget = {.n = 5, .window = 20 * S},
                              .stable = 5 * S,
                              .start_timeout = 3 * S,
                              .grace = 2 * S};
    }
    for (uint32_t i = 0; i < UNITS; i++)
        crew_add(c, i % SETS);
}

static bool all_are(const struct world *w, enum life_state s)
{
    for (uint32_t i = 0; i < UNITS; i++)
        if (w->crew.units.p[i].state != s)
            return false;
    return true;
}

/* Until then nothing but the world's own course; false: it is never so. */
static bool comes_to(struct world *w, enum life_state s, int64_t most)
{
    int64_t end = w->now + most;
    unsigned last = w->events + 20000; /* a broken table may turn in a circle that takes no time */
    while (!all_are(w, s))
        if (!turn(w) || w->now > end || w->events > last)
            return false;
    return true;
}

static bool is_empty(const struct world *w)
{
    for (uint32_t i = 0; i < UNITS; i++)
        if (w->p[i].coming || w->p[i].alive || w->p[i].rest)
            return false;
    return true;
}

/* One story: chaos, then calm in which all must get ready, then the end, which must come. */
static const char *story(struct world *w, uint64_t seed, unsigned events, unsigned *total)
{
    memset(w, 0, sizeof *w);
    w->seed = seed * 0x9e3779b97f4a7c15u | 1;
    make_crew(w);
    for (uint32_t i = 0; i < UNITS; i++)
        tell(w, i, EVENT_START);
    while (w->events < events && !w->wrong) {
        if (!turn(w) || luck(w, 5))
            meddle(w);
        if (roll(w) % 2000 == 0)
            new_brain(w);
    }
    w->calm = true;
    for (unsigned k = 0; k < w->n; k++) /* probes have nothing to complain of any more */
        if (w->next[k].ev == EVENT_UNREADY || w->next[k].ev == EVENT_SICK)
            w->next[k].used = false;
        else if (w->next[k].exits)
            w->next[k].ev = EVENT_AGAIN;
    for (uint32_t i = 0; i < UNITS && !w->wrong; i++) {
        tell(w, i, EVENT_START);
        crew_event(&w->crew, i, EVENT_READY, w->now); /* probes say yes where something runs */
    }
    if (!comes_to(w, LIFE_READY, 600 * S) && !w->wrong)
        for (uint32_t i = 0; i < UNITS; i++)
            if (w->crew.units.p[i].state != LIFE_READY)
                violated(w, "does not get ready in calm", i);
    for (uint32_t i = 0; i < UNITS && !w->wrong; i++) {
        stand_down(w, i);
        crew_leave(&w->crew, i);
    }
    w->ending = true;
    crew_look(&w->crew, w->now);
    if (!comes_to(w, LIFE_STOPPED, 120 * S) && !w->wrong)
        for (uint32_t i = 0; i < UNITS; i++)
            if (w->crew.units.p[i].state != LIFE_STOPPED)
                violated(w, "does not end", i);
    if (!w->wrong && !is_empty(w))
        violated(w, "stopped, but not empty", 0);
    *total += w->events;
    crew_release(&w->crew);
    return w->wrong;
}

static struct world world;

static void nothing_breaks(void **state)
{
    (void)state;
    const char *text = getenv("CREW_SIM_STORIES");
    unsigned stories = text ? (unsigned)strtoul(text, NULL, 10) : 200, events = 0, born = 0;
    unsigned followed = 0, squandered = 0;
    for (uint64_t seed = 1; seed <= stories; seed++) {
        if (story(&world, seed, 25000, &events))
            fail_msg("seed %llu: %s", (unsigned long long)seed, world.why);
        born += world.born;
        followed += world.followed;
        squandered += world.squandered;
    }
    check(followed > stories && squandered > stories / 20);
    check(events > stories * 25000 && born > stories * 500); /* a lot has happened */
}

/* Each line taken away, or its work left out, or leading elsewhere: the checks notice. */
static bool is_noticed(unsigned *total)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        if (story(&world, seed, 4000, total))
            return true;
    return false;
}

static void bugs_are_found(void **state)
{
    (void)state;
    unsigned tried = 0, found = 0, events = 0;
    bool tell = getenv("CREW_SIM_TELL") != NULL;
    for (int s = 0; s < LIFE_STATE_COUNT; s++)
        for (int e = 0; e < LIFE_EVENT_COUNT; e++) {
            const struct life_row *r = life_row((enum life_state)s, (enum life_event)e);
            if (!r || e == EVENT_START || e == EVENT_RESTART || s == LIFE_DONE || s == LIFE_FAILED)
                continue; /* an operator says it again, or may well wait */
            bug.on = bug.gone = true;
            bug.s = (enum life_state)s;
            bug.e = (enum life_event)e;
            bool noticed = is_noticed(&events);
            tried++;
            found += noticed;
            if (!noticed && tell)
                printf("not noticed: %s, %s gone\n", life_state_name(bug.s),
                       life_event_name(bug.e));
            if (r->todo &
                (DO_SPAWN | DO_SWEEP | DO_TERM | DO_WATCH | DO_DELAY | DO_ASK | DO_PAUSE)) {
                bug.gone = false;
                bug.row = (struct life_row){.next = r->next};
                noticed = is_noticed(&events);
                tried++;
                found += noticed;
                if (!noticed && tell)
                    printf("not noticed: %s, %s does nothing\n", life_state_name(bug.s),
                           life_event_name(bug.e));
            }
        }
    bug.on = false;
    if (tell)
        printf("%u of %u bugs found, %u events\n", found, tried, events);
    check(found * 100 >= tried * 80);
    /* The worst ones, by name. */
    const struct {
        enum life_state s;
        enum life_event e;
        struct life_row row;
    } worst[] = {
        {LIFE_RUNNING,
         EVENT_AGAIN,
         {LIFE_BACKOFF, DO_DELAY}},                          /* started beside what is left of it */
        {LIFE_STOPPING, EVENT_DUE, {LIFE_STOPPED, 0}},       /* said to be stopped, but runs */
        {LIFE_CYCLING, EVENT_DUE, {LIFE_BACKOFF, DO_DELAY}}, /* a second copy of one that is deaf */
        {LIFE_CLEARING, EVENT_SURVIVORS, {LIFE_BACKOFF, DO_DELAY}}, /* ... that cannot be killed */
        {LIFE_BACKOFF, EVENT_DUE, {LIFE_STARTING, DO_SPAWN}},       /* asks nobody what it needs */
        {LIFE_STOPPING, EVENT_AGAIN, {LIFE_CLEARING, DO_SWEEP}},    /* told to end, runs again */
    };
    for (unsigned i = 0; i < sizeof worst / sizeof worst[0]; i++) {
        bug.on = true;
        bug.gone = false;
        bug.s = worst[i].s;
        bug.e = worst[i].e;
        bug.row = worst[i].row;
        check(is_noticed(&events));
        bug.on = false;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_breaks),
        cmocka_unit_test(bugs_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
