/* probe_http.c: http://host/path=200: the status of a GET, and a member of the JSON that answers.
 */
#include "angel/fetch.h"
#include "angel/probe_int.h"
#include "core/uri.h"

#define ANSWER_MAX (256 * 1024)

static bool check(struct probe_conf *c, struct bw_arena *a, struct bw_err *e)
{
    struct uri u;
    bw_str text = bw_cstr(c->target);
    size_t at = text.n;
    int64_t status;
    while (at > 0 && text.p[at - 1] >= '0' && text.p[at - 1] <= '9')
        at--;
    c->expected = 200;
    if (at > 0 && at < text.n && text.p[at - 1] == '=' && !memchr(text.p, '?', at)) {
        bw_str digits = bw_str_of(text.p + at, text.n - at);
        if (!bw_str_int(digits, &status) || status < 100 || status > 599)
            return bw_fail(e, BW_BAD, "%.*s is no HTTP status", (int)(digits.n & 31), digits.p);
        c->expected = status;
        c->target = bw_arena_cstr(a, bw_str_of(text.p, at - 1));
    }
    return uri_parse(&u, bw_cstr(c->target), a, e);
}

/* Goes to the member "a.b" within the object that has just begun. */
static enum bw_json_kind go(struct bw_json_reader *r, bw_str path)
{
    bw_str name, part, rest = path;
    enum bw_json_kind k = bw_json_next(r);
    while (rest.p && bw_str_cut(&rest, '.', &part)) {
        bool met = false;
        if (k != BW_JSON_OBJECT)
            return BW_JSON_ERROR;
        while (!met && bw_json_member(r, &name)) {
            met = bw_str_eq(name, part);
            k = bw_json_next(r);
            if (!met)
                bw_json_skip(r, k);
        }
        if (!met)
            return BW_JSON_ERROR;
    }
    return k;
}

static bw_str scalar(const struct bw_json_reader *r, enum bw_json_kind k)
{
    if (k == BW_JSON_BOOL)
        return r->boolean ? BW_LIT("true") : BW_LIT("false");
    if (k == BW_JSON_NULL)
        return BW_LIT("null");
    return k == BW_JSON_TEXT || k == BW_JSON_INT || k == BW_JSON_REAL ? r->text
                                                                      : (bw_str){.p = NULL};
}

static bool has_member(const struct probe_conf *c, bw_str body, struct bw_err *e)
{
    struct bw_arena a;
    struct bw_json_reader r;
    bw_arena_init(&a);
    bw_json_open(&r, &a, body);
    enum bw_json_kind k = go(&r, bw_cstr(c->member));
    bw_str is = scalar(&r, k);
    bool ok = k != BW_JSON_ERROR && (!c->equals || bw_str_eq(is, bw_cstr(c->equals)));
    if (k == BW_JSON_ERROR)
        bw_fail(e, BW_DOWN, "%s: the answer has no member '%s'", c->target, c->member);
    else if (!ok)
        bw_fail(e, BW_DOWN, "%s: '%s' is %.*s, not %s", c->target, c->member,
                is.n < 60 ? (int)is.n : 60, is.p ? is.p : "", c->equals);
    bw_arena_release(&a);
    return ok;
}

static bool look(const struct probe_look *k, struct bw_err *e)
{
    const struct probe_conf *c = k->conf;
    struct bw_buf body;
    int status = 0;
    bw_buf_init(&body, ANSWER_MAX);
    struct fetch f = {.url = c->target, .deadline = k->deadline};
    bool ok = fetch(&f, &status, c->member ? &body : NULL, e) || bw_because(e, "%s", c->target);
    if (ok && status != c->expected)
        ok = bw_fail(e, BW_DOWN, "%s answered %d, not %d", c->target, status, (int)c->expected);
    ok = ok && (!c->member || has_member(c, bw_buf_str(&body), e));
    bw_buf_release(&body);
    return ok;
}

const struct probe_kind probe_http = {
    .name = "http",
    .help = "http://…, https://… or http+unix://…, =STATUS behind it: a GET.",
    .places = 1u << PROBE_STARTUP | 1u << PROBE_READY | 1u << PROBE_LIVE,
    .check = check,
    .look = look,
};
