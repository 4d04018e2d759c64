/* filter.c: the tree of conditions: how one is built from text, and what it says of a row in
 * memory. Three-valued as in SQL: a test of null is unknown, unknown survives NOT, and only a clear
 * yes is a match; so the memory store answers as SQLite does. Recursion goes LIMIT_FILTER_DEPTH
 * deep, which filter_fits holds up. */
#include "orm/query.h"

#include "core/utf8.h"
#include "orm/record.h"

enum answer { NO, YES, UNKNOWN };

struct filter *filter_new(struct bw_arena *a, enum filter_kind k)
{
    struct filter *f = BW_NEW(a, struct filter);
    f->kind = k;
    return f;
}

void filter_add(struct filter *parent, struct filter *child)
{
    struct filter **at = &parent->first;
    while (*at)
        at = &(*at)->next;
    *at = child;
}

static bool count_terms(const struct filter *f, unsigned depth, unsigned *terms)
{
    if (depth > LIMIT_FILTER_DEPTH)
        return false;
    if (f->kind == FILTER_TEST)
        return ++*terms <= LIMIT_FILTER_TERMS;
    for (const struct filter *c = f->first; c; c = c->next)
        if (!count_terms(c, depth + 1, terms))
            return false;
    return true;
}

bool filter_fits(const struct filter *f, struct bw_err *e)
{
    unsigned terms = 0;
    return !f || count_terms(f, 0, &terms) ||
           bw_fail(e, BW_BAD, "the filter is too big: %d conditions, nested %d deep, are the most",
                   LIMIT_FILTER_TERMS, LIMIT_FILTER_DEPTH);
}

/* ---- from text ---- */

static bool wrong(const struct column *c, struct bw_err *e, const char *why)
{
    bw_fail(e, BW_BAD, "%.*s %s", BW_FMT(c->name), why);
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(c->name));
    return false;
}

static bool read_value(struct bw_arena *a, const struct column *c, bw_str text,
                       struct bw_value *out, struct bw_err *e)
{
    struct faults f = {.arena = a};
    bool words = c->type == BW_TYPE_TEXT || c->type == BW_TYPE_ENUM;
    if (!words && bw_str_eq(text, BW_LIT("null")))
        return wrong(c, e, "cannot be compared with null: use is.null");
    if (record_text_value(c, text, out, &f))
        return true;
    faults_fail(&f, e);
    if (e)
        e->code = BW_BAD;
    return false;
}

static bool read_is(const struct column *c, bw_str text, struct filter *f, struct bw_err *e)
{
    bool yes = bw_str_eq(text, BW_LIT("true")), no = bw_str_eq(text, BW_LIT("false"));
    if (bw_str_eq(text, BW_LIT("null")))
        f->value = bw_null();
    else if (!yes && !no)
        return wrong(c, e, "can be tested by is.null, is.true or is.false only");
    else if (c->type != BW_TYPE_BOOL)
        return wrong(c, e, "is no bool field: is.true and is.false do not fit it");
    else
        f->value = bw_int(yes);
    return true;
}

static bool read_like(const struct column *c, bw_str text, struct filter *f, struct bw_err *e)
{
    if (c->kind != BW_KIND_TEXT)
        return wrong(c, e, "is no text: like and ilike do not fit it");
    if (text.n > LIMIT_LIKE)
        return wrong(c, e, "is compared with too long a pattern: 256 bytes are the most");
    if (!utf8_valid(text) || (text.n && memchr(text.p, 0, text.n)))
        return wrong(c, e, "is compared with a pattern that is not valid UTF-8");
    f->value = bw_text(text.p ? text : BW_LIT(""));
    return true;
}

/* Cuts one item off the inside of IN's parentheses; what follows it must be ',' or the end. */
static bool cut_quoted(struct bw_arena *a, bw_str *rest, bw_str *item)
{
    char *out = bw_arena_alloc(a, rest->n);
    size_t n = 0, i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        if (rest->p[i] == '\\' && ++i == rest->n)
            return false;
        out[n++] = rest->p[i];
    }
    if (i >= rest->n)
        return false;
    *item = bw_str_of(out, n);
    *rest = bw_str_of(rest->p + i + 1, rest->n - i - 1);
    return true;
}

static bool cut_item(struct bw_arena *a, bw_str *rest, bw_str *item)
{
    if (rest->n && rest->p[0] == '"')
        return cut_quoted(a, rest, item);
    size_t n = bw_str_find(*rest, ',');
    *item = bw_str_of(rest->p, n);
    *rest = bw_str_of(rest->p + n, rest->n - n);
    for (size_t i = 0; i < n; i++)
        if (item->p[i] == '"' || item->p[i] == '(' || item->p[i] == ')')
            return false;
    return n > 0;
}

