/* http_limits_test.c: what the server does when there is too much, too slow, or time to stop. Spans
 * are small so that waiting for their end is short; nothing here measures time. */
#include "help/http_peer.h"

#include <malloc.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "net/fiber.h"
#include "net/wait.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define SPAN       (60 * CLOCK_MS)

static struct served served;
static struct bw_buf got;
static atomic_bool gate;
static atomic_int parked, cancelled, failed;
static char big[16 << 20];

/* Waits until the test opens the gate or the wait is cancelled. */
static void park(void)
{
    atomic_fetch_add(&parked, 1);
    while (!atomic_load(&gate))
        if (wait_until(clock_mono() + CLOCK_MS) == WAIT_CANCELLED) {
            atomic_fetch_add(&cancelled, 1);
            break;
        }
    atomic_fetch_sub(&parked, 1);
}

static void stream(struct http_res *rs)
{
    for (int i = 0; i < 160; i++) {
        bw_buf_add(rs->body, big, 100000);
        if (!rs->flush(rs, NULL)) {
            atomic_fetch_add(&failed, 1);
            return;
        }
    }
}

static void handle(struct http_req *rq, struct http_res *rs, void *arg)
{
    struct bw_err e = {0};
    bw_str body = BW_LIT("hello");
    (void)arg;
    rs->status = 200;
    if (bw_str_eq(rq->path, BW_LIT("/park")))
        park();
    if (bw_str_eq(rq->path, BW_LIT("/stream")))
        stream(rs);
    if (bw_str_eq(rq->path, BW_LIT("/big")))
        rs->borrowed = bw_str_of(big, sizeof big);
    else if (http_req_body(rq, &body, &e))
        bw_buf_put(rs->body, BW_LIT("hello"));
    else
        rs->status = bw_code_status(e.code);
}

static void start(struct http_server_opts o)
{
    atomic_store(&gate, false);
    atomic_store(&cancelled, 0);
    atomic_store(&failed, 0);
    bw_buf_init(&got, 64 << 20);
    o.handler = handle;
    served_start(&served, &o, 1);
}

static void stop(void)
{
    served_stop(&served);
    bw_buf_release(&got);
}

static void until_count(atomic_int *n, int want)
{
    for (int i = 0; i < 20000 && atomic_load(n) != want; i++)
        poll(NULL, 0, 1);
    check_int(atomic_load(n), want);
}

static void until_connections(int64_t want)
{
    for (int i = 0; i < 20000 && http_server_stats(served.server).connections != want; i++)
        poll(NULL, 0, 1);
    check_int(http_server_stats(served.server).connections, want);
}

#define check_has(part)                                                                  \
    do {                                                                                 \
        if (!strstr(bw_buf_cstr(&got), (part)))                                          \
            fail_msg("line %d: no \"%s\" in:\n%s", __LINE__, (part), bw_buf_cstr(&got)); \
    } while (0)

static void slow_head(void **state)
{
    (void)state;
    start((struct http_server_opts){.head_timeout = SPAN});
    int fd = peer_open(&served);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    do /* a byte now and then does not move the deadline */
        peer_try_send(fd, BW_LIT("G"));
    while (poll(&p, 1, 5) == 0);
    peer_read_until(fd, &got, "errorText");
    check_has("HTTP/1.1 408 Request Timeout");
    check_has("Connection: close\r\n");
    peer_close(fd);
    stop();
}

static void idle(void **state)
{
    (void)state;
    start((struct http_server_opts){.idle_timeout = SPAN});
    int fd = peer_open(&served);
    check(peer_read_all(fd, &got));
    check_int(got.n, 0);
    peer_close(fd);
    fd = peer_open(&served);
    peer_send(fd, BW_LIT(GET("/")));
    check(peer_read_all(fd, &got));
    check_int(peer_count(&got, "hello"), 1);
    peer_close(fd);
    stop();
}

