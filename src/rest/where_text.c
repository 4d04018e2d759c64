/* where_text.c: a tokenizer of one token and a recursive descent above it, bounded in depth and
 * terms. */
#include "rest/where_text.h"

#include <burrow/buf.h>

_Static_assert(LIMIT_FILTER_TERMS == 64 && LIMIT_FILTER_DEPTH == 8 && LIMIT_FILTER_IN == 500,
               "the sentences below name them");

enum token { END, WORD, TEXT, NUMBER, SIGN };

struct where_read {
    const struct table *table;
    struct bw_arena *arena;
    bw_str all, rest;
    size_t at; /* where the token begins */
    enum token token;
    bw_str text; /* WORD, NUMBER, SIGN: as written; TEXT: unquoted */
    unsigned depth, terms;
    bool failed;
    struct bw_err *e;
};

static struct filter *wrong(struct where_read *w, const char *why)
{
    if (!w->failed)
        bw_fail(w->e, BW_BAD, "where, near character %zu: %s", w->at + 1, why);
    w->failed = true;
    return NULL;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

/* Bytes up to the quote that closes; the length of the rest when none does. */
static size_t closing(bw_str s)
{
    size_t i = 1;
    while (i < s.n && (s.p[i] != '\'' || (i + 1 < s.n && s.p[i + 1] == '\'')))
        i += s.p[i] == '\'' ? 2 : 1;
    return i < s.n ? i : s.n;
}

static void quoted(struct where_read *w)
{
    size_t end = closing(w->rest), n = 0;
    if (end == w->rest.n) {
        wrong(w, "a quoted text is not closed");
        return;
    }
    char *p = bw_arena_alloc(w->arena, end);
    for (size_t i = 1; i < end; i++) {
        i += w->rest.p[i] == '\'';
        p[n++] = w->rest.p[i];
    }
    w->token = TEXT;
    w->text = bw_str_of(p, n);
    w->rest = bw_str_of(w->rest.p + end + 1, w->rest.n - end - 1);
}

static size_t sign_length(bw_str s)
{
    static const char *const signs[] = {"<>", "<=", ">=", "!=", "==", ":(", "):"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (bw_str_starts(s, bw_cstr(signs[i])))
            return 2;
    return 1;
}

static void next(struct where_read *w)
{
    while (w->rest.n && (w->rest.p[0] == ' ' || w->rest.p[0] == '\t'))
        w->rest = bw_str_of(w->rest.p + 1, w->rest.n - 1);
    w->token = END;
    w->text = BW_LIT("");
    w->at = w->all.n - w->rest.n;
    if (!w->rest.n || w->failed)
        return;
    char c = w->rest.p[0];
    if (c == '\'') {
        quoted(w);
        return;
    }
    bool number = (c >= '0' && c <= '9') || (c == '-' && w->rest.n > 1);
    size_t n = number ? 1 : 0;
    while (n < w->rest.n &&
           (is_word(w->rest.p[n]) ||
            (number && (w->rest.p[n] == '.' || w->rest.p[n] == '+' || w->rest.p[n] == '-'))))
        n++;
    w->token = number ? NUMBER : n ? WORD : SIGN;
    n = n ? n : sign_length(w->rest);
    w->text = bw_str_of(w->rest.p, n);
    w->rest = bw_str_of(w->rest.p + n, w->rest.n - n);
}

static bool is(const struct where_read *w, const char *word)
{
    return w->token != TEXT && bw_str_ieq(w->text, bw_cstr(word));
}

static bool take(struct where_read *w, const char *word)
{
    if (w->token == END || !is(w, word))
        return false;
    next(w);
    return true;
}

/* A value's text; `:(value):` is how mORMot's clients mark bound ones. */
static bool value(struct where_read *w, bw_str *out)
{
    bool marked = take(w, ":(");
    if (w->token != TEXT && w->token != NUMBER && !is(w, "true") && !is(w, "false"))
        return wrong(w, "a value is a number or 'text'"), false;
    *out = is(w, "true") ? BW_LIT("true") : is(w, "false") ? BW_LIT("false") : w->text;
    next(w);
    return !marked || take(w, "):") || (wrong(w, "'):' is missing"), false);
}

static struct filter *test(struct where_read *w, const struct column *c, enum bw_op op, bw_str text)
{
    if (++w->terms > LIMIT_FILTER_TERMS)
        return wrong(w, "a filter has at most 64 conditions");
    struct filter *f = w->failed ? NULL : filter_test(w->arena, c, op, text, w->e);
    w->failed = w->failed || !f;
    return f;
}

static struct filter *like(struct where_read *w, const struct column *c)
{
    bw_str text;
    if (!value(w, &text))
        return NULL;
    char *p = bw_arena_alloc(w->arena, text.n);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '_' || text.p[i] == '*')
            return wrong(w, "LIKE knows only % here");
        p[i] = text.p[i];
        if (p[i] == '%')
            p[i] = '*';
    }
    return test(w, c, BW_ILIKE, bw_str_of(p, text.n));
}

static void put_quoted(struct bw_buf *list, bw_str text)
{
    bw_buf_char(list, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            bw_buf_char(list, '\\');
        bw_buf_char(list, text.p[i]);
    }
    bw_buf_char(list, '"');
}

