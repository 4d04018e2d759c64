/* list_url.c: reads the parameters of a list. The grammar of conditions is in list_group.c,
 * mORMot's where text in where_text.c; all make the same tree. */
#include "rest/list_url.h"

#include "core/near.h"
#include "core/utf8.h"
#include "rest/list_group.h"
#include "rest/where_text.h"

struct list_read {
    struct query *q;
    struct bw_arena *arena;
    const struct list_bounds *bounds;
    struct filter *all; /* the AND of every condition, made at the first */
    bw_str after, sort;
    bool descending;
    const char *name; /* of the parameter being read, as in the list of words */
    unsigned seen;    /* words met, by their number */
};

static bool about(struct bw_err *e, const char *parameter)
{
    if (e)
        snprintf(e->field, sizeof e->field, "%s", parameter);
    return false;
}

static void add_condition(struct list_read *l, struct filter *f)
{
    if (!l->all)
        l->all = filter_new(l->arena, FILTER_AND);
    filter_add(l->all, f);
}

/* ---- single parameters ---- */

/* The column of that name, which may leave. */
static const struct column *read_name(const struct table *t, bw_str name, struct bw_err *e)
{
    const struct column *c = table_need(t, bw_str_trim(name), e);
    if (!c || !c->f || !c->f->write_only)
        return c;
    bw_fail(e, BW_BAD, "%.*s.%.*s is write-only: it never leaves", BW_FMT(t->name),
            BW_FMT(c->name));
    return NULL;
}

static void add_columns(struct column_set *to, const struct column_set *more)
{
    for (unsigned i = 0; i < COLUMNS_MAX / 64; i++)
        to->bits[i] |= more->bits[i];
}

bool list_url_select(const struct table *t, bw_str names, struct column_set *set, struct bw_err *e)
{
    bw_str name;
    *set = (struct column_set){.bits = {0}};
    while (bw_str_cut(&names, ',', &name)) {
        const struct column *c = NULL;
        if (bw_str_eq(bw_str_trim(name), BW_LIT("*")))
            add_columns(set, &t->simple);
        else if ((c = read_name(t, name, e)))
            column_add(set, c->index);
        else
            return about(e, "select");
    }
    return true;
}

bool list_url_expand(const struct table *t, bw_str names, struct column_set *set, struct bw_err *e)
{
    bw_str name;
    while (bw_str_cut(&names, ',', &name)) {
        const struct column *c = read_name(t, name, e);
        if (!c)
            return about(e, "expand");
        if (c->type != BW_TYPE_REF) {
            bw_fail(e, BW_BAD, "%.*s.%.*s is no reference: it cannot be expanded", BW_FMT(t->name),
                    BW_FMT(c->name));
            return about(e, "expand");
        }
        column_add(set, c->index);
    }
    return true;
}

static bool read_select(struct list_read *l, bw_str value, struct bw_err *e)
{
    return list_url_select(l->q->table, value, &l->q->select, e);
}

static bool read_expand(struct list_read *l, bw_str value, struct bw_err *e)
{
    return list_url_expand(l->q->table, value, &l->q->expand, e);
}

/* "views.desc" or "views.asc" or "views". */
static bool read_order_part(struct list_read *l, bw_str part, struct bw_err *e)
{
    size_t dot = bw_str_find(part, '.');
    bw_str word = dot < part.n ? bw_str_of(part.p + dot + 1, part.n - dot - 1) : BW_LIT("asc");
    bool desc = bw_str_eq(word, BW_LIT("desc"));
    if (!desc && !bw_str_eq(word, BW_LIT("asc")))
        return bw_fail(e, BW_BAD, "order: '%.*s' is neither asc nor desc", BW_FMT(word));
    const struct column *c = table_need(l->q->table, bw_str_of(part.p, dot), e);
    return c && query_order(l->q, c, desc, e);
}

