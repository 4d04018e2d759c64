/* http_parse.c: the lines of a head, in one pass. Tokens and targets by a table of byte classes,
 * field values eight bytes at a time. What a line means for the message is next door
 * (http_parse_field.c, http_parse_target.c).
 *
 * A line function that runs out of bytes says LINE_MORE and keeps nothing: the line is read again
 * from its start when its LF has come, and until then only new bytes are searched for it. So each
 * byte is looked at three times at most, however it arrives. */
#include "net/http_parse.h"

#include "core/limits.h"
#include "net/http_chars.h"
#include "net/http_parse_int.h"

void http_parse_init(struct http_parse *p, struct http_field *fields, size_t max)
{
    *p = (struct http_parse){.fields = fields, .max_fields = max};
}

enum http_line http_line_bad(struct http_parse *p, int status, const char *why)
{
    p->refusal = status;
    p->why = why;
    return LINE_BAD;
}

static enum http_parsed refused(struct http_parse *p, int status, const char *why)
{
    (void)http_line_bad(p, status, why);
    return HTTP_PARSE_REFUSED;
}

/* The bytes have moved since the last call: so must the views. */
static void rebase(struct http_parse *p, const char *bytes)
{
    const char *old = p->base;
    p->base = bytes;
    if (!old || old == bytes || !p->begun)
        return;
    bw_str *views[] = {&p->method_text, &p->path, &p->query, &p->host, &p->reason};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (views[i]->n)
            views[i]->p = bytes + ((uintptr_t)views[i]->p - (uintptr_t)old);
    for (size_t i = 0; i < p->n_fields; i++) {
        struct http_field *f = &p->fields[i];
        f->name.p = bytes + ((uintptr_t)f->name.p - (uintptr_t)old);
        f->value.p = bytes + ((uintptr_t)f->value.p - (uintptr_t)old);
    }
}

/* CR LF at `at`; *next behind it. */
static enum http_line line_end(struct http_parse *p, const char *at, const char *end,
                               const char **next)
{
    if (at == end)
        return LINE_MORE;
    if (*at == '\n')
        return http_line_bad(p, 400, "a line ends in LF alone, not in CR LF");
    if (*at != '\r')
        return http_line_bad(p, 400, "there is a NUL or another control character in the head");
    if (at + 1 == end)
        return LINE_MORE;
    if (at[1] != '\n')
        return http_line_bad(p, 400, "there is a CR without LF in the head");
    *next = at + 2;
    return LINE_OK;
}

