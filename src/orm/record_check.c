/* record_check.c: the rules of fields, and what the server itself puts into a record: defaults,
 * created, modified, version. Works on the row alone, whatever it was read from; what only a store
 * can know (unique, references, versions) is the store's. One fault per field: its first. */
#include "orm/record_int.h"

#include <math.h>

#include "core/utf8.h"
#include "orm/pattern.h"

#define TIME_FIRST   (INT64_C(-62167219200) * BW_TIME_SECOND) /* year 0000 */
#define TIME_BEYOND  (INT64_C(253402300800) * BW_TIME_SECOND) /* year 10000 */
#define CONTENT_TYPE 255

static bool fault(struct faults *f, const struct column *c, const char *rule, const char *must,
                  bw_str got)
{
    fault_add(f, c->name, rule, "%.*s must %s%.*s", BW_FMT(c->name), must, BW_FMT(got));
    return false;
}

static bool fault_number(struct faults *f, const struct column *c, const char *rule, bw_str bound,
                         bw_str got)
{
    char must[96];
    snprintf(must, sizeof must, "be at %s %.*s", rule[1] == 'i' ? "least" : "most", BW_FMT(bound));
    return fault(f, c, rule, must, fault_got(f, c, got));
}

static bw_str int_text(struct faults *f, int64_t i)
{
    return bw_arena_printf(f->arena, "%lld", (long long)i);
}

static bw_str real_text(struct faults *f, double r)
{
    struct bw_buf b;
    bw_buf_init(&b, 64);
    bw_json_write_real(&b, r);
    bw_str s = bw_arena_str(f->arena, bw_buf_str(&b));
    bw_buf_release(&b);
    return s;
}

static bool check_int(const struct column *c, int64_t i, struct faults *f)
{
    if (!c->f)
        return true;
    if (c->f->min.set && i < c->f->min.i)
        return fault_number(f, c, "min", int_text(f, c->f->min.i), int_text(f, i));
    if (c->f->max.set && i > c->f->max.i)
        return fault_number(f, c, "max", int_text(f, c->f->max.i), int_text(f, i));
    return true;
}

static bool check_real(const struct column *c, double r, struct faults *f)
{
    if (!isfinite(r))
        return fault(f, c, "type", "be a finite number", BW_LIT(""));
    if (c->f->min.set && r < c->f->min.r)
        return fault_number(f, c, "min", real_text(f, c->f->min.r), real_text(f, r));
    if (c->f->max.set && r > c->f->max.r)
        return fault_number(f, c, "max", real_text(f, c->f->max.r), real_text(f, r));
    return true;
}

static bool fault_length(struct faults *f, const struct column *c, const char *rule, size_t bound,
                         size_t got)
{
    bool chars = c->type == BW_TYPE_TEXT && bound != LIMIT_TEXT;
    fault_add(f, c->name, rule, "%.*s must have at %s %zu %s%s, got %zu", BW_FMT(c->name),
              rule[1] == 'i' ? "least" : "most", bound, chars ? "character" : "byte",
              bound == 1 ? "" : "s", got);
    return false;
}

/* n in the unit of the field's lengths; `limit` holds where the field has no max_len. */
static bool check_length(const struct column *c, size_t n, size_t limit, struct faults *f)
{
    if (n < c->f->min_len)
        return fault_length(f, c, "min_len", c->f->min_len, n);
    size_t max = c->f->max_len ? c->f->max_len : limit;
    return n <= max || fault_length(f, c, "max_len", max, n);
}

static bool check_pattern(const struct column *c, bw_str s, struct faults *f)
{
    enum pattern_answer a = pattern_match(c->pattern, s);
    if (a == PATTERN_YES)
        return true;
    if (a == PATTERN_LIMIT)
        fault_add(f, c->name, "pattern", "%.*s takes too much work to compare with its pattern",
                  BW_FMT(c->name));
    else
        fault_add(f, c->name, "pattern", "%.*s must match the pattern %s%.*s", BW_FMT(c->name),
                  c->f->pattern, BW_FMT(fault_got(f, c, fault_quote(f, s))));
    return false;
}

static bool check_characters(const struct column *c, bw_str s, struct faults *f)
{
    if (!utf8_valid(s))
        return fault(f, c, "type", "be valid UTF-8", BW_LIT(""));
    if (s.n && memchr(s.p, 0, s.n))
        return fault(f, c, "type", "not contain the character U+0000", BW_LIT(""));
    return true;
}

/* A companion's text goes out as a header, so nothing but visible ASCII may be in it. */
static bool check_content_type(const struct column *c, bw_str s, struct faults *f)
{
    bool ok = s.n > 0 && s.n <= CONTENT_TYPE;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = s.p[i] >= ' ' && s.p[i] <= '~';
    return ok || fault(f, c, "type", "be a content type such as image/png", BW_LIT(""));
}