static bool read_order(struct list_read *l, bw_str value, struct bw_err *e)
{
    bw_str part;
    while (bw_str_cut(&value, ',', &part))
        if (!read_order_part(l, bw_str_trim(part), e))
            return false;
    return true;
}

static bool read_number(bw_str value, const char *name, int64_t least, int64_t *out,
                        struct bw_err *e)
{
    if (bw_str_int(value, out) && *out >= least)
        return true;
    return bw_fail(e, BW_BAD, "%s must be an integer from %lld on, got '%.*s'", name,
                   (long long)least, BW_FMT(value));
}

static bool read_limit(struct list_read *l, bw_str value, struct bw_err *e)
{
    if (!read_number(value, l->name, 1, &l->q->limit, e))
        return false;
    if (l->q->limit <= l->bounds->limit_max)
        return true;
    return bw_fail(e, BW_BAD,
                   "%s is at most %lld here, got %lld; go on behind the first page with `after`",
                   l->name, (long long)l->bounds->limit_max, (long long)l->q->limit);
}

static bool read_offset(struct list_read *l, bw_str value, struct bw_err *e)
{
    return read_number(value, l->name, 0, &l->q->offset, e);
}

static bool read_after(struct list_read *l, bw_str value, struct bw_err *e)
{
    (void)e;
    l->after = value;
    return true;
}

static bool read_group(struct list_read *l, bw_str value, enum filter_kind kind, bool not,
                       struct bw_err *e)
{
    struct filter *f = list_group_read(l->q->table, kind, value, l->arena, e);
    if (!f)
        return false;
    f->not = not ;
    add_condition(l, f);
    return true;
}

static bool read_or(struct list_read *l, bw_str value, struct bw_err *e)
{
    return read_group(l, value, FILTER_OR, false, e);
}

static bool read_and(struct list_read *l, bw_str value, struct bw_err *e)
{
    return read_group(l, value, FILTER_AND, false, e);
}

static bool read_not_or(struct list_read *l, bw_str value, struct bw_err *e)
{
    return read_group(l, value, FILTER_OR, true, e);
}

static bool read_not_and(struct list_read *l, bw_str value, struct bw_err *e)
{
    return read_group(l, value, FILTER_AND, true, e);
}

/* ---- mORMot's words ---- */

static bool read_where(struct list_read *l, bw_str value, struct bw_err *e)
{
    struct filter *f = where_text_read(l->q->table, value, l->arena, e);
    if (f)
        add_condition(l, f);
    return f != NULL;
}

static bool read_sort(struct list_read *l, bw_str value, struct bw_err *e)
{
    (void)e;
    l->sort = value;
    return true;
}

static bool read_dir(struct list_read *l, bw_str value, struct bw_err *e)
{
    l->descending = bw_str_ieq(value, BW_LIT("desc"));
    return l->descending || bw_str_ieq(value, BW_LIT("asc")) ||
           bw_fail(e, BW_BAD, "dir is asc or desc, got '%.*s'", BW_FMT(value));
}

/* In the end, since `dir` may stand in front of `sort`. */
static bool apply_sort(struct list_read *l, struct bw_err *e)
{
    bw_str name;
    while (bw_str_cut(&l->sort, ',', &name)) {
        const struct column *c = table_need(l->q->table, bw_str_trim(name), e);
        if (!c || !query_order(l->q, c, l->descending, e))
            return about(e, "sort");
    }
    return true;
}

/* ---- the list of words ---- */

struct word {
    const char *name;
    bool (*read)(struct list_read *l, bw_str value, struct bw_err *e);
    bool fold;      /* mORMot's clients write these in any case */
    bool condition; /* also for DELETE by filter */
    bool once;      /* a second one would take the place of the first */
};

