/* http_parse_field.c: the fields that decide where a message ends and whether the connection lives
 * on (RFC 9112 §6, §9.3; RFC 9110 §7.2, §8.6, §10.1.1). Every doubt is refused: two programs that
 * read one message differently are how requests are smuggled. */
#include "net/http_chars.h"
#include "net/http_parse.h"
#include "net/http_parse_int.h"

static enum http_line host(struct http_parse *p, bw_str value)
{
    if (p->has_host)
        return http_line_bad(p, 400, "there is more than one Host field");
    p->has_host = true;
    if (!http_host_valid(value))
        return http_line_bad(p, 400, "the Host field is not a host");
    if (!p->host.p) /* the request target's host goes first */
        p->host = value;
    return LINE_OK;
}

/* Also a list of equal lengths is refused, as RFC 9110 §8.6 leaves to us. */
static enum http_line content_length(struct http_parse *p, bw_str value)
{
    if (p->has_length)
        return http_line_bad(p, 400, "there is more than one Content-Length field");
    p->has_length = true;
    if (value.n == 0 ||
        http_chars_skip(value.p, value.p + value.n, CHAR_DIGIT) != value.p + value.n)
        return http_line_bad(p, 400, "the Content-Length is not a number");
    int64_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, value.p[i] - '0', &n))
            return http_line_bad(p, 400, "the Content-Length is too great for any body");
    }
    p->content_length = n;
    return LINE_OK;
}

static enum http_line transfer_encoding(struct http_parse *p, bw_str value)
{
    p->has_coding = true;
    bw_str part;
    while (bw_str_cut(&value, ',', &part)) {
        bw_str name = bw_str_trim(part);
        if (name.n == 0 || !http_char_is(name.p[0], CHAR_TOKEN))
            return http_line_bad(p, 400, "the Transfer-Encoding field is malformed");
        if (p->chunked)
            return http_line_bad(p, 400, "chunked is not the last transfer coding");
        size_t token = (size_t)(http_chars_skip(name.p, name.p + name.n, CHAR_TOKEN) - name.p);
        if (!bw_str_ieq(bw_str_of(name.p, token), BW_LIT("chunked")))
            return http_line_bad(p, 501, "of the transfer codings only chunked is understood");
        if (token != name.n)
            return http_line_bad(p, 400, "chunked takes no parameters");
        p->chunked = true;
    }
    return LINE_OK;
}

static enum http_line connection(struct http_parse *p, bw_str value)
{
    bw_str part;
    while (bw_str_cut(&value, ',', &part)) {
        bw_str option = bw_str_trim(part);
        if (bw_str_ieq(option, BW_LIT("close")))
            p->option_close = true;
        else if (bw_str_ieq(option, BW_LIT("keep-alive")))
            p->option_keep = true;
    }
    return LINE_OK;
}

static enum http_line expect(struct http_parse *p, bw_str value)
{
    if (!bw_str_ieq(value, BW_LIT("100-continue")))
        return http_line_bad(p, 417, "of the expectations only 100-continue is understood");
    p->expect_continue = p->minor > 0; /* HTTP/1.0 knows no 100: RFC 9110 §10.1.1 */
    return LINE_OK;
}

enum http_line http_parse_field(struct http_parse *p, const struct http_field *f)
{
    bool request = p->method_text.n > 0;
    switch (f->name.n) {
    case 4:
        if (request && bw_str_ieq(f->name, BW_LIT("host")))
            return host(p, f->value);
        break;
    case 6:
        if (request && bw_str_ieq(f->name, BW_LIT("expect")))
            return expect(p, f->value);
        break;
    case 10:
        if (bw_str_ieq(f->name, BW_LIT("connection")))
            return connection(p, f->value);
        break;
    case 14:
        if (bw_str_ieq(f->name, BW_LIT("content-length")))
            return content_length(p, f->value);
        break;
    case 17:
        if (bw_str_ieq(f->name, BW_LIT("transfer-encoding")))
            return transfer_encoding(p, f->value);
        break;
    default:
        break;
    }
    return LINE_OK;
}

static bool refuse(struct http_parse *p, const char *why)
{
    (void)http_line_bad(p, 400, why);
    return false;
}

static bool framing(struct http_parse *p)
{
    if (p->has_coding && p->has_length)
        return refuse(p, "there is a Content-Length beside a Transfer-Encoding");
    if (p->has_coding && p->minor == 0)
        return refuse(p, "HTTP/1.0 has no Transfer-Encoding");
    p->keep_alive = !p->option_close && (p->minor > 0 || p->option_keep);
    return true;
}

bool http_parse_request_end(struct http_parse *p)
{
    if (!p->has_host && p->minor > 0)
        return refuse(p, "the Host field is missing");
    if (!framing(p))
        return false;
    if (p->path.n == 0) /* "http://host" */
        p->path = BW_LIT("/");
    if (p->chunked)
        p->content_length = HTTP_LENGTH_CHUNKED;
    return true;
}

bool http_parse_response_end(struct http_parse *p, bool to_head)
{
    if (!framing(p))
        return false;
    if (to_head || p->status / 100 == 1 || p->status == 204 || p->status == 304)
        p->content_length = 0;
    else if (p->chunked)
        p->content_length = HTTP_LENGTH_CHUNKED;
    else if (!p->has_length)
        p->content_length = HTTP_LENGTH_CLOSE;
    if (p->content_length == HTTP_LENGTH_CLOSE)
        p->keep_alive = false;
    return true;
}