static bool check_text(const struct column *c, bw_str s, struct faults *f)
{
    if (!c->f)
        return check_content_type(c, s, f);
    if (!check_characters(c, s, f))
        return false;
    if (c->f->required && s.n == 0)
        return fault(f, c, "required", "not be empty", BW_LIT(""));
    /* Bytes bound characters from above: most texts need no counting. */
    bool count = c->f->min_len || (c->f->max_len && s.n > c->f->max_len);
    size_t limit = c->f->max_len ? c->f->max_len : LIMIT_TEXT;
    if (!c->f->max_len && s.n > LIMIT_TEXT)
        return fault_length(f, c, "max_len", LIMIT_TEXT, s.n);
    if (count && !check_length(c, utf8_count(s), limit, f))
        return false;
    return !c->pattern || check_pattern(c, s, f);
}

/* Raw line breaks can only stand between tokens: strings have them escaped. */
static bw_str one_line(bw_str s, struct bw_arena *a)
{
    if (!memchr(s.p, '\n', s.n) && !memchr(s.p, '\r', s.n))
        return s;
    char *p = bw_arena_cstr(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] == '\n' || p[i] == '\r')
            p[i] = ' ';
    return bw_str_of(p, s.n);
}

static bool check_json(const struct column *c, struct bw_value *v, struct faults *f)
{
    if (!check_length(c, v->s.n, LIMIT_TEXT, f))
        return false;
    if (!bw_json_valid(v->s, LIMIT_JSON_DEPTH))
        return fault(f, c, "type", "be valid JSON, nested 64 deep at most", BW_LIT(""));
    v->s = one_line(v->s, f->arena);
    return true;
}

static bool check_time(const struct column *c, int64_t t, struct faults *f)
{
    return (t >= TIME_FIRST && t < TIME_BEYOND) ||
           fault(f, c, "type", "lie in the years 0000 to 9999", BW_LIT(""));
}

static bool check_kind(const struct column *c, struct bw_value *v, struct faults *f)
{
    if (v->kind == BW_KIND_INT && c->kind == BW_KIND_REAL)
        *v = bw_real((double)v->i);
    if (v->kind == c->kind)
        return true;
    bool number = v->kind == BW_KIND_INT;
    return fault_type(f, c, number ? int_text(f, v->i) : BW_LIT("a value of another type"));
}

bool record_check_value(const struct column *c, struct bw_value *v, struct faults *f)
{
    struct bw_value same;
    if (v->kind == BW_NULL)
        return true;
    if (!check_kind(c, v, f))
        return false;
    switch (c->type) {
    case BW_TYPE_INT:
        return check_int(c, v->i, f);
    case BW_TYPE_REAL:
        return check_real(c, v->r, f);
    case BW_TYPE_TEXT:
        return check_text(c, v->s, f);
    case BW_TYPE_BLOB:
        return (!c->f->required || v->s.n > 0 ||
                fault(f, c, "required", "not be empty", BW_LIT(""))) &&
               check_length(c, v->s.n, LIMIT_BLOB, f);
    case BW_TYPE_JSON:
        return check_json(c, v, f);
    case BW_TYPE_BOOL:
        return v->i == 0 || v->i == 1 || fault_type(f, c, int_text(f, v->i));
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        return check_time(c, v->i, f);
    case BW_TYPE_ENUM:
        return value_from_name(c, v->s, &same, f);
    case BW_TYPE_REF:
        return value_from_int(c, v->i, &same, f);
    case BW_TYPE_VERSION:
        break;
    }
    return true;
}

static void put(struct record *r, unsigned column, struct bw_value v)
{
    if (!column)
        return;
    r->v[column] = v;
    column_add(&r->has, column);
}

/* What the server sets whatever was given; an import's own values stay. */
static void fill_automatic(struct record *r, const struct table *t, enum record_use use)
{
    bool keep = use == RECORD_TRUSTED;
    struct bw_value now = bw_int(t->created || t->modified ? bw_now() : 0);
    if (use == RECORD_UPDATE) {
        if (column_in(&r->has, t->version) && r->v[t->version].kind == BW_KIND_INT)
            r->version = r->v[t->version].i;
        column_drop(&r->has, t->version);
        column_drop(&r->has, t->created);
        put(r, t->modified, now);
        return;
    }
    if (!keep || r->v[t->created].kind == BW_NULL)
        put(r, t->created, now);
    if (!keep || r->v[t->modified].kind == BW_NULL)
        put(r, t->modified, now);
    if (!keep || r->v[t->version].kind == BW_NULL)
        put(r, t->version, bw_int(1));
}

static void check_null(const struct column *c, bool given, struct faults *f)
{
    if (c->nullable || faults_hold(f, c->name))
        return;
    fault_add(f, c->name, "required", "%.*s %s", BW_FMT(c->name),
              given ? "must not be null" : "is required");
}

void record_check(struct record *r, const struct table *t, enum record_use use, struct faults *f)
{
    fill_automatic(r, t, use);
    for (unsigned i = 1; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        bool given = column_in(&r->has, i);
        if (!given && use == RECORD_UPDATE)
            continue;
        if (!given)
            put(r, i, c->has_initial ? c->initial : bw_null());
        if (r->v[i].kind == BW_NULL)
            check_null(c, given, f);
        else if (f->n == 0 || !faults_hold(f, c->name))
            record_check_value(c, &r->v[i], f);
    }
}