static bool read_in(struct bw_arena *a, const struct column *c, bw_str text, struct filter *f,
                    struct bw_err *e)
{
    static const char form[] = "takes a list such as in.(a,b,\"c,d\")";
    if (text.n < 2 || text.p[0] != '(' || text.p[text.n - 1] != ')')
        return wrong(c, e, form);
    bw_str rest = bw_str_of(text.p + 1, text.n - 2), item;
    struct bw_value *values =
        BW_NEW_N(a, struct bw_value, rest.n < LIMIT_FILTER_IN ? rest.n : LIMIT_FILTER_IN);
    for (bool more = rest.n > 0; more;) {
        if (f->n_values == LIMIT_FILTER_IN)
            return wrong(c, e, "is compared with too long a list: 500 values are the most");
        if (!cut_item(a, &rest, &item))
            return wrong(c, e, form);
        if (!read_value(a, c, item, &values[f->n_values++], e))
            return false;
        more = rest.n > 0;
        if (more && rest.p[0] != ',')
            return wrong(c, e, form);
        if (more)
            rest = bw_str_of(rest.p + 1, rest.n - 1);
        if (more && rest.n == 0)
            return wrong(c, e, form);
    }
    f->values = values;
    return true;
}

static bool may_test(const struct column *c, enum bw_op op, struct bw_err *e)
{
    if (c->hidden || (c->f && c->f->write_only))
        return wrong(c, e, "is write-only: it cannot be filtered by");
    bool like = op == BW_LIKE || op == BW_ILIKE;
    if (c->type == BW_TYPE_BLOB && op != BW_IS)
        return wrong(c, e, "is a blob: only is.null can test it");
    if (c->type == BW_TYPE_JSON && op != BW_IS && !like)
        return wrong(c, e, "is a JSON field: only is.null, like and ilike can test it");
    return true;
}

static bool read_test(struct bw_arena *a, struct filter *f, bw_str text, struct bw_err *e)
{
    const struct column *c = f->column;
    switch (f->op) {
    case BW_IS:
        return read_is(c, text, f, e);
    case BW_IN:
        return read_in(a, c, text, f, e);
    case BW_LIKE:
    case BW_ILIKE:
        return read_like(c, text, f, e);
    default:
        return read_value(a, c, text, &f->value, e);
    }
}

struct filter *filter_test(struct bw_arena *a, const struct column *c, enum bw_op op, bw_str value,
                           struct bw_err *e)
{
    if ((unsigned)op > BW_IS) {
        wrong(c, e, "is tested by an unknown operator");
        return NULL;
    }
    struct filter *f = filter_new(a, FILTER_TEST);
    f->column = c;
    f->op = op;
    bool ok = may_test(c, op, e) && read_test(a, f, value, e);
    return ok ? f : NULL;
}

/* ---- against a row ---- */

static char fold(char c, bool on)
{
    return on && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* '*' is any run. On a mismatch only the last star can take more, so there is no recursion. */
static bool like(bw_str s, bw_str pattern, bool ignore_case)
{
    size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
    while (i < s.n) {
        if (k < pattern.n && pattern.p[k] == '*') {
            star = k++;
            from = i;
        } else if (k < pattern.n && fold(s.p[i], ignore_case) == fold(pattern.p[k], ignore_case)) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = ++from;
            k = star + 1;
        } else {
            return false;
        }
    }
    while (k < pattern.n && pattern.p[k] == '*')
        k++;
    return k == pattern.n;
}

static enum answer in(const struct filter *f, const struct bw_value *v)
{
    if (f->n_values == 0)
        return NO; /* also for null, as in SQL */
    if (v->kind == BW_NULL)
        return UNKNOWN;
    for (unsigned i = 0; i < f->n_values; i++)
        if (value_compare(v, &f->values[i]) == 0)
            return YES;
    return NO;
}

/* Which outcomes of a comparison an operator takes. */
enum { LESS = 1, SAME = 2, MORE = 4 };
static const unsigned takes[] = {
    [BW_EQ] = SAME,         [BW_NEQ] = LESS | MORE, [BW_GT] = MORE,
    [BW_GTE] = MORE | SAME, [BW_LT] = LESS,         [BW_LTE] = LESS | SAME};

static enum answer compare(const struct filter *f, const struct bw_value *v)
{
    return takes[f->op] >> (value_compare(v, &f->value) + 1) & 1 ? YES : NO;
}

static enum answer test(const struct filter *f, const struct bw_value *v)
{
    if (f->op == BW_IS)
        return value_compare(v, &f->value) == 0 ? YES : NO;
    if (f->op == BW_IN)
        return in(f, v);
    if (v->kind == BW_NULL || f->value.kind == BW_NULL)
        return UNKNOWN;
    if (f->op == BW_LIKE || f->op == BW_ILIKE)
        return v->kind == BW_KIND_TEXT && like(v->s, f->value.s, f->op == BW_ILIKE) ? YES : NO;
    return compare(f, v);
}

static enum answer ask(const struct filter *f, const struct bw_value *row);

/* AND stops at the first NO, OR at the first YES; an unknown on the way stays unless stopped. */
static enum answer join(const struct filter *f, const struct bw_value *row)
{
    enum answer stop = f->kind == FILTER_AND ? NO : YES, all = f->kind == FILTER_AND ? YES : NO;
    for (const struct filter *c = f->first; c; c = c->next) {
        enum answer one = ask(c, row);
        if (one == stop)
            return stop;
        if (one == UNKNOWN)
            all = UNKNOWN;
    }
    return all;
}

static enum answer ask(const struct filter *f, const struct bw_value *row)
{
    enum answer a = f->kind == FILTER_TEST ? test(f, &row[f->column->index]) : join(f, row);
    if (!f->not || a == UNKNOWN)
        return a;
    return a == YES ? NO : YES;
}

bool filter_match(const struct filter *f, const struct bw_value *row)
{
    return !f || ask(f, row) == YES;
}
