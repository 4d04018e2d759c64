/* access.c: see access.h. A line is made in one buffer on the stack; values longer than it can hold
 * are cut. Runs on the request's fiber: it costs what the variables cost. */
#include "rest/access.h"

#include <burrow/json.h>

#include "core/civil.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"

#define VALUE_MAX 2048
#define VALUE_CUT 64 /* all items of a line fit then, escapes included */

struct line {
    struct bw_buf out;
    const struct access *of;
    struct bw_req *rq;
    int64_t took;
    bw_time at;
    size_t value_max;
};

#define VARIABLES(X) \
    X(peer)          \
    X(method)        \
    X(path)          \
    X(query)         \
    X(host)          \
    X(route)         \
    X(request)       \
    X(status)        \
    X(bytes)         \
    X(ms)            \
    X(time)          \
    X(time_iso)      \
    X(referer)       \
    X(user_agent)    \
    X(name)          \
    X(trace)

/* ---- values ---- */

/* Are none of 8 bytes a control, '"', '\\', DEL or beyond ASCII? */
static bool are_plain(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t w;
    memcpy(&w, p, sizeof w);
    uint64_t quote = w ^ ones * '"', back = w ^ ones * '\\';
    return !((w | (w + ones) | (w - ones * ' ') | (quote - ones) | (back - ones)) & high);
}

static size_t plain_run(bw_str s)
{
    size_t n = 0;
    while (s.n - n >= 8 && are_plain(s.p + n))
        n += 8;
    while (n < s.n && s.p[n] >= ' ' && s.p[n] <= '~' && s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

static void put_raw(struct line *l, bw_str s)
{
    static const char hex[] = "0123456789abcdef";
    for (;;) {
        size_t n = plain_run(s);
        bw_buf_add(&l->out, s.p, n);
        if (n == s.n)
            return;
        unsigned char c = (unsigned char)s.p[n];
        bw_buf_add(&l->out, (const char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
        s = bw_str_of(s.p + n + 1, s.n - n - 1);
    }
}

static bool is_plain(bw_str s)
{
    return plain_run(s) == s.n;
}

/* An absent value is "-" as in the old formats, and empty in JSON. */
static void put(struct line *l, bw_str s)
{
    s.n = s.n < l->value_max ? s.n : l->value_max;
    if (l->of->json && is_plain(s))
        bw_buf_put(&l->out, s);
    else if (l->of->json)
        bw_json_escape(&l->out, s);
    else if (s.n)
        put_raw(l, s);
    else
        bw_buf_char(&l->out, '-');
}

static void put_peer(struct line *l)
{
    put(l, l->rq->http->peer);
}

static void put_method(struct line *l)
{
    put(l, l->rq->http->method_text);
}

static void put_path(struct line *l)
{
    put(l, l->rq->http->path);
}

static void put_query(struct line *l)
{
    put(l, l->rq->http->query);
}

static void put_host(struct line *l)
{
    put(l, l->rq->http->host);
}

static void put_route(struct line *l)
{
    put(l, bw_cstr(l->rq->endpoint->path ? l->rq->endpoint->path : ""));
}

static void put_request(struct line *l)
{
    put_method(l);
    bw_buf_char(&l->out, ' ');
    put_path(l);
    bw_buf_put(&l->out, BW_LIT(" HTTP/1.1"));
}

static void put_status(struct line *l)
{
    bw_buf_int(&l->out, l->rq->res->status);
}

/* Of the body before its coding. */
static void put_bytes(struct line *l)
{
    bw_buf_int(&l->out, http_res_size(l->rq->res));
}

static void put_ms(struct line *l)
{
    int64_t us = l->took / 1000;
    bw_buf_int(&l->out, us / 1000);
    const char part[4] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10),
                          (char)('0' + us % 10)};
    bw_buf_add(&l->out, part, 4);
}

/* "23/Nov/2026:23:04:18 +0000", as the old formats have it; made once a second. */
static void put_time(struct line *l)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static _Thread_local char t[] = "00/Mon/0000:00:00:00 +0000";
    static _Thread_local int64_t made = INT64_MIN;
    int64_t second = l->at / BW_TIME_SECOND;
    if (second != made) {
        struct civil c;
        civil_of_time(&c, l->at);
        civil_two(t, (unsigned)c.day);
        memcpy(t + 3, months + 3 * (c.month - 1), 3);
        civil_two(t + 7, (unsigned)c.year / 100);
        civil_two(t + 9, (unsigned)c.year % 100);
        civil_two(t + 12, (unsigned)c.hour);
        civil_two(t + 15, (unsigned)c.minute);
        civil_two(t + 18, (unsigned)c.second);
        made = second;
    }
    bw_buf_add(&l->out, t, sizeof t - 1);
}

static void put_time_iso(struct line *l)
{
    bw_time_write(&l->out, l->at / 1000 * 1000);
}

static void put_referer(struct line *l)
{
    put(l, http_req_field(l->rq->http, "referer"));
}

static void put_user_agent(struct line *l)
{
    put(l, http_req_field(l->rq->http, "user-agent"));
}

static void put_name(struct line *l)
{
    bool named = l->rq->name[0] || http_req_field(l->rq->http, "x-request-id").p;
    put(l, bw_cstr(named ? req_name(l->rq) : "")); /* else nobody knows it by one */
}

static void put_trace(struct line *l)
{
    char id[33];
    trace_id(&l->rq->trace, id);
    put(l, bw_cstr(id));
}

static const struct {
    const char *name;
    void (*put)(struct line *l);
} variables[] = {
#define X(name) {#name, put_##name},
    VARIABLES(X)
#undef X
};

#define N_VARIABLES ((int)(sizeof variables / sizeof variables[0]))
#define HEADER      N_VARIABLES

/* ---- compiling ---- */

static const struct {
    const char *name, *format;
} forms[] = {
    {"common", "$peer - - [$time] \"$request\" $status $bytes"},
    {"combined", "$peer - - [$time] \"$request\" $status $bytes \"$referer\" \"$user_agent\""},
    {"json", "{\"ts\":\"$time_iso\",\"level\":\"info\",\"area\":\"access\",\"msg\":\"request\","
             "\"peer\":\"$peer\",\"method\":\"$method\",\"path\":\"$path\",\"route\":\"$route\","
             "\"status\":$status,\"bytes\":$bytes,\"ms\":$ms,\"request\":\"$name\","
             "\"trace\":\"$trace\","
             "\"user_agent\":\"$user_agent\"}"},
};

static size_t word(const char *p)
{
    size_t n = 0;
    while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= '0' && p[n] <= '9') || p[n] == '_')
        n++;
    return n;
}

