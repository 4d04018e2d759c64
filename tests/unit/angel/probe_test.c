/* Probes: their texts, what each kind sees, thresholds, and who may speak for a process. */
#include "help/angel_hands.h"
#include "help/loops.h"
#include "help/t.h"
#include "help/tiny_http.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "angel/probe_int.h"
#include "core/clock.h"
#include "net/wait.h"

/* ---- texts ---- */

static void texts_are_taken_apart(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_err e;
    struct probe_conf c = {0};
    bw_arena_init(&a);
    check_ok(probe_parse(&c, PROBE_LIVE, "http://127.0.0.1:8080/health=204", &a, &e), &e);
    check(c.kind == &probe_http && c.expected == 204);
    assert_string_equal(c.target, "http://127.0.0.1:8080/health");
    check_ok(probe_parse(&c, PROBE_LIVE, "https://h/x?a=500", &a, &e), &e);
    check_int(c.expected, 200); /* that is the question's */
    assert_string_equal(c.target, "https://h/x?a=500");
    check_ok(probe_parse(&c, PROBE_LIVE, "tcp:[::1]:80", &a, &e), &e);
    check(c.kind == &probe_tcp);
    check_ok(probe_parse(&c, PROBE_LIVE, "exec: /bin/test -f 'a b'", &a, &e), &e);
    assert_string_equal(c.argv[2], "a b");
    check_ok(probe_parse(&c, PROBE_READY, "notify", &a, &e), &e);
    check(!probe_parse(&c, PROBE_READY, "htp://x/", &a, &e));
    check_says(&e, "there is no probe 'htp', did you mean 'http'?");
    check(!probe_parse(&c, PROBE_LIVE, "log:listening", &a, &e));
    check_says(&e, "'log' cannot tell what Live asks");
    check(!probe_parse(&c, PROBE_READY, "tcp:nowhere", &a, &e));
    check_says(&e, "names no port");
    check(!probe_parse(&c, PROBE_READY, "http://h/=99", &a, &e));
    check_says(&e, "99 is no HTTP status");
    check(!probe_parse(&c, PROBE_READY, "exec:", &a, &e));
    check(!probe_parse(&c, PROBE_READY, "exec:'open", &a, &e));
    check(!probe_parse(&c, PROBE_READY, "log:", &a, &e));
    bw_arena_release(&a);
}

/* ---- at work ---- */

static struct {
    struct t_hands hands;
    struct bw_arena arena;
    struct unit_conf conf;
    struct probe_conf probes[PROBE_KINDS];
    struct notify_socket *notify;
    struct capture_unit *output;
    struct prober *prober;
    unsigned n; /* things said */
    struct {
        enum probe_what what;
        bool well;
        char why[256];
    } said[64];
} t;

static void said(void *arg, enum probe_what what, bool well, const char *why)
{
    (void)arg;
    bw_must(t.n < 64);
    t.said[t.n].what = what;
    t.said[t.n].well = well;
    snprintf(t.said[t.n++].why, 256, "%s", why);
}

static void begin(void)
{
    memset(&t, 0, sizeof t);
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    bw_arena_init(&t.arena);
    t.conf.env = env;
    t.conf.probes = t.probes;
    t_hands_open(&t.hands);
}

static void end(void)
{
    prober_stop(t.prober);
    t_hands_close(&t.hands);
    bw_arena_release(&t.arena);
}

static struct probe_conf *add(enum probe_what what, const char *check_text)
{
    struct bw_err e;
    struct probe_conf *c = &t.conf.probes[what];
    *c = (struct probe_conf){.interval = 5 * CLOCK_MS,
                             .timeout = 10 * CLOCK_SECOND,
                             .success = 1,
                             .failure = 2,
                             .jitter = 100};
    check_ok(probe_parse(c, what, check_text, &t.arena, &e), &e);
    return c;
}

static void start_for(pid_t pid)
{
    struct bw_err e;
    struct prober_opts o = {.helpers = t.hands.helpers,
                            .notify = t.notify,
                            .output = t.output,
                            .conf = &t.conf,
                            .unit = "api",
                            .pid = pid,
                            .said = said};
    t.prober = prober_start(&o, &e);
    check_ok(t.prober != NULL, &e);
}

static void check_said(unsigned i, enum probe_what what, bool well, const char *words)
{
    t_await(&t.n, i + 1);
    check_int(t.said[i].what, what);
    check_int(t.said[i].well, well);
    if (!strstr(t.said[i].why, words))
        assert_string_equal(t.said[i].why, words);
}

