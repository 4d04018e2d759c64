/* http_response_test.c: answers' heads, as our client reads them, and where their bodies end. */
#include "help/t.h"

#include "core/limits.h"
#include "net/http_parse.h"

/* result: "status length keep|close", "refused" or "more". */
static const struct {
    const char *section, *text, *result;
    bool to_head;
} vectors[] = {
    {"9112 4", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "200 3 keep", false},
    {"9112 4", "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n", "200 3 keep", false},
    {"us", "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", "200 3 keep", false},
    {"9112 4", "HTTP/1.1 404 Nicht da \xc3\xa4\r\nContent-Length: 0\r\n\r\n", "404 0 keep", false},
    {"9112 6.3", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "200 0 keep", true},
    {"9112 6.3", "HTTP/1.1 204 No Content\r\n\r\n", "204 0 keep", false},
    {"9112 6.3", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "304 0 keep", false},
    {"9110 15.2", "HTTP/1.1 100 Continue\r\n\r\n", "100 0 keep", false},
    {"9112 6.3", "HTTP/1.1 200 OK\r\n\r\n", "200 -2 close", false},
    {"9112 7", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 -1 keep", false},
    {"9112 9.3", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", "200 1 close",
     false},
    {"9112 9.3", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", "200 1 close", false},
    {"9112 9.3", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n",
     "200 1 keep", false},
    {"9112 6.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "refused", false},
    {"9112 6.3", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
     "refused", false},
    {"9112 6.3", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "refused",
     false},
    {"9112 4", "HTTP/1.1 20 OK\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1 2000 OK\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1 099 OK\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1  200 OK\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1 2x0 OK\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1\r\n\r\n", "refused", false},
    {"9112 2.3", "HTTP/2.0 200 OK\r\n\r\n", "refused", false},
    {"9112 2.3", "ICY 200 OK\r\n\r\n", "refused", false},
    {"9112 2.2", "HTTP/1.1 200 OK\n\n", "refused", false},
    {"9112 5.2", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "refused", false},
    {"9110 5.5", "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", "refused", false},
    {"9112 4", "HTTP/1.1 2", "more", false},
    {"9112 4", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "more", false},
};

static void compare(size_t i, enum http_parsed r, const struct http_parse *p)
{
    char got[64] = "more";
    if (r == HTTP_PARSE_REFUSED)
        snprintf(got, sizeof got, "refused");
    else if (r == HTTP_PARSE_DONE)
        snprintf(got, sizeof got, "%d %lld %s", p->status, (long long)p->content_length,
                 p->keep_alive ? "keep" : "close");
    if (strcmp(got, vectors[i].result) != 0)
        fail_msg("RFC %s:\n%s\ngot %s, not %s", vectors[i].section, vectors[i].text, got,
                 vectors[i].result);
}

static void all_ways(void **state)
{
    (void)state;
    struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *text = vectors[i].text;
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        compare(i, http_parse_response(&p, text, strlen(text), vectors[i].to_head), &p);
        http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
        enum http_parsed r = HTTP_PARSE_MORE;
        for (size_t n = 1; text[n - 1] && r == HTTP_PARSE_MORE; n++)
            r = http_parse_response(&p, text, n, vectors[i].to_head);
        compare(i, r, &p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
