/* http_parse_target.c: the request target (RFC 9112 §3.2) and the host (RFC 3986 §3.2.2). */
#include "net/http_chars.h"
#include "net/http_parse.h"
#include "net/http_parse_int.h"

/* Bytes of the classes and whole escapes; stops also at a '%' that begins none. */
static const char *skip_escaped(const char *at, const char *end, unsigned classes)
{
    for (;;) {
        at = http_chars_skip(at, end, classes);
        if (end - at < 3 || *at != '%' || !http_char_is(at[1], CHAR_HEX) ||
            !http_char_is(at[2], CHAR_HEX))
            return at;
        at += 3;
    }
}

static enum http_line path_and_query(struct http_parse *p, const char *at, const char *end,
                                     const char **next)
{
    const char *stop = skip_escaped(at, end, CHAR_PATH);
    p->path = bw_str_of(at, (size_t)(stop - at));
    p->query = bw_str_of(stop, 0);
    if (stop < end && *stop == '?') {
        at = stop + 1;
        stop = skip_escaped(at, end, CHAR_QUERY);
        p->query = bw_str_of(at, (size_t)(stop - at));
    }
    if (stop < end && *stop == '%') {
        return end - stop < 3
                   ? LINE_MORE
                   : http_line_bad(p, 400,
                                   "the request target has a '%' without two hex digits behind it");
    }
    *next = stop;
    return LINE_OK;
}

/* "http://host/path?query": the host here counts, not the Host field (RFC 9112 §3.2.2). */
static enum http_line absolute(struct http_parse *p, const char *at, const char *end,
                               const char **next)
{
    const char *colon = http_chars_skip(at, end, CHAR_TOKEN);
    if (end - colon < 3)
        return LINE_MORE;
    bw_str scheme = bw_str_of(at, (size_t)(colon - at));
    if (memcmp(colon, "://", 3) != 0 ||
        !(bw_str_ieq(scheme, BW_LIT("http")) || bw_str_ieq(scheme, BW_LIT("https"))))
        return http_line_bad(p, 400, "the request target begins neither with '/' nor with http://");
    const char *host = colon + 3, *stop = host;
    while (stop < end && *stop != '/' && *stop != '?' && *stop != ' ' && *stop != '\r' &&
           *stop != '\n')
        stop++;
    if (stop == end)
        return LINE_MORE;
    p->host = bw_str_of(host, (size_t)(stop - host));
    if (!http_host_valid(p->host))
        return http_line_bad(p, 400, "the host in the request target is not a host");
    return path_and_query(p, stop, end, next);
}

enum http_line http_parse_target(struct http_parse *p, const char *at, const char *end,
                                 const char **next)
{
    if (at == end)
        return LINE_MORE;
    if (*at == '/')
        return path_and_query(p, at, end, next);
    if (*at == '*' && at + 1 == end)
        return LINE_MORE;
    if (*at == '*' && at[1] == ' ') {
        p->asterisk = true;
        p->path = bw_str_of(at, 1);
        p->query = bw_str_of(at + 1, 0);
        *next = at + 1;
        return LINE_OK;
    }
    return absolute(p, at, end, next);
}

static bool port_valid(const char *at, const char *end)
{
    unsigned long port = 0;
    for (; at < end; at++) {
        if (!http_char_is(*at, CHAR_DIGIT) || (port = port * 10 + (unsigned)(*at - '0')) > 65535)
            return false;
    }
    return true;
}

/* "[" IPv6 or IPvFuture "]": the characters, not the arithmetic: it names us, nothing is opened. */
static const char *bracketed(const char *at, const char *end)
{
    const char *stop = at + 1;
    while (stop < end && (http_char_is(*stop, CHAR_HOST) || *stop == ':'))
        stop++;
    return stop < end && *stop == ']' && stop - at > 2 ? stop + 1 : NULL;
}

bool http_host_valid(bw_str host)
{
    const char *at = host.p, *end = host.p + host.n;
    if (host.n == 0)
        return false;
    const char *stop = *at == '[' ? bracketed(at, end) : skip_escaped(at, end, CHAR_HOST);
    if (!stop || stop == at)
        return false;
    return stop == end || (*stop == ':' && port_valid(stop + 1, end));
}