static void startup_comes_first(struct loops *ls)
{
    char flag[] = "/tmp/probe-XXXXXX", text[64];
    const uint32_t *buckets;
    int64_t took;
    (void)ls;
    begin();
    int fd = mkstemp(flag);
    check(fd >= 0 && unlink(flag) == 0);
    close(fd);
    snprintf(text, sizeof text, "exec:/usr/bin/test -e %s", flag);
    add(PROBE_STARTUP, text)->failure = 1000;
    add(PROBE_READY, "exec:/bin/true");
    add(PROBE_LIVE, "exec:/bin/false");
    start_for(1);
    while (prober_last(t.prober, PROBE_STARTUP, &took)[0] == 0 || t.n)
        wait_until(clock_mono() + CLOCK_MS);
    check(strstr(prober_last(t.prober, PROBE_STARTUP, &took), "/usr/bin/test ended with 1"));
    check(took > 0 && t.n == 0);
    check(prober_histogram(t.prober, PROBE_STARTUP, &buckets) == PROBE_BUCKETS);
    fd = open(flag, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    check_said(0, PROBE_STARTUP, true, "well");
    t_await(&t.n, 3);
    bool ready_first = t.said[1].what == PROBE_READY;
    check_said(ready_first ? 1 : 2, PROBE_READY, true, "well");
    check_said(ready_first ? 2 : 1, PROBE_LIVE, false, "/bin/false ended with 1");
    unlink(flag);
    end();
}

static void a_server_is_asked(struct loops *ls)
{
    struct tiny_http s;
    char url[128];
    (void)ls;
    begin();
    tiny_http_start(&s);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok=200", s.port);
    struct probe_conf *c = add(PROBE_READY, url);
    c->member = "db.state";
    c->equals = "ok";
    snprintf(url, sizeof url, "http://127.0.0.1:%u/bad", s.port);
    add(PROBE_LIVE, url);
    start_for(1);
    t_await(&t.n, 2);
    bool ready_first = t.said[0].what == PROBE_READY;
    check_said(ready_first ? 0 : 1, PROBE_READY, true, "well");
    check_said(ready_first ? 1 : 0, PROBE_LIVE, false, "/bad answered 503, not 200");
    prober_stop(t.prober);
    t.conf.probes[PROBE_LIVE].kind = NULL;
    t.n = 0;
    c->equals = "down";
    start_for(1);
    int64_t took;
    while (!strstr(prober_last(t.prober, PROBE_READY, &took), "'db.state' is ok, not down"))
        wait_until(clock_mono() + CLOCK_MS);
    prober_stop(t.prober);
    c->member = "status.x";
    start_for(1);
    while (!strstr(prober_last(t.prober, PROBE_READY, &took), "has no member 'status.x'"))
        wait_until(clock_mono() + CLOCK_MS);
    check_int(t.n, 0);
    tiny_http_stop(&s);
    end();
}

/* As a look under way is: connected, and the server reads. */
static int hold(struct tiny_http *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)s->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    while (!tiny_http_is_reading(s))
        wait_until(clock_mono() + CLOCK_MS);
    return fd;
}

static void a_connection_comes_and_goes(struct loops *ls)
{
    struct tiny_http s;
    char text[64];
    (void)ls;
    begin();
    tiny_http_start(&s);
    int silent = hold(&s);
    snprintf(text, sizeof text, "tcp:127.0.0.1:%u", s.port);
    add(PROBE_READY, text);
    add(PROBE_LIVE, text);
    start_for(1);
    check_said(0, PROBE_READY, true, "well");
    tiny_http_stop(&s);
    close(silent);
    t_await(&t.n, 3);
    check(t.said[1].what != t.said[2].what || t.said[1].what == PROBE_LIVE);
    check_said(1, t.said[1].what, false, "refused");
    end();
}

static void what_is_under_way_is_let_go(struct loops *ls)
{
    (void)ls;
    begin();
    add(PROBE_READY, "exec:/bin/sleep 100");
    start_for(1);
    while (fiber_count(loop_current()) < 2)
        wait_until(clock_mono() + CLOCK_MS);
    prober_stop(t.prober);
    t.prober = NULL;
    while (fiber_count(loop_current()) > 1)
        wait_until(clock_mono() + CLOCK_MS);
    check_int(t.n, 0);
    end();
}

