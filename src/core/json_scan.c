/* json_scan.c: the tokens of JSON. A text without escapes is a view into the input; one with
 * escapes is checked first, whole, and then decoded into the arena, where it never takes more bytes
 * than it had. */
#include "core/json_scan.h"

#include "core/json_int.h"
#include "core/utf8.h"

#include <stdarg.h>

/* ---- errors ---- */

static bool BW_PRINTF(3, 0)
    fail(struct bw_json_reader *r, const char *at, const char *fmt, va_list ap)
{
    if (r->failed)
        return false;
    char full[512];
    vsnprintf(full, sizeof full, fmt, ap);
    size_t n = utf8_cut(bw_cstr(full), sizeof r->why - 1);
    memcpy(r->why, full, n);
    r->why[n] = 0;
    r->failed = true;
    r->where = at;
    r->at = r->end;
    return false;
}

bool json_fail(struct bw_json_reader *r, const char *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(r, at, fmt, ap);
    va_end(ap);
    return false;
}

bool json_expected(struct bw_json_reader *r, const char *at, const char *what)
{
    if (at >= r->end)
        return json_fail(r, at, "expected %s, but the text ends here", what);
    unsigned char c = (unsigned char)*at;
    if (c > 0x20 && c < 0x7f)
        return json_fail(r, at, "expected %s, found '%c'", what, c);
    return json_fail(r, at, "expected %s, found the byte 0x%02x", what, c);
}

void bw_json_place(const struct bw_json_reader *r, const char *at, unsigned *line, unsigned *column)
{
    *line = *column = 1;
    for (const char *p = r->start; p < at && p < r->end; p++) {
        if (*p == '\n') {
            ++*line;
            *column = 1;
        } else if ((*p & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

bool bw_json_refuse(struct bw_json_reader *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail(r, r->token, fmt, ap);
    va_end(ap);
    return false;
}

bool bw_json_fail(const struct bw_json_reader *r, struct bw_err *e)
{
    unsigned line, column;
    if (!r->failed)
        return bw_fail(e, BW_BAD, "the JSON text is not complete");
    bw_json_place(r, r->where, &line, &column);
    return bw_fail(e, BW_BAD, "line %u, column %u: %s", line, column, r->why);
}

/* ---- comments ---- */

/* Behind the comment at p, NULL when it is none or does not end. */
static const char *comment_end(const char *p, const char *end)
{
    if (end - p < 2)
        return NULL;
    if (p[1] == '/') {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        return eol ? eol : end;
    }
    if (p[1] != '*')
        return NULL;
    for (p += 2; end - p >= 2; p++) {
        if (p[0] == '*' && p[1] == '/')
            return p + 2;
    }
    return NULL;
}

void json_skip_comments(struct bw_json_reader *r)
{
    while (r->at < r->end && *r->at == '/') {
        const char *behind = comment_end(r->at, r->end);
        if (!behind) {
            json_fail(r, r->at, "this '/' does not begin a whole comment");
            return;
        }
        r->at = json_skip_blank(behind, r->end);
    }
}

/* ---- texts ---- */

/* The four hex digits at p; -1 when they are not. */
static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i], l = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (l >= 'a' && l <= 'f')
            v = v << 4 | (l - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* Length of the \u escape (or pair of them) at p, 0 with an error. */
static unsigned unicode_length(struct bw_json_reader *r, const char *p)
{
    int first = hex4(p + 2, r->end);
    if (first < 0)
        json_fail(r, p, "four hexadecimal digits must follow \\u");
    else if (first < 0xd800 || first > 0xdfff)
        return 6;
    else if (first > 0xdbff)
        json_fail(r, p, "a low surrogate without the high one before it");
    else if (r->end - p < 12 || p[6] != '\\' || p[7] != 'u')
        json_fail(r, p, "a high surrogate without the low one behind it");
    else if ((hex4(p + 8, r->end) & ~0x3ff) != 0xdc00)
        json_fail(r, p, "a high surrogate without the low one behind it");
    else
        return 12;
    return 0;
}

static unsigned escape_length(struct bw_json_reader *r, const char *p)
{
    char c = r->end - p < 2 ? 0 : p[1];
    if (c == 'u')
        return unicode_length(r, p);
    if (c && strchr("\"\\/bfnrt", c))
        return 2;
    json_fail(r, p, "unknown escape: after '\\' come only \" \\ / b f n r t or uXXXX");
    return 0;
}

/* The closing quote of the text that begins at p, everything before it checked; NULL on error. */
static const char *check_text(struct bw_json_reader *r, const char *p, bool *escaped)
{
    for (unsigned n; (p = json_plain_end(p, r->end)) < r->end; p += n) {
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            return p;
        if (c == '\\') {
            *escaped = true;
            n = escape_length(r, p);
        } else if (c < 0x20) {
            n = 0;
            json_fail(r, p, "the control character 0x%02x must be written as \\u%04x", c, c);
        } else {
            n = utf8_step(p, r->end);
            if (!n)
                json_fail(r, p, "the byte 0x%02x is not valid UTF-8 here", c);
        }
        if (!n)
            return NULL;
    }
    json_fail(r, r->token, "the text that begins here has no closing quote");
    return NULL;
}

/* Decodes the checked escape at *p to o. */
static char *decode_escape(char *o, const char **p, const char *end)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = (*p)[1];
    if (c != 'u') {
        const char *known = strchr(from, c);
        *o = known ? to[known - from] : c;
        *p += 2;
        return o + 1;
    }
    uint32_t cp = (uint32_t)hex4(*p + 2, end);
    *p += 6;
    if (cp >= 0xd800 && cp <= 0xdbff) {
        cp = 0x10000 + ((cp & 0x3ff) << 10) + ((uint32_t)hex4(*p + 2, end) & 0x3ff);
        *p += 6;
    }
    return o + utf8_encode(o, cp);
}

static bw_str decode(struct bw_arena *a, const char *p, const char *end)
{
    char *out = bw_arena_alloc(a, (size_t)(end - p)), *o = out;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t n = (size_t)((slash ? slash : end) - p);
        memcpy(o, p, n);
        o += n;
        p += n;
        if (p < end)
            o = decode_escape(o, &p, end);
    }
    return bw_str_of(out, (size_t)(o - out));
}

bool json_read_text(struct bw_json_reader *r, bw_str *out)
{
    bool escaped = false;
    const char *first = r->at + 1, *close = check_text(r, first, &escaped);
    if (!close)
        return false;
    r->at = close + 1;
    *out = escaped && r->arena ? decode(r->arena, first, close)
                               : bw_str_of(first, (size_t)(close - first));
    return true;
}
