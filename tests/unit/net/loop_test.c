/* Turns, posts, hooks, timers, workers, and how loops end. */
#include "help/loops.h"
#include "help/t.h"
#include <pthread.h>
#include <stdatomic.h>
#include "core/clock.h"
#include "core/metric.h"
#include "net/fiber.h"
#include "net/wait.h"

#define POSTS   4000
#define THREADS 3

static struct loop *target;
static atomic_int ran;
static struct wait all_ran;

struct numbered {
    struct loop_post post;
    int thread, number;
};

static int last[THREADS];

/* Each thread's posts come in its own order. */
static void count_post(struct loop_post *p)
{
    struct numbered *n = LIST_OWNER(p, struct numbered, post);
    bw_must(loop_current() == target);
    bw_must(n->number == ++last[n->thread]);
    free(n);
    if (atomic_fetch_add(&ran, 1) + 1 == POSTS * THREADS)
        wait_wake(&all_ran);
}

static void *post_many(void *arg)
{
    int thread = (int)(intptr_t)arg;
    for (int i = 1; i <= POSTS; i++) {
        struct numbered *n = calloc(1, sizeof *n);
        bw_must(n);
        *n = (struct numbered){.post.fn = count_post, .thread = thread, .number = i};
        loop_post(target, &n->post);
    }
    return NULL;
}

static void posting(struct loops *ls)
{
    pthread_t threads[THREADS];
    target = loops_at(ls, 0);
    wait_init(&all_ran);
    for (intptr_t i = 0; i < THREADS; i++)
        bw_must(pthread_create(&threads[i], NULL, post_many, (void *)i) == 0);
    check_int(wait_for(&all_ran, 0), WAIT_WOKEN);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void posts_from_threads(void **state)
{
    (void)state;
    t_on_loops(1, posting);
    check_int(atomic_load(&ran), POSTS * THREADS);
}

static char order[16];
static size_t n_order;

static void mark(char c)
{
    order[n_order++] = c;
    order[n_order] = 0;
}

static void hook_ran(struct loop_hook *h)
{
    (void)h;
    mark('h');
}

static void post_ran(struct loop_post *p)
{
    (void)p;
    mark('p');
}

static void started(void *arg)
{
    (void)arg;
    mark('f');
    fiber_yield();
    mark('g');
}

static void ordering(struct loops *ls)
{
    struct loop_hook hook = {.fn = hook_ran};
    struct loop_post post = {.fn = post_ran};
    (void)ls;
    fiber_yield(); /* a post began this fiber: now it is among the ready ones */
    list_init(&hook.node);
    loop_at_turn_end(loop_current(), &hook);
    loop_post(loop_current(), &post);
    check(fiber_start(started, NULL, NULL));
    mark('a');
    fiber_yield(); /* this turn's hooks; then posts, then fibers in order of readiness */
    mark('b');
    fiber_yield();
    mark('c');
}

static void a_turn_has_its_order(void **state)
{
    (void)state;
    n_order = 0;
    t_on_loops(1, ordering);
    assert_string_equal(order, "ahpfbgc");
}

static struct loop_timer timers[4];
static struct wait timers_done;

static void timer_ran(struct loop_timer *t)
{
    mark((char)('0' + (t - timers)));
    if (t == &timers[3])
        wait_wake(&timers_done);
}

static void timing(struct loops *ls)
{
    (void)ls;
    struct loop *l = loop_current();
    int64_t now = loop_now(l);
    wait_init(&timers_done);
    static const int ms[] = {9, 3, 5, 12};
    for (int i = 0; i < 4; i++) {
        loop_timer_init(&timers[i], timer_ran);
        loop_timer_set(l, &timers[i], now + ms[i] * CLOCK_MS);
    }
    loop_timer_set(l, &timers[2], 0);
    loop_timer_set(l, &timers[0], now + 1 * CLOCK_MS);
    check_int(wait_for(&timers_done, 0), WAIT_WOKEN);
    check(clock_mono() - now >= 12 * CLOCK_MS);
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    n_order = 0;
    t_on_loops(1, timing);
    assert_string_equal(order, "013");
}

static void *whose;

static void work(void *arg)
{
    *(void **)arg = loop_current() ? NULL : (void *)pthread_self();
}

static void working(struct loops *ls)
{
    (void)ls;
    worker_run(work, &whose);
    check(whose != NULL);
    check(whose != (void *)pthread_self());
}

static void works_elsewhere(void **state)
{
    (void)state;
    t_on_loops(1, working);
    whose = NULL;
    worker_run(work, &whose); /* no loop: right here */
    check(whose == (void *)pthread_self());
}

static void answer(void *arg)
{
    wait_wake(arg);
}

/* Loops 1 and 2 have nothing of their own, and are asked after the stop. */
static void outlived(void *arg)
{
    struct loops *ls = arg;
    loops_stop(ls);
    for (unsigned i = 0; i < 50; i++) {
        struct wait w;
        wait_init(&w);
        t_start_on(loops_at(ls, 1 + i % 2), answer, &w);
        bw_must(wait_for(&w, WAIT_SURE) == WAIT_WOKEN);
        fiber_yield();
    }
    atomic_store(&ran, 50);
}

static void stopping(struct loops *ls)
{
    check_int(loops_count(ls), 3);
    for (unsigned i = 0; i < 3; i++)
        check_int(loop_index(loops_at(ls, i)), i);
    t_start_on(loops_at(ls, 0), outlived, ls);
}

static void loops_end_together(void **state)
{
    (void)state;
    atomic_store(&ran, 0);
    t_on_loops(3, stopping);
    check_int(atomic_load(&ran), 50);
    check(loop_current() == NULL);
}

static void never_run(void **state)
{
    (void)state;
    struct bw_err e = {0};
    struct loops *ls = loops_new(&(struct loops_opts){0}, &e);
    check_ok(ls != NULL, &e);
    check(loops_count(ls) >= 1);
    loops_free(ls);
}

static void lagging(struct loops *ls)
{
    (void)ls;
    struct loop *l = loop_current();
    fiber_yield(); /* a post began this fiber: now it is among the ready ones */
    int64_t start = loop_now(l);
    check_int(loop_now(l), start);
    unsigned series = metric_new(METRIC(loop_turn), "loop=\"0\"");
    int64_t turns = metric_value(series);
    while (clock_mono() - start < 3 * CLOCK_MS)
        ;
    check_int(loop_now(l), start); /* one time per turn */
    fiber_yield();
    check(loop_now(l) > start);
    check(metric_value(series) > turns);
}

static void measures_its_turns(void **state)
{
    (void)state;
    t_on_loops(1, lagging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_from_threads),   cmocka_unit_test(a_turn_has_its_order),
        cmocka_unit_test(timers_fire_in_order), cmocka_unit_test(works_elsewhere),
        cmocka_unit_test(loops_end_together),   cmocka_unit_test(never_run),
        cmocka_unit_test(measures_its_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
