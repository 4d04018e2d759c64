/* The timer wheel alone, with a clock made of numbers. */
#include "help/t.h"
#include "core/clock.h"
#include "net/wheel_int.h"

#define TICK (INT64_C(1) << WHEEL_SHIFT)
#define MANY 3000

static struct wheel wheel;
static int64_t now;

struct probe {
    struct loop_timer timer;
    int64_t due;
    int fired;
};

static int fired;

static void note(struct loop_timer *t)
{
    struct probe *p = LIST_OWNER(t, struct probe, timer);
    p->fired++;
    fired++;
    bw_must(now >= p->due);            /* never early */
    bw_must(now - p->due <= 2 * TICK); /* when the wheel is run at every tick */
}

static int setup(void **state)
{
    (void)state;
    wheel_init(&wheel);
    now = 1000 * CLOCK_SECOND + 12345;
    fired = 0;
    return 0;
}

static void probe_set(struct probe *p, int64_t due)
{
    p->due = due;
    wheel_set(&wheel, &p->timer, due, now);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void fires_in_time(void **state)
{
    (void)state;
    static struct probe probes[MANY];
    static const int64_t spans[] = {TICK, 64 * TICK, 4096 * TICK, 10000 * TICK};
    for (size_t i = 0; i < MANY; i++) {
        loop_timer_init(&probes[i].timer, note);
        probe_set(&probes[i], now + 1 + (int64_t)(draw() % (uint64_t)spans[i % 4]));
    }
    for (int64_t end = now + 10002 * TICK; now < end; now += TICK)
        wheel_run(&wheel, now);
    check_int(fired, MANY);
    check_int(wheel.count, 0);
    check_int(wheel_next(&wheel), 0);
}

static void note_late(struct loop_timer *t)
{
    struct probe *p = LIST_OWNER(t, struct probe, timer);
    p->fired++;
    fired++;
    bw_must(now >= p->due);
}

/* Following wheel_next, as a loop does, each timer takes few wake-ups however far it is. */
static void sleeps_to_the_next(void **state)
{
    (void)state;
    static const int64_t spans[] = {1,
                                    TICK,
                                    5 * CLOCK_SECOND,
                                    75 * CLOCK_SECOND,
                                    86400 * CLOCK_SECOND,
                                    400 * 86400 * CLOCK_SECOND};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct probe p = {0};
        loop_timer_init(&p.timer, note);
        probe_set(&p, now + spans[i]);
        int wakes = 0;
        for (int64_t next; (next = wheel_next(&wheel)) != 0; wakes++) {
            check(next <= p.due + TICK);
            if (next > now)
                now = next;
            wheel_run(&wheel, now);
        }
        check_int(p.fired, 1);
        check(wakes <= WHEEL_LEVELS);
    }
}

static void moves_and_cancels(void **state)
{
    (void)state;
    struct probe a = {0}, b = {0};
    loop_timer_init(&a.timer, note);
    loop_timer_init(&b.timer, note);
    probe_set(&a, now + 10 * TICK);
    probe_set(&b, now + 20 * TICK);
    probe_set(&a, now + 100 * TICK); /* later: keeps its slot until that comes */
    probe_set(&b, now + 5 * TICK);   /* earlier */
    int64_t start = now;
    for (; now < start + 50 * TICK; now += TICK)
        wheel_run(&wheel, now);
    check_int(b.fired, 1);
    check_int(a.fired, 0);
    check_int(a.timer.deadline, a.due);
    wheel_set(&wheel, &a.timer, 0, now);
    check_int(wheel.count, 0);
    for (; now < start + 200 * TICK; now += TICK)
        wheel_run(&wheel, now);
    check_int(a.fired, 0);
    wheel_set(&wheel, &a.timer, 0, now); /* cancelling twice is nothing */
    check_int(wheel.count, 0);
}

static struct probe *victim;

static void cancels_other(struct loop_timer *t)
{
    note_late(t);
    wheel_set(&wheel, &victim->timer, 0, now);
}

static void again(struct loop_timer *t)
{
    struct probe *p = LIST_OWNER(t, struct probe, timer);
    note_late(t);
    if (p->fired < 3)
        probe_set(p, now); /* already due: a tick later, not for ever in this one */
}

static void timers_touch_timers(void **state)
{
    (void)state;
    struct probe a = {0}, b = {0}, c = {0};
    loop_timer_init(&a.timer, cancels_other);
    loop_timer_init(&b.timer, note_late);
    loop_timer_init(&c.timer, again);
    victim = &b;
    probe_set(&a, now + 3 * TICK);
    probe_set(&b, now + 3 * TICK);
    probe_set(&c, now + 3 * TICK);
    now += 10 * TICK;
    wheel_run(&wheel, now);
    check_int(a.fired, 1);
    check_int(b.fired, 0);
    check_int(c.fired, 1);
    now += TICK;
    wheel_run(&wheel, now);
    check_int(c.fired, 2);
    now += TICK;
    wheel_run(&wheel, now);
    check_int(c.fired, 3);
    check_int(wheel.count, 0);
}

/* A loop that slept long fires everything that is due, at once. */
static void catches_up(void **state)
{
    (void)state;
    static struct probe probes[500];
    for (size_t i = 0; i < 500; i++) {
        loop_timer_init(&probes[i].timer, note_late);
        probe_set(&probes[i], now + (int64_t)(i + 1) * 37 * TICK);
    }
    now += (400 * 37 + 1) * TICK;
    wheel_run(&wheel, now);
    check_int(fired, 400);
    check_int(wheel.count, 100);
    now += 3600 * CLOCK_SECOND;
    wheel_run(&wheel, now);
    check_int(fired, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fires_in_time, setup),
        cmocka_unit_test_setup(sleeps_to_the_next, setup),
        cmocka_unit_test_setup(moves_and_cancels, setup),
        cmocka_unit_test_setup(timers_touch_timers, setup),
        cmocka_unit_test_setup(catches_up, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
