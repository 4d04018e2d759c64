/* query.c: the query builder. It writes the URL query text as it is told, in the grammar that
 * rest/list_url.c reads: `field=op.value` pairs are joined by AND; groups are `or=(a.eq.1,and(…))`.
 * Owned by one caller; the first error sticks and is told by the call that uses the query. */
#include "link/query_int.h"

#include <burrow/json.h>

#include "core/limits.h"
#include "core/uri.h"

static const char *const op_names[] = {
#define X(name, op) #name,
    BW_OPS(X)
#undef X
};

struct bw_query *bw_query_new(const struct bw_table *t)
{
    struct bw_query *q = calloc(1, sizeof *q);
    bw_must(q);
    q->table = t;
    bw_buf_init(&q->url, LIMIT_QUERY_TEXT);
    for (unsigned i = 0; i < QUERY_GROUPS; i++)
        bw_buf_init(&q->groups[i].text, LIMIT_QUERY_TEXT);
    return q;
}

void bw_query_free(struct bw_query *q)
{
    if (!q)
        return;
    bw_buf_release(&q->url);
    for (unsigned i = 0; i < QUERY_GROUPS; i++)
        bw_buf_release(&q->groups[i].text);
    free(q);
}

static void spoil(struct bw_query *q, const char *why, const char *what)
{
    if (q->err.code == BW_OK)
        bw_fail(&q->err, BW_BAD, "the query on %s: %s%s", q->table->name, why, what);
}

