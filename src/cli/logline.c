/* logline.c: see logline.h. */
#include "cli/logline.h"

#include <burrow/json.h>

#include "core/civil.h"
#include "core/log.h"

#define STAMP 24 /* "2026-11-23T23:04:18.123Z" */

static const char *const levels[] = {
#define X(name, text) #text,
    LOG_LEVELS(X)
#undef X
};

bool logline_level(bw_str name, int *level)
{
    for (int i = 0; i < (int)(sizeof levels / sizeof levels[0]); i++) {
        if (!bw_str_eq(name, bw_cstr(levels[i])))
            continue;
        *level = i;
        return true;
    }
    return false;
}

/* ---- reading ---- */

static bool read_json(struct logline *l, struct bw_arena *a)
{
    struct bw_json_reader r;
    bw_str name;
    bool timed = false;
    bw_json_open(&r, a, l->text);
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return false;
    while (bw_json_member(&r, &name)) {
        enum bw_json_kind kind = bw_json_next(&r);
        if (kind != BW_JSON_TEXT)
            bw_json_skip(&r, kind);
        else if (bw_str_eq(name, BW_LIT("ts")))
            timed = bw_time_parse(r.text, &l->at);
        else if (bw_str_eq(name, BW_LIT("level")))
            logline_level(r.text, &l->level);
        else if (bw_str_eq(name, BW_LIT("path")))
            l->path = r.text;
        else if (bw_str_eq(name, BW_LIT("route")))
            l->route = r.text;
    }
    return timed && bw_json_finish(&r);
}

static bool read_text(struct logline *l)
{
    bw_str t = l->text;
    if (t.n < STAMP + 2 || !bw_time_parse(bw_str_of(t.p, STAMP), &l->at))
        return false;
    t = bw_str_of(t.p + STAMP + 1, t.n - STAMP - 1);
    size_t n = bw_str_find(t, ' ');
    logline_level(bw_str_of(t.p, n < t.n ? n : t.n), &l->level);
    return true;
}

/* "... [23/Nov/2026:23:04:18 +0000] ..." */
static void read_access(struct logline *l)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t at = bw_str_find(l->text, '[');
    if (at >= l->text.n || l->text.n - at < 28)
        return;
    const char *p = l->text.p + at + 1;
    struct civil c = {.month = 0};
    for (int m = 0; m < 12; m++)
        if (!memcmp(p + 3, months + 3 * m, 3))
            c.month = m + 1;
    if (c.month && civil_digits(p, 2, &c.day) && civil_digits(p + 7, 4, &c.year) &&
        civil_digits(p + 12, 2, &c.hour) && civil_digits(p + 15, 2, &c.minute) &&
        civil_digits(p + 18, 2, &c.second))
        civil_to_time(&c, 0, &l->at);
}

void logline_read(struct logline *l, bw_str text, struct bw_arena *a)
{
    *l = (struct logline){.text = text, .level = LOG_LEVEL_INFO};
    l->json = text.n && text.p[0] == '{' && read_json(l, a);
    if (!l->json && !read_text(l))
        read_access(l);
}

bool logline_about(const struct logline *l, bw_str route)
{
    if (l->json)
        return bw_str_starts(l->path, route) || bw_str_starts(l->route, route);
    return memmem(l->text.p, l->text.n, route.p, route.n) != NULL;
}

/* ---- writing ---- */

static void put_plain(struct bw_buf *out, bw_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bw_buf_char(out, c < ' ' || c == 127 ? ' ' : s.p[i]);
    }
}

/* A value as JSON has it: one line without controls; without its quotes where nobody misses them.
 */
static void put_value(struct bw_buf *out, bw_str raw)
{
    bool bare = raw.n > 2 && raw.p[0] == '"';
    for (size_t i = 1; bare && i + 1 < raw.n; i++)
        bare = raw.p[i] != ' ' && raw.p[i] != '\\' && raw.p[i] != '=';
    put_plain(out, bare ? bw_str_of(raw.p + 1, raw.n - 2) : raw);
}

static void put_head(struct bw_buf *out, bw_str name, bw_str raw)
{
    bw_str inner = raw.n >= 2 ? bw_str_of(raw.p + 1, raw.n - 2) : raw;
    if (bw_str_eq(name, BW_LIT("area"))) {
        if (inner.n) {
            put_plain(out, inner);
            bw_buf_char(out, ':');
        }
    } else {
        put_plain(out, inner);
    }
    for (size_t n = bw_str_eq(name, BW_LIT("level")) ? inner.n : 5; n < 5; n++)
        bw_buf_char(out, ' ');
}

/* Members in the order they stand, as the log's own text form has them. */
void logline_write_text(const struct logline *l, struct bw_buf *out)
{
    static const char *const heads[] = {"ts", "level", "area", "msg"};
    struct bw_json_reader r;
    bw_str name, raw;
    if (!l->json) {
        put_plain(out, l->text);
        bw_buf_char(out, '\n');
        return;
    }
    bw_json_open(&r, NULL, l->text);
    bw_json_next(&r);
    for (bool first = true; bw_json_member(&r, &name) && bw_json_whole(&r, &raw); first = false) {
        bool head = false;
        for (size_t i = 0; i < 4; i++)
            head |= bw_str_eq(name, bw_cstr(heads[i]));
        if (!first)
            bw_buf_char(out, ' ');
        if (head) {
            put_head(out, name, raw);
            continue;
        }
        put_plain(out, name);
        bw_buf_char(out, '=');
        put_value(out, raw);
    }
    bw_buf_char(out, '\n');
}

void logline_write_json(const struct logline *l, struct bw_buf *out)
{
    struct bw_json_writer w;
    if (l->json) {
        bw_buf_put(out, l->text);
    } else {
        bw_json_init(&w, out);
        bw_json_object(&w);
        if (l->at)
            bw_json_put_time(&w, "ts", l->at);
        bw_json_put_text(&w, "level", bw_cstr(levels[l->level]));
        bw_json_put_text(&w, "line", l->text);
        bw_json_end(&w);
    }
    bw_buf_char(out, '\n');
}
