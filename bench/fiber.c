/* bench/fiber.c: what fibers and timers cost by themselves: ns per switch pair (into a fiber and
 * back), per job on a pooled fiber, per timer set and cancelled, per wait woken on its own loop. */
#include <burrow/err.h>

#include "core/clock.h"
#include "net/fiber.h"
#include "net/wait.h"
#include "os/fiber_switch.h"
#include "os/stack.h"

#define ROUNDS 2000000

static struct fiber_context host, other;

static void bounce(void *arg)
{
    (void)arg;
    for (;;)
        fiber_switch(&other, &host);
}

static void show(const char *what, int64_t took, int64_t n)
{
    printf("%-40s %8.1f ns\n", what, (double)took / (double)n);
}

static void bare_switch(void)
{
    struct stack s;
    bw_must(stack_map(&s, 64 * 1024, NULL));
    fiber_context_init(&other, s.base, s.size, bounce, NULL);
    fiber_switch(&host, &other);
    int64_t start = clock_mono();
    for (int i = 0; i < ROUNDS; i++)
        fiber_switch(&host, &other);
    show("switch pair", clock_mono() - start, ROUNDS);
    stack_unmap(&s);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void never(struct loop_timer *t)
{
    (void)t;
}

static void timers(struct loop *l)
{
    struct loop_timer t;
    int64_t now = loop_now(l);
    loop_timer_init(&t, never);
    int64_t start = clock_mono();
    for (int i = 0; i < ROUNDS; i++) {
        loop_timer_set(l, &t, now + 10 * CLOCK_SECOND);
        loop_timer_set(l, &t, 0);
    }
    show("timer set and cancelled", clock_mono() - start, ROUNDS);
    start = clock_mono();
    for (int i = 0; i < ROUNDS; i++)
        loop_timer_set(l, &t, now + 10 * CLOCK_SECOND + i);
    show("timer moved later", clock_mono() - start, ROUNDS);
    loop_timer_set(l, &t, 0);
}

static void start_jobs(struct loop_post *p)
{
    (void)p;
    bw_must(fiber_start(nothing, NULL, NULL));
    int64_t start = clock_mono();
    for (int i = 0; i < ROUNDS; i++)
        bw_must(fiber_start(nothing, NULL, NULL));
    show("job on a pooled fiber", clock_mono() - start, ROUNDS);
    timers(loop_current());
}

static struct wait *volatile parked;

static void ping(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS / 20; i++) {
        while (!parked)
            fiber_yield();
        struct wait *w = parked;
        parked = NULL;
        wait_wake(w);
    }
}

static void pong(struct loop_post *p)
{
    (void)p;
    bw_must(fiber_start(ping, NULL, NULL));
}

static struct loops *loops;

static void measure(void *arg)
{
    (void)arg;
    struct loop_post jobs = {.fn = start_jobs}, other_side = {.fn = pong};
    loop_post(loop_current(), &jobs);
    fiber_yield();
    fiber_yield();
    loop_post(loop_current(), &other_side);
    int64_t start = clock_mono();
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct wait w;
        wait_init(&w);
        parked = &w;
        wait_for(&w, WAIT_SURE);
    }
    show("wait and wake, with a turn of the loop", clock_mono() - start, ROUNDS / 20);
    loops_stop(loops);
}

static void begin(struct loop_post *p)
{
    (void)p;
    bw_must(fiber_start(measure, NULL, NULL));
}

int main(void)
{
    struct loop_post first = {.fn = begin};
    struct bw_err e = {0};
    bare_switch();
    loops = loops_new(&(struct loops_opts){.count = 1}, &e);
    bw_must(loops);
    loop_post(loops_at(loops, 0), &first);
    loops_run(loops);
    loops_free(loops);
    return 0;
}
