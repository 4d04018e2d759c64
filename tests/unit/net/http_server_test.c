/* http_server_test.c: the server's rules over real sockets: order of pipelined answers, bodies both
 * ways, HEAD, HTTP/1.0, 100-continue, refusals, codings. Limits and time: http_limits_test.c. */
#include "help/http_peer.h"

#include "core/limits.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static struct served served;
static struct bw_buf got;
static char article[5000];

static void echo(struct http_req *rq, struct http_res *rs)
{
    struct bw_err e = {0};
    bw_str body;
    if (http_req_body(rq, &body, &e)) {
        rs->status = 200;
        bw_buf_put(rs->body, body);
    } else {
        rs->status = bw_code_status(e.code);
        bw_buf_printf(rs->body, "%s", e.text);
    }
}

/* Pieces of a body as they come: their number of bytes, and their sum. */
static void count(struct http_req *rq, struct http_res *rs)
{
    struct bw_err e = {0};
    bw_str piece;
    int64_t bytes = 0, sum = 0;
    rs->status = 200;
    do {
        if (!rq->read(rq, &piece, &e)) {
            rs->status = bw_code_status(e.code);
            bw_buf_printf(rs->body, "%s", e.text);
            return;
        }
        for (size_t i = 0; i < piece.n; i++)
            sum += (unsigned char)piece.p[i];
        bytes += (int64_t)piece.n;
    } while (piece.n);
    bw_buf_printf(rs->body, "%lld %lld %.*s", (long long)bytes, (long long)sum,
                  BW_FMT(http_req_field(rq, "x-mark")));
}

static void stream(struct http_req *rq, struct http_res *rs)
{
    rs->status = 200;
    http_res_field(rs, "Content-Type", BW_LIT("text/plain"));
    if (bw_str_eq(rq->query, BW_LIT("known")))
        rs->length = 3000;
    if (bw_str_eq(rq->query, BW_LIT("short")))
        rs->length = 3001;
    for (int i = 0; i < 3; i++) {
        memset(bw_buf_room(rs->body, 1000), 'a' + i, 1000);
        rs->body->n += 1000;
        if (!rs->flush(rs, NULL))
            return;
        rs->broken = bw_str_eq(rq->query, BW_LIT("broken"));
    }
    bw_buf_put(rs->body, bw_str_eq(rq->query, BW_LIT("tail")) ? BW_LIT("tail") : BW_LIT(""));
}

static void text(struct http_req *rq, struct http_res *rs)
{
    (void)rq;
    rs->status = 200;
    rs->borrowed = bw_str_of(article, sizeof article);
    http_res_field(rs, "Content-Type", BW_LIT("application/json"));
    http_res_field(rs, "ETag", BW_LIT("\"v7\""));
}

static void told(struct http_req *rq, struct http_res *rs)
{
    (void)rq;
    rs->status = 200;
    rs->length = 12345;
}

static void plain(struct http_req *rq, struct http_res *rs)
{
    rs->status = 200;
    http_res_field(rs, "Content-Length", BW_LIT("999")); /* not his to say */
    bw_buf_printf(rs->body, "%.*s [%.*s] %.*s", BW_FMT(rq->method_text), BW_FMT(rq->path),
                  BW_FMT(rq->host));
}

static void empty(struct http_req *rq, struct http_res *rs)
{
    (void)rq;
    rs->status = 204;
    bw_buf_put(rs->body, BW_LIT("never sent"));
}

static void handle(struct http_req *rq, struct http_res *rs, void *arg)
{
    static const struct {
        const char *path;
        void (*fn)(struct http_req *rq, struct http_res *rs);
    } pages[] = {{"/echo", echo}, {"/count", count}, {"/stream", stream},
                 {"/text", text}, {"/told", told},   {"/empty", empty}};
    bw_must(arg == &served);
    bw_must(bw_str_eq(rq->peer, BW_LIT("127.0.0.1")));
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (bw_str_eq(rq->path, bw_cstr(pages[i].path))) {
            pages[i].fn(rq, rs);
            return;
        }
    plain(rq, rs);
}

static int start(void **state)
{
    (void)state;
    bw_buf_init(&got, 64 << 20);
    for (size_t i = 0; i < sizeof article; i++)
        article[i] = "{\"name\":\"x\"}"[i % 12];
    struct http_server_opts o = {
        .handler = handle, .arg = &served, .compress = true, .max_body = 1 << 20};
    served_start(&served, &o, 2);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    served_stop(&served);
    bw_buf_release(&got);
    return 0;
}

static const char *talk(const char *text_)
{
    peer_talk(&served, bw_cstr(text_), &got);
    return bw_buf_cstr(&got);
}

