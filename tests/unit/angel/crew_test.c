/* A few lives together, step by step: what the simulator (crew_sim_test.c) would find only as a
 * rule that does not hold. */
#include "help/t.h"

#include <string.h>

#include "angel/crew.h"

#define S INT64_C(1000000000)

static struct {
    struct crew crew;
    char said[512];
    int64_t due[4];
} t;

/* "spawn 0, term 1, …" */
static void order(void *arg, const struct crew_order *o)
{
    static const char *const names[] = {
        [CREW_SPAWN] = "spawn", [CREW_TERM] = "term", [CREW_SWEEP] = "sweep", [CREW_CALM] = "calm"};
    size_t n = strlen(t.said);
    (void)arg;
    if (o->kind == CREW_TIMER)
        t.due[o->unit] = o->at;
    else if (o->kind < sizeof names / sizeof names[0] && names[o->kind])
        snprintf(t.said + n, sizeof t.said - n, "%s%s %u", n ? ", " : "", names[o->kind], o->unit);
}

static void begin(size_t units, const struct crew_set *set)
{
    memset(&t, 0, sizeof t);
    crew_init(&t.crew, 1);
    t.crew.order = order;
    for (size_t i = 0; i < units; i++) {
        *vec_push(&t.crew.sets) = set[i];
        crew_add(&t.crew, (uint32_t)i);
    }
}

static void says(const char *want)
{
    check_str(bw_cstr(t.said), want);
    t.said[0] = 0;
}

static void event(uint32_t unit, enum life_event ev, int64_t now)
{
    crew_event(&t.crew, unit, ev, now);
}

/* It runs and dies; its tree is empty. */
static void dies(uint32_t unit, int64_t now)
{
    event(unit, EVENT_SPAWNED, now);
    event(unit, EVENT_AGAIN, now);
    event(unit, EVENT_EMPTY, now);
}

static void starts_are_paid_when_they_happen(void **state)
{
    (void)state;
    struct crew_set set = {.backoff = {.base = 100 * S, .cap = 100 * S, .factor = 1},
                           .budget = {.n = 2, .window = 10 * S}};
    begin(1, &set);
    event(0, EVENT_START, 1 * S);
    dies(0, 1 * S);
    check(t.due[0] == 1 * S); /* the first at once */
    event(0, EVENT_DUE, 1 * S);
    dies(0, 1 * S);
    check(t.due[0] == 101 * S);
    says("spawn 0, sweep 0, spawn 0, sweep 0");
    /* A person's word: it begins anew, and the pause it did not make has cost nothing. */
    event(0, EVENT_START, 2 * S);
    dies(0, 2 * S);
    check(t.due[0] == 2 * S);
    event(0, EVENT_DUE, 2 * S);
    says("spawn 0, sweep 0, spawn 0");
    /* Two within 10 s have been paid: the next waits until the first of them is 10 s old. */
    dies(0, 2 * S);
    event(0, EVENT_START, 2 * S);
    dies(0, 2 * S);
    event(0, EVENT_DUE, 2 * S);
    check(t.due[0] == 11 * S && t.crew.units.p[0].state == LIFE_BACKOFF);
    says("sweep 0, spawn 0, sweep 0");
    event(0, EVENT_DUE, 11 * S);
    says("spawn 0");
    crew_release(&t.crew);
}

/* All fail at once: each comes in its turn, also the first restart of each costs, and who was told
 * to start by a person need not wait. */
static void the_budget_of_all_has_a_queue(void **state)
{
    (void)state;
    const struct crew_set set = {.backoff = {.base = S, .cap = S, .factor = 1}};
    const struct crew_set sets[] = {set, set, set, set};
    begin(4, sets);
    t.crew.budget = (struct pace_budget){.n = 1, .window = 10 * S};
    for (uint32_t i = 0; i < 4; i++)
        event(i, EVENT_START, S);
    says("spawn 0, spawn 1, spawn 2, spawn 3");
    for (uint32_t i = 0; i < 4; i++) {
        dies(i, S);
        event(i, EVENT_DUE, S);
    }
    says("sweep 0, spawn 0, sweep 1, sweep 2, sweep 3");
    check(t.due[1] == 11 * S && t.due[2] == 21 * S && t.due[3] == 31 * S);
    event(0, EVENT_SPAWNED, S);
    event(2, EVENT_START, 2 * S);
    says("spawn 2");
    event(1, EVENT_DUE, 11 * S);
    event(3, EVENT_DUE, 11 * S); /* too early: nothing is left */
    says("spawn 1");
    check(t.due[3] == 21 * S);
    event(1, EVENT_SPAWNED, 11 * S);
    event(3, EVENT_DUE, 21 * S);
    says("spawn 3");
    check(t.crew.queued == 0);
    crew_release(&t.crew);
}

/* It waits for another; when that is there, others have used up the budget. */
static void who_waited_is_asked_again(void **state)
{
    (void)state;
    static const uint32_t first[] = {0};
    const struct crew_set sets[] = {
        {.backoff = {.base = S, .cap = S, .factor = 1}},
        {.needs = first, .n_needs = 1, .backoff = {.base = S, .cap = S, .factor = 1}}};
    begin(2, sets);
    t.crew.budget = (struct pace_budget){.n = 1, .window = 10 * S};
    event(0, EVENT_START, S);
    event(0, EVENT_SPAWNED, S);
    event(0, EVENT_READY, S);
    event(1, EVENT_START, S);
    says("spawn 0, spawn 1");
    dies(0, 2 * S);
    dies(1, 2 * S);
    event(1, EVENT_DUE, 2 * S);
    check(t.crew.units.p[1].state == LIFE_WAITING);
    event(0, EVENT_DUE, 3 * S);
    says("sweep 0, sweep 1, spawn 0");
    event(0, EVENT_SPAWNED, 3 * S);
    event(0, EVENT_READY, 3 * S);
    check(t.crew.units.p[1].state == LIFE_BACKOFF && t.due[1] == 13 * S);
    event(1, EVENT_DUE, 13 * S);
    says("spawn 1");
    crew_release(&t.crew);
}

static void the_end_goes_backwards(void **state)
{
    (void)state;
    static const uint32_t first[] = {0};
    const struct crew_set sets[] = {
        {.grace = S}, {.grace = S, .needs = first, .n_needs = 1}, {.grace = S, .level = 2}};
    begin(3, sets);
    for (uint32_t i = 0; i < 3; i++)
        event(i, EVENT_START, 1);
    says("spawn 0");
    event(0, EVENT_SPAWNED, 1);
    event(0, EVENT_READY, 1);
    says("spawn 1");
    event(1, EVENT_SPAWNED, 1);
    event(1, EVENT_READY, 1);
    says("spawn 2");
    event(2, EVENT_SPAWNED, 1);
    for (uint32_t i = 0; i < 3; i++)
        crew_leave(&t.crew, i);
    crew_look(&t.crew, 2);
    says("term 2");
    event(2, EVENT_AGAIN, 2);
    event(2, EVENT_EMPTY, 2);
    says("sweep 2, term 1");
    event(1, EVENT_DUE, 2 + S); /* its grace is over */
    event(1, EVENT_EMPTY, 2 + S);
    says("sweep 1, term 0");
    crew_release(&t.crew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_are_paid_when_they_happen),
        cmocka_unit_test(the_budget_of_all_has_a_queue),
        cmocka_unit_test(who_waited_is_asked_again),
        cmocka_unit_test(the_end_goes_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
