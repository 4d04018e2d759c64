/* turn_test.c: one at a time, in the order they came; waiting fibers park; the late lose their
 * turn. Run under ThreadSanitizer too. */
#include "help/loops.h"
#include "help/t.h"

#include <pthread.h>

#include "core/clock.h"
#include "db/turn.h"
#include "net/fiber.h"

#define THREADS 4
#define ROUNDS  200

static struct turns turns;
static int held, most, total;

static int setup(void **state)
{
    (void)state;
    turns_init(&turns);
    held = most = total = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turns_release(&turns);
    return 0;
}

static void *take_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct turn t = {0};
        struct bw_err e;
        check_ok(turn_begin(&turns, &t, &e), &e);
        most = ++held > most ? held : most;
        total++;
        held--;
        turn_end(&turns, &t);
    }
    return NULL;
}

static void one_at_a_time(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        check_int(pthread_create(&threads[i], NULL, take_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check_int(most, 1);
    check_int(total, THREADS * ROUNDS);
}

/* ---- fibers ---- */

static char order[16];
static size_t n_order;
static struct turn first;

static void wait_a_turn(void *arg)
{
    struct turn t = {0};
    struct bw_err e;
    check_ok(turn_begin(&turns, &t, &e), &e);
    order[n_order++] = *(const char *)arg;
    turn_end(&turns, &t);
}

static struct fiber *doomed;
static enum bw_code doomed_code;

static void be_cancelled(void *arg)
{
    struct turn t = {0};
    struct bw_err e = {.code = BW_OK};
    (void)arg;
    doomed = fiber_current();
    if (!turn_begin(&turns, &t, &e)) {
        doomed_code = e.code;
        return;
    }
    turn_end(&turns, &t);
}

static void on_a_loop(struct loops *ls)
{
    static char names[] = "abc";
    struct bw_err e;
    (void)ls;
    first = (struct turn){0};
    n_order = 0;
    doomed_code = BW_OK;
    check_ok(turn_begin(&turns, &first, &e), &e);
    check_ok(fiber_start(wait_a_turn, &names[0], &e), &e);
    check_ok(fiber_start(be_cancelled, NULL, &e), &e);
    check_ok(fiber_start(wait_a_turn, &names[1], &e), &e);
    check_ok(fiber_start(wait_a_turn, &names[2], &e), &e);
    fiber_yield(); /* the loop goes on: all of them stand in line now */
    check_int(n_order, 0);
    fiber_cancel(doomed);
    fiber_yield();
    check_int(doomed_code, BW_GONE);
    turn_end(&turns, &first);
    while (n_order < 3)
        fiber_yield();
    check_str(bw_str_of(order, n_order), "abc");
}

static void fibers_park(void **state)
{
    (void)state;
    t_on_loops(1, on_a_loop);
}

/* ---- deadlines ---- */

static int undone;

static void undo(struct turn *t)
{
    (void)t;
    undone++;
}

static void the_late_lose_it(void **state)
{
    struct turn late = {.deadline = 100, .undo = undo}, next = {0};
    struct bw_err e;
    (void)state;
    undone = 0;
    clock_set(1, 50);
    check_ok(turn_begin(&turns, &late, &e), &e);
    check_ok(turn_pause(&turns, &late, &e), &e);
    check_ok(turn_resume(&turns, &late, &e), &e);
    clock_set(1, 200);
    check_int(undone, 0); /* not while at work */
    check(!turn_pause(&turns, &late, &e));
    check_int(e.code, BW_LATE);
    check_int(undone, 1);
    check_ok(turn_begin(&turns, &next, &e), &e);
    check(!turn_resume(&turns, &late, &e));
    turn_end(&turns, &late); /* touches nobody else's turn */
    turn_end(&turns, &next);
    check_int(undone, 1);
    clock_unset();
}

static void who_comes_takes_it_from_the_late(void **state)
{
    struct turn late = {.deadline = 100, .undo = undo}, next = {0};
    struct bw_err e;
    (void)state;
    undone = 0;
    clock_set(1, 50);
    check_ok(turn_begin(&turns, &late, &e), &e);
    check_ok(turn_pause(&turns, &late, &e), &e);
    clock_set(1, 200);
    check_ok(turn_begin(&turns, &next, &e), &e);
    check_int(undone, 1);
    turn_end(&turns, &next);
    turn_end(&turns, &late);
    clock_unset();
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void blocking_work(void **state)
{
    bool done = false;
    (void)state;
    turn_block(set_flag, &done);
    check(done);
}

#define TURN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(one_at_a_time),    TURN_TEST(fibers_park),
        TURN_TEST(the_late_lose_it), TURN_TEST(who_comes_takes_it_from_the_late),
        TURN_TEST(blocking_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