#define check_has(part)                                                                  \
    do {                                                                                 \
        if (!strstr(bw_buf_cstr(&got), (part)))                                          \
            fail_msg("line %d: no \"%s\" in:\n%s", __LINE__, (part), bw_buf_cstr(&got)); \
    } while (0)
#define check_lacks(part) check(strstr(bw_buf_cstr(&got), (part)) == NULL)

static void one_answer(void **state)
{
    (void)state;
    talk(LAST("/x?y"));
    check_has("HTTP/1.1 200 OK\r\nServer: Burrow\r\nDate: ");
    check_has(" GMT\r\n");
    check_has("Content-Length: 10\r\n");
    check_has("Connection: close\r\n");
    check_lacks("999");
    check_str(peer_body(&got), "GET [/x] a");
}

static void answers_in_order(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    for (int i = 0; i < 300; i++)
        bw_buf_printf(&b, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
    bw_buf_printf(&b, LAST("/end"));
    peer_talk(&served, bw_buf_str(&b), &got);
    check_int(peer_count(&got, "HTTP/1.1 200 OK"), 301);
    const char *at = bw_buf_cstr(&got);
    for (int i = 0; i < 300; i++) {
        char want[32];
        snprintf(want, sizeof want, "GET [/%d] a", i);
        at = strstr(at, want);
        check(at != NULL);
    }
    check(strstr(at, "[/end]") != NULL);
    bw_buf_release(&b);
}

/* Some are copied, some wait for the turn's end, some are sent at once: always in order and whole.
 */
static void large_answers_in_order(void **state)
{
    (void)state;
    static const size_t sizes[] = {10, 16384, 16385, 40000, 3, 65536, 65537, 30000, 200000, 20000};
    const size_t n = sizeof sizes / sizeof *sizes;
    struct bw_buf b;
    bw_buf_init(&b, 4 << 20);
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(&b, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n%s\r\n",
                      sizes[i], i + 1 == n ? "Connection: close\r\n" : "");
        memset(bw_buf_room(&b, sizes[i]), 'a' + (int)i, sizes[i]);
        b.n += sizes[i];
    }
    peer_talk(&served, bw_buf_str(&b), &got);
    const char *at = bw_buf_cstr(&got), *end = at + got.n;
    for (size_t i = 0; i < n; i++) {
        char length[64];
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", sizes[i]);
        const char *body = strstr(at, "\r\n\r\n"), *told = strstr(at, length);
        check(body && told && told < body && (size_t)(end - body - 4) >= sizes[i]);
        at = body + 4;
        for (size_t k = 0; k < sizes[i]; k++)
            check_int(*at++, 'a' + (int)i);
    }
    check(at == end);
    bw_buf_release(&b);
}

static void byte_by_byte(void **state)
{
    (void)state;
    const char *request = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n" LAST("/then");
    int fd = peer_open(&served);
    for (const char *p = request; *p; p++)
        peer_send(fd, bw_str_of(p, 1));
    bw_buf_clear(&got);
    check(peer_read_all(fd, &got));
    peer_close(fd);
    check_has("\r\n\r\nabcdeHTTP/1.1 200 OK");
    check_has("GET [/then] a");
}

static void keeps_alive(void **state)
{
    (void)state;
    int fd = peer_open(&served);
    for (int i = 0; i < 3; i++) {
        bw_buf_clear(&got);
        peer_send(fd, BW_LIT(GET("/again")));
        peer_read_until(fd, &got, "GET [/again] a");
        check_lacks("Connection:");
    }
    peer_close(fd);
}