/* "HTTP/1.1" at `at`. */
static enum http_line version(struct http_parse *p, const char *at, const char *end)
{
    if (end - at < 8)
        return LINE_MORE;
    if (memcmp(at, "HTTP/", 5) != 0 || !http_char_is(at[5], CHAR_DIGIT) || at[6] != '.' ||
        !http_char_is(at[7], CHAR_DIGIT))
        return http_line_bad(p, 400, "the first line does not name a version such as HTTP/1.1");
    if (at[5] != '1')
        return http_line_bad(p, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    p->minor = at[7] == '0' ? 0 : 1; /* a later minor version is treated as ours: RFC 9110 §2.5 */
    return LINE_OK;
}

static enum http_line request_line(struct http_parse *p, const char *at, const char *end,
                                   const char **next)
{
    const char *space = http_chars_skip(at, end, CHAR_TOKEN);
    if (space == end)
        return LINE_MORE;
    if (*space != ' ' || space == at)
        return http_line_bad(p, 400, "the request line does not begin with a method and a space");
    p->method_text = bw_str_of(at, (size_t)(space - at));
    p->method = http_method_of(p->method_text);
    if (p->method == HTTP_OTHER && (bw_str_eq(p->method_text, BW_LIT("CONNECT")) ||
                                    bw_str_eq(p->method_text, BW_LIT("TRACE"))))
        return http_line_bad(p, 501, "CONNECT and TRACE are not served here");
    enum http_line r = http_parse_target(p, space + 1, end, &at);
    if (r != LINE_OK)
        return r;
    if (at == end)
        return LINE_MORE;
    if (*at != ' ')
        return http_line_bad(p, 400, "the request target has a character that must be escaped");
    if ((r = version(p, at + 1, end)) != LINE_OK)
        return r;
    if (p->asterisk && p->method != HTTP_OPTIONS)
        return http_line_bad(p, 400, "only OPTIONS may ask for '*'");
    if (at + 9 < end && at[9] != '\r' && at[9] != '\n')
        return http_line_bad(p, 400, "something stands behind the version in the request line");
    return line_end(p, at + 9, end, next);
}

static enum http_line status_line(struct http_parse *p, const char *at, const char *end,
                                  const char **next)
{
    enum http_line r = version(p, at, end);
    if (r != LINE_OK)
        return r;
    if (end - at < 13)
        return LINE_MORE;
    const char *s = at + 9;
    if (at[8] != ' ' || !http_char_is(s[0], CHAR_DIGIT) || !http_char_is(s[1], CHAR_DIGIT) ||
        !http_char_is(s[2], CHAR_DIGIT) || s[0] == '0' || (s[3] != ' ' && s[3] != '\r'))
        return http_line_bad(p, 502, "the status is not a number of three digits");
    p->status = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
    /* Some servers leave out the space before an empty reason. */
    const char *reason = s[3] == ' ' ? s + 4 : s + 3;
    const char *stop = http_chars_skip(reason, end, CHAR_FIELD);
    p->reason = bw_str_of(reason, (size_t)(stop - reason));
    return line_end(p, stop, end, next);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte in [at, end) that may not stand in a field value, or end. */
static const char *skip_value(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t v;
        memcpy(&v, at, 8);
        uint64_t del = v ^ EACH(0x7f);
        /* High bits: a byte below space, or DEL. What lies behind the first one may be wrong. */
        uint64_t hit = (((v - EACH(0x20)) & ~v) | ((del - EACH(1)) & ~del)) & EACH(0x80);
        if (hit) {
            const char *stop = http_chars_skip(at, at + 8, CHAR_FIELD);
            if (stop < at + 8)
                return stop;
        }
        at += 8;
    }
    return http_chars_skip(at, end, CHAR_FIELD);
}

static enum http_line bad_name(struct http_parse *p, const char *at, const char *stop)
{
    if (*stop == ' ' || *stop == '\t')
        return http_line_bad(p, 400,
                             stop == at ? "a field is folded over two lines"
                                        : "there is a space before the colon of a field");
    if (*stop == ':')
        return http_line_bad(p, 400, "a field has no name");
    if (*stop == '\r' || *stop == '\n')
        return http_line_bad(p, 400, "a field line has no colon");
    return http_line_bad(p, 400, "a field name has a character that is not allowed there");
}

static enum http_line field_line(struct http_parse *p, const char *at, const char *end,
                                 const char **next)
{
    const char *colon = http_chars_skip(at, end, CHAR_TOKEN);
    if (colon == end)
        return LINE_MORE;
    if (*colon != ':' || colon == at)
        return bad_name(p, at, colon);
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    const char *stop = skip_value(value, end);
    enum http_line r = line_end(p, stop, end, next);
    if (r != LINE_OK)
        return r;
    while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    if (p->n_fields == p->max_fields)
        return http_line_bad(p, 431, "the head has too many fields");
    struct http_field *f = &p->fields[p->n_fields++];
    f->name = bw_str_of(at, (size_t)(colon - at));
    f->value = bw_str_of(value, (size_t)(stop - value));
    return http_parse_field(p, f);
}

/* All field lines that are there, and the empty line behind them. */
static enum http_line field_lines(struct http_parse *p, const char *end)
{
    for (;;) {
        const char *at = p->base + p->line, *next = NULL;
        if (at == end)
            return LINE_MORE;
        bool last = *at == '\r';
        enum http_line r = last ? line_end(p, at, end, &next) : field_line(p, at, end, &next);
        if (r != LINE_OK)
            return r;
        p->line = (size_t)(next - p->base);
        if (last)
            return LINE_OK;
    }
}

/* The verdict on a line is due when its LF is there: what a function found wrong before counts only
 * then, and one that looked ahead for more has met a line cut short. */
static enum http_line when_complete(struct http_parse *p, enum http_line r, const char *end)
{
    const char *line = p->base + p->line;
    if (r == LINE_OK)
        return r;
    bool complete = memchr(line, '\n', (size_t)(end - line));
    if (complete && r == LINE_MORE)
        return http_line_bad(p, 400, "the first line ends too early");
    if (!complete)
        p->seen = (size_t)(end - p->base);
    return complete ? LINE_BAD : LINE_MORE;
}

typedef enum http_line first_line(struct http_parse *p, const char *at, const char *end,
                                  const char **next);

static enum http_line begin(struct http_parse *p, first_line *fn, const char *end)
{
    const char *limit = p->base + p->line + LIMIT_HTTP_LINE + 2, *next = NULL;
    const char *stop = (size_t)(end - p->base) > p->line + LIMIT_HTTP_LINE + 2 ? limit : end;
    enum http_line r = when_complete(p, fn(p, p->base + p->line, stop, &next), stop);
    if (r == LINE_MORE && stop < end)
        return http_line_bad(p, 414, "the request line is longer than 8 KiB");
    if (r == LINE_OK) {
        p->line = (size_t)(next - p->base);
        p->begun = true;
    }
    return r;
}

static enum http_line head(struct http_parse *p, first_line *fn, const char *end)
{
    if (p->seen > p->line) { /* the rest of a line that was not complete */
        size_t fresh = (size_t)(end - p->base) - p->seen;
        bool whole = memchr(p->base + p->seen, '\n', fresh);
        if (!whole && (p->begun || (size_t)(end - p->base) - p->line <= LIMIT_HTTP_LINE + 2)) {
            p->seen += fresh;
            return LINE_MORE;
        }
    }
    enum http_line r = p->begun ? LINE_OK : begin(p, fn, end);
    return r == LINE_OK ? when_complete(p, field_lines(p, end), end) : r;
}

static enum http_parsed parse(struct http_parse *p, first_line *fn, const char *bytes, size_t n)
{
    rebase(p, bytes);
    size_t visible = n < LIMIT_HTTP_HEAD ? n : LIMIT_HTTP_HEAD;
    enum http_line r = head(p, fn, bytes + visible);
    if (r == LINE_BAD)
        return HTTP_PARSE_REFUSED;
    if (r == LINE_MORE && n > LIMIT_HTTP_HEAD)
        return refused(p, 431, "the head is longer than 64 KiB");
    if (r == LINE_MORE)
        return HTTP_PARSE_MORE;
    p->used = p->line;
    return HTTP_PARSE_DONE;
}

enum http_parsed http_parse_request(struct http_parse *p, const char *bytes, size_t n)
{
    if (n == 0)
        return HTTP_PARSE_MORE;
    if (p->line == 0 && bytes[0] == '\r') { /* one empty line before it: RFC 9112 §2.2 */
        if (n < 2)
            return HTTP_PARSE_MORE;
        if (bytes[1] != '\n')
            return refused(p, 400, "there is a CR without LF in the head");
        p->line = 2;
    }
    /* Nobody who speaks HTTP begins so: a TLS greeting on the wrong port must not wait for LF. */
    if (!p->begun && n > p->line && !http_char_is(bytes[p->line], CHAR_TOKEN))
        return refused(p, 400, "the request line does not begin with a method and a space");
    enum http_parsed r = parse(p, request_line, bytes, n);
    return r == HTTP_PARSE_DONE && !http_parse_request_end(p) ? HTTP_PARSE_REFUSED : r;
}

enum http_parsed http_parse_response(struct http_parse *p, const char *bytes, size_t n,
                                     bool to_head)
{
    if (n == 0)
        return HTTP_PARSE_MORE;
    enum http_parsed r = parse(p, status_line, bytes, n);
    if (r == HTTP_PARSE_DONE && !http_parse_response_end(p, to_head))
        r = HTTP_PARSE_REFUSED;
    if (r == HTTP_PARSE_REFUSED)
        p->refusal = 502;
    return r;
}
