/* http_response_fuzz.c: the head of an answer; the first byte says whether it answers HEAD. */
#include <burrow/burrow.h>

#include "core/limits.h"
#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct http_field fields[LIMIT_HTTP_FIELDS];
    struct http_parse p;
    if (n < 1)
        return 0;
    const char *bytes = (const char *)data + 1;
    http_parse_init(&p, fields, LIMIT_HTTP_FIELDS);
    enum http_parsed r = http_parse_response(&p, bytes, (n - 1) / 2, data[0] & 1);
    if (r == HTTP_PARSE_MORE)
        r = http_parse_response(&p, bytes, n - 1, data[0] & 1);
    bw_must(r != HTTP_PARSE_DONE ||
            (p.used < n && p.status >= 100 && p.status <= 999 && p.content_length >= -2));
    bw_must(r != HTTP_PARSE_REFUSED || (p.refusal == 502 && p.why));
    return 0;
}
