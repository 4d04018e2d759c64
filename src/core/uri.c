/* uri.c: URLs as this program takes them: scheme, host and what follows, nothing of what RFC 3986
 * allows beyond (no user:password@, no fragment, no relative forms). An error names the part at
 * fault and never quotes the URL: a password or token might stand in it. */
#include "core/uri.h"

#include "core/limits.h"
#include "core/near.h"

#define SOCKET_PATH_MAX 107 /* of a Unix socket, by the kernel */

static const struct scheme {
    const char *name;
    unsigned port;
    bool is_unix;
} schemes[] = {
    {"http", 80, false}, {"https", 443, false},  {"ws", 80, false},
    {"wss", 443, false}, {"http+unix", 0, true}, {"ws+unix", 0, true},
};

enum { UNRESERVED = 1, SUB_DELIM = 2, PATH_MORE = 4, HEX = 8, HOST = 16 };

static unsigned class_of(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        return UNRESERVED | HOST | HEX;
    if ((c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || c == '-' || c == '.' || c == '_')
        return UNRESERVED | HOST;
    if (c == '~')
        return UNRESERVED;
    if (c && strchr("!$&'()*+,;=", c))
        return SUB_DELIM;
    return c && strchr(":@/", c) ? PATH_MORE : 0;
}

static bool is_escape(bw_str s, size_t i)
{
    return i + 2 < s.n && s.p[i] == '%' && class_of(s.p[i + 1]) & HEX && class_of(s.p[i + 2]) & HEX;
}

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Position of the first character that may not stand in a path (or query), s.n when all may. */
static size_t odd_one(bw_str s, bool query)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_escape(s, i))
            i += 2;
        else if (!(class_of(s.p[i]) & (UNRESERVED | SUB_DELIM | PATH_MORE)) &&
                 !(query && s.p[i] == '?'))
            return i;
    }
    return s.n;
}

/* Cuts "scheme://" off. */
static const struct scheme *take_scheme(bw_str *s, struct bw_err *e)
{
    size_t n = bw_str_find(*s, ':');
    bw_str name = bw_str_of(s->p, n), rest = bw_str_of(s->p + n, s->n - n);
    if (!bw_str_starts(rest, BW_LIT("://"))) {
        bw_fail(e, BW_BAD, "the URL does not begin with a scheme: write http://host:port/path");
        return NULL;
    }
    struct near near;
    near_init(&near, name);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (bw_str_ieq(name, bw_cstr(schemes[i].name))) {
            *s = bw_str_of(rest.p + 3, rest.n - 3);
            return &schemes[i];
        }
        near_offer(&near, bw_cstr(schemes[i].name));
    }
    char hint[96];
    bw_fail(e, BW_BAD, "the URL's scheme '%.*s' is not known%s", (int)(n < 20 ? n : 20), name.p,
            near_hint(&near, hint));
    return NULL;
}

static bool is_ipv4(bw_str s)
{
    bw_str part;
    int parts = 0;
    for (; bw_str_cut(&s, '.', &part); parts++) {
        int64_t v;
        bool leading_zero = part.n > 1 && part.p[0] == '0'; /* octal to some readers */
        if (part.n > 3 || leading_zero || !bw_str_int(part, &v) || v < 0 || v > 255)
            return false;
    }
    return parts == 4;
}

/* RFC 4291 section 2.2: eight groups of hex digits, one "::" for one or more zero groups, the last
 * two groups perhaps as IPv4. */
