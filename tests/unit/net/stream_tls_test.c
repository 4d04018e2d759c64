/* HTTPS within this process: the server's streams and the client's, on a fiber and on a plain
 * thread; bodies larger than any buffer, keep-alive, handshakes that fail or never end. */
#include "help/certs.h"
#include "help/http_peer.h"
#include "help/loops.h"
#include "core/clock.h"
#include "net/fiber.h"
#include "net/http_client.h"
#include "net/stream.h"
#include "net/tls.h"

#if defined(BW_TORTURE)
#define BIG (300 * 1024)
#else
#define BIG (5 * 1024 * 1024)
#endif

static struct certs certs;
static struct served served;
static struct uri uri;
static char big[BIG];

/* "/echo" gives the body back, "/mirror" piece by piece as it comes; all else says whether it came
 * by TLS. */
static void handle(struct http_req *rq, struct http_res *rs, void *arg)
{
    bool mirror = bw_str_eq(rq->path, BW_LIT("/mirror"));
    bw_str piece;
    (void)arg;
    rs->status = 200;
    if (!bw_str_eq(rq->path, BW_LIT("/echo")) && !mirror) {
        bw_buf_put(rs->body, rq->secure ? BW_LIT("secure") : BW_LIT("open"));
        return;
    }
    bool ok;
    while ((ok = rq->read(rq, &piece, NULL)) && piece.n) {
        bw_buf_put(rs->body, piece);
        if (mirror && !rs->flush(rs, NULL))
            return;
    }
    rs->broken = !ok; /* what has gone out already was not all */
}

static void begin(const char *pem, int64_t handshake, struct tls_context **tls)
{
    struct bw_err e = {0};
    char url[256];
    served_start(&served, &(struct http_server_opts){.handler = handle, .max_body = BIG}, 1);
    *tls = tls_server_new(&(struct tls_server_opts){.cert = pem, .handshake = handshake}, &e);
    check_ok(*tls != NULL, &e);
    check_ok(http_server_listen_tls(served.server, "127.0.0.1:0", *tls, url, &e), &e);
    check(strncmp(url, "https://127.0.0.1:", 18) == 0);
    served.port = (unsigned)strtoul(strrchr(url, ':') + 1, NULL, 10);
    uri = (struct uri){.scheme = BW_LIT("https"),
                       .host = BW_LIT("127.0.0.1"),
                       .path = BW_LIT("/"),
                       .port = served.port};
}

static void end(struct tls_context *tls)
{
    served_stop(&served);
    tls_context_free(tls);
}

static struct http_client *client_new(void)
{
    struct bw_err e = {0};
    struct http_client *c = http_client_new();
    check_ok(http_client_trust(c, certs.ca, &e), &e);
    return c;
}

static bool ask(struct http_client *c, const char *path, bw_str body, struct bw_buf *got,
                struct bw_err *e)
{
    struct http_exchange *x =
        http_client_ask(c,
                        &(struct http_ask){.method = body.n ? "POST" : "GET",
                                           .uri = &uri,
                                           .target = bw_cstr(path),
                                           .body = body,
                                           .deadline = clock_mono() + 60 * CLOCK_SECOND},
                        e);
    bw_buf_clear(got);
    bool ok = x && http_exchange_head(x, e) && http_exchange_body(x, 2 * BIG, got, e);
    http_exchange_free(x);
    return ok;
}

static void talk(void *arg)
{
    (void)arg;
    struct http_client *c = client_new();
    struct bw_err e = {0};
    struct bw_buf got;
    bw_buf_init(&got, 2 * BIG);
    check_ok(ask(c, "/", (bw_str){0}, &got, &e), &e);
    check_str(bw_buf_str(&got), "secure");
    for (size_t n = 1; n <= BIG; n = n * 41 + 7) {
        check_ok(ask(c, "/echo", bw_str_of(big, n), &got, &e), &e);
        check_int(got.n, n);
        check(memcmp(got.p, big, n) == 0);
    }
    check_ok(ask(c, "/echo", bw_str_of(big, BIG), &got, &e), &e);
    check(got.n == BIG && memcmp(got.p, big, BIG) == 0);
    check_int(http_server_stats(served.server).connections, 1); /* one for all of them */
    if (fiber_current()) { /* a plain thread stops sending when the answer comes before
                              (http_client.h) */
        check_ok(ask(c, "/mirror", bw_str_of(big, BIG), &got, &e), &e);
        check(got.n == BIG && memcmp(got.p, big, BIG) == 0);
    }
    bw_buf_release(&got);
    http_client_free(c);
}

static void on_loop(struct loops *ls)
{
    (void)ls;
    talk(NULL);
}

static void carries_http(void **state)
{
    struct tls_context *tls;
    (void)state;
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 2654435761u >> 13);
    begin(certs.good, 0, &tls);
    t_on_loops(1, on_loop);
    end(tls);
    begin(certs.good, 0, &tls);
    talk(NULL);
    end(tls);
}