static void slow_body(void **state)
{
    (void)state;
    start((struct http_server_opts){.body_timeout = SPAN});
    peer_talk(&served, BW_LIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"), &got);
    check_has("HTTP/1.1 408 Request Timeout");
    check_has("Connection: close\r\n");
    stop();
}

/* The peer takes nothing: the connection goes, whatever kind of answer it was. */
static void check_slow_reader(bw_str request)
{
    start((struct http_server_opts){.write_timeout = SPAN});
    int fd = peer_open_small(&served);
    peer_send(fd, request);
    until_connections(1);
    until_connections(0);
    peer_read_all(fd, &got);
    check(got.n < sizeof big);
    peer_close(fd);
    stop();
}

static void slow_reader(void **state)
{
    (void)state;
    check_slow_reader(BW_LIT(GET("/big")));
    check_slow_reader(BW_LIT(GET("/stream")));
    check_int(atomic_load(&failed), 1);
}

/* Many small answers that are not read: memory is bounded, the connection goes. */
static void slow_pipeline(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 8 << 20);
    for (int i = 0; i < 100000; i++)
        bw_buf_put(&b, BW_LIT(GET("/")));
    start((struct http_server_opts){.write_timeout = SPAN});
    int fd = peer_open_small(&served);
    peer_try_send(fd, bw_buf_str(&b)); /* the server stops reading at some time: then the reset */
    until_connections(0);
    peer_close(fd);
    bw_buf_release(&b);
    stop();
}

static void long_answers(void **state)
{
    (void)state;
    start((struct http_server_opts){.max_connections = 5});
    peer_talk(&served, BW_LIT(GET("/big") LAST("/big")), &got);
    check(got.n > 2 * sizeof big);
    peer_talk(&served, BW_LIT(LAST("/stream")), &got);
    check(got.n > 16000000);
    stop();
}

static void too_many_connections(void **state)
{
    (void)state;
    start((struct http_server_opts){.max_connections = 2});
    int one = peer_open(&served), two = peer_open(&served);
    until_connections(2);
    peer_talk(&served, BW_LIT(GET("/")), &got);
    check_has("HTTP/1.1 503 Service Unavailable");
    check_has("Retry-After: 1\r\n");
    check_has("Connection: close\r\n");
    peer_close(one);
    until_connections(1);
    peer_talk(&served, BW_LIT(LAST("/")), &got);
    check_has("hello");
    peer_close(two);
    stop();
}

static void too_many_requests(void **state)
{
    (void)state;
    start((struct http_server_opts){.max_in_flight = 1});
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT(LAST("/park")));
    until_count(&parked, 1);
    check_int(http_server_stats(served.server).in_flight, 1);
    peer_talk(&served, BW_LIT(GET("/")), &got);
    check_has("HTTP/1.1 503 Service Unavailable");
    check_has("Retry-After: 1\r\n");
    atomic_store(&gate, true);
    bw_buf_clear(&got);
    check(peer_read_all(fd, &got));
    check_has("hello");
    peer_close(fd);
    peer_talk(&served, BW_LIT(LAST("/")), &got);
    check_has("hello");
    stop();
}

/* As many as there are fibers (200, http_peer.c), and one more. */
static void out_of_fibers(void **state)
{
    (void)state;
    int fds[200];
    start((struct http_server_opts){.max_in_flight = 0});
    for (int i = 0; i < 200; i++) {
        fds[i] = peer_open(&served);
        peer_send(fds[i], BW_LIT(LAST("/park")));
    }
    until_count(&parked, 200);
    peer_talk(&served, BW_LIT(GET("/")), &got);
    check_has("HTTP/1.1 503 Service Unavailable");
    atomic_store(&gate, true);
    for (int i = 0; i < 200; i++) {
        bw_buf_clear(&got);
        check(peer_read_all(fds[i], &got));
        check_has("hello");
        peer_close(fds[i]);
    }
    stop();
}

static void peer_goes_away(void **state)
{
    (void)state;
    start((struct http_server_opts){0});
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT(GET("/park")));
    until_count(&parked, 1);
    peer_close(fd);
    until_count(&cancelled, 1);
    until_connections(0);
    fd = peer_open(&served); /* inside a body */
    peer_send(fd, BW_LIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
    until_connections(1);
    peer_close(fd);
    until_connections(0);
    stop();
}

/* A peer that only ends its side, as `nc -N` does, still gets its answers. */
static void half_closed(void **state)
{
    (void)state;
    start((struct http_server_opts){0});
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT(GET("/big") GET("/")));
    shutdown(fd, SHUT_WR);
    check(peer_read_all(fd, &got));
    check(got.n > sizeof big);
    check(bw_str_ends(bw_buf_str(&got), BW_LIT("hello")));
    peer_close(fd);
    stop();
}

