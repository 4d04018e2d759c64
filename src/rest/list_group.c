/* list_group.c: recursive descent over the group grammar:
 *
 *   group = "(" item *("," item) ")"
 *   item  = ["not."] ("and" / "or") group / field "." ["not."] op "." operand
 *
 * An operand ends at "," or ")" outside parentheses; quoted with " it may hold anything (\" and
 * \\ stand for themselves). Depth and terms are bounded while it builds. */
#include "rest/list_group.h"

#include "core/near.h"
#include "core/utf8.h"

static const struct {
    const char *name;
    enum bw_op op;
} ops[] = {
#define X(n, o) {#n, BW_##o},
    BW_OPS(X)
#undef X
};

struct group_read {
    const struct table *table;
    struct bw_arena *arena;
    bw_str rest;
    unsigned depth, terms;
};

static bool about(const struct column *c, struct bw_err *e)
{
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(c->name));
    return false;
}

/* As much of it as a sentence should hold. */
static bw_str shown(bw_str s, size_t max)
{
    return bw_str_of(s.p, utf8_cut(s, s.n < max ? s.n : max));
}

static bool read_op(const struct column *c, bw_str name, enum bw_op *op, struct bw_err *e)
{
    struct near near;
    char hint[96];
    near_init(&near, name);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (bw_str_eq(name, bw_cstr(ops[i].name))) {
            *op = ops[i].op;
            return true;
        }
        near_offer(&near, bw_cstr(ops[i].name));
    }
    bw_fail(e, BW_BAD, "%.*s: '%.*s' is no operator%s (%.*s=eq.VALUE)", BW_FMT(c->name),
            BW_FMT(shown(name, 40)), near_hint(&near, hint), BW_FMT(c->name));
    return about(c, e);
}

/* Cuts "word." off; false when there is no dot. */
static bool cut_word(bw_str *s, bw_str *word)
{
    size_t dot = bw_str_find(*s, '.');
    if (dot == s->n)
        return false;
    *word = bw_str_of(s->p, dot);
    *s = bw_str_of(s->p + dot + 1, s->n - dot - 1);
    return true;
}

static bool no_value(const struct column *c, bw_str word, struct bw_err *e)
{
    bw_fail(e, BW_BAD, "%.*s: '%.*s' needs a value behind a dot", BW_FMT(c->name), BW_FMT(word));
    return about(c, e);
}

/* "[not.]op." in front of an operand. */
static bool cut_op(const struct column *c, bw_str *s, enum bw_op *op, bool * not, struct bw_err *e)
{
    bw_str word;
    bool dot = cut_word(s, &word);
    *not = dot && bw_str_eq(word, BW_LIT("not"));
    if (*not )
        dot = cut_word(s, &word);
    if (!dot)
        word = *s;
    return read_op(c, word, op, e) && (dot || no_value(c, word, e));
}

struct filter *list_group_test(const struct column *c, bw_str text, struct bw_arena *a,
                               struct bw_err *e)
{
    enum bw_op op;
    bool not ;
    if (!cut_op(c, &text, &op, &not, e))
        return NULL;
    struct filter *f = filter_test(a, c, op, text, e);
    if (f)
        f->not = not ;
    return f;
}

/* ---- groups ---- */

static struct filter *wrong(const struct group_read *g, const char *why, struct bw_err *e)
{
    bw_str here = shown(g->rest, 30);
    bw_fail(e, BW_BAD,
            here.n ? "a group of conditions: %s before '%.*s'"
                   : "a group of conditions: %s at its end",
            why, BW_FMT(here));
    return NULL;
}

static char peek(const struct group_read *g)
{
    return g->rest.n ? g->rest.p[0] : 0;
}

static void drop(struct group_read *g, size_t n)
{
    g->rest = bw_str_of(g->rest.p + n, g->rest.n - n);
}

static bool take(struct group_read *g, bw_str word)
{
    if (!bw_str_starts(g->rest, word))
        return false;
    drop(g, word.n);
    return true;
}

