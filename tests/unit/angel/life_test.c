/* The table of lives as people read it: tests/golden/angel/life.txt, reviewed as a diff
 * (UPDATE_GOLDEN=1 writes it anew); and what holds for every row of it. */
#include "help/t.h"

#include <stdlib.h>
#include <string.h>

#include "angel/life.h"
#include "os/file.h"

#define GOLDEN "tests/golden/angel/life.txt"

static const char *const words[] = {"fresh",  "calm", "ask",   "spawn", "watch",
                                    "steady", "term", "sweep", "delay", "pause"};

static void print_row(struct bw_buf *out, enum life_event e, const struct life_row *r)
{
    bw_buf_printf(out, "  %-10s ", life_event_name(e));
    if (!r) {
        bw_buf_put(out, BW_LIT("-\n"));
        return;
    }
    bw_buf_printf(out, "%s", life_state_name(r->next));
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (r->todo >> i & 1)
            bw_buf_printf(out, ", %s", words[i]);
    bw_buf_char(out, '\n');
}

static void as_reviewed(void **state)
{
    (void)state;
    struct bw_buf out;
    struct bw_arena a;
    struct bw_err e;
    bw_str golden;
    bw_buf_init(&out, 1 << 20);
    bw_arena_init(&a);
    bw_buf_put(&out, BW_LIT("state, event, next state, what is done; - : passed over\n"));
    for (int s = 0; s < LIFE_STATE_COUNT; s++) {
        bw_buf_printf(&out, "\n%s\n", life_state_name((enum life_state)s));
        for (int ev = 0; ev < LIFE_EVENT_COUNT; ev++)
            print_row(&out, (enum life_event)ev, life_row((enum life_state)s, (enum life_event)ev));
    }
    if (getenv("UPDATE_GOLDEN"))
        check_ok(file_replace(GOLDEN, bw_buf_str(&out), &e), &e);
    check_ok(file_read(GOLDEN, 1 << 20, &a, &golden, &e), &e);
    check_str(golden, bw_buf_cstr(&out));
    bw_buf_release(&out);
    bw_arena_release(&a);
}

static void each_row(void (*fn)(enum life_state s, enum life_event e, const struct life_row *r))
{
    for (int s = 0; s < LIFE_STATE_COUNT; s++)
        for (int ev = 0; ev < LIFE_EVENT_COUNT; ev++) {
            const struct life_row *r = life_row((enum life_state)s, (enum life_event)ev);
            if (r)
                fn((enum life_state)s, (enum life_event)ev, r);
        }
}

/* A process is made only where there is none, and only when it was asked whether it may. */
static void one_way_to_a_process(enum life_state s, enum life_event e, const struct life_row *r)
{
    if (r->todo & DO_SPAWN)
        check(s == LIFE_WAITING && e == EVENT_ALLOWED && r->next == LIFE_STARTING);
    if (life_has_child(s) && !life_has_child(r->next))
        check(e == EVENT_EMPTY || e == EVENT_UNBORN);
}

/* The operator's word is kept: told to end, nothing is wanted any more; told to run, it is. */
static void words_are_kept(enum life_state s, enum life_event e, const struct life_row *r)
{
    (void)s;
    if (e == EVENT_STOP)
        check(!life_is_wanted(r->next));
    if (e == EVENT_START || e == EVENT_RESTART)
        check(life_is_wanted(r->next));
}

static void rules(void **state)
{
    (void)state;
    each_row(one_way_to_a_process);
    each_row(words_are_kept);
    for (int s = 0; s < LIFE_STATE_COUNT; s++) {
        if (life_is_wanted((enum life_state)s))
            check(life_row((enum life_state)s, EVENT_STOP));
        else if (s != LIFE_STOPPED)
            check(life_row((enum life_state)s, EVENT_START));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_reviewed),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
