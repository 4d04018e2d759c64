/* The brain over real processes: hands in this process, settings as people write them. What happens
 * is waited for by its event; a limit of 20 s only ends a test that has failed. */
#include "help/loops.h"
#include "help/t.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "angel/brain.h"
#include "angel/hands.h"
#include "core/clock.h"
#include "net/wait.h"

static struct {
    struct loop *loop;
    struct hands *hands;
    struct brain *brain;
    struct wait *stop;
    char folder[64];
    uint64_t seen; /* events up to here */
} t;

static void stopped(void *arg)
{
    (void)arg;
    if (t.stop)
        wait_wake(t.stop);
}

static struct angel_conf *settings(const char *services)
{
    struct bw_err e;
    struct bw_arena a;
    struct angel_conf *c = calloc(1, sizeof *c);
    bw_arena_init(&a);
    bw_str text = bw_arena_printf(&a, "{\"State\": \"%s/state\", \"Services\": [%s]}", t.folder,
                                  services);
    check_ok(angel_conf_parse(c, "test.json", text, &e), &e);
    bw_arena_release(&a);
    return c;
}

static void begin(struct loops *ls, const char *services)
{
    struct bw_err e;
    snprintf(t.folder, sizeof t.folder, "/tmp/brain-test-XXXXXX");
    check(mkdtemp(t.folder));
    struct angel_conf *c = settings(services);
    check(mkdir(c->state, 0700) == 0);
    t.loop = loops_at(ls, 0);
    t.hands = hands_open(t.loop, &(struct hands_opts){.state = c->state, .socket = -1}, &e);
    if (!t.hands)
        fail_msg("%s", e.text);
    t.seen = 1;
    t.brain = brain_open(&(struct brain_opts){.loop = t.loop, .hands = t.hands, .conf = c,
                                              .stopped = stopped},
                         &e);
    if (!t.brain)
        fail_msg("%s", e.text);
    brain_begin(t.brain);
}

/* The next event of that kind and unit, waited for; its text. */
static const char *happens(const char *unit, const char *kind)
{
    static struct brain_event ev;
    int64_t limit = clock_mono() + 20 * CLOCK_SECOND;
    uint64_t lost;
    for (;;) {
        while (brain_event(t.brain, t.seen, &ev, &lost)) {
            t.seen = ev.seq + 1;
            if (strcmp(ev.unit, unit) == 0 && strcmp(ev.kind, kind) == 0)
                return ev.text;
        }
        if (clock_mono() > limit)
            fail_msg("%s: no event '%s'; the last: %s %s", unit, kind, ev.unit, ev.text);
        wait_until(clock_mono() + 2 * CLOCK_MS);
    }
}

static struct brain_unit unit(const char *name)
{
    struct brain_unit u;
    size_t first;
    check(brain_find(t.brain, name, &first));
    brain_look(t.brain, first, &u);
    return u;
}

static void end(void)
{
    struct wait w;
    wait_init(&w);
    t.stop = &w;
    brain_stop(t.brain);
    check(wait_for(&w, clock_mono() + 20 * CLOCK_SECOND) == WAIT_WOKEN);
    t.stop = NULL;
    for (size_t i = 0; i < brain_count(t.brain); i++) {
        struct brain_unit u;
        brain_look(t.brain, i, &u);
        check(!life_has_child(u.state) && u.pid == 0);
    }
    brain_close(t.brain);
    hands_close(t.hands);
}

static void killed(struct loops *ls)
{
    struct bw_err e;
    begin(ls, "{\"Name\": \"s\", \"Run\": \"/bin/sleep 1000\"}");
    check_ok(brain_wait_ready(t.brain, "s", clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    pid_t pid = unit("s").pid;
    check(pid > 0 && kill(pid, 0) == 0);
    kill(pid, SIGKILL);
    check(strstr(happens("s", "exited"), "SIGKILL"));
    happens("s", "ready");
    struct brain_unit u = unit("s");
    check(u.pid > 0 && u.pid != pid && u.restarts == 1 && u.runs == 2);
    check(strstr(u.last_exit, "SIGKILL"));
    pid = u.pid;
    end();
    check(kill(pid, 0) != 0);
}

static void a_killed_one_runs_again(void **state)
{
    (void)state;
    t_on_loops(1, killed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_one_runs_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
