/* The brain over real processes: hands in this process, settings as people write them. What happens
 * is waited for by its event; a limit of 20 s only ends a test that has failed. */
#include "help/loops.h"
#include "help/t.h"

#include <ftw.h>
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
    bool over;
    char folder[64];
    uint64_t seen; /* events up to here */
} t;

static void stopped(void *arg)
{
    (void)arg;
    t.over = true;
    if (t.stop)
        wait_wake(t.stop);
}

static struct angel_conf *settings(const char *services)
{
    struct bw_err e;
    struct bw_arena a;
    struct angel_conf *c = calloc(1, sizeof *c);
    bw_arena_init(&a);
    bw_str text =
        bw_arena_printf(&a, "{\"State\": \"%s/state\", \"Services\": [%s]}", t.folder, services);
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
    t.over = false;
    t.brain = brain_open(
        &(struct brain_opts){.loop = t.loop, .hands = t.hands, .conf = c, .stopped = stopped}, &e);
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

static int forget(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st;
    (void)what;
    (void)at;
    return remove(path);
}

static void end(void)
{
    struct wait w;
    wait_init(&w);
    t.stop = &w;
    brain_stop(t.brain);
    check(t.over || wait_for(&w, clock_mono() + 20 * CLOCK_SECOND) == WAIT_WOKEN);
    t.stop = NULL;
    for (size_t i = 0; i < brain_count(t.brain); i++) {
        struct brain_unit u;
        brain_look(t.brain, i, &u);
        check(!life_has_child(u.state) && u.pid == 0);
    }
    brain_close(t.brain);
    hands_close(t.hands);
    nftw(t.folder, forget, 8, FTW_DEPTH | FTW_PHYS);
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

/* Its pid file says who it is; waits like a service. */
#define SH(script) "[\"/bin/sh\", \"-c\", \"" script "\"]"

static void loops_in_vain(struct loops *ls)
{
    begin(ls, "{\"Name\": \"s\", \"Run\": " SH("exit 7") ", \"RetryStableSec\": 60}");
    check(strstr(happens("s", "exited"), "exit code 7"));
    happens("s", "started"); /* the first restart is at once */
    happens("s", "exited");
    while (unit("s").state != LIFE_BACKOFF)
        wait_until(clock_mono() + CLOCK_MS);
    struct brain_unit u = unit("s");
    check(u.runs == 2 && u.restarts == 2 && u.next > 0);
    struct bw_buf why;
    struct bw_err e;
    bw_buf_init(&why, 4096);
    check_ok(brain_why(t.brain, "s", &why, &e), &e);
    check(strstr(bw_buf_cstr(&why), "starts again in") && strstr(bw_buf_cstr(&why), "exit code 7"));
    bw_buf_release(&why);
    check_ok(brain_tell(t.brain, "s", BRAIN_RETRY, &e), &e); /* cuts the wait short */
    happens("s", "exited");
    check(!brain_tell(t.brain, "z", BRAIN_RETRY, &e));
    check_says(&e, "no service 'z'");
    end();
}

static void aborts(struct loops *ls)
{
    struct bw_err e;
    begin(
        ls,
        "{\"Name\": \"s\", \"Run\": " SH(
            "exit 99") ", \"AbortExitCodes\": [99]},"
                       "{\"Name\": \"once\", \"Run\": \"/bin/true\", \"Restart\": \"on-failure\"}");
    check(strstr(happens("s", "failed"), "exit code 99"));
    check(unit("s").state == LIFE_FAILED && unit("s").runs == 1);
    t.seen = 1;
    happens("once", "done");
    check(unit("once").state == LIFE_DONE);
    check_ok(brain_wait_ready(t.brain, "once", clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    check(!brain_wait_ready(t.brain, "s", clock_mono() + 20 * CLOCK_SECOND, &e));
    check_says(&e, "s is failed");
    end();
}

static void in_order(struct loops *ls)
{
    struct bw_err e;
    begin(ls, "{\"Name\": \"app\", \"Run\": \"/bin/sleep 1000\", \"Needs\": [\"db\"]},"
              "{\"Name\": \"db\", \"Run\": \"/bin/sleep 1000\", \"Needs\": [\"disk\"]},"
              "{\"Name\": \"disk\", \"Run\": \"/bin/sleep 1000\", \"Disabled\": true}");
    struct bw_buf why;
    bw_buf_init(&why, 4096);
    check(unit("app").state == LIFE_WAITING && unit("db").state == LIFE_WAITING);
    check_ok(brain_why(t.brain, "app", &why, &e), &e);
    check(strstr(bw_buf_cstr(&why), "waits for db") && strstr(bw_buf_cstr(&why), "waits for disk"));
    bw_buf_release(&why);
    check_ok(brain_tell(t.brain, "disk", BRAIN_START, &e), &e);
    happens("disk", "ready");
    happens("db", "ready");
    happens("app", "ready");
    brain_stop(t.brain);
    happens("app", "stopped"); /* who leans on others goes first */
    happens("db", "stopped");
    happens("disk", "stopped");
    end();
}

static void deaf_tree(struct loops *ls)
{
    struct bw_err e;
    char command[512], flag[] = "/tmp/brain-flag-XXXXXX";
    int fd = mkstemp(flag);
    check(fd >= 0);
    snprintf(command, sizeof command,
             "{\"Name\": \"s\", \"StopRunAbortTimeoutSec\": 0.2, \"Run\": [\"/bin/sh\", \"-c\", "
             "\"trap '' TERM; setsid sleep 1001 & sleep 1002 & echo deaf >%s; wait; wait\"]}",
             flag);
    begin(ls, command);
    struct stat st = {0};
    while (fstat(fd, &st) == 0 && st.st_size == 0) /* from now on it hears nothing */
        wait_until(clock_mono() + CLOCK_MS);
    happens("s", "started"); /* the shell may be quicker than who tells of it */
    pid_t pid = unit("s").pid;
    check_ok(brain_tell(t.brain, "s", BRAIN_STOP, &e), &e);
    check(strstr(happens("s", "exited"), "SIGKILL"));
    happens("s", "stopped");
    check(kill(pid, 0) != 0 && unit("s").pid == 0);
    close(fd);
    unlink(flag);
    end();
}

static void steps(struct loops *ls)
{
    struct bw_err e;
    begin(ls, "{\"Name\": \"s\", \"Run\": \"/bin/sleep 1000\","
              " \"Start\": [\"sh:echo before >$BURROW_TEST\", \"start:%run%\", \"sleep:1\"],"
              " \"Stop\": [\"wait:/bin/false\", \"stop:%run%\"], \"Env\": {\"BURROW_TEST\": "
              "\"/dev/null\"}},"
              "{\"Name\": \"bad\", \"Run\": \"/bin/sleep 1000\","
              " \"Start\": [\"wait:/bin/false\", \"start:%run%\"]}");
    check_ok(brain_wait_ready(t.brain, "s", clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    check(unit("bad").runs >= 1 && unit("bad").pid == 0);
    check_ok(brain_tell(t.brain, "s", BRAIN_STOP, &e), &e);
    check(strstr(happens("s", "step"), "ended with exit code 1, not 0"));
    happens("s", "stopped");
    end();
}

static void watched(struct loops *ls)
{
    struct bw_err e;
    begin(ls, "{\"Name\": \"s\", \"Run\": \"/bin/sleep 1000\", \"Watch\": [\"wait:/bin/false\"],"
              " \"WatchDelaySec\": 1, \"WatchCountRestart\": 2}");
    check_ok(brain_wait_ready(t.brain, "s", clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    happens("s", "watch");
    check(strstr(happens("s", "sick"), "its watch has failed"));
    happens("s", "exited");
    happens("s", "ready");
    end();
}

/* A probe that tells each time it is asked. */
#define TELLS                                                                                     \
    "\"Live\": {\"Check\": \"exec:/bin/sh -c 'echo >>%agl.state%/asked'\", \"Interval\": 0.02}, " \
    "\"Watch\": [\"exec:/bin/true\"], \"WatchDelaySec\": 1"

/* It has been asked that often more. */
static void is_asked(off_t times)
{
    char path[128];
    struct stat st = {.st_size = 0};
    snprintf(path, sizeof path, "%s/state/asked", t.folder);
    stat(path, &st);
    off_t want = st.st_size + times;
    int64_t limit = clock_mono() + 20 * CLOCK_SECOND;
    while ((stat(path, &st) != 0 || st.st_size < want) && clock_mono() < limit)
        wait_until(clock_mono() + CLOCK_MS);
    check(st.st_size >= want);
}

static void comes_back(const char *name)
{
    pid_t pid = unit(name).pid;
    int64_t limit = clock_mono() + 20 * CLOCK_SECOND;
    kill(pid, SIGKILL);
    while ((unit(name).pid == pid || !unit(name).ready) && clock_mono() < limit)
        wait_until(clock_mono() + CLOCK_MS);
    check(unit(name).pid != pid && unit(name).ready);
}

static void new_settings(struct loops *ls)
{
    struct bw_err e;
    begin(ls, "{\"Name\": \"a\", \"Run\": \"/bin/sleep 1000\", " TELLS "},"
              "{\"Name\": \"b\", \"Run\": \"/bin/sleep 1001\"},"
              "{\"Name\": \"c\", \"Run\": \"/bin/sleep 1002\"}");
    check_ok(brain_wait_ready(t.brain, NULL, clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    pid_t a = unit("a").pid, b = unit("b").pid;
    struct angel_conf *to =
        settings("{\"Name\": \"a\", \"Run\": \"/bin/sleep 1000\", \"Replicas\": 2, " TELLS "},"
                 "{\"Name\": \"b\", \"Run\": \"/bin/sleep 2001\"},"
                 "{\"Name\": \"d\", \"Run\": \"/bin/sleep 1003\"}");
    check_ok(brain_apply(t.brain, to, &e), &e);
    check_ok(brain_wait_ready(t.brain, NULL, clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    check(unit("a").pid == a && unit("b").pid != b && unit("a#2").pid > 0 && unit("d").pid > 0);
    while (brain_count(t.brain) != 4) /* c goes when it has stopped */
        wait_until(clock_mono() + CLOCK_MS);
    /* b does not get ready with its next ones: it gets these back, a is not touched. */
    b = unit("b").pid;
    to = settings("{\"Name\": \"a\", \"Run\": \"/bin/sleep 1000\", \"Replicas\": 2, " TELLS "},"
                  "{\"Name\": \"b\", \"Run\": " SH(
                      "exit 3") "},"
                                "{\"Name\": \"d\", \"Run\": \"/bin/sleep 1003\"}");
    check(!brain_apply(t.brain, to, &e));
    check_says(&e, "b did not get ready with its new settings");
    check_ok(brain_wait_ready(t.brain, NULL, clock_mono() + 20 * CLOCK_SECOND, &e), &e);
    check(unit("a").pid == a && unit("b").pid != b &&
          strcmp(unit("b").conf->run, "/bin/sleep 2001") == 0);
    is_asked(3);
    /* Those it got back are used again, also when what they were read into is long out of force;
     * a's probe goes by its new settings. */
    comes_back("b");
    to = settings("{\"Name\": \"a\", \"Run\": \"/bin/sleep 1000\"},"
                  "{\"Name\": \"b\", \"Run\": \"/bin/sleep 2001\"}");
    check_ok(brain_apply(t.brain, to, &e), &e);
    check(unit("a").pid == a && !unit("a").conf->watch.n);
    comes_back("b");
    end();
}

#define ON_LOOP(name, fn)      \
    static void name(void **s) \
    {                          \
        (void)s;               \
        t_on_loops(1, fn);     \
    }

ON_LOOP(a_killed_one_runs_again, killed)
ON_LOOP(a_crash_loop_is_slowed, loops_in_vain)
ON_LOOP(codes_decide, aborts)
ON_LOOP(needs_come_first_and_go_last, in_order)
ON_LOOP(stopped_means_empty, deaf_tree)
ON_LOOP(steps_are_done_in_order, steps)
ON_LOOP(a_failing_watch_restarts, watched)
ON_LOOP(settings_change_or_come_back, new_settings)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_one_runs_again),
        cmocka_unit_test(a_crash_loop_is_slowed),
        cmocka_unit_test(codes_decide),
        cmocka_unit_test(needs_come_first_and_go_last),
        cmocka_unit_test(stopped_means_empty),
        cmocka_unit_test(steps_are_done_in_order),
        cmocka_unit_test(a_failing_watch_restarts),
        cmocka_unit_test(settings_change_or_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
