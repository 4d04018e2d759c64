/* The HTTP client against a server of canned answers on a loop of its own. Each case runs twice:
 * on a fiber (streams) and on a plain thread (blocking sockets). */
#include "help/loops.h"
#include "help/t.h"
#include <stdatomic.h>
#include "core/clock.h"
#include "net/fiber.h"
#include "net/http_client.h"
#include "net/stream.h"

#if defined(BW_TORTURE)
#define BIG   (400 * 1024)
#define BLOCK 2000
#else
#define BIG   (3 * 1024 * 1024)
#define BLOCK 100000
#endif

/* ---- the server: a connection's requests one after the other ---- */

struct peer {
    struct bw_buf in;
    unsigned served;
};

static atomic_int connections;

static const struct canned {
    const char *path, *answer;
    bool close;
} canned[] = {
    {"/hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word: one, two\r\n\r\nhello", false},
    {"/chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;a=b\r\npedia \r\nB\r\nin "
     "\r\nchunks\r\n0\r\nX-After: 1\r\n\r\n",
     false},
    {"/until-close", "HTTP/1.1 200 OK\r\n\r\nas long as it lasts", true},
    {"/old", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", true},
    {"/interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 201 "
     "Created\r\nContent-Length: 2\r\n\r\nok",
     false},
    {"/none", "HTTP/1.1 204 No Content\r\n\r\n", false},
    {"/head", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", false},
    {"/says-close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true},
    {"/then-closes", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
    {"/more-than-said", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", false},
    {"/early", "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig", false},
    /* malformed: the client says so, whatever it read before */
    {"/bad/empty", "", true},
    {"/bad/not-http", "220 smtp ready\r\n", true},
    {"/bad/lf", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", true},
    {"/bad/cut-head", "HTTP/1.1 200 OK\r\nContent-Le", true},
    {"/bad/two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     true},
    {"/bad/both",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     true},
    {"/bad/length", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", true},
    {"/bad/huge-length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na", true},
    {"/bad/chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nab\r\n0\r\n\r\n",
     true},
    {"/bad/chunk-end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
     true},
    {"/bad/cut-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", true},
    {"/bad/cut-body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true},
    {"/bad/space", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", true},
    {"/bad/fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na", true},
    {"/bad/status", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/bad/upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", true},
};

static bool header_is(bw_str head, const char *line)
{
    return memmem(head.p, head.n, line, strlen(line)) != NULL;
}

/* Bytes of the first request, 0 while it is not whole. */
static size_t request_size(bw_str in, size_t *head)
{
    const char *end = memmem(in.p, in.n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    *head = (size_t)(end - in.p) + 4;
    bw_str top = bw_str_of(in.p, *head);
    if (header_is(top, "Transfer-Encoding: chunked\r\n")) {
        const char *last = memmem(in.p + *head - 2, in.n - *head + 2, "\r\n0\r\n\r\n", 7);
        return last ? (size_t)(last - in.p) + 7 : 0;
    }
    const char *length = memmem(top.p, top.n, "Content-Length: ", 16);
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return in.n >= *head + body ? *head + body : 0;
}

static void answer_big(struct stream *s)
{
    static char block[BIG];
    char top[80];
    int n = snprintf(top, sizeof top, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
    stream_write(s, (bw_str[]){{top, (size_t)n}, {block, BIG}}, 2);
}

/* Sends the request back as the body. */
static void answer_echo(struct stream *s, bw_str request)
{
    char top[128];
    int n = snprintf(top, sizeof top, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", request.n);
    stream_write(s, (bw_str[]){{top, (size_t)n}, request}, 2);
}

static void answer_canned(struct stream *s, bw_str path)
{
    for (size_t i = 0; i < sizeof canned / sizeof *canned; i++) {
        if (!bw_str_eq(path, bw_cstr(canned[i].path)))
            continue;
        bw_str text = bw_cstr(canned[i].answer);
        stream_write(s, &text, 1);
        if (canned[i].close)
            stream_close(s);
        return;
    }
    bw_must(false); /* a path of the table */
}

static void answer(struct stream *s, bw_str request)
{
    struct peer *p = stream_user(s);
    bw_str rest = request, method, path;
    bw_str_cut(&rest, ' ', &method);
    bw_str_cut(&rest, ' ', &path);
    p->served++;
    if (bw_str_starts(path, BW_LIT("/once")) && p->served > 1)
        stream_close(s); /* a connection serves one of these, then is gone */
    else if (bw_str_starts(path, BW_LIT("/echo")) || bw_str_starts(path, BW_LIT("/once")))
        answer_echo(s, request);
    else if (bw_str_eq(path, BW_LIT("/big")))
        answer_big(s);
    else if (!bw_str_eq(path, BW_LIT("/silent")))
        answer_canned(s, path);
}

/* Peers that have stopped reading, closed when the cases are through. */
static struct stream *deaf[4];
static unsigned n_deaf;

static void close_server(struct listener *l)
{
    while (n_deaf)
        stream_close(deaf[--n_deaf]);
    listener_stop(l);
}

static void peer_data(struct stream *s, bw_str bytes, int sys)
{
    struct peer *p = stream_user(s);
    if (bytes.n == 0 || sys) {
        stream_close(s);
        return;
    }
    bw_buf_put(&p->in, bytes);
    size_t head, n;
    while ((n = request_size(bw_buf_str(&p->in), &head)) > 0) {
        answer(s, bw_str_of(p->in.p, n));
        bw_buf_drop(&p->in, n);
    }
    if (p->in.n && bw_str_starts(bw_buf_str(&p->in), BW_LIT("PUT /early "))) {
        stream_read(s, false); /* does not want the body */
        deaf[n_deaf++] = s;
        answer_canned(s, BW_LIT("/early"));
        bw_buf_clear(&p->in);
    }
}

static void peer_closed(struct stream *s)
{
    struct peer *p = stream_user(s);
    bw_buf_release(&p->in);
    free(p);
}

static const struct stream_events peer_events = {peer_data, NULL, peer_closed};

static void accepted(struct stream *s, void *arg)
{
    (void)arg;
    struct peer *p = calloc(1, sizeof *p);
    bw_must(p);
    bw_buf_init(&p->in, 4u << 20);
    atomic_fetch_add(&connections, 1);
    stream_set(s, &peer_events, p);
    stream_read(s, true);
}

/* ---- the client's side ---- */

static struct http_client *client;
static struct uri uri;

struct got {
    int status;
    char body[8192];
    size_t n, pieces;
    struct bw_err e;
};

static bool receive(struct http_exchange *x, struct got *g)
{
    bw_str piece;
    for (;;) {
        if (!http_exchange_read(x, &piece, &g->e))
            return false;
        if (piece.n == 0)
            break;
        g->pieces++;
        if (g->n + piece.n <= sizeof g->body)
            memcpy(g->body + g->n, piece.p, piece.n);
        g->n += piece.n;
    }
    g->status = http_exchange_status(x);
    return true;
}

static bool ask_with(const char *method, const char *path, const struct http_ask *more,
                     struct got *g)
{
    struct http_ask a = more ? *more : (struct http_ask){0};
    a.method = method;
    a.uri = &uri;
    a.target = bw_cstr(path);
    *g = (struct got){0};
    struct http_exchange *x = http_client_ask(client, &a, &g->e);
    bool ok = x && receive(x, g);
    http_exchange_free(x);
    return ok;
}

static void ask(const char *method, const char *path, struct got *g)
{
    check_ok(ask_with(method, path, NULL, g), &g->e);
}

static void check_body(const struct got *g, const char *want)
{
    check_str(bw_str_of(g->body, g->n), want);
}

static bool body_has(const struct got *g, const char *words)
{
    return memmem(g->body, g->n, words, strlen(words)) != NULL;
}

static void forms_of_answers(void)
{
    struct got g;
    ask("GET", "/hello", &g);
    check_int(g.status, 200);
    check_body(&g, "hello");
    ask("GET", "/chunked", &g);
    check_body(&g, "Wikipedia in \r\nchunks");
    ask("GET", "/until-close", &g);
    check_body(&g, "as long as it lasts");
    ask("GET", "/old", &g);
    check_body(&g, "old");
    ask("POST", "/interim", &g);
    check_int(g.status, 201);
    check_body(&g, "ok");
    ask("DELETE", "/none", &g);
    check_int(g.status, 204);
    check_int(g.n, 0);
    ask("HEAD", "/head", &g);
    check_int(g.status, 200);
    check_int(g.n, 0);
    ask("GET", "/big", &g);
    check_int(g.n, BIG);
    check(g.pieces > 1);
}

static void fields_and_bodies(void)
{
    struct bw_err e = {0};
    struct bw_buf body;
    struct http_exchange *x =
        http_client_ask(client, &(struct http_ask){.method = "GET", .uri = &uri}, &e);
    check_ok(x != NULL, &e); /* the uri's own path: /hello?x=1, cut by the server at the space */
    check_ok(http_exchange_head(x, &e), &e);
    check_ok(http_exchange_head(x, &e), &e);
    check_int(http_exchange_status(x), 200);
    bw_buf_init(&body, 1 << 20);
    check_ok(http_exchange_body(x, 1 << 20, &body, &e), &e);
    check(bw_str_starts(bw_buf_str(&body), BW_LIT("GET /echo?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")));
    check(http_exchange_field(x, "content-length").p != NULL);
    check(http_exchange_field(x, "x-none").p == NULL);
    http_exchange_free(x);
    bw_buf_release(&body);
    bw_buf_init(&body, 1 << 20);
    x = http_client_ask(
        client, &(struct http_ask){.method = "GET", .uri = &uri, .target = BW_LIT("/hello")}, &e);
    check_ok(x != NULL, &e);
    check(!http_exchange_body(x, 4, &body, &e));
    check_int(e.code, BW_TOOBIG);
    check_str(http_exchange_field(x, "x-word"), "one, two");
    http_exchange_free(x);
    bw_buf_release(&body);
}

static void what_is_sent(void)
{
    struct got g;
    struct http_field f[] = {{BW_LIT("X-A"), BW_LIT("1")}, {BW_LIT("host"), BW_LIT("other")}};
    check_ok(ask_with("POST", "/echo", &(struct http_ask){.body = BW_LIT("a=b")}, &g), &g.e);
    check(body_has(&g, "\r\nContent-Length: 3\r\n\r\na=b"));
    check_ok(ask_with("PUT", "/echo", &(struct http_ask){.fields = f, .n_fields = 2}, &g), &g.e);
    check(body_has(&g, "PUT /echo HTTP/1.1\r\nX-A: 1\r\nhost: other\r\nContent-Length: 0\r\n\r\n"));
    ask("GET", "/echo", &g);
    check(!body_has(&g, "Content-Length"));
}

static struct http_exchange *begin(const char *method, const char *path, int64_t length)
{
    struct bw_err e = {0};
    struct http_exchange *x = http_client_ask(
        client,
        &(struct http_ask){
            .method = method, .uri = &uri, .target = bw_cstr(path), .body_length = length},
        &e);
    t_check_ok(x != NULL, &e, path, __FILE__, __LINE__);
    return x;
}

static void streams_bodies(void)
{
    struct got g = {0};
    struct http_exchange *x = begin("POST", "/echo", -1);
    check_ok(http_exchange_send(x, BW_LIT("hello "), &g.e), &g.e);
    check_ok(http_exchange_send(x, BW_LIT(""), &g.e), &g.e); /* nothing, not the end */
    check_ok(http_exchange_send(x, BW_LIT("chunks"), &g.e), &g.e);
    check_ok(http_exchange_send(x, (bw_str){0}, &g.e), &g.e);
    check_ok(receive(x, &g), &g.e);
    http_exchange_free(x);
    check(
        body_has(&g, "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n6\r\nchunks\r\n0\r\n\r\n"));
    static char block[BLOCK];
    g = (struct got){0};
    x = begin("PUT", "/echo", 20 * (int64_t)sizeof block);
    for (int i = 0; i < 20; i++)
        check_ok(http_exchange_send(x, bw_str_of(block, sizeof block), &g.e), &g.e);
    check_ok(receive(x, &g), &g.e);
    http_exchange_free(x);
    check(g.n > 20 * sizeof block);
}

/* The server answers 413 to the head and reads no more. */
static void takes_early_answers(void)
{
    static char block[1 << 20];
    struct got g = {0};
    struct http_exchange *x = begin("PUT", "/early", 64 * (int64_t)sizeof block);
    for (int i = 0; i < 64; i++)
        check_ok(http_exchange_send(x, bw_str_of(block, sizeof block), &g.e), &g.e);
    check_ok(receive(x, &g), &g.e);
    http_exchange_free(x);
    check_int(g.status, 413);
    check_body(&g, "big");
}

static int opened_by(void (*fn)(void))
{
    int before = atomic_load(&connections);
    fn();
    return atomic_load(&connections) - before;
}

static void several(void)
{
    struct got g;
    for (int i = 0; i < 5; i++)
        ask("GET", "/hello", &g);
    ask("GET", "/chunked", &g);
    ask("HEAD", "/head", &g);
    ask("GET", "/none", &g);
}

static void says_close(void)
{
    struct got g;
    ask("GET", "/says-close", &g);
    ask("GET", "/hello", &g);
}

static void says_more(void)
{
    struct got g;
    ask("GET", "/more-than-said", &g);
    check_body(&g, "ok");
    ask("GET", "/hello", &g);
    check_body(&g, "hello");
}

static void half_read(void)
{
    struct got g = {0};
    struct http_exchange *x = begin("GET", "/big", 0);
    check_ok(http_exchange_head(x, &g.e), &g.e);
    http_exchange_free(x);
    ask("GET", "/hello", &g);
}

static void keeps_connections(void)
{
    http_client_free(client);
    client = http_client_new();
    check_int(opened_by(several), 1);
    check_int(opened_by(says_close), 1);
    check_int(opened_by(half_read), 1);
    check(opened_by(says_more) <= 1);
}

/* A pooled connection that the peer has closed: unnoticed by the caller. */
static void retries_the_stale(void)
{
    struct got g;
    for (int i = 0; i < 5; i++) {
        ask("GET", "/then-closes", &g);
        check_body(&g, "ok");
    }
    http_client_free(client);
    client = http_client_new();
    for (int i = 0; i < 3; i++) /* the server closes when asked the second time */
        ask("GET", "/once", &g);
    check(!ask_with("POST", "/once", NULL, &g)); /* may have had its effect */
    check_int(g.e.code, BW_DOWN);
    check_ok(ask_with("POST", "/once", NULL, &g), &g.e);
    check(!ask_with("PUT", "/bad/empty", NULL, &g)); /* once more, not for ever */
    check_int(g.e.code, BW_DOWN);
}

static void refuses_malformed_answers(void)
{
    for (size_t i = 0; i < sizeof canned / sizeof *canned; i++) {
        struct got g;
        if (strncmp(canned[i].path, "/bad/", 5) != 0)
            continue;
        if (ask_with("GET", canned[i].path, NULL, &g))
            fail_msg("%s was taken", canned[i].path);
        check_int(g.e.code, BW_DOWN);
        check_says(&g.e, "127.0.0.1: ");
    }
}

static void refuses_to_ask(void)
{
    static const struct http_field lf = {BW_LIT("X"), BW_LIT("a\r\nY: b")};
    static const struct http_field name = {BW_LIT("X Y"), BW_LIT("a")};
    static const struct http_field length = {BW_LIT("content-LENGTH"), BW_LIT("7")};
    struct got g;
    struct uri odd = uri;
    struct bw_err e = {0};
    check(!ask_with("GET", "/hello", &(struct http_ask){.fields = &lf, .n_fields = 1}, &g));
    check_says(&g.e, "control character");
    check(!ask_with("GET", "/hello", &(struct http_ask){.fields = &name, .n_fields = 1}, &g));
    check_says(&g.e, "no HTTP token");
    check(!ask_with("GET", "/hello", &(struct http_ask){.fields = &length, .n_fields = 1}, &g));
    check_says(&g.e, "set by the client itself");
    check(!ask_with("GET /x", "/hello", NULL, &g));
    check_says(&g.e, "no HTTP method");
    check(!ask_with("GET", "/a b", NULL, &g));
    check(!ask_with("GET", "/a\r\nX: y", NULL, &g));
    check(!ask_with("GET", "nowhere", NULL, &g));
    check_int(g.e.code, BW_BAD);
    odd.scheme = BW_LIT("wss");
    check(!http_client_ask(client, &(struct http_ask){.method = "GET", .uri = &odd}, &e));
    check_says(&e, "only http:// and https://");
}

static void keeps_deadlines(void)
{
    struct got g;
    struct http_ask late = {.deadline = clock_mono() + 20 * CLOCK_MS};
    check(!ask_with("GET", "/silent", &late, &g));
    check_int(g.e.code, BW_LATE);
    check(clock_mono() >= late.deadline);
    check(!ask_with("GET", "/silent", &(struct http_ask){.deadline = 1}, &g));
    check_int(g.e.code, BW_LATE);
}

static void (*const cases[])(void) = {
    forms_of_answers,    fields_and_bodies, what_is_sent,      streams_bodies,
    takes_early_answers, keeps_connections, retries_the_stale, refuses_malformed_answers,
    refuses_to_ask,      keeps_deadlines,
};

static void all_cases(void *arg)
{
    (void)arg;
    client = http_client_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cases[i]();
    http_client_free(client);
}

static struct listener *listener;

static void serve(struct loops *ls, const char *host, bool is_unix)
{
    struct bw_err e = {0};
    listener = listener_open(
        ls, &(struct listener_opts){.host = host, .is_unix = is_unix, .accepted = accepted}, &e);
    t_check_ok(listener != NULL, &e, host, __FILE__, __LINE__);
    uri = (struct uri){.scheme = BW_LIT("http"),
                       .host = bw_cstr(host),
                       .path = BW_LIT("/echo"),
                       .query = BW_LIT("x=1"),
                       .port = listener_port(listener),
                       .is_unix = is_unix};
}

static void fiber_cases(struct loops *ls)
{
    serve(ls, "127.0.0.1", false);
    all_cases(NULL);
    close_server(listener);
}

static void on_a_fiber(void **state)
{
    (void)state;
    t_on_loops(1, fiber_cases);
    listener_free(listener);
}

static void thread_cases(struct loops *ls)
{
    serve(ls, "127.0.0.1", false);
    worker_run(all_cases, NULL);
    close_server(listener);
}

static void on_a_thread(void **state)
{
    (void)state;
    t_on_loops(1, thread_cases);
    listener_free(listener);
}

static char path[64];

static void one_question(void *arg)
{
    struct got g;
    (void)arg;
    client = http_client_new();
    check_ok(ask_with("GET", "/echo", NULL, &g), &g.e);
    check(body_has(&g, "\r\nHost: localhost\r\n"));
    http_client_free(client);
}

static void unix_cases(struct loops *ls)
{
    snprintf(path, sizeof path, "/tmp/burrow-client-%ld.sock", (long)getpid());
    serve(ls, path, true);
    one_question(NULL);
    worker_run(one_question, NULL);
    close_server(listener);
}

static void over_a_unix_socket(void **state)
{
    (void)state;
    t_on_loops(1, unix_cases);
    listener_free(listener);
}

/* Nobody listens; and a fiber that is cancelled while it waits. */
static struct fiber *waiting;
static struct got cancelled;

static void asks_in_vain(void *arg)
{
    (void)arg;
    waiting = fiber_current();
    check(!ask_with("GET", "/silent", NULL, &cancelled));
    waiting = NULL;
}

static void failing_cases(struct loops *ls)
{
    struct got g;
    serve(ls, "127.0.0.1", false);
    client = http_client_new();
    int before = atomic_load(&connections);
    t_start_on(loop_current(), asks_in_vain, NULL);
    while (atomic_load(&connections) == before)
        fiber_yield();
    fiber_cancel(waiting);
    while (waiting)
        fiber_yield();
    check_int(cancelled.e.code, BW_GONE);
    close_server(listener);
    fiber_yield();
    check(!ask_with("GET", "/hello", NULL, &g));
    check_int(g.e.code, BW_DOWN);
    check_says(&g.e, "cannot connect to 127.0.0.1:");
    http_client_free(client);
}

static void fails_cleanly(void **state)
{
    (void)state;
    t_on_loops(1, failing_cases);
    listener_free(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_fiber),
        cmocka_unit_test(on_a_thread),
        cmocka_unit_test(over_a_unix_socket),
        cmocka_unit_test(fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