/* A quoted operand; the reader stands on the quote. */
static bool quoted(struct group_read *g, bw_str *out)
{
    size_t end = 1;
    while (end < g->rest.n && g->rest.p[end] != '"')
        end += g->rest.p[end] == '\\' ? 2 : 1;
    if (end >= g->rest.n)
        return false;
    char *p = bw_arena_alloc(g->arena, end);
    size_t n = 0;
    for (size_t i = 1; i < end; i++) {
        i += g->rest.p[i] == '\\';
        p[n++] = g->rest.p[i];
    }
    *out = bw_str_of(p, n);
    drop(g, end + 1);
    return true;
}

/* To the "," or ")" outside parentheses and quotes: an in-list keeps its own. */
static bool operand(struct group_read *g, bw_str *out)
{
    unsigned open = 0;
    bool in_quotes = false;
    if (peek(g) == '"')
        return quoted(g, out);
    size_t i = 0;
    for (; i < g->rest.n; i++) {
        char c = g->rest.p[i];
        if (in_quotes && c == '\\')
            i++;
        else if (c == '"' && open)
            in_quotes = !in_quotes;
        else if (in_quotes)
            continue;
        else if (c == '(')
            open++;
        else if ((c == ',' || c == ')') && !open)
            break;
        else if (c == ')')
            open--;
    }
    if (i > g->rest.n || in_quotes || open)
        return false;
    *out = bw_str_of(g->rest.p, i);
    drop(g, i);
    return true;
}

static struct filter *read_test(struct group_read *g, struct bw_err *e)
{
    bw_str name, value, head = g->rest;
    enum bw_op op;
    bool not ;
    if (!cut_word(&g->rest, &name))
        return wrong(g, "a condition is field.op.value", e);
    const struct column *c = table_need(g->table, name, e);
    if (!c)
        return NULL;
    head = g->rest;
    if (!cut_op(c, &head, &op, &not, e))
        return NULL;
    g->rest = head;
    if (!operand(g, &value))
        return wrong(g, "a value is not ended", e);
    if (++g->terms > LIMIT_FILTER_TERMS)
        return bw_fail(e, BW_BAD, "a filter has at most %d conditions", LIMIT_FILTER_TERMS), NULL;
    struct filter *f = filter_test(g->arena, c, op, value, e);
    if (f)
        f->not = not ;
    return f;
}

static struct filter *read_items(struct group_read *g, enum filter_kind kind, struct bw_err *e);

/* NOLINTNEXTLINE(misc-no-recursion): LIMIT_FILTER_DEPTH bounds it */
static struct filter *read_item(struct group_read *g, struct bw_err *e)
{
    bw_str start = g->rest;
    bool not = take(g, BW_LIT("not."));
    enum filter_kind kind = FILTER_TEST;
    if (take(g, BW_LIT("and(")))
        kind = FILTER_AND;
    else if (take(g, BW_LIT("or(")))
        kind = FILTER_OR;
    if (kind == FILTER_TEST) {
        g->rest = start; /* a field may be named "not": then this was its name */
        return read_test(g, e);
    }
    g->rest = bw_str_of(g->rest.p - 1, g->rest.n + 1);
    struct filter *f = read_items(g, kind, e);
    if (f)
        f->not = not ;
    return f;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static struct filter *read_items(struct group_read *g, enum filter_kind kind, struct bw_err *e)
{
    if (peek(g) != '(')
        return wrong(g, "'(' is missing", e);
    if (++g->depth > LIMIT_FILTER_DEPTH)
        return bw_fail(e, BW_BAD, "groups of conditions are nested at most %d deep",
                       LIMIT_FILTER_DEPTH),
               NULL;
    struct filter *group = filter_new(g->arena, kind);
    do {
        drop(g, 1); /* '(' or ',' */
        struct filter *f = read_item(g, e);
        if (!f)
            return NULL;
        filter_add(group, f);
    } while (peek(g) == ',');
    if (peek(g) != ')')
        return wrong(g, "',' or ')' is missing", e);
    drop(g, 1);
    g->depth--;
    return group;
}

struct filter *list_group_read(const struct table *t, enum filter_kind kind, bw_str text,
                               struct bw_arena *a, struct bw_err *e)
{
    struct group_read g = {.table = t, .arena = a, .rest = text};
    struct filter *f = read_items(&g, kind, e);
    return f && g.rest.n ? wrong(&g, "text behind its end,", e) : f;
}
