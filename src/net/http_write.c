/* http_write.c: see the header. The common status and the date are ready-made: a head costs a few
 * copies. */
#include "net/http_write.h"

#include "core/clock.h"
#include "net/http.h"

void http_write_status(struct bw_buf *b, int status)
{
    if (status == 200) {
        bw_buf_put(b, BW_LIT("HTTP/1.1 200 OK\r\n"));
        return;
    }
    bw_must(status >= 100 && status <= 999);
    char line[] = "HTTP/1.1 000 ";
    line[9] = (char)('0' + status / 100);
    line[10] = (char)('0' + status / 10 % 10);
    line[11] = (char)('0' + status % 10);
    bw_buf_add(b, line, sizeof line - 1);
    bw_buf_put(b, bw_cstr(http_reason(status)));
    bw_buf_add(b, "\r\n", 2);
}

void http_write_request_line(struct bw_buf *b, bw_str method, bw_str target)
{
    bw_buf_put(b, method);
    bw_buf_char(b, ' ');
    bw_buf_put(b, target);
    bw_buf_put(b, BW_LIT(" HTTP/1.1\r\n"));
}

void http_write_field(struct bw_buf *b, bw_str name, bw_str value)
{
    char *at = bw_buf_room(b, name.n + value.n + 4);
    if (!at)
        return;
    memcpy(at, name.p, name.n);
    at += name.n;
    *at++ = ':';
    *at++ = ' ';
    if (value.n)
        memcpy(at, value.p, value.n);
    at[value.n] = '\r';
    at[value.n + 1] = '\n';
    b->n += name.n + value.n + 4;
}

void http_write_length(struct bw_buf *b, int64_t n)
{
    bw_buf_put(b, BW_LIT("Content-Length: "));
    bw_buf_int(b, n);
    bw_buf_add(b, "\r\n", 2);
}

size_t http_write_chunk_head(char out[HTTP_CHUNK_HEAD_MAX], size_t n)
{
    char digits[16];
    size_t used = 0, at = 0;
    for (; n > 0; n >>= 4)
        digits[used++] = "0123456789abcdef"[n & 15];
    while (used > 0)
        out[at++] = digits[--used];
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
}

bw_str http_date_lines(struct http_date *d, int64_t wall_ms)
{
    int64_t second = wall_ms / 1000;
    if (d->n == 0 || second != d->second) {
        char date[30];
        clock_http_date(date, second * BW_TIME_SECOND);
        int n = snprintf(d->text, sizeof d->text, "Server: Burrow\r\nDate: %s\r\n", date);
        bw_must(n > 0 && (size_t)n < sizeof d->text);
        d->n = (size_t)n;
        d->second = second;
    }
    return bw_str_of(d->text, d->n);
}