static const struct bw_field *field_of(const struct bw_query *q, const char *name)
{
    for (const struct bw_field *f = q->table->fields; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

/* Text inside a group or an in-list: quoted when it holds what the grammar uses. */
static void put_listed(struct bw_buf *b, bw_str s)
{
    bool plain = s.n > 0;
    for (size_t i = 0; i < s.n && plain; i++)
        plain = !strchr(",()\"\\ ", s.p[i]);
    if (plain) {
        bw_buf_put(b, s);
        return;
    }
    bw_buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            bw_buf_char(b, '\\');
        bw_buf_char(b, s.p[i]);
    }
    bw_buf_char(b, '"');
}

static bool is_time(const struct bw_field *f)
{
    return f &&
           (f->type == BW_TYPE_TIME || f->type == BW_TYPE_CREATED || f->type == BW_TYPE_MODIFIED);
}

static void put_value(struct bw_query *q, struct bw_buf *b, const struct bw_field *f,
                      struct bw_value v, bool listed)
{
    if (v.kind == BW_KIND_TEXT && listed)
        put_listed(b, v.s);
    else if (v.kind == BW_KIND_TEXT)
        bw_buf_put(b, v.s);
    else if (v.kind == BW_KIND_REAL)
        bw_json_write_real(b, v.r);
    else if (v.kind == BW_KIND_INT && is_time(f))
        bw_time_write(b, v.i);
    else if (v.kind == BW_KIND_INT && f && f->type == BW_TYPE_BOOL)
        bw_buf_put(b, v.i ? BW_LIT("true") : BW_LIT("false"));
    else if (v.kind == BW_KIND_INT)
        bw_buf_int(b, v.i);
    else
        spoil(q, "a value that is null or a blob can only be tested with BW_IS", "");
}

static void put_is(struct bw_query *q, struct bw_buf *b, struct bw_value v)
{
    if (v.kind == BW_NULL)
        bw_buf_put(b, BW_LIT("null"));
    else if (v.kind == BW_KIND_INT)
        bw_buf_put(b, v.i ? BW_LIT("true") : BW_LIT("false"));
    else
        spoil(q, "BW_IS takes null, true or false", "");
}

/* Where the next condition goes: the innermost open group, or a scratch for a pair of the URL. */
static struct bw_buf *place(struct bw_query *q, struct bw_buf *scratch)
{
    bw_buf_init(scratch, LIMIT_QUERY_TEXT);
    if (!q->depth)
        return scratch;
    struct bw_buf *b = &q->groups[q->depth - 1].text;
    if (b->n)
        bw_buf_char(b, ',');
    return b;
}

static void put_pair(struct bw_query *q, const char *name, bw_str value)
{
    if (q->url.n)
        bw_buf_char(&q->url, '&');
    uri_encode(&q->url, bw_cstr(name));
    bw_buf_char(&q->url, '=');
    uri_encode(&q->url, value);
}

struct term {
    const char *field;
    enum bw_op op;
    bool not ;
    const struct bw_value *values;
    size_t n;
};

static void put_operand(struct bw_query *q, struct bw_buf *b, const struct term *t)
{
    const struct bw_field *f = field_of(q, t->field);
    if (t->op == BW_IS) {
        put_is(q, b, t->values[0]);
        return;
    }
    if (t->op != BW_IN) {
        put_value(q, b, f, t->values[0], q->depth > 0);
        return;
    }
    bw_buf_char(b, '(');
    for (size_t i = 0; i < t->n; i++) {
        if (i)
            bw_buf_char(b, ',');
        put_value(q, b, f, t->values[i], true);
    }
    bw_buf_char(b, ')');
}

static void put_term(struct bw_query *q, const struct term *t)
{
    struct bw_buf scratch, *b = place(q, &scratch);
    if (q->depth)
        bw_buf_printf(b, "%s.", t->field);
    bw_buf_printf(b, "%s%s.", t->not ? "not." : "", op_names[t->op]);
    put_operand(q, b, t);
    if (!q->depth)
        put_pair(q, t->field, bw_buf_str(b));
    if (!bw_buf_ok(b))
        spoil(q, "it is too long", "");
    bw_buf_release(&scratch);
}

void bw_where(struct bw_query *q, const char *field, enum bw_op op, struct bw_value v)
{
    put_term(q, &(struct term){.field = field, .op = op, .values = &v, .n = 1});
}

void bw_where_not(struct bw_query *q, const char *field, enum bw_op op, struct bw_value v)
{
    put_term(q, &(struct term){.field = field, .op = op, .not = true, .values = &v, .n = 1});
}

void bw_where_in(struct bw_query *q, const char *field, const struct bw_value *v, size_t n)
{
    if (!n)
        spoil(q, "an empty list for ", field);
    put_term(q, &(struct term){.field = field, .op = BW_IN, .values = v, .n = n});
}

static void open_group(struct bw_query *q, const char *word)
{
    if (q->depth == QUERY_GROUPS) {
        spoil(q, "groups are nested too deep", "");
        q->lost++;
        return;
    }
    struct query_group *g = &q->groups[q->depth++];
    bw_buf_clear(&g->text);
    g->word = word;
}

void bw_where_or(struct bw_query *q)
{
    open_group(q, "or");
}

void bw_where_and(struct bw_query *q)
{
    open_group(q, "and");
}

void bw_where_end(struct bw_query *q)
{
    if (q->lost) {
        q->lost--;
        return;
    }
    if (!q->depth) {
        spoil(q, "bw_where_end without a group", "");
        return;
    }
    struct query_group *g = &q->groups[--q->depth];
    if (!g->text.n) {
        spoil(q, "an empty group", "");
        return;
    }
    struct bw_buf scratch, *b = place(q, &scratch);
    bw_buf_printf(b, "%s(%.*s)", q->depth ? g->word : "", BW_FMT(bw_buf_str(&g->text)));
    if (!q->depth)
        put_pair(q, g->word, bw_buf_str(b));
    bw_buf_release(&scratch);
}

void bw_select(struct bw_query *q, const char *fields)
{
    put_pair(q, "select", bw_cstr(fields));
}

void bw_order(struct bw_query *q, const char *order)
{
    put_pair(q, "order", bw_cstr(order));
}

void bw_limit(struct bw_query *q, int64_t limit)
{
    if (limit < 1)
        spoil(q, "a limit is at least 1", "");
    q->limit = limit;
}

void bw_after(struct bw_query *q, bw_str cursor)
{
    put_pair(q, "after", cursor);
}

void bw_expand(struct bw_query *q, const char *refs)
{
    put_pair(q, "expand", bw_cstr(refs));
}

bool query_text(const struct bw_query *q, bw_str *url, struct bw_err *e)
{
    if (q->err.code != BW_OK) {
        if (e)
            *e = q->err;
        return false;
    }
    if (q->depth || !bw_buf_ok(&q->url))
        return bw_fail(e, BW_BAD, "the query on %s: %s", q->table->name,
                       q->depth ? "a group is not ended" : "it is too long");
    *url = bw_buf_str(&q->url);
    return true;
}
