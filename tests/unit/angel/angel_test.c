/* burrow/angel.h: what a program sees of the children it has supervised: real processes, the
 * calls of an ordinary thread. */
#include "help/t.h"

#include <burrow/angel.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"

#define LONG 20000 /* ms: only ends a test that has failed */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    char text[64][160]; /* "unit kind" */
    size_t n;
    uint64_t seq;
    bool gap;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void tell(void *arg, const struct bw_angel_event *ev)
{
    (void)arg;
    pthread_mutex_lock(&seen.lock);
    if (seen.n < 64)
        snprintf(seen.text[seen.n++], sizeof seen.text[0], "%.60s %.60s", ev->unit, ev->kind);
    seen.gap |= seen.seq && ev->seq != seen.seq + 1;
    seen.seq = ev->seq;
    pthread_cond_broadcast(&seen.more);
    pthread_mutex_unlock(&seen.lock);
}

static size_t count(const char *what)
{
    size_t n = 0;
    for (size_t i = 0; i < seen.n; i++)
        n += strcmp(seen.text[i], what) == 0;
    return n;
}

/* Until it has come so many times. */
static void wait_event(const char *what, size_t times)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += LONG / 1000;
    pthread_mutex_lock(&seen.lock);
    while (count(what) < times)
        if (pthread_cond_timedwait(&seen.more, &seen.lock, &limit) != 0)
            fail_msg("no event '%s' (%zu times)", what, times);
    pthread_mutex_unlock(&seen.lock);
}

static struct bw_angel *begin(const char *settings, const char *state)
{
    struct bw_err e;
    seen.n = 0;
    seen.seq = 0;
    seen.gap = false;
    struct bw_angel *a = bw_angel_open(
        &(struct bw_angel_opts){.settings = bw_cstr(settings), .state = state, .event = tell}, &e);
    if (!a)
        fail_msg("%s", e.text);
    return a;
}

static struct bw_angel_unit look(struct bw_angel *a, const char *name)
{
    struct bw_angel_unit u;
    struct bw_err e;
    check_ok(bw_angel_look(a, name, &u, &e), &e);
    return u;
}