static const struct word words[] = {
    {"select", read_select, .fold = true, .once = true},
    {"order", read_order},
    {"limit", read_limit, .once = true},
    {"offset", read_offset, .once = true},
    {"after", read_after, .once = true},
    {"expand", read_expand},
    {"or", read_or, .condition = true},
    {"and", read_and, .condition = true},
    {"not.or", read_not_or, .condition = true},
    {"not.and", read_not_and, .condition = true},
    {"where", read_where, .fold = true, .condition = true},
    {"sort", read_sort, .fold = true, .once = true},
    {"dir", read_dir, .fold = true, .once = true},
    {"startIndex", read_offset, .fold = true, .once = true},
    {"results", read_limit, .fold = true, .once = true},
};

static const struct word *find_word(bw_str name)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bw_str w = bw_cstr(words[i].name);
        if (words[i].fold ? bw_str_ieq(w, name) : bw_str_eq(w, name))
            return &words[i];
    }
    return NULL;
}

static bool unknown(const struct table *t, bw_str name, struct bw_err *e)
{
    struct near near;
    char hint[96];
    bw_str shown = bw_str_of(name.p, utf8_cut(name, name.n < 63 ? name.n : 63));
    near_init(&near, name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        near_offer(&near, bw_cstr(words[i].name));
    for (unsigned i = 0; i < t->n_columns; i++)
        if (!t->columns[i].hidden)
            near_offer(&near, t->columns[i].name);
    bw_fail(e, BW_BAD, "'%.*s' is neither a field of %.*s nor a parameter%s", BW_FMT(shown),
            BW_FMT(t->name), near_hint(&near, hint));
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(shown));
    return false;
}

static bool is_second(struct list_read *l, const struct word *w, struct bw_err *e)
{
    unsigned at = 0;
    while (words[at].read != w->read)
        at++;
    bool seen = l->seen >> at & 1;
    l->seen |= 1u << at;
    if (!seen || !w->once)
        return false;
    if (words[at].name == w->name)
        bw_fail(e, BW_BAD, "'%s' is given twice", w->name);
    else
        bw_fail(e, BW_BAD, "'%s' is given twice (as '%s')", w->name, words[at].name);
    return !about(e, w->name);
}

/* A field of the table wins over a word: then the word cannot be used on this table, its twin can.
 */
static bool read_param(struct list_read *l, const struct req_param *p, bool conditions_only,
                       struct bw_err *e)
{
    const struct column *c = table_column(l->q->table, p->name);
    if (c) {
        struct filter *f = list_group_test(c, p->value, l->arena, e);
        if (f)
            add_condition(l, f);
        return f != NULL;
    }
    const struct word *w = find_word(p->name);
    if (!w)
        return unknown(l->q->table, p->name, e);
    if (conditions_only && !w->condition) {
        bw_fail(e, BW_BAD, "'%s' has no place here: only conditions choose what is deleted",
                w->name);
        return about(e, w->name);
    }
    if (is_second(l, w, e))
        return false;
    l->name = w->name;
    if (w->read(l, p->value, e))
        return true;
    /* A condition that names its field says more than the parameter it stands in. */
    return w->condition && e && e->field[0] ? false : about(e, w->name);
}

bool list_url_conditions(struct query *q, struct list_params params, struct bw_arena *a,
                         struct bw_err *e)
{
    struct list_read l = {.q = q, .arena = a};
    for (unsigned i = 0; i < params.n; i++)
        if (!read_param(&l, &params.at[i], true, e))
            return false;
    q->filter = l.all;
    return filter_fits(q->filter, e);
}

bool list_url_read(struct query *q, struct list_params params, const struct list_bounds *bounds,
                   struct bw_arena *a, struct bw_err *e)
{
    struct list_read l = {.q = q, .arena = a, .bounds = bounds};
    q->limit = bounds->limit_default;
    for (unsigned i = 0; i < params.n; i++)
        if (!read_param(&l, &params.at[i], false, e))
            return false;
    q->filter = l.all;
    add_columns(&q->select, &q->expand); /* who wants a record in place of an id wants it shown */
    if (!filter_fits(q->filter, e) || !apply_sort(&l, e))
        return false;
    query_finish(q);
    return !l.after.p || cursor_read(q, l.after, a, e);
}
