/* ctl_read.c: the verbs of `burrow ctl` that read: logs, events, why, and waiting. */
#include "cli/ctl.h"

#include "core/clock.h"

/* ---- streams ---- */

/* Calls line(arg, text) for each whole line of what has come, and drops those. */
static void each_line(struct bw_buf *came, void (*line)(void *arg, bw_str text), void *arg)
{
    size_t used = 0;
    const char *end;
    while ((end = memchr(came->p + used, '\n', came->n - used))) {
        line(arg, bw_str_of(came->p + used, (size_t)(end - came->p) - used));
        used = (size_t)(end - came->p) + 1;
    }
    bw_buf_drop(came, used);
}

static void put_line_as_json(void *arg, bw_str text)
{
    struct ctl *c = arg;
    struct bw_buf out;
    struct bw_json_writer w;
    bw_buf_init(&out, 16u << 20);
    bw_json_init(&w, &out);
    bw_json_object(&w);
    bw_json_put_text(&w, "unit", bw_cstr(c->words[0]));
    bw_json_put_text(&w, "line", text);
    bw_json_end(&w);
    ctl_put(bw_buf_str(&out));
    bw_buf_release(&out);
}

/* *Waits.* Everything to standard output as it comes. False when the stream broke. */
static bool copy(struct ctl *c, struct http_exchange *x, struct bw_err *e)
{
    bw_str piece = {.n = 1};
    struct bw_buf came;
    bool ok = true;
    bw_buf_init(&came, 1 << 20);
    while (ok && piece.n && !ferror(stdout)) {
        ok = http_exchange_read(x, &piece, e);
        if (ok && !c->json && piece.n)
            fwrite(piece.p, 1, piece.n, stdout);
        if (ok && c->json && piece.n) {
            bw_buf_put(&came, piece);
            each_line(&came, put_line_as_json, c);
        }
        fflush(stdout);
    }
    if (c->json && came.n)
        put_line_as_json(c, bw_buf_str(&came));
    bw_buf_release(&came);
    return ok;
}

static int logs(struct ctl *c)
{
    struct bw_err e = {.code = BW_OK};
    char more[80];
    const char *lines = args_value(c->args, "lines", "50");
    int64_t n;
    if (!bw_str_int(bw_cstr(lines), &n) || n < 0) {
        bw_fail(&e, BW_BAD, "--lines %s is no number", lines);
        return ctl_complain(c, &e, CTL_WRONG);
    }
    snprintf(more, sizeof more, "/log?lines=%lld%s", (long long)n,
             args_has(c->args, "f") ? "&follow" : "");
    struct http_exchange *x = ctl_begin(c, "GET", ctl_unit_path(c, c->words[0], more), &e);
    bool ok = x && copy(c, x, &e);
    http_exchange_free(x);
    return ok ? CTL_OK : ctl_complain(c, &e, x ? CTL_NO_ANGEL : ctl_status_of(&e));
}

/* ---- events ---- */

struct events {
    struct ctl *c;
    struct bw_buf rest; /* the beginning of a line */
    int64_t seq;        /* of the last one seen */
};

/* A line of the stream for people: "12:00:01 api ready: it says so". */
static void print_event(struct events *v, bw_str line)
{
    struct bw_json_reader r;
    bw_str name, at = {0}, unit = {0}, kind_is = {0}, text = {0};
    bw_json_open(&r, &v->c->arena, line);
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return;
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind kind = bw_json_next(&r);
        bw_str *to = bw_str_eq(name, BW_LIT("at"))     ? &at
                     : bw_str_eq(name, BW_LIT("unit")) ? &unit
                     : bw_str_eq(name, BW_LIT("kind")) ? &kind_is
                     : bw_str_eq(name, BW_LIT("text")) ? &text
                                                       : NULL;
        if (to && kind == BW_JSON_TEXT)
            *to = bw_arena_str(&v->c->arena, r.text);
        if (kind == BW_JSON_INT && bw_str_eq(name, BW_LIT("seq")))
            v->seq = r.integer;
        bw_json_skip(&r, kind);
    }
    if (v->c->json)
        ctl_put(line);
    else
        printf("%.*s %.*s %.*s: %.*s\n", BW_FMT(at), unit.n ? (int)unit.n : 5,
               unit.n ? unit.p : "angel", BW_FMT(kind_is), BW_FMT(text));
}

static void take_line(void *arg, bw_str line)
{
    struct events *v = arg;
    struct bw_arena whole = v->c->arena; /* a line's texts go with it */
    bw_arena_init(&v->c->arena);
    print_event(v, line);
    bw_arena_release(&v->c->arena);
    v->c->arena = whole;
}