static bool lives(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static void supervises(void **state)
{
    (void)state;
    struct bw_err e;
    struct bw_angel_unit two[2];
    struct bw_angel *a = begin("{\"Services\": [{\"Name\": \"s\", \"Run\": \"/bin/sleep 1000\"}, "
                               "{\"Name\": \"t\", \"Run\": \"/bin/sleep 1000\"}]}",
                               NULL);
    check_ok(bw_angel_wait_ready(a, NULL, LONG, &e), &e);
    check(bw_angel_list(a, NULL, 0) == 2 && bw_angel_list(a, two, 2) == 2);
    check(strcmp(two[0].name, "s") == 0 && strcmp(two[1].name, "t") == 0);
    struct bw_angel_unit u = look(a, "s");
    check(u.ready && u.wanted && u.runs == 1 && u.restarts == 0 && lives(u.pid));
    check(strcmp(u.state, "ready") == 0);

    kill((pid_t)u.pid, SIGKILL);
    wait_event("s started", 2);
    check_ok(bw_angel_wait_ready(a, "s", LONG, &e), &e);
    int64_t first = u.pid;
    u = look(a, "s");
    check(u.pid != first && u.restarts == 1 && strstr(u.last_exit, "SIGKILL"));

    first = u.pid;
    check_ok(bw_angel_restart(a, "s", &e), &e);
    wait_event("s started", 3);
    check_ok(bw_angel_wait_ready(a, "s", LONG, &e), &e);
    check(!lives(first));

    check_ok(bw_angel_stop(a, "s", &e), &e);
    check_ok(bw_angel_wait_ended(a, "s", LONG, &e), &e);
    u = look(a, "s");
    check(u.pid == 0 && !u.wanted && strcmp(u.state, "stopped") == 0);
    check(!bw_angel_wait_ready(a, "s", LONG, &e) && e.code == BW_CONFLICT);
    check(!bw_angel_signal(a, "s", SIGUSR1, &e) && strstr(e.text, "does not run"));
    check_ok(bw_angel_start(a, "s", &e), &e);
    check_ok(bw_angel_wait_ready(a, "s", LONG, &e), &e);

    check(!bw_angel_wait_ended(a, "t", 1, &e) && e.code == BW_LATE);
    check(!bw_angel_stop(a, "tt", &e) && e.code == BW_MISSING && strstr(e.text, "'t'"));
    struct bw_buf why;
    bw_buf_init(&why, 4096);
    check_ok(bw_angel_why(a, "s", &why, &e), &e);
    check(strstr(bw_buf_cstr(&why), "s is ready"));
    bw_buf_release(&why);
    int64_t s = look(a, "s").pid, t = look(a, "t").pid;
    bw_angel_close(a);
    check(!lives(s) && !lives(t));
    check(!seen.gap && count("t stopped") == 1);
}

static void captures(void **state)
{
    (void)state;
    struct bw_err e;
    char folder[] = "/tmp/angel-test-XXXXXX", path[128];
    check(mkdtemp(folder));
    struct bw_angel *a = begin("{\"Services\": [{\"Name\": \"job\", \"Restart\": \"on-failure\", "
                               "\"Run\": [\"/bin/sh\", \"-c\", \"echo done\"], "
                               "\"RedirectLogFile\": \"%agl.state%/job.log\"}]}",
                               folder);
    check_ok(bw_angel_wait_ended(a, "job", LONG, &e), &e);
    check(strcmp(look(a, "job").state, "done") == 0);
    bw_angel_close(a);
    snprintf(path, sizeof path, "%s/job.log", folder);
    char line[64] = "";
    FILE *f = fopen(path, "r");
    check(f && fgets(line, sizeof line, f) && strcmp(line, "done\n") == 0);
    fclose(f);
}

static void refuses(void **state)
{
    (void)state;
    struct bw_err e;
    struct bw_angel_opts o = {.settings = BW_LIT("{\"Services\": [{\"Nam\": \"s\"}]}")};
    check(!bw_angel_open(&o, &e) && e.code == BW_BAD && strstr(e.text, "Name"));
    o.settings = (bw_str){.p = NULL};
    check(!bw_angel_open(&o, &e) && strstr(e.text, "settings"));
    o.file = "/nonexistent/angel.json";
    check(!bw_angel_open(&o, &e) && strstr(e.text, "/nonexistent/angel.json"));
}

#define ONE(run) "{\"Services\": [{\"Name\": \"s\", \"Run\": \"" run "\"}]}"

static void changes(void **state)
{
    (void)state;
    struct bw_err e;
    struct bw_angel *a = begin(ONE("/bin/sleep 1000"), NULL);
    check_ok(bw_angel_wait_ready(a, "s", LONG, &e), &e);
    int64_t first = look(a, "s").pid;
    check_ok(bw_angel_apply(a, bw_cstr(ONE("/bin/sleep 1000")), &e), &e);
    check(look(a, "s").pid == first); /* nothing differs */
    check_ok(bw_angel_apply(a, bw_cstr(ONE("/bin/sleep 2000")), &e), &e);
    int64_t second = look(a, "s").pid;
    check(second != first && !lives(first));
    check(!bw_angel_apply(a, BW_LIT("{"), &e) && look(a, "s").pid == second);
    check_ok(bw_angel_apply(a, BW_LIT("{\"Services\": []}"), &e), &e);
    check_ok(bw_angel_wait_ended(a, NULL, LONG, &e), &e);
    check(!lives(second) && bw_angel_list(a, NULL, 0) == 0);
    bw_angel_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(supervises),
        cmocka_unit_test(captures),
        cmocka_unit_test(refuses),
        cmocka_unit_test(changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