static void answers_do_not_wait_for_later_ones(void **state)
{
    (void)state;
    start((struct http_server_opts){0});
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT(GET("/") GET("/park") LAST("/")));
    peer_read_until(fd, &got, "hello");
    until_count(&parked, 1);
    check_int(peer_count(&got, "hello"), 1);
    atomic_store(&gate, true);
    check(peer_read_all(fd, &got));
    check_int(peer_count(&got, "hello"), 3);
    peer_close(fd);
    stop();
}

static atomic_int done;

static void drained(void *arg)
{
    (void)arg;
    atomic_store(&done, 1);
    served.drained = true;
    loops_stop(served.loops);
}

static void drain(void **state)
{
    (void)state;
    atomic_store(&done, 0);
    start((struct http_server_opts){0});
    int busy = peer_open(&served), resting = peer_open(&served), half = peer_open(&served);
    peer_send(busy, BW_LIT(GET("/park") GET("/")));
    peer_send(half, BW_LIT("GET"));
    peer_send(resting, BW_LIT(GET("/")));
    peer_read_until(resting, &got, "hello");
    until_count(&parked, 1);
    http_server_drain(served.server, clock_mono() + 15 * CLOCK_SECOND, drained, NULL);
    check(peer_read_all(resting, &got)); /* closed, as nothing is asked there */
    bw_buf_clear(&got);
    check(peer_read_all(half, &got));
    check_has("HTTP/1.1 503 Service Unavailable");
    check_int(atomic_load(&done), 0);
    atomic_store(&gate, true);
    bw_buf_clear(&got);
    check(peer_read_all(busy, &got));
    check_has("Connection: close\r\n");
    check_int(peer_count(&got, "hello"), 1);
    peer_close(busy);
    peer_close(resting);
    peer_close(half);
    until_count(&done, 1);
    stop();
}

static void drain_ends_by_its_deadline(void **state)
{
    (void)state;
    atomic_store(&done, 0);
    start((struct http_server_opts){0});
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT(GET("/park")));
    until_count(&parked, 1);
    http_server_drain(served.server, clock_mono() + SPAN, drained, NULL);
    until_count(&done, 1);
    until_count(&cancelled, 1);
    peer_read_all(fd, &got);
    check_int(got.n, 0);
    peer_close(fd);
    stop();
}

/* 500 bytes for a connection that rests, libuv's part included. */
static void resting_connections_are_small(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    static int fds[COUNT];
    start((struct http_server_opts){0});
    peer_talk(&served, BW_LIT(LAST("/")), &got);
    until_connections(0);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = peer_open(&served);
        bw_buf_clear(&got);
        peer_send(fds[i], BW_LIT(GET("/")));
        peer_read_until(fds[i], &got, "hello");
    }
    size_t each = (mallinfo2().uordblks - before) / COUNT;
    print_message("%zu bytes for each resting connection\n", each);
    check(each <= 512); /* 0 under a sanitizer */
    for (int i = 0; i < COUNT; i++)
        peer_close(fds[i]);
    stop();
}

static void unix_sockets(void **state)
{
    (void)state;
    struct bw_err e = {0};
    char url[256], where[64];
    start((struct http_server_opts){0});
    snprintf(where, sizeof where, "unix:/tmp/burrow test %d.sock", (int)getpid());
    check_ok(http_server_listen(served.server, where, url, &e), &e);
    check(strncmp(url, "http+unix://%2Ftmp%2Fburrow%20test", 34) == 0);
    check_ok(http_server_listen(served.server, "[::1]:0", url, &e), &e);
    check(strncmp(url, "http://[::1]:", 13) == 0);
    static const char *const wrong[] = {"",    "8080",   "127.0.0.1", "127.0.0.1:x", "a:70000",
                                        ":80", "::1:80", "[::1]",     "127.0.0.1:-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        check(!http_server_listen(served.server, wrong[i], url, &e));
        check_says(&e, "as in");
    }
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_head),
        cmocka_unit_test(idle),
        cmocka_unit_test(slow_body),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(slow_pipeline),
        cmocka_unit_test(long_answers),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(too_many_requests),
        cmocka_unit_test(out_of_fibers),
        cmocka_unit_test(peer_goes_away),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(answers_do_not_wait_for_later_ones),
        cmocka_unit_test(drain),
        cmocka_unit_test(drain_ends_by_its_deadline),
        cmocka_unit_test(resting_connections_are_small),
        cmocka_unit_test(unix_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