/* *Waits.* One stream to its end. */
static bool read_events(struct events *v, struct bw_err *e)
{
    struct bw_buf target;
    bw_str piece = {.n = 1};
    bw_buf_init(&target, 4096);
    bw_buf_printf(&target, "/v1/events?after=%lld%s", (long long)v->seq,
                  args_has(v->c->args, "f") ? "&follow" : "");
    if (v->c->n_words) {
        bw_buf_put(&target, BW_LIT("&unit="));
        uri_encode(&target, bw_cstr(v->c->words[0]));
    }
    struct http_exchange *x = ctl_begin(v->c, "GET", bw_buf_cstr(&target), e);
    bw_buf_release(&target);
    bool ok = x != NULL;
    while (ok && piece.n) {
        ok = http_exchange_read(x, &piece, e);
        if (ok && piece.n) {
            bw_buf_put(&v->rest, piece);
            each_line(&v->rest, take_line, v);
            fflush(stdout);
        }
    }
    http_exchange_free(x);
    return ok;
}

static int events(struct ctl *c)
{
    struct events v = {.c = c};
    struct bw_err e = {.code = BW_OK};
    const char *after = args_value(c->args, "after", "0");
    if (!bw_str_int(bw_cstr(after), &v.seq) || v.seq < 0) {
        bw_fail(&e, BW_BAD, "--after %s is no number of an event", after);
        return ctl_complain(c, &e, CTL_WRONG);
    }
    bw_buf_init(&v.rest, 1 << 20);
    bool ok, more;
    do { /* the stream of an angel that is started again is taken up where it was */
        int64_t seen = v.seq;
        bw_buf_clear(&v.rest);
        ok = read_events(&v, &e);
        more = args_has(c->args, "f") && (ok || v.seq > seen) && !ferror(stdout);
    } while (more);
    bw_buf_release(&v.rest);
    return ok ? CTL_OK : ctl_complain(c, &e, ctl_status_of(&e));
}

/* ---- answers in sentences ---- */

/* The texts of the array `member` of an object, a line each. False when it says "ok": false. */
static bool print_texts(struct ctl *c, bw_str body, const char *member)
{
    bool ok = true;
    struct bw_json_reader r;
    bw_str name;
    bw_json_open(&r, &c->arena, body);
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return true;
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind kind = bw_json_next(&r);
        ok = ok && !(kind == BW_JSON_BOOL && bw_str_eq(name, BW_LIT("ok")) && !r.boolean);
        if (kind != BW_JSON_ARRAY || !bw_str_eq(name, bw_cstr(member))) {
            bw_json_skip(&r, kind);
            continue;
        }
        while (bw_json_next(&r) == BW_JSON_TEXT) {
            if (!c->json)
                ctl_put(r.text);
        }
    }
    return ok;
}

static int print_answer(struct ctl *c, const char *method, const char *target, const char *member)
{
    struct bw_err e = {.code = BW_OK};
    bw_str body;
    if (!ctl_ask(c, method, target, &body, &e))
        return ctl_complain(c, &e, ctl_status_of(&e));
    if (c->json)
        ctl_put(body);
    return print_texts(c, body, member) ? CTL_OK : CTL_FAILED;
}

static int why(struct ctl *c)
{
    return print_answer(c, "GET", ctl_unit_path(c, c->words[0], "/why"), "why");
}

static int notify_test(struct ctl *c)
{
    return print_answer(c, "POST", "/v1/notify-test", "targets");
}

static int wait_ready(struct ctl *c)
{
    struct bw_buf target;
    int64_t span = ctl_seconds(c, "timeout", 30);
    if (span < 0)
        return CTL_WRONG;
    bw_buf_init(&target, 4096);
    bw_buf_printf(&target, "/v1/ready?timeout=%lld", (long long)span);
    if (c->n_words) {
        bw_buf_put(&target, BW_LIT("&unit="));
        uri_encode(&target, bw_cstr(c->words[0]));
    }
    int status = print_answer(c, "GET", bw_buf_cstr(&target), "");
    bw_buf_release(&target);
    return status;
}

const struct ctl_verb ctl_verb_logs = {.name = "logs",
                                       .usage = "NAME [-f] [--lines N] [--json]",
                                       .help = "what it printed",
                                       .min_words = 1,
                                       .max_words = 1,
                                       .run = logs};
const struct ctl_verb ctl_verb_events = {.name = "events",
                                         .usage = "[NAME] [-f] [--after SEQ] [--json]",
                                         .help = "what has happened",
                                         .max_words = 1,
                                         .run = events};
const struct ctl_verb ctl_verb_why = {.name = "why",
                                      .usage = "NAME",
                                      .help = "how it came to be as it is",
                                      .min_words = 1,
                                      .max_words = 1,
                                      .run = why};
const struct ctl_verb ctl_verb_notify_test = {.name = "notify-test",
                                              .usage = "",
                                              .help = "a notice to everyone who is told anything",
                                              .run = notify_test};
const struct ctl_verb ctl_verb_wait = {.name = "wait",
                                       .usage = "[NAME] --ready [--timeout SECONDS]",
                                       .help = "waits until it, or all, are ready",
                                       .max_words = 1,
                                       .run = wait_ready};