static void a_line_says_so(struct loops *ls)
{
    struct bw_err e;
    int ends[2];
    (void)ls;
    begin();
    struct capture *c = capture_new(&(struct capture_opts){.loop = loop_current()}, &e);
    check_ok(c != NULL, &e);
    check(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    t.output = capture_add(c, "api", ends[0], &(struct capture_policy){.path = NULL}, &e);
    check_ok(t.output != NULL, &e);
    add(PROBE_READY, "log:listening on");
    start_for(1);
    check(write(ends[1], "now listening on 80\n", 20) == 20);
    check_said(0, PROBE_READY, true, "it printed 'listening on'");
    prober_stop(t.prober);
    t.prober = NULL;
    capture_remove(t.output);
    close(ends[1]);
    capture_free(c);
    end();
}

/* ---- notify ---- */

static void send_to(const char *path, const char *text)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, sizeof a) < 0)
        _exit(1);
    close(fd);
}

/* A process that sends what it reads, itself or by a child. */
static pid_t speaker(const char *path, int *to)
{
    int ends[2];
    check(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid) {
        close(ends[0]);
        setpgid(pid, pid);
        *to = ends[1];
        return pid;
    }
    close(ends[1]);
    setpgid(0, 0);
    char text[256];
    ssize_t n;
    while ((n = read(ends[0], text, sizeof text - 1)) > 0) {
        text[n] = 0;
        bool by_child = *text == '+';
        pid_t child = by_child ? fork() : 0;
        if (!child)
            send_to(path, text + by_child);
        if (by_child && !child)
            pause(); /* so that it can be seen whose it is */
    }
    _exit(0);
}

static void say(int to, const char *text)
{
    check_int(write(to, text, strlen(text)), strlen(text));
}

static void a_process_speaks_for_itself(struct loops *ls)
{
    char folder[] = "/tmp/notify-XXXXXX", path[64];
    struct bw_err e;
    int to, other;
    (void)ls;
    begin();
    check(mkdtemp(folder) != NULL);
    t.notify = notify_socket_open(loop_current(), NULL, folder, &e);
    check_ok(t.notify != NULL, &e);
    snprintf(path, sizeof path, "%s", notify_socket_path(t.notify));
    pid_t pid = speaker(path, &to), stranger = speaker(path, &other);
    add(PROBE_READY, "notify");
    add(PROBE_LIVE, "notify")->interval = 3600 * CLOCK_SECOND;
    start_for(pid);
    say(other, "READY=1"); /* spoofed: of no process of the unit */
    send_to(path, "READY=1");
    say(to, "nonsense\nSTATUS=warming up\nREADY=0");
    int64_t took;
    while (!strstr(prober_last(t.prober, PROBE_READY, &took), "warming up"))
        wait_until(clock_mono() + CLOCK_MS);
    check_int(t.n, 0);
    say(to, "+READY=1\nSTATUS=serving");
    check_said(0, PROBE_READY, true, "it says: warming up");
    say(to, "RELOADING=1");
    check_said(1, PROBE_READY, false, "reads its settings again");
    say(to, "READY=1");
    check_said(2, PROBE_READY, true, "it says");
    say(to, "WATCHDOG=trigger");
    check_said(3, PROBE_LIVE, false, "it asked to be restarted");
    say(to, "WATCHDOG=1");
    check_said(4, PROBE_LIVE, true, "it lives");
    say(to, "STOPPING=1");
    check_said(5, PROBE_READY, false, "it says that it stops");
    prober_stop(t.prober);
    t.n = 0;
    t.conf.probes[PROBE_LIVE].interval = 10 * CLOCK_MS;
    start_for(pid);
    check_said(0, PROBE_LIVE, false, "it has not said WATCHDOG=1");
    prober_stop(t.prober);
    t.prober = NULL;
    notify_socket_close(t.notify);
    kill(-pid, SIGKILL); /* and its child */
    kill(-stranger, SIGKILL);
    waitpid(pid, NULL, 0);
    waitpid(stranger, NULL, 0);
    close(to);
    close(other);
    unlink(path);
    rmdir(folder);
    end();
}

#define ON_LOOP(name)                        \
    static void name##_on_loop(void **state) \
    {                                        \
        (void)state;                         \
        t_on_loops(1, name);                 \
    }
ON_LOOP(startup_comes_first)
ON_LOOP(a_server_is_asked)
ON_LOOP(a_connection_comes_and_goes)
ON_LOOP(what_is_under_way_is_let_go)
ON_LOOP(a_line_says_so)
ON_LOOP(a_process_speaks_for_itself)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_apart),
        cmocka_unit_test(startup_comes_first_on_loop),
        cmocka_unit_test(a_server_is_asked_on_loop),
        cmocka_unit_test(a_connection_comes_and_goes_on_loop),
        cmocka_unit_test(what_is_under_way_is_let_go_on_loop),
        cmocka_unit_test(a_line_says_so_on_loop),
        cmocka_unit_test(a_process_speaks_for_itself_on_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