static const char *expected;

static void refuse(void)
{
    struct http_client *c = client_new();
    struct bw_err e = {0};
    struct bw_buf got;
    bw_buf_init(&got, 4096);
    check(!ask(c, "/", (bw_str){0}, &got, &e));
    check_int(e.code, BW_DOWN);
    check_says(&e, "TLS with 127.0.0.1: ");
    check_says(&e, expected);
    http_client_free(c);
}

static void refuse_on_loop(struct loops *ls)
{
    (void)ls;
    refuse();
}

static void refuse_both(const char *words)
{
    expected = words;
    t_on_loops(1, refuse_on_loop);
    refuse();
}

static void refuses_servers(void **state)
{
    struct tls_context *tls;
    (void)state;
    begin(certs.old, 0, &tls);
    refuse_both("its certificate has expired");
    end(tls);
    begin(certs.nobody, 0, &tls);
    refuse_both("'Nobody', who is not trusted here");
    end(tls);
    begin(certs.good, 0, &tls);
    served.port = uri.port = (unsigned)strtoul(strrchr(served.url, ':') + 1, NULL, 10);
    refuse_both("it does not speak TLS at that port"); /* the plain listener */
    end(tls);
}

static void answers_plain_http(void **state)
{
    struct tls_context *tls;
    struct bw_buf got;
    (void)state;
    bw_buf_init(&got, 1 << 20);
    begin(certs.good, 0, &tls);
    peer_talk(&served, BW_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), &got);
    check(peer_count(&got, "HTTP/1.1 400 ") == 1);
    check_str(peer_body(&got), "{\"title\":\"Malformed request\",\"status\":400,\"detail\":"
                               "\"this port speaks TLS: use https:// here\"}\r\n");
    end(tls);
    bw_buf_release(&got);
}

/* Who connects and says nothing, or half of it, does not stay. */
static void ends_slow_handshakes(void **state)
{
    struct tls_context *tls;
    struct bw_buf got;
    (void)state;
    bw_buf_init(&got, 1 << 20);
    begin(certs.good, 50 * CLOCK_MS, &tls);
    int fd = peer_open(&served);
    peer_send(fd, BW_LIT("\x16\x03\x01\x02\x00\x01"));
    peer_read_all(fd, &got);
    check_int(got.n, 0);
    peer_close(fd);
    end(tls);
    bw_buf_release(&got);
}

static struct listener *free_later;
static struct fiber *waiting;
static struct bw_err cancelled;

static void asks_in_vain(void *arg)
{
    (void)arg;
    struct http_client *c = client_new();
    struct bw_buf got;
    bw_buf_init(&got, 4096);
    waiting = fiber_current();
    check(!ask(c, "/", (bw_str){0}, &got, &cancelled));
    waiting = NULL;
    http_client_free(c);
}

static struct stream *silent[2];
static unsigned n_silent;

static void mute(struct stream *s, void *arg)
{
    static const struct stream_events none = {NULL, NULL, NULL};
    (void)arg;
    stream_set(s, &none, NULL);
    silent[n_silent++] = s;
}

/* Against a peer that takes the greeting and never answers it. */
static void cancelling(struct loops *ls)
{
    struct bw_err e = {0};
    struct listener *l =
        listener_open(ls, &(struct listener_opts){.host = "127.0.0.1", .accepted = mute}, &e);
    check_ok(l != NULL, &e);
    uri.port = listener_port(l);
    t_start_on(loop_current(), asks_in_vain, NULL);
    while (!n_silent)
        fiber_yield();
    fiber_cancel(waiting);
    while (waiting)
        fiber_yield();
    check_int(cancelled.code, BW_GONE);
    struct http_client *c = client_new();
    struct http_exchange *x = http_client_ask(
        c,
        &(struct http_ask){.method = "GET", .uri = &uri, .deadline = clock_mono() + 20 * CLOCK_MS},
        &e);
    check(!x);
    check_int(e.code, BW_LATE);
    check_says(&e, "TLS with 127.0.0.1: the handshake was not through in time");
    http_client_free(c);
    while (n_silent < 2)
        fiber_yield();
    while (n_silent)
        stream_close(silent[--n_silent]);
    listener_stop(l);
    free_later = l;
}

static void can_be_cancelled(void **state)
{
    (void)state;
    uri = (struct uri){.scheme = BW_LIT("https"), .host = BW_LIT("127.0.0.1"), .path = BW_LIT("/")};
    t_on_loops(1, cancelling);
    listener_free(free_later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_http),       cmocka_unit_test(refuses_servers),
        cmocka_unit_test(answers_plain_http), cmocka_unit_test(ends_slow_handshakes),
        cmocka_unit_test(can_be_cancelled),
    };
    certs_make(&certs);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    certs_remove(&certs);
    return r;
}
