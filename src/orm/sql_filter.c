/* sql_filter.c: the filter tree as a condition. SQL's own three-valued logic is the measure that
 * filter_match follows; the property test in sql_filter_test.c holds them together. */
#include "orm/sql.h"

/* GLOB knows three more signs than we do; each alone in a class means itself. Runs of '*' become
 * one: each '*' is a level of the database's recursion. */
bw_str sql_glob(struct bw_arena *a, bw_str pattern)
{
    char *p = bw_arena_alloc(a, 3 * pattern.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '?' || c == '[') {
            p[n++] = '[';
            p[n++] = c;
            p[n++] = ']';
        } else if (c != '*' || n == 0 || p[n - 1] != '*') {
            p[n++] = c;
        }
    }
    return bw_str_of(p, n);
}

bw_str sql_like(struct bw_arena *a, bw_str pattern)
{
    char *p = bw_arena_alloc(a, 2 * pattern.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '*' && i > 0 && pattern.p[i - 1] == '*')
            continue;
        if (c == '%' || c == '_' || c == '\\')
            p[n++] = '\\';
        p[n++] = c == '*' ? '%' : c;
    }
    return bw_str_of(p, n);
}

static bool like(struct sql *q, const struct filter *f, struct bw_err *e)
{
    if (f->value.s.n > LIMIT_LIKE)
        return bw_fail(e, BW_BAD, "%.*s: the pattern is longer than %d bytes",
                       BW_FMT(f->column->name), LIMIT_LIKE);
    bool glob = f->op == BW_LIKE && q->d->like_is_glob;
    bw_str s = glob ? sql_glob(q->arena, f->value.s) : sql_like(q->arena, f->value.s);
    const char *op = f->op == BW_LIKE ? q->d->like : q->d->ilike;
    const char *mark = strchr(op, '?');
    sql_add(q, bw_str_of(op, (size_t)(mark - op)));
    sql_bind(q, bw_text(s));
    sql_addf(q, mark + 1);
    return true;
}

/* The number of marks is rounded up by repeating the last value, so that a table sees ten texts and
 * not five hundred. */
static void in(struct sql *q, const struct filter *f)
{
    unsigned n = 1;
    while (n < f->n_values)
        n *= 2;
    sql_addf(q, " IN (");
    for (unsigned i = 0; i < n; i++) {
        if (i)
            sql_add(q, BW_LIT(","));
        sql_bind(q, f->values[i < f->n_values ? i : f->n_values - 1]);
    }
    sql_addf(q, ")");
}

static const char *const compares[] = {[BW_EQ] = " = ",   [BW_NEQ] = " <> ", [BW_GT] = " > ",
                                       [BW_GTE] = " >= ", [BW_LT] = " < ",   [BW_LTE] = " <= "};

static bool test(struct sql *q, const struct filter *f, struct bw_err *e)
{
    if (f->op == BW_IN && f->n_values == 0) {
        sql_addf(q, "1 = 0"); /* even a null is in no empty list */
        return true;
    }
    sql_name(q, f->column->name);
    switch (f->op) {
    case BW_LIKE:
    case BW_ILIKE:
        return like(q, f, e);
    case BW_IN:
        in(q, f);
        return true;
    case BW_IS:
        if (f->value.kind == BW_NULL) {
            sql_addf(q, " IS NULL");
            return true;
        }
        sql_addf(q, q->d->same);
        break;
    default:
        sql_addf(q, compares[f->op]);
    }
    sql_bind(q, f->value);
    return true;
}

static bool group(struct sql *q, const struct filter *f, struct bw_err *e)
{
    if (!f->first) {
        sql_addf(q, f->kind == FILTER_AND ? "1 = 1" : "1 = 0");
        return true;
    }
    for (const struct filter *x = f->first; x; x = x->next) {
        if (x != f->first)
            sql_addf(q, f->kind == FILTER_AND ? " AND " : " OR ");
        if (!sql_filter(q, x, e))
            return false;
    }
    return true;
}

bool sql_filter(struct sql *q, const struct filter *f, struct bw_err *e)
{
    sql_addf(q, f->not ? "NOT (" : "(");
    bool ok = f->kind == FILTER_TEST ? test(q, f, e) : group(q, f, e);
    sql_addf(q, ")");
    return ok;
}