static int find_variable(bw_str name)
{
    for (int i = 0; i < N_VARIABLES; i++)
        if (bw_str_eq(name, bw_cstr(variables[i].name)))
            return i;
    return bw_str_starts(name, BW_LIT("header_")) && name.n > 7 ? HEADER : -1;
}

static bool unknown(bw_str name, struct bw_err *e)
{
    struct bw_buf all;
    bw_buf_init(&all, 1024);
    for (int i = 0; i < N_VARIABLES; i++)
        bw_buf_printf(&all, "$%s ", variables[i].name);
    bw_fail(e, BW_BAD, "'$%.*s' is none of %s$header_NAME", (int)name.n, name.p, bw_buf_cstr(&all));
    bw_buf_release(&all);
    return false;
}

static bool compile(struct access *a, const char *p, struct bw_err *e)
{
    while (*p) {
        size_t text = strcspn(p, "$");
        if (a->n == ACCESS_ITEMS)
            return bw_fail(e, BW_BAD, "more than %d variables", ACCESS_ITEMS);
        struct access_item *i = &a->items[a->n++];
        *i = (struct access_item){.text = bw_str_of(p, text), .variable = -1};
        p += text;
        if (!*p)
            break;
        bw_str name = bw_str_of(p + 1, word(p + 1));
        i->variable = find_variable(name);
        if (i->variable < 0)
            return unknown(name, e);
        if (i->variable == HEADER)
            i->header = bw_str_of(name.p + 7, name.n - 7);
        p += 1 + name.n;
    }
    return true;
}

bool access_compile(struct access *a, const char *format, struct bw_err *e)
{
    a->n = 0;
    a->json = !strcmp(format, "json");
    if (strpbrk(format, "\n\r"))
        return bw_fail(e, BW_BAD, "log.access must be one line");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (!strcmp(format, forms[i].name))
            format = forms[i].format;
    if (!strchr(format, '$'))
        return bw_fail(e, BW_BAD,
                       "log.access '%s' is none of common, combined, json, and no text with "
                       "$variables",
                       format);
    return compile(a, format, e);
}

/* ---- writing ---- */

static void put_header(struct line *l, bw_str name)
{
    char field[64];
    size_t n = name.n < sizeof field ? name.n : sizeof field - 1;
    for (size_t i = 0; i < n; i++)
        field[i] = name.p[i] == '_' ? '-' : name.p[i];
    field[n] = 0;
    put(l, http_req_field(l->rq->http, field));
}

static void write_line(struct line *l)
{
    for (unsigned i = 0; i < l->of->n; i++) {
        const struct access_item *item = &l->of->items[i];
        bw_buf_put(&l->out, item->text);
        if (item->variable == HEADER)
            put_header(l, item->header);
        else if (item->variable >= 0)
            variables[item->variable].put(l);
    }
}

static bool wanted(const struct access *a, int status)
{
    static _Thread_local int64_t seen;
    if (status >= 400)
        return true;
    return !a->errors_only && (a->sample <= 1 || seen++ % a->sample == 0);
}

void access_log(const struct access *a, struct bw_req *rq, int64_t took)
{
    char space[LIMIT_LOG_LINE - 256]; /* a record of it fits into the log's ring whole */
    if (!wanted(a, rq->res->status))
        return;
    struct line l = {.out = {.p = space, .cap = sizeof space, .max = sizeof space},
                     .of = a,
                     .rq = rq,
                     .took = took,
                     .at = clock_wall_rough(),
                     .value_max = VALUE_MAX};
    write_line(&l);
    if (!bw_buf_ok(&l.out)) {
        bw_buf_clear(&l.out);
        l.value_max = VALUE_CUT;
        write_line(&l);
    }
    log_access(bw_buf_str(&l.out), l.at);
}
