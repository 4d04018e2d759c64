/* wait: woken before and after, on the loop, from threads, from other loops; deadlines;
 * cancellation; on plain threads. Run under ThreadSanitizer too. */
#include "help/loops.h"
#include "help/t.h"
#include <pthread.h>
#include <stdatomic.h>
#include "core/clock.h"
#include "net/fiber.h"
#include "net/wait.h"

#define WAITERS 32
#define ROUNDS  150
#define SLOTS   64

static void early(struct loops *ls)
{
    (void)ls;
    struct wait w;
    wait_init(&w);
    wait_wake(&w);
    check_int(wait_for(&w, 0), WAIT_WOKEN);
    wait_init(&w);
    wait_wake(&w);
    check_int(wait_for(&w, 1), WAIT_WOKEN); /* woken counts more than a deadline passed */
    int64_t until = clock_mono() + 2 * CLOCK_MS;
    check_int(wait_until(until), WAIT_DEADLINE);
    check(clock_mono() >= until);
    check_int(wait_until(1), WAIT_DEADLINE);
}

static void woken_early_and_late(void **state)
{
    (void)state;
    t_on_loops(1, early);
}

/* A mailbox of waits: fibers put theirs in, threads take them out and wake them. */
static struct {
    _Atomic(struct wait *) slot[SLOTS];
    atomic_bool over;
} box;
static atomic_int alive, total;
static struct wait everyone;

static void *wake_all(void *arg)
{
    unsigned at = (unsigned)(uintptr_t)arg;
    while (!atomic_load(&box.over)) {
        struct wait *w = atomic_exchange(&box.slot[at++ % SLOTS], NULL);
        if (w)
            wait_wake(w);
    }
    return NULL;
}

static void put(struct wait *w, unsigned at)
{
    for (struct wait *none = NULL; !atomic_compare_exchange_strong(&box.slot[at % SLOTS], &none, w);
         none = NULL)
        at++;
}

/* Takes the wait back, or finds that a waker has it: then waits for sure. */
static void take_back(struct wait *w)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct wait *mine = w;
        if (atomic_compare_exchange_strong(&box.slot[i], &mine, NULL))
            return;
    }
    bw_must(wait_for(w, WAIT_SURE) == WAIT_WOKEN);
}

static void waiter(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct wait w;
        wait_init(&w);
        put(&w, id + i);
        int64_t deadline = i % 3 == 2 ? clock_mono() + (i % 7) * 100000 : i % 3 ? 0 : WAIT_SURE;
        if (wait_for(&w, deadline) == WAIT_DEADLINE)
            take_back(&w);
        atomic_fetch_add(&total, 1);
    }
    if (atomic_fetch_sub(&alive, 1) == 1)
        wait_wake(&everyone);
}

static void crowd(struct loops *ls)
{
    pthread_t threads[2];
    atomic_store(&alive, WAITERS);
    wait_init(&everyone);
    for (uintptr_t i = 0; i < 2; i++)
        bw_must(pthread_create(&threads[i], NULL, wake_all, (void *)(i * SLOTS / 2)) == 0);
    for (uintptr_t i = 0; i < WAITERS; i++)
        t_start_on(loops_at(ls, i % 2), waiter, (void *)i);
    check_int(wait_for(&everyone, WAIT_SURE), WAIT_WOKEN);
    atomic_store(&box.over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void thousands_from_threads(void **state)
{
    (void)state;
    t_on_loops(2, crowd);
    check_int(atomic_load(&total), WAITERS * ROUNDS);
}

static struct fiber *sleeper;
static struct wait sleeping;
static enum wait_result results[4];

static void sleeps(void *arg)
{
    (void)arg;
    sleeper = fiber_current();
    results[0] = wait_until(0);
    bw_must(fiber_is_cancelled());
    results[1] = wait_until(0); /* all later waits too */
    wait_init(&sleeping);
    results[2] = wait_for(&sleeping, WAIT_SURE); /* but the sure ones */
    wait_init(&sleeping);
    wait_wake(&sleeping);
    results[3] = wait_for(&sleeping, 0);
    sleeper = NULL;
}

static void cancelling(struct loops *ls)
{
    t_start_on(loops_at(ls, 0), sleeps, NULL);
    while (!sleeper)
        fiber_yield();
    fiber_yield();
    fiber_cancel(sleeper);
    fiber_cancel(sleeper);
    for (int i = 0; i < 3; i++)
        fiber_yield();
    check(sleeper != NULL); /* in the sure wait */
    wait_wake(&sleeping);
    while (sleeper)
        fiber_yield();
    check_int(results[0], WAIT_CANCELLED);
    check_int(results[1], WAIT_CANCELLED);
    check_int(results[2], WAIT_WOKEN);
    check_int(results[3], WAIT_WOKEN);
    check(!fiber_is_cancelled());
    /* The pooled fiber starts anew without the mark. */
    results[0] = WAIT_WOKEN;
    t_start_on(loops_at(ls, 0), sleeps, NULL);
    while (!sleeper)
        fiber_yield();
    fiber_yield();
    check_int(results[0], WAIT_WOKEN);
    fiber_cancel(sleeper);
    for (int i = 0; i < 3; i++)
        fiber_yield();
    wait_wake(&sleeping);
    while (sleeper)
        fiber_yield();
}

static void cancelled(void **state)
{
    (void)state;
    t_on_loops(1, cancelling);
    check(!fiber_is_cancelled()); /* outside */
}

struct thread_wait {
    struct wait w;
    atomic_bool ready;
};

static void *wake_it(void *arg)
{
    struct thread_wait *t = arg;
    while (!atomic_load(&t->ready))
        ;
    wait_wake(&t->w);
    return NULL;
}

static void threads_block(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        struct thread_wait t = {0};
        wait_init(&t.w);
        bw_must(pthread_create(&thread, NULL, wake_it, &t) == 0);
        atomic_store(&t.ready, true);
        enum wait_result r = wait_for(&t.w, i % 2 ? WAIT_SURE : clock_mono() + (i % 5) * 20000);
        if (r == WAIT_DEADLINE)
            r = wait_for(&t.w, WAIT_SURE);
        check_int(r, WAIT_WOKEN);
        pthread_join(thread, NULL);
    }
    int64_t until = clock_mono() + CLOCK_MS;
    check_int(wait_until(until), WAIT_DEADLINE);
    check(clock_mono() >= until);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woken_early_and_late),
        cmocka_unit_test(thousands_from_threads),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(threads_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
