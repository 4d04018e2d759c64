/* http_parse_test.c: every rule for request heads as a vector with its section. A section without a
 * number of an RFC's own: 9110 and 9112 are HTTP, 3986 is URI, "us" is a limit or choice of ours.
 * Each vector is fed whole, byte by byte (the bytes moving), and with another message behind. */
#include "help/t.h"

#include "core/limits.h"
#include "net/http_parse.h"

#define G(lines)    "GET / HTTP/1.1\r\nHost: a\r\n" lines "\r\n"
#define P(lines)    "POST / HTTP/1.1\r\nHost: a\r\n" lines "\r\n"
#define T(target)   "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HOST(value) "GET / HTTP/1.1\r\nHost: " value "\r\n\r\n"
#define LINE(line)  line "\r\nHost: a\r\n\r\n"
#define OLD(lines)  "GET / HTTP/1.0\r\n" lines "\r\n"
#define V(section, text, result)               \
    {                                          \
        section, text, sizeof text - 1, result \
    }

/* result: a status when refused, "more", or "METHOD path query host length keep|close". */
static const struct vector {
    const char *section, *text;
    size_t n;
    const char *result;
} vectors[] = {
    /* the request line */
    V("9112 3", LINE("GET / HTTP/1.1"), "GET / [] a 0 keep"),
    V("9112 3", LINE("HEAD /x HTTP/1.1"), "HEAD /x [] a 0 keep"),
    V("9112 3", LINE("POST /x HTTP/1.1"), "POST /x [] a 0 keep"),
    V("9112 3", LINE("PUT /x HTTP/1.1"), "PUT /x [] a 0 keep"),
    V("9112 3", LINE("PATCH /x HTTP/1.1"), "PATCH /x [] a 0 keep"),
    V("9112 3", LINE("DELETE /x HTTP/1.1"), "DELETE /x [] a 0 keep"),
    V("9112 3", LINE("OPTIONS /x HTTP/1.1"), "OPTIONS /x [] a 0 keep"),
    V("9112 3.1", LINE("PROPFIND /x HTTP/1.1"), "PROPFIND /x [] a 0 keep"),
    V("9112 3.1", LINE("get / HTTP/1.1"), "get / [] a 0 keep"),
    V("9110 5.6.2", LINE("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1"),
      "!#$%&'*+-.^_`|~09azAZ / [] a 0 keep"),
    V("9112 3.1", LINE("G(T / HTTP/1.1"), "400"),
    V("9112 3.1", LINE("G@T / HTTP/1.1"), "400"),
    V("9112 3.1", LINE("G\x80T / HTTP/1.1"), "400"),
    V("9112 3.1", LINE("G\0T / HTTP/1.1"), "400"),
    V("9112 3.1", LINE(" GET / HTTP/1.1"), "400"),
    V("9112 3.1", LINE("\tGET / HTTP/1.1"), "400"),
    V("9112 3", LINE("GET  / HTTP/1.1"), "400"),
    V("9112 3", LINE("GET /  HTTP/1.1"), "400"),
    V("9112 3", LINE("GET\t/\tHTTP/1.1"), "400"),
    V("9112 3", LINE("GET / HTTP/1.1 "), "400"),
    V("9112 3", LINE("GET / HTTP/1.1\t"), "400"),
    V("9112 3", LINE("GET"), "400"),
    V("9112 3", LINE("GET "), "400"),
    V("9112 3", LINE("GET /"), "400"),
    V("9112 3", LINE("GET / "), "400"),
    V("9112 3", LINE("GET / HTTP"), "400"),
    V("9112 3", LINE("GET HTTP/1.1"), "400"),
    V("9112 3", LINE("/ HTTP/1.1"), "400"),
    V("9112 2.2", "\r\n" LINE("GET / HTTP/1.1"), "GET / [] a 0 keep"),
    V("9112 2.2", "\r\n\r\n" LINE("GET / HTTP/1.1"), "400"),
    V("9112 2.2", "\n" LINE("GET / HTTP/1.1"), "400"),
    V("9112 2.2", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    V("9112 9.8", "\x16\x03\x01\x02", "400"),
    V("9112 2.2", "GET / HTTP/1.1\nHost: a\r\n\r\n", "400"),
    V("9112 2.2", "GET / HTTP/1.1\rHost: a\r\n\r\n", "400"),
    V("9112 2.2", "GET / HTTP/1.1\r\rHost: a\r\n\r\n", "400"),
    V("9112 2.2", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    V("9112 2.2", "GET /\nx HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    /* versions */
    V("9110 2.5", LINE("GET / HTTP/1.0"), "GET / [] a 0 close"),
    V("9110 2.5", LINE("GET / HTTP/1.2"), "GET / [] a 0 keep"),
    V("9110 2.5", LINE("GET / HTTP/1.9"), "GET / [] a 0 keep"),
    V("9110 15.6.6", LINE("GET / HTTP/2.0"), "505"),
    V("9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
    V("9110 15.6.6", LINE("GET / HTTP/0.9"), "505"),
    V("9110 15.6.6", LINE("GET / HTTP/3.0"), "505"),
    V("9112 2.3", LINE("GET / http/1.1"), "400"),
    V("9112 2.3", LINE("GET / HTTP/1.10"), "400"),
    V("9112 2.3", LINE("GET / HTTP/11"), "400"),
    V("9112 2.3", LINE("GET / HTTP/1,1"), "400"),
    V("9112 2.3", LINE("GET / HTTP/1.x"), "400"),
    V("9112 2.3", LINE("GET / HTTP/-1.1"), "400"),
    V("9112 2.3", LINE("GET / XTTP/1.1"), "400"),
    V("9112 2.3", LINE("GET / HTTP /1.1"), "400"),
    /* the target */
    V("9112 3.2.1", T("/a/b;c=1/~d"), "GET /a/b;c=1/~d [] a 0 keep"),
    V("9112 3.2.1", T("/a?b=c&d"), "GET /a [b=c&d] a 0 keep"),
    V("9112 3.2.1", T("/?"), "GET / [] a 0 keep"),
    V("9112 3.2.1", T("/?a?b/c"), "GET / [a?b/c] a 0 keep"),
    V("9112 3.2.1", T("//x"), "GET //x [] a 0 keep"),
    V("9112 3.2.1", T("/../x"), "GET /../x [] a 0 keep"),
    V("3986 3.3", T("/!$&'()*+,;=:@-._~"), "GET /!$&'()*+,;=:@-._~ [] a 0 keep"),
    V("3986 2.1", T("/%41%c3%A9?%20"), "GET /%41%c3%A9 [%20] a 0 keep"),
    V("3986 2.1", T("/%"), "400"),
    V("3986 2.1", T("/%4"), "400"),
    V("3986 2.1", T("/%4g"), "400"),
    V("3986 2.1", T("/%g4"), "400"),
    V("3986 2.1", T("/?a=%zz"), "400"),
    V("3986 3.5", T("/a#b"), "400"),
    V("3986 3.5", T("/a?b#c"), "400"),
    V("9112 3.2", T("/a b"), "400"),
    V("9112 3.2", T("/\"x\""), "400"),
    V("9112 3.2", T("/<x>"), "400"),
    V("9112 3.2", T("/a|b"), "400"),
    V("9112 3.2", T("/a\\b"), "400"),
    V("9112 3.2", T("/{a}"), "400"),
    V("9112 3.2", T("/caf\xc3\xa9"), "400"),
    V("9112 3.2", T("/?caf\xc3\xa9"), "400"),
    V("9112 3.2", T("/\x7f"), "400"),
    V("9112 3.2", T("/\x01"), "400"),
    V("9112 3.2", T("/\0"), "400"),
    V("9112 3.2", T("/?\0"), "400"),
    V("us", T("/?a[]={b}|c^`\\"), "GET / [a[]={b}|c^`\\] a 0 keep"),
    V("9112 3.2", T("/?a=\"b\""), "400"),
    V("9112 3.2", T("x"), "400"),
    V("9112 3.2", T("?x"), "400"),
    V("9112 3.2.2", T("http://b/c?d"), "GET /c [d] b 0 keep"),
    V("9112 3.2.2", T("http://b"), "GET / [] b 0 keep"),
    V("9112 3.2.2", T("http://b/"), "GET / [] b 0 keep"),
    V("9112 3.2.2", T("http://b?x"), "GET / [x] b 0 keep"),
    V("9112 3.2.2", T("http://b:81/"), "GET / [] b:81 0 keep"),
    V("9112 3.2.2", T("HTTPS://b/"), "GET / [] b 0 keep"),
    V("9112 3.2.2", T("http://[::1]:8/x"), "GET /x [] [::1]:8 0 keep"),
    V("9112 3.2.2", "GET http://b/ HTTP/1.1\r\n\r\n", "400"),
    V("9112 3.2.2", "GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
    V("9112 3.2.2", "GET http://b/ HTTP/1.0\r\n\r\n", "GET / [] b 0 close"),
    V("9112 3.2.2", T("ftp://b/"), "400"),
    V("9112 3.2.2", T("http:/b/"), "400"),
    V("9112 3.2.2", T("http:b"), "400"),
    V("9110 4.2.1", T("http:///x"), "400"),
    V("9110 4.2.1", T("http://:80/x"), "400"),
    V("9110 4.2.4", T("http://u:p@b/"), "400"),
    V("9112 3.2.2", T("http://b:99999/"), "400"),
    V("9112 3.2.2", T("http://b#c"), "400"),
    V("9112 3.2.4", LINE("OPTIONS * HTTP/1.1"), "OPTIONS * [] a 0 keep"),
    V("9112 3.2.4", T("*"), "400"),
    V("9112 3.2.4", LINE("OPTIONS ** HTTP/1.1"), "400"),
    V("9112 3.2.4", LINE("OPTIONS */x HTTP/1.1"), "400"),
    V("9110 9.3.6", LINE("CONNECT b:443 HTTP/1.1"), "501"),
    V("9110 9.3.8", LINE("TRACE / HTTP/1.1"), "501"),
    /* Host */
    V("9112 3.2", "GET / HTTP/1.1\r\n\r\n", "400"),
    V("9112 3.2", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
    V("9112 3.2", "GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", "400"),
    V("9112 3.2", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    V("9110 7.2", HOST(""), "400"),
    V("9110 7.2", HOST("example.com"), "GET / [] example.com 0 keep"),
    V("9110 7.2", HOST("example.com:8080"), "GET / [] example.com:8080 0 keep"),
    V("9110 7.2", HOST("  example.com \t"), "GET / [] example.com 0 keep"),
    V("3986 3.2.3", HOST("example.com:"), "GET / [] example.com: 0 keep"),
    V("3986 3.2.2", HOST("127.0.0.1:1"), "GET / [] 127.0.0.1:1 0 keep"),
    V("3986 3.2.2", HOST("[::1]:8080"), "GET / [] [::1]:8080 0 keep"),
    V("3986 3.2.2", HOST("[v1.x:y]"), "GET / [] [v1.x:y] 0 keep"),
    V("3986 3.2.2", HOST("a_b-c~d!$&'()*+,;="), "GET / [] a_b-c~d!$&'()*+,;= 0 keep"),
    V("3986 3.2.2", HOST("caf%c3%a9"), "GET / [] caf%c3%a9 0 keep"),
    V("3986 3.2.2", HOST("caf%c3%a"), "400"),
    V("3986 3.2.2", HOST("a%"), "400"),
    V("3986 3.2.2", HOST("[::1"), "400"),
    V("3986 3.2.2", HOST("[]"), "400"),
    V("3986 3.2.2", HOST("[::1]x"), "400"),
    V("3986 3.2.2", HOST("::1"), "400"),
    V("3986 3.2.3", HOST(":80"), "400"),
    V("3986 3.2.3", HOST("a:b"), "400"),
    V("3986 3.2.3", HOST("a:80:80"), "400"),
    V("3986 3.2.3", HOST("a:65536"), "400"),
    V("3986 3.2.3", HOST("a:-1"), "400"),
    V("9110 7.2", HOST("a b"), "400"),
    V("9110 7.2", HOST("a/b"), "400"),
    V("9110 7.2", HOST("http://a"), "400"),
    V("9110 7.2", HOST("u@a"), "400"),
    V("9110 7.2", HOST("a, b"), "400"),
    V("9110 7.2", HOST("caf\xc3\xa9"), "400"),
    /* field lines */
    V("9112 5", G("X:y\r\n"), "GET / [] a 0 keep"),
    V("9112 5", G("X:\r\n"), "GET / [] a 0 keep"),
    V("9112 5", G("X: \t \r\n"), "GET / [] a 0 keep"),
    V("9110 5.5", G("X: a\tb \xff\x80 \"c\"\r\n"), "GET / [] a 0 keep"),
    V("9110 5.6.2", G("!#$%&'*+-.^_`|~1: x\r\n"), "GET / [] a 0 keep"),
    V("9112 5.1", G("X : y\r\n"), "400"),
    V("9112 5.1", G("X\t: y\r\n"), "400"),
    V("9112 5.1", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
    V("9112 5", G("X\r\n"), "400"),
    V("9112 5", G("X y\r\n"), "400"),
    V("9112 5", G(": y\r\n"), "400"),
    V("9110 5.1", G("X(: y\r\n"), "400"),
    V("9110 5.1", G("X\xc3: y\r\n"), "400"),
    V("9110 5.1", G("X\0: y\r\n"), "400"),
    V("9110 5.1", G("\"X\": y\r\n"), "400"),
    V("9110 5.5", G("X: a\0b\r\n"), "400"),
    V("9110 5.5",
      G("X: a\x01"
        "b\r\n"),
      "400"),
    V("9110 5.5",
      G("X: a\x1f"
        "b\r\n"),
      "400"),
    V("9110 5.5",
      G("X: a\x7f"
        "b\r\n"),
      "400"),
    V("9110 5.5",
      G("X: 12345678\x7f"
        "b\r\n"),
      "400"),
    V("9110 5.5", G("X: 1234567890123456789\0b\r\n"), "400"),
    V("9112 2.2", G("X: a\rb\r\n"), "400"),
    V("9112 2.2", G("X: a\nY: b\r\n"), "400"),
    V("9112 2.2", G("X: a\r\r\n"), "400"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\n\n", "400"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\n\n", "400"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n", "400"),
    V("9112 5.2", G("X: a\r\n b\r\n"), "400"),
    V("9112 5.2", G("X: a\r\n\tb\r\n"), "400"),
    V("9112 5.2", G("X: a\r\n \r\n"), "400"),
    V("9112 2.2", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
    /* Content-Length */
    V("9110 8.6", P("Content-Length: 0\r\n"), "POST / [] a 0 keep"),
    V("9110 8.6", P("Content-Length: 5\r\n"), "POST / [] a 5 keep"),
    V("9110 8.6", P("CONTENT-LENGTH:5\r\n"), "POST / [] a 5 keep"),
    V("9110 8.6", P("Content-Length: 007\r\n"), "POST / [] a 7 keep"),
    V("9110 8.6", G("Content-Length: 5\r\n"), "GET / [] a 5 keep"),
    V("9110 8.6", P("Content-Length: 9223372036854775807\r\n"),
      "POST / [] a 9223372036854775807 keep"),
    V("9110 8.6", P("Content-Length: 9223372036854775808\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 18446744073709551617\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 99999999999999999999999\r\n"), "400"),
    V("9110 8.6", P("Content-Length:\r\n"), "400"),
    V("9110 8.6", P("Content-Length: +5\r\n"), "400"),
    V("9110 8.6", P("Content-Length: -5\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 5 5\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 0x5\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 5.0\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 5a\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 5, 5\r\n"), "400"),
    V("9110 8.6", P("Content-Length: 5, 6\r\n"), "400"),
    V("9112 6.3", P("Content-Length: 5\r\nContent-Length: 6\r\n"), "400"),
    V("9112 6.3", P("Content-Length: 5\r\nContent-Length: 5\r\n"), "400"),
    V("9112 5.1", P("Content-Length : 5\r\n"), "400"),
    /* Transfer-Encoding */
    V("9112 6.1", P("Transfer-Encoding: chunked\r\n"), "POST / [] a -1 keep"),
    V("9112 7", P("transfer-encoding: Chunked\r\n"), "POST / [] a -1 keep"),
    V("9112 6.3", P("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "400"),
    V("9112 6.3", P("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding: gzip\r\n"), "501"),
    V("9112 6.1", P("Transfer-Encoding: gzip, chunked\r\n"), "501"),
    V("9112 6.1", P("Transfer-Encoding: identity\r\n"), "501"),
    V("9112 6.1", P("Transfer-Encoding: xchunked\r\n"), "501"),
    V("9112 6.1", P("Transfer-Encoding: chunked, chunked\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"),
    V("9112 6.3", P("Transfer-Encoding: chunked, gzip\r\n"), "400"),
    V("9112 6.3", P("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), "400"),
    V("9112 7.1", P("Transfer-Encoding: chunked;a=b\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding:\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding: ,chunked\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding: \"chunked\"\r\n"), "400"),
    V("9112 6.1", P("Transfer-Encoding: chunked\x0b\r\n"), "400"),
    V("9112 6.1", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    /* Connection, Expect, Upgrade */
    V("9112 9.3", G("Connection: close\r\n"), "GET / [] a 0 close"),
    V("9112 9.3", G("Connection: Close\r\n"), "GET / [] a 0 close"),
    V("9112 9.3", G("Connection: x, close ,y\r\n"), "GET / [] a 0 close"),
    V("9112 9.3", G("Connection: keep-alive\r\n"), "GET / [] a 0 keep"),
    V("9112 9.3", G("Connection: keep-alive\r\nConnection: close\r\n"), "GET / [] a 0 close"),
    V("9112 9.3", OLD(""), "GET / []  0 close"),
    V("9112 9.3", OLD("Connection: Keep-Alive\r\n"), "GET / []  0 keep"),
    V("9112 9.3", OLD("Connection: keep-alive, close\r\n"), "GET / []  0 close"),
    V("9110 7.8", G("Connection: upgrade\r\nUpgrade: h2c\r\n"), "GET / [] a 0 keep"),
    V("9110 10.1.1", P("Expect: 100-continue\r\nContent-Length: 2\r\n"),
      "POST / [] a 2 keep continue"),
    V("9110 10.1.1", P("Expect: 100-Continue\r\nContent-Length: 2\r\n"),
      "POST / [] a 2 keep continue"),
    V("9110 10.1.1", P("Expect: 200-ok\r\n"), "417"),
    V("9110 10.1.1", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
      "POST / []  2 close"),
    /* not yet complete */
    V("9112 2.2", "GET", "more"),
    V("9112 2.2", "GET / HTTP/1.1\r", "more"),
    V("9112 2.2", "GET / HTTP/1.1\r\n", "more"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\n", "more"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\n\r", "more"),
    V("9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\nX", "more"),
    V("9112 2.2", "\r", "more"),
};

static const char *verdict(char out[512], enum http_parsed r, const struct http_parse *p)
{
    if (r == HTTP_PARSE_MORE)
        snprintf(out, 512, "more");
    else if (r == HTTP_PARSE_REFUSED)
        snprintf(out, 512, "%d", p->refusal);
    else
        snprintf(out, 512, "%.*s %.*s [%.*s] %.*s %lld %s%s", BW_FMT(p->method_text),
                 BW_FMT(p->path), BW_FMT(p->query), BW_FMT(p->host), (long long)p->content_length,
                 p->keep_alive ? "keep" : "close", p->expect_continue ? " continue" : "");
    return out;
}

static void compare(const struct vector *v, enum http_parsed r, const struct http_parse *p,
                    const char *how)
{
    char got[512];
    if (strcmp(verdict(got, r, p), v->result) == 0 &&
        (r != HTTP_PARSE_REFUSED || strlen(p->why) > 15))
        return;
    fail_msg("RFC %s, %s:\n%s\ngot %s (%s), not %s", v->section, how, v->text, got,
             p->why ? p->why : "", v->result);
}

static const struct vector *each(size_t i)
{
    return i < sizeof vectors / sizeof *vectors ? &vectors[i] : NULL;
}

static void whole(void **state)
{
    (void)state;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    check(sizeof vectors / sizeof *vectors >= 150);
    for (size_t i = 0; each(i); i++) {
        char *exact = malloc(each(i)->n); /* so that a sanitizer sees a byte too far */
        memcpy(exact, each(i)->text, each(i)->n);
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        enum http_parsed r = http_parse_request(&p, exact, each(i)->n);
        compare(each(i), r, &p, "whole");
        free(exact);
    }
}

/* Every call gets the bytes at another place, so that a view that was not moved shows. */
static void byte_by_byte(void **state)
{
    (void)state;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    for (size_t i = 0; each(i); i++) {
        const struct vector *v = each(i);
        enum http_parsed r = HTTP_PARSE_MORE;
        char *last = NULL;
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        for (size_t n = 1; n <= v->n && r == HTTP_PARSE_MORE; n++) {
            char *now = malloc(n);
            memcpy(now, v->text, n);
            r = http_parse_request(&p, now, n);
            free(last);
            last = now;
        }
        compare(v, r, &p, "byte by byte");
        if (r == HTTP_PARSE_DONE)
            check_int(p.used, v->n);
        for (size_t f = 0; r == HTTP_PARSE_DONE && f < p.n_fields; f++)
            check(p.fields[f].name.p > last && p.fields[f].value.p < last + v->n);
        free(last);
    }
}

static void with_more_behind(void **state)
{
    (void)state;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    for (size_t i = 0; each(i); i++) {
        const struct vector *v = each(i);
        char text[1024];
        if (strcmp(v->result, "more") == 0)
            continue;
        memcpy(text, v->text, v->n);
        memcpy(text + v->n, "\r\n\n\0 : x\r\n\r\n", 13);
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        enum http_parsed r = http_parse_request(&p, text, v->n + 13);
        compare(v, r, &p, "with more behind");
        if (r == HTTP_PARSE_DONE)
            check_int(p.used, v->n);
    }
}

static void fields_as_they_stand(void **state)
{
    (void)state;
    struct http_field fields[3];
    struct http_parse p;
    bw_str text = BW_LIT("GET / HTTP/1.1\r\nHost: a\r\nX-Y:\t a b \t\r\nEmpty:\r\n\r\nbody");
    http_parse_init(&p, fields, 3);
    check_int(http_parse_request(&p, text.p, text.n), HTTP_PARSE_DONE);
    check_int(p.used, text.n - 4);
    check_int(p.n_fields, 3);
    check_str(fields[1].name, "X-Y");
    check_str(fields[1].value, "a b");
    check_str(fields[2].value, "");
    check_str(http_field_get(fields, 3, "x-y"), "a b");
    check(http_field_get(fields, 3, "x").p == NULL);
    http_parse_init(&p, fields, 2);
    check_int(http_parse_request(&p, text.p, text.n), HTTP_PARSE_REFUSED);
    check_int(p.refusal, 431);
}

/* Feeds `text` in steps; the verdict is the refusal's status, 0 when accepted, -1 for more. */
static int verdict_in_steps(const struct bw_buf *text, size_t step)
{
    static struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
    for (size_t n = step; n < text->n + step; n += step) {
        enum http_parsed r = http_parse_request(&p, text->p, n < text->n ? n : text->n);
        if (r != HTTP_PARSE_MORE)
            return r == HTTP_PARSE_DONE ? 0 : p.refusal;
    }
    return -1;
}

/* A request line of so many bytes, fields of so many bytes in all, so many of them. */
static void check_limit(size_t line, size_t head, unsigned count, int want)
{
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    bw_buf_printf(&b, "GET /%0*d HTTP/1.1\r\nHost: a\r\n", (int)line - 14, 0);
    for (unsigned i = 1; i < count; i++)
        bw_buf_printf(&b, "X: y\r\n");
    if (head)
        bw_buf_printf(&b, "X: %0*d\r\n", (int)(head - b.n - 7), 0);
    bw_buf_printf(&b, "\r\n");
    for (size_t i = 0; i < 4; i++)
        check_int(verdict_in_steps(&b, steps[i]), want);
    bw_buf_release(&b);
}

static void limits(void **state)
{
    (void)state;
    check_limit(LIMIT_HTTP_LINE, 0, 1, 0);
    check_limit(LIMIT_HTTP_LINE + 1, 0, 1, 414);
    check_limit(20000, 0, 1, 414);
    check_limit(100, LIMIT_HTTP_HEAD, 1, 0);
    check_limit(100, LIMIT_HTTP_HEAD + 1, 1, 431);
    check_limit(100, 2 * LIMIT_HTTP_HEAD, 1, 431);
    check_limit(100, 0, LIMIT_HTTP_FIELDS, 0);
    check_limit(100, 0, LIMIT_HTTP_FIELDS + 1, 431);
}

static void endless_lines(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    memset(bw_buf_room(&b, 100000), 'A', 100000);
    b.n = 100000;
    check_int(verdict_in_steps(&b, 1), 414);
    check_int(verdict_in_steps(&b, 100000), 414);
    memcpy(b.p, "GET / HTTP/1.1\r\nHost: a\r\n", 25);
    check_int(verdict_in_steps(&b, 1), 431);
    check_int(verdict_in_steps(&b, 100000), 431);
    bw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(with_more_behind),
        cmocka_unit_test(fields_as_they_stand),
        cmocka_unit_test(limits),
        cmocka_unit_test(endless_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