/* The list behind IN, rewritten as ("a","b"): what filter_test reads. */
static bool list_of_values(struct where_read *w, struct bw_buf *list)
{
    bw_str text;
    unsigned n = 0;
    if (!take(w, "("))
        return wrong(w, "IN takes a list in parentheses"), false;
    do {
        if (!value(w, &text))
            return false;
        if (n++ == LIMIT_FILTER_IN)
            return wrong(w, "a list has at most 500 values"), false;
        bw_buf_char(list, n > 1 ? ',' : '(');
        put_quoted(list, text);
    } while (take(w, ","));
    bw_buf_char(list, ')');
    if (!bw_buf_ok(list))
        return wrong(w, "the list is too long"), false;
    return take(w, ")") || (wrong(w, "',' or ')' is missing"), false);
}

static struct filter *in(struct where_read *w, const struct column *c)
{
    struct bw_buf list;
    bw_buf_init(&list, 64 * 1024);
    bool ok = list_of_values(w, &list);
    bw_str copy = ok ? bw_arena_str(w->arena, bw_buf_str(&list)) : BW_LIT("");
    bw_buf_release(&list);
    return ok ? test(w, c, BW_IN, copy) : NULL;
}

static struct filter *between(struct where_read *w, const struct column *c)
{
    bw_str low, high;
    if (!value(w, &low))
        return NULL;
    if (!take(w, "and"))
        return wrong(w, "BETWEEN needs AND");
    if (!value(w, &high))
        return NULL;
    struct filter *both = filter_new(w->arena, FILTER_AND), *a = test(w, c, BW_GTE, low),
                  *b = test(w, c, BW_LTE, high);
    if (!a || !b)
        return NULL;
    filter_add(both, a);
    filter_add(both, b);
    return both;
}

static struct filter *compare(struct where_read *w, const struct column *c)
{
    static const struct {
        const char *sign;
        enum bw_op op;
    } signs[] = {{"=", BW_EQ}, {"==", BW_EQ},  {"<>", BW_NEQ}, {"!=", BW_NEQ},
                 {"<", BW_LT}, {"<=", BW_LTE}, {">", BW_GT},   {">=", BW_GTE}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        bw_str text;
        if (take(w, signs[i].sign))
            return value(w, &text) ? test(w, c, signs[i].op, text) : NULL;
    }
    return wrong(w, "a comparison is missing");
}

static struct filter *condition(struct where_read *w)
{
    if (w->token != WORD)
        return wrong(w, "a field is missing");
    /* mORMot's names of the key. */
    bool key = is(w, "id") || is(w, "rowid");
    const struct column *c = key ? &w->table->columns[0] : table_need(w->table, w->text, w->e);
    if (!c) {
        w->failed = true;
        return NULL;
    }
    next(w);
    if (take(w, "is")) {
        bool not = take(w, "not");
        if (!take(w, "null"))
            return wrong(w, "IS takes NULL or NOT NULL");
        struct filter *f = test(w, c, BW_IS, BW_LIT("null"));
        return f ? (f->not = not, f) : NULL;
    }
    bool not = take(w, "not");
    struct filter *f = take(w, "like")      ? like(w, c)
                       : take(w, "in")      ? in(w, c)
                       : take(w, "between") ? between(w, c)
                       : not                ? wrong(w, "NOT stands before LIKE, IN or BETWEEN here")
                                            : compare(w, c);
    if (f && not )
        f->not = true;
    return f;
}

static struct filter *any_of(struct where_read *w);

static struct filter *factor(struct where_read *w)
{
    bool not = take(w, "not");
    struct filter *f;
    if (take(w, "(")) {
        if (++w->depth > LIMIT_FILTER_DEPTH)
            return wrong(w, "parentheses are nested at most 8 deep");
        f = any_of(w);
        w->depth--;
        if (f && !take(w, ")"))
            return wrong(w, "')' is missing");
    } else {
        f = condition(w);
    }
    if (f && not )
        f->not = !f->not ;
    return f;
}

static struct filter *joined(struct where_read *w, struct filter *(*part)(struct where_read *w),
                             const char *word, enum filter_kind kind)
{
    struct filter *f = part(w), *all = NULL;
    while (f && take(w, word)) {
        if (!all) {
            all = filter_new(w->arena, kind);
            filter_add(all, f);
        }
        f = part(w);
        if (f)
            filter_add(all, f);
    }
    return f && all ? all : f;
}

static struct filter *all_of(struct where_read *w)
{
    return joined(w, factor, "and", FILTER_AND);
}

static struct filter *any_of(struct where_read *w)
{
    return joined(w, all_of, "or", FILTER_OR);
}

struct filter *where_text_read(const struct table *t, bw_str text, struct bw_arena *a,
                               struct bw_err *e)
{
    struct where_read w = {.table = t, .arena = a, .all = text, .rest = text, .e = e};
    next(&w);
    struct filter *f = any_of(&w);
    return f && w.token != END ? wrong(&w, "only conditions are taken: this does not fit")
           : w.failed          ? NULL
                               : f;
}
