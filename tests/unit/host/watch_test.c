/* The watch: a loop that does not answer is noticed, and one that answers again is well. */
#include "help/loops.h"
#include "help/t.h"
#include <semaphore.h>
#include "core/clock.h"
#include "host/watch.h"
#include "net/wait.h"

static struct watch watch;
static struct wait over;
static bool failed;
static sem_t stuck, go_on;

static void round_over(void *arg, const struct bw_err *e)
{
    (void)arg;
    failed |= e != NULL;
    wait_wake(&over);
}

static void begin(struct loops *ls, struct store **stores)
{
    failed = false;
    watch = (struct watch){.loops = ls, .stores = stores, .over = round_over};
    watch_init(&watch);
}

static void a_round(void)
{
    wait_init(&over);
    watch_begin(&watch);
    check_int(wait_for(&over, 0), WAIT_WOKEN);
}

static void answering(struct loops *ls)
{
    begin(ls, NULL);
    check(watch_is_well(&watch, 0)); /* nothing was asked */
    for (int i = 0; i < 3; i++) {
        a_round();
        check(watch_is_well(&watch, 0) && watch.loops_answered && !failed);
    }
    watch_release(&watch);
}

static void all_answer(void **state)
{
    (void)state;
    t_on_loops(3, answering);
}

static void hang(struct loop_post *p)
{
    (void)p;
    sem_post(&stuck);
    while (sem_wait(&go_on) != 0)
        ;
}

static void one_hangs(struct loops *ls)
{
    static struct loop_post post = {.fn = hang};
    begin(ls, NULL);
    loop_post(loops_at(ls, 1), &post);
    while (sem_wait(&stuck) != 0)
        ;
    wait_init(&over);
    watch_begin(&watch);
    check(!watch_is_well(&watch, INT64_MAX)); /* however patient: a loop has no excuse */
    watch_begin(&watch);                      /* no second round beside it */
    check(!watch.loops_answered && atomic_load(&watch.missing) >= 1);
    sem_post(&go_on);
    check_int(wait_for(&over, 0), WAIT_WOKEN);
    check(watch_is_well(&watch, 0) && watch.loops_answered);
    a_round();
    check(watch_is_well(&watch, 0) && !failed);
    watch_release(&watch);
}

static void a_loop_that_hangs_is_noticed(void **state)
{
    (void)state;
    sem_init(&stuck, 0, 0);
    sem_init(&go_on, 0, 0);
    t_on_loops(2, one_hangs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answer),
        cmocka_unit_test(a_loop_that_hangs_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