static bool is_ipv6(bw_str s)
{
    unsigned groups = 0;
    bool gap = bw_str_starts(s, BW_LIT("::"));
    size_t i = gap ? 2 : 0;
    while (i < s.n) {
        size_t n = 0;
        while (i + n < s.n && class_of(s.p[i + n]) & HEX)
            n++;
        if (i + n < s.n && s.p[i + n] == '.') {
            groups += 2;
            return is_ipv4(bw_str_of(s.p + i, s.n - i)) && (gap ? groups < 8 : groups == 8);
        }
        if (n < 1 || n > 4)
            return false;
        groups++;
        i += n;
        if (i == s.n)
            break;
        if (s.p[i++] != ':' || i == s.n)
            return false;
        if (s.p[i] == ':') {
            if (gap)
                return false;
            gap = true;
            i++;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

static bool host_ok(bw_str host, struct bw_err *e)
{
    bool digits = true;
    if (host.n == 0)
        return bw_fail(e, BW_BAD, "the URL has no host: write http://host:port/path");
    if (host.n > 253)
        return bw_fail(e, BW_BAD, "the URL's host is longer than 253 characters");
    for (size_t i = 0; i < host.n; i++) {
        if (!(class_of(host.p[i]) & HOST))
            return bw_fail(e, BW_BAD,
                           "character %zu of the URL's host may not stand in a host name", i + 1);
        digits = digits && (host.p[i] == '.' || (host.p[i] >= '0' && host.p[i] <= '9'));
    }
    if (digits && !is_ipv4(host))
        return bw_fail(e, BW_BAD,
                       "the URL's host '%.*s' is not an IPv4 address: it has four parts "
                       "from 0 to 255",
                       BW_FMT(host));
    return true;
}

static bool take_port(struct uri *u, bw_str text, struct bw_err *e)
{
    int64_t v;
    if (text.n > 5 || !bw_str_int(text, &v) || v < 1 || v > 65535)
        return bw_fail(e, BW_BAD, "the URL's port is not a number from 1 to 65535");
    u->port = (unsigned)v;
    return true;
}

/* "[v6]", "[v6]:port", "host", "host:port" */
static bool take_authority(struct uri *u, bw_str s, struct bw_err *e)
{
    bool v6 = s.n && s.p[0] == '[';
    size_t end = v6 ? bw_str_find(s, ']') : bw_str_find(s, ':');
    u->host = v6 ? bw_str_of(s.p + 1, end - 1) : bw_str_of(s.p, end);
    if (v6 && (end == s.n || !is_ipv6(u->host)))
        return bw_fail(e, BW_BAD, "the URL's host in brackets is not an IPv6 address");
    if (!v6 && !host_ok(u->host, e))
        return false;
    size_t behind = v6 ? end + 1 : end;
    if (behind == s.n)
        return true;
    if (s.p[behind] != ':')
        return bw_fail(e, BW_BAD,
                       "only ':' and a port may follow the address in brackets of a URL");
    return take_port(u, bw_str_of(s.p + behind + 1, s.n - behind - 1), e);
}

static bool take_socket(struct uri *u, bw_str s, struct bw_arena *a, struct bw_err *e)
{
    u->host = uri_decode(a, s, false);
    if (!u->host.p || odd_one(s, false) < s.n)
        return bw_fail(e, BW_BAD,
                       "the URL's socket path is not percent-encoded as it should be: "
                       "write http+unix://%%2Frun%%2Fx.sock/path");
    if (u->host.n == 0 || u->host.p[0] != '/')
        return bw_fail(e, BW_BAD,
                       "the URL's socket path does not begin with '/': "
                       "write http+unix://%%2Frun%%2Fx.sock/path");
    if (u->host.n > SOCKET_PATH_MAX)
        return bw_fail(e, BW_BAD, "the URL's socket path is longer than %d bytes", SOCKET_PATH_MAX);
    return true;
}

static bool take_path(struct uri *u, bw_str s, struct bw_err *e)
{
    size_t n = bw_str_find(s, '?'), odd;
    u->path = n ? bw_str_of(s.p, n) : BW_LIT("/");
    u->query = n < s.n ? bw_str_of(s.p + n + 1, s.n - n - 1) : bw_str_of(NULL, 0);
    if ((odd = odd_one(u->path, false)) < u->path.n)
        return bw_fail(e, BW_BAD, "character %zu of the URL's path must be percent-encoded",
                       odd + 1);
    if ((odd = odd_one(u->query, true)) < u->query.n)
        return bw_fail(e, BW_BAD, "character %zu of the URL's query must be percent-encoded",
                       odd + 1);
    return true;
}

bool uri_parse(struct uri *u, bw_str text, struct bw_arena *a, struct bw_err *e)
{
    if (text.n > LIMIT_HTTP_LINE)
        return bw_fail(e, BW_BAD, "the URL is longer than %d bytes", LIMIT_HTTP_LINE);
    const struct scheme *scheme = take_scheme(&text, e);
    if (!scheme)
        return false;
    if (bw_str_find(text, '#') < text.n)
        return bw_fail(e, BW_BAD,
                       "the URL has a fragment ('#…'), which no server gets to see: leave "
                       "it out");
    size_t n = 0;
    while (n < text.n && text.p[n] != '/' && text.p[n] != '?')
        n++;
    bw_str authority = bw_str_of(text.p, n);
    if (bw_str_find(authority, '@') < n)
        return bw_fail(e, BW_BAD,
                       "the URL has a user before '@': give name and password on their "
                       "own, not in a URL");
    struct uri got = {
        .scheme = bw_cstr(scheme->name), .port = scheme->port, .is_unix = scheme->is_unix};
    if (!(scheme->is_unix ? take_socket(&got, authority, a, e)
                          : take_authority(&got, authority, e)) ||
        !take_path(&got, bw_str_of(text.p + n, text.n - n), e))
        return false;
    *u = got;
    return true;
}

bw_str uri_decode(struct bw_arena *a, bw_str s, bool form)
{
    const bw_str none = {.p = NULL};
    size_t plain = 0;
    while (plain < s.n && s.p[plain] != '%' && !(form && s.p[plain] == '+'))
        plain++;
    if (plain == s.n)
        return s.p ? s : BW_LIT("");
    char *out = bw_arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++, n++) {
        out[n] = form && s.p[i] == '+' ? ' ' : s.p[i];
        if (s.p[i] != '%')
            continue;
        if (!is_escape(s, i))
            return none;
        out[n] = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
        if (out[n] == '\0')
            return none;
        i += 2;
    }
    return bw_str_of(out, n);
}

void uri_encode(struct bw_buf *b, bw_str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0, start = 0; i <= s.n; i++) {
        if (i < s.n && class_of(s.p[i]) & UNRESERVED)
            continue;
        bw_buf_add(b, s.p + start, i - start);
        start = i + 1;
        if (i == s.n)
            return;
        unsigned char c = (unsigned char)s.p[i];
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        bw_buf_add(b, escape, 3);
    }
}

bool uri_query_next(bw_str *rest, bw_str *name, bw_str *value)
{
    bw_str pair;
    while (bw_str_cut(rest, '&', &pair)) {
        if (pair.n == 0)
            continue;
        size_t n = bw_str_find(pair, '=');
        *name = bw_str_of(pair.p, n);
        *value = n < pair.n ? bw_str_of(pair.p + n + 1, pair.n - n - 1) : bw_str_of(pair.p + n, 0);
        return true;
    }
    return false;
}