static void http_1_0(void **state)
{
    (void)state;
    talk("GET /old HTTP/1.0\r\n\r\n");
    check_has("HTTP/1.1 200 OK");
    check_has("Connection: close\r\n");
    check_str(peer_body(&got), "GET [/old] ");
    talk("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /old HTTP/1.0\r\n\r\n");
    check_int(peer_count(&got, "Connection: keep-alive\r\n"), 1);
    check_int(peer_count(&got, "Connection: close\r\n"), 1);
    check_int(peer_count(&got, "GET [/old]"), 2);
    talk("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    check_lacks("chunked");
    check_lacks("Content-Length");
    check_int(peer_body(&got).n, 3000);
}

static void head(void **state)
{
    (void)state;
    talk("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" LAST("/y"));
    check_has("Content-Length: 11\r\n\r\nHTTP/1.1 200 OK");
    talk("HEAD /told HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has("Content-Length: 12345\r\n");
    check_int(peer_body(&got).n, 0);
    talk("HEAD /stream?known HTTP/1.1\r\nHost: a\r\n\r\n" LAST("/y"));
    check_has("Content-Length: 3000\r\n");
    check_has("\r\n\r\nHTTP/1.1 200 OK");
    talk("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" LAST("/y"));
    check_has("chunked\r\n\r\nHTTP/1.1 200 OK");
}

static void no_body(void **state)
{
    (void)state;
    talk(GET("/empty") LAST("/y"));
    check_has("204 No Content");
    check_lacks("never sent");
    check_int(peer_count(&got, "Content-Length"), 1);
}

static void options(void **state)
{
    (void)state;
    talk("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has("204 No Content");
    check_has("Allow: GET, HEAD,");
    talk("OPTIONS /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has("OPTIONS [/x] a");
}

static void bodies(void **state)
{
    (void)state;
    talk("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "1\r\nH\r\n4\r\nELLO\r\n0\r\n\r\n" LAST("/end"));
    check_has("Content-Length: 5\r\n\r\nhelloHTTP");
    check_has("Content-Length: 5\r\n\r\nHELLOHTTP");
    check_has("[/end]");
}

/* The body is longer than what is kept: reading stops and goes on, views of the head stay. */
static void long_bodies(void **state)
{
    (void)state;
    size_t n = 1000000;
    struct bw_buf b;
    bw_buf_init(&b, 2 << 20);
    bw_buf_printf(
        &b, "POST /count HTTP/1.1\r\nHost: a\r\nX-Mark: here\r\nContent-Length: %zu\r\n\r\n", n);
    memset(bw_buf_room(&b, n), 1, n);
    b.n += n;
    bw_buf_printf(&b, LAST("/end"));
    peer_talk(&served, bw_buf_str(&b), &got);
    check_has("1000000 1000000 here");
    check_has("[/end]");
    bw_buf_clear(&b);
    bw_buf_printf(&b, "POST /count HTTP/1.1\r\nHost: a\r\nX-Mark: here\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; i++) {
        bw_buf_printf(&b, "%x\r\n", 777);
        memset(bw_buf_room(&b, 777), 1, 777);
        b.n += 777;
        bw_buf_printf(&b, "\r\n");
    }
    bw_buf_printf(&b, "0\r\n\r\n" LAST("/end"));
    peer_talk(&served, bw_buf_str(&b), &got);
    check_has("777000 777000 here");
    bw_buf_release(&b);
}

static void wrong_chunks(void **state)
{
    (void)state;
    talk("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" GET("/no"));
    check_has("HTTP/1.1 400 Bad Request");
    check_has("Connection: close\r\n");
    check_has("a chunk does not begin with its size in hex");
    check_int(peer_count(&got, "HTTP/1.1"), 1);
}

static void too_long(void **state)
{
    (void)state;
    talk("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nx");
    check_has("HTTP/1.1 413 Content Too Large");
    check_has("Connection: close\r\n");
    talk("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
         "1048577\r\n\r\n");
    check_has("HTTP/1.1 413 Content Too Large");
    check_lacks("100 Continue");
    struct bw_buf b;
    bw_buf_init(&b, 4 << 20);
    bw_buf_printf(&b,
                  "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n");
    memset(bw_buf_room(&b, 0x100001), 'x', 0x100001);
    b.n += 0x100001;
    peer_talk(&served, bw_buf_str(&b), &got);
    check_has("HTTP/1.1 413 Content Too Large");
    bw_buf_release(&b);
}

static void unread_bodies(void **state)
{
    (void)state;
    talk("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" LAST("/end"));
    check_has("POST [/x] a");
    check_has("GET [/end] a");
    talk(
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nH\r\n0\r\n\r\n" LAST(
            "/end"));
    check_has("GET [/end] a");
    talk("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\nhello");
    check_has("POST [/x] a");
    check_has("Connection: close\r\n");
    talk("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    check_has("Connection: close\r\n");
    check_lacks("100 Continue");
}

static void expects(void **state)
{
    (void)state;
    int fd = peer_open(&served);
    bw_buf_clear(&got);
    peer_send(fd, BW_LIT("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                         "Content-Length: 5\r\n\r\n"));
    peer_read_until(fd, &got, "HTTP/1.1 100 Continue\r\n\r\n");
    check_int(got.n, 25);
    peer_send(fd, BW_LIT("hello" LAST("/end")));
    check(peer_read_all(fd, &got));
    peer_close(fd);
    check_has("\r\n\r\nhelloHTTP/1.1 200 OK");
    check_has("[/end]");
    talk("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
         "Connection: close\r\n\r\nhello");
#if !defined(BW_TORTURE) /* there the body comes later, byte by byte */
    check_lacks("100 Continue");
#endif
    talk("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n");
    check_has("417 Expectation Failed");
}

static void refusals(void **state)
{
    (void)state;
    talk(GET("/first") "GET / HTTP/1.1\r\nHost : a\r\n\r\n" GET("/never"));
    check_has("GET [/first] a");
    check_has("HTTP/1.1 400 Bad Request");
    check_has("Content-Type: application/problem+json\r\n");
    check_has("\"status\":400,\"detail\":\"there is a space before the colon of a field\","
              "\"errorCode\":400,\"errorText\":\"there is a space");
    check_lacks("never");
    talk("GET / HTTP/2.0\r\n\r\n");
    check_has("HTTP/1.1 505 HTTP Version Not Supported");
    check_has("Connection: close\r\n");
    talk("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
    check_has("HTTP/1.1 501 Not Implemented");
    talk("\x16\x03\x01");
    check_has("HTTP/1.1 400 Bad Request");
}

static void streams(void **state)
{
    (void)state;
    talk(LAST("/stream"));
    check_has("Transfer-Encoding: chunked\r\n");
    check_int(peer_count(&got, "\r\n3e8\r\n"), 3);
    check(bw_str_ends(bw_buf_str(&got), BW_LIT("ccc\r\n0\r\n\r\n")));
    talk(LAST("/stream?tail"));
    check(bw_str_ends(bw_buf_str(&got), BW_LIT("\r\n4\r\ntail\r\n0\r\n\r\n")));
    talk(LAST("/stream?known"));
    check_has("Content-Length: 3000\r\n");
    check_int(peer_body(&got).n, 3000);
}

static void cut_short(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/stream?broken"), GET("/stream?short")};
    for (size_t i = 0; i < 2; i++) {
        int fd = peer_open(&served);
        bw_buf_clear(&got);
        peer_send(fd, bw_cstr(requests[i]));
        peer_read_all(fd, &got); /* by a reset, perhaps before all has come */
        peer_close(fd);
        check_lacks("\r\n0\r\n\r\n");
    }
}

static void codings(void **state)
{
    (void)state;
    static const char *const names[] = {"gzip", "br", "zstd"};
    for (size_t i = 0; i < 3; i++) {
        char request[200], want[100];
        snprintf(
            request, sizeof request,
            "GET /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\nConnection: close\r\n\r\n",
            names[i]);
        talk(request);
        snprintf(want, sizeof want, "Content-Encoding: %s\r\nETag: \"v7-%s\"\r\n", names[i],
                 names[i]);
        check_has(want);
        check_has("Vary: Accept-Encoding\r\n");
        check(peer_body(&got).n < 1000);
        snprintf(want, sizeof want, "Content-Length: %zu\r\n", peer_body(&got).n);
        check_has(want);
        request[0] = 'H', request[1] = 'E', request[2] = 'A';
        memmove(request + 4, request + 3, strlen(request) - 2);
        request[3] = 'D';
        talk(request);
        check_has(want); /* the same length, no body */
        check_int(peer_body(&got).n, 0);
    }
    talk(LAST("/text"));
    check_has("Content-Length: 5000\r\n");
    check_has("Vary: Accept-Encoding\r\n");
    check_has("ETag: \"v7\"\r\n");
    check_lacks("Content-Encoding");
    talk("GET /x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    check_lacks("Vary");
    talk("GET /stream?known HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: "
         "close\r\n\r\n");
    check_has("Content-Encoding: gzip\r\n");
    check_has("Transfer-Encoding: chunked\r\n");
    check_lacks("Content-Length");
}

static void counts(void **state)
{
    (void)state;
    struct http_server_stats before = http_server_stats(served.server);
    talk(GET("/1") GET("/2") LAST("/3"));
    struct http_server_stats after = http_server_stats(served.server);
    check_int(after.requests - before.requests, 3);
    check(after.refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),
        cmocka_unit_test(answers_in_order),
        cmocka_unit_test(large_answers_in_order),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(keeps_alive),
        cmocka_unit_test(http_1_0),
        cmocka_unit_test(head),
        cmocka_unit_test(no_body),
        cmocka_unit_test(options),
        cmocka_unit_test(bodies),
        cmocka_unit_test(long_bodies),
        cmocka_unit_test(wrong_chunks),
        cmocka_unit_test(too_long),
        cmocka_unit_test(unread_bodies),
        cmocka_unit_test(expects),
        cmocka_unit_test(refusals),
        cmocka_unit_test(streams),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(codings),
        cmocka_unit_test(counts),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
