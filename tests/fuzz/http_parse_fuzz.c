/* http_parse_fuzz.c: a request head, whole and in two pieces: both verdicts must agree, and views
 * lie inside the bytes. */
#include <burrow/burrow.h>

#include "core/limits.h"
#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_view(const struct http_parse *p, const char *bytes, bw_str v)
{
    if (v.n && !bw_str_eq(v, BW_LIT("/")))
        bw_must(v.p >= bytes && v.p + v.n <= bytes + p->used);
}

static void check_done(const struct http_parse *p, const char *bytes, size_t n)
{
    bw_must(p->used <= n && p->n_fields <= p->max_fields && p->content_length >= -1);
    check_view(p, bytes, p->path);
    check_view(p, bytes, p->query);
    check_view(p, bytes, p->host);
    for (size_t i = 0; i < p->n_fields; i++) {
        check_view(p, bytes, p->fields[i].name);
        check_view(p, bytes, p->fields[i].value);
        bw_must(!memchr(p->fields[i].value.p, '\n', p->fields[i].value.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct http_field one[LIMIT_HTTP_FIELDS], two[LIMIT_HTTP_FIELDS];
    struct http_parse whole, cut;
    const char *bytes = (const char *)data;
    if (n < 2)
        return 0;
    http_parse_init(&whole, one, LIMIT_HTTP_FIELDS);
    enum http_parsed r = http_parse_request(&whole, bytes, n);
    if (r == HTTP_PARSE_DONE)
        check_done(&whole, bytes, n);

    size_t first = data[n - 1] * n / 256;
    char *copy = malloc(first + 1);
    if (first)
        memcpy(copy, bytes, first);
    http_parse_init(&cut, two, LIMIT_HTTP_FIELDS);
    enum http_parsed half = http_parse_request(&cut, copy, first);
    if (half == HTTP_PARSE_MORE) {
        half = http_parse_request(&cut, bytes, n);
        if (half == HTTP_PARSE_DONE)
            check_done(&cut, bytes, n);
    }
    bw_must(half == r);
    bw_must(r != HTTP_PARSE_DONE || (cut.used == whole.used && cut.n_fields == whole.n_fields &&
                                     bw_str_eq(cut.host, whole.host)));
    bw_must(r != HTTP_PARSE_REFUSED || cut.refusal == whole.refusal);
    free(copy);
    return 0;
}
