/* store_memory_load.c: the file back into the tables, against the model of today: a new field takes
 * its default (or null), but a table or field that holds something and is no more in the model
 * stops the start, since the next save would lose it. Rules between records are checked too: the
 * file may have been edited by hand. */
#include "orm/store_memory_int.h"

#include "core/hash.h"

struct loading {
    struct store_memory *s;
    struct bw_json_reader *in;
    struct bw_arena arena; /* of one table */
    struct mem_table *m;   /* NULL: not in the model */
    bw_str name;
    VEC(const struct column *) columns; /* as they come; NULL: not in the model */
    VEC(bw_str) names;
    struct bw_value *v;
    struct bw_err err; /* of meaning; the reader keeps its own */
};

static bool say(struct loading *x, enum bw_code code, const char *fmt, bw_str name)
{
    bw_fail(&x->err, code, fmt, BW_FMT(name), BW_FMT(x->name));
    return false;
}

static bool read_base64(struct loading *x, struct bw_value *out)
{
    struct bw_buf b;
    bw_buf_init(&b, x->in->text.n + 4);
    bool ok = base64_parse(x->in->text, &b);
    if (ok)
        *out = bw_blob(bw_arena_str(&x->arena, bw_buf_str(&b)));
    bw_buf_release(&b);
    return ok || bw_json_refuse(x->in, "this is not base64");
}

static bool read_value(struct loading *x, const struct column *c, enum bw_json_kind k,
                       struct bw_value *out)
{
    *out = bw_null();
    if (k == BW_JSON_NULL)
        return c->index != 0 || bw_json_refuse(x->in, "a record needs its id");
    if (c->kind == BW_KIND_INT && k == BW_JSON_INT)
        *out = bw_int(x->in->integer);
    else if (c->kind == BW_KIND_REAL && (k == BW_JSON_INT || k == BW_JSON_REAL))
        *out = bw_real(x->in->real);
    else if (c->kind == BW_KIND_TEXT && k == BW_JSON_TEXT)
        *out = bw_text(x->in->text);
    else if (c->kind == BW_KIND_BLOB && k == BW_JSON_TEXT)
        return read_base64(x, out);
    else
        return bw_json_refuse(x->in, "this does not fit the field '%.*s'", BW_FMT(c->name));
    return true;
}

/* Defaults for what the file does not have yet. */
static void blank_row(struct loading *x)
{
    const struct table *t = x->m->table;
    for (unsigned i = 0; i < t->n_columns; i++)
        x->v[i] = t->columns[i].has_initial ? t->columns[i].initial : bw_null();
    if (t->version)
        x->v[t->version] = bw_int(1);
}

static bool missing_value(struct loading *x)
{
    const struct table *t = x->m->table;
    for (unsigned i = 1; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (x->v[i].kind == BW_NULL && !c->nullable && c->f && c->f->required)
            return say(x, BW_CONFLICT,
                       "field '%.*s' of %.*s is required, but the file has records without it",
                       c->name);
        if (x->v[i].kind == BW_NULL && (i == t->created || i == t->modified))
            x->v[i] = bw_int(bw_now());
    }
    return true;
}

static bool read_row(struct loading *x)
{
    enum bw_json_kind k;
    size_t n = 0;
    blank_row(x);
    while ((k = bw_json_next(x->in)) != BW_JSON_END) {
        if (k == BW_JSON_ERROR)
            return false;
        if (n == x->columns.n || k == BW_JSON_ARRAY || k == BW_JSON_OBJECT)
            return bw_json_refuse(x->in, "a record has as many plain values as there are columns");
        const struct column *c = x->columns.p[n++];
        if (!c && k != BW_JSON_NULL)
            return say(x, BW_CONFLICT,
                       "it holds values of '%.*s' in %.*s, a field the model has no more: the next "
                       "write would lose them; bring the field back or take it out of the file",
                       x->names.p[n - 1]);
        if (c && !read_value(x, c, k, &x->v[c->index]))
            return false;
    }
    if (n < x->columns.n)
        return bw_json_refuse(x->in, "a record has as many plain values as there are columns");
    int64_t id = x->v[0].i;
    if (mem_seen(x->m, id))
        return bw_json_refuse(x->in, "id %lld stands here twice", (long long)id);
    if (!missing_value(x))
        return false;
    mem_put(x->s, x->m, id, mem_row_new(x->m->table, id, x->v));
    return true;
}

static bool read_rows(struct loading *x)
{
    enum bw_json_kind k = bw_json_next(x->in);
    if (k != BW_JSON_ARRAY)
        return bw_json_refuse(x->in, "rows must be an array");
    while ((k = bw_json_next(x->in)) != BW_JSON_END) {
        if (k != BW_JSON_ARRAY)
            return bw_json_refuse(x->in, "a row must be an array");
        if (!x->m)
            return say(x, BW_CONFLICT,
                       "it holds records of '%.*s', a table the model has no more: the next "
                       "write would lose them; bring the table back or move the file away",
                       x->name);
        if (!read_row(x))
            return false;
    }
    return true;
}

static bool read_columns(struct loading *x)
{
    enum bw_json_kind k = bw_json_next(x->in);
    bool id = false;
    vec_clear(&x->columns);
    vec_clear(&x->names);
    if (k != BW_JSON_ARRAY)
        return bw_json_refuse(x->in, "columns must be an array");
    while ((k = bw_json_next(x->in)) != BW_JSON_END) {
        if (k != BW_JSON_TEXT)
            return bw_json_refuse(x->in, "a column must be a name");
        const struct column *c = NULL;
        for (unsigned i = 0; x->m && i < x->m->table->n_columns && !c; i++)
            if (bw_str_eq(x->m->table->columns[i].name, x->in->text))
                c = &x->m->table->columns[i];
        *vec_push(&x->columns) = c;
        *vec_push(&x->names) = bw_arena_str(&x->arena, x->in->text);
        id = id || (c && c->index == 0);
    }
    return !x->m || id || bw_json_refuse(x->in, "the columns must hold id");
}

static bool read_name(struct loading *x)
{
    if (bw_json_next(x->in) != BW_JSON_TEXT)
        return bw_json_refuse(x->in, "name must be a text");
    x->name = bw_arena_str(&x->arena, x->in->text);
    x->m = NULL;
    for (unsigned i = 0; i < x->s->n_tables && !x->m; i++)
        if (bw_str_ieq(x->s->tables[i].table->name, x->name))
            x->m = &x->s->tables[i];
    if (x->m)
        x->v = BW_NEW_N(&x->arena, struct bw_value, x->m->table->n_columns);
    return true;
}

static bool read_next(struct loading *x)
{
    if (bw_json_next(x->in) != BW_JSON_INT || x->in->integer < 1)
        return bw_json_refuse(x->in, "next must be a positive integer");
    if (x->m && x->in->integer > x->m->next_id)
        x->m->next_id = x->in->integer;
    return true;
}

/* name comes first, columns before rows. */
static bool read_table(struct loading *x)
{
    bw_str member;
    x->name = (bw_str){0};
    x->m = NULL;
    vec_clear(&x->columns);
    while (bw_json_member(x->in, &member)) {
        bool name = bw_str_eq(member, BW_LIT("name"));
        if (!name && !x->name.p)
            return bw_json_refuse(x->in, "a table begins with its name");
        bool ok = name                                   ? read_name(x)
                  : bw_str_eq(member, BW_LIT("next"))    ? read_next(x)
                  : bw_str_eq(member, BW_LIT("columns")) ? read_columns(x)
                  : bw_str_eq(member, BW_LIT("rows"))    ? read_rows(x)
                                                         : bw_json_refuse(x->in, "unknown member");
        if (!ok)
            return false;
    }
    return !x->in->failed;
}

static bool read_tables(struct loading *x)
{
    enum bw_json_kind k = bw_json_next(x->in);
    if (k != BW_JSON_ARRAY)
        return bw_json_refuse(x->in, "tables must be an array");
    while ((k = bw_json_next(x->in)) != BW_JSON_END) {
        if (k != BW_JSON_OBJECT)
            return bw_json_refuse(x->in, "a table must be an object");
        if (!read_table(x))
            return false;
        bw_arena_clear(&x->arena);
    }
    return true;
}

static bool read_format(struct loading *x)
{
    if (bw_json_next(x->in) == BW_JSON_TEXT && bw_str_eq(x->in->text, BW_LIT("burrow tables")))
        return true;
    return bw_json_refuse(x->in, "this is not a file of Burrow's memory store");
}

static bool read_all(struct loading *x)
{
    bw_str member;
    if (bw_json_next(x->in) != BW_JSON_OBJECT)
        return bw_json_refuse(x->in, "this is not a file of Burrow's memory store");
    while (bw_json_member(x->in, &member)) {
        bool ok = bw_str_eq(member, BW_LIT("format"))   ? read_format(x)
                  : bw_str_eq(member, BW_LIT("tables")) ? read_tables(x)
                                                        : bw_json_refuse(x->in, "unknown member");
        if (!ok)
            return false;
    }
    return bw_json_finish(x->in);
}

static bool check_rules(const struct store_memory *s, struct bw_err *e)
{
    struct column_set all;
    memset(&all, 0xff, sizeof all);
    for (unsigned i = 0; i < s->n_tables; i++) {
        const struct mem_table *m = &s->tables[i];
        for (size_t k = 0; k < m->slots.n; k++) {
            int64_t id = m->slots.p[k].id;
            const struct mem_row *r = mem_seen(m, id);
            if (r && !mem_row_fits(m, id, r->v, &all, e))
                return bw_because(e, "%.*s %lld", BW_FMT(m->table->name), (long long)id);
        }
    }
    return true;
}

bool mem_load(struct store_memory *s, bw_str text, struct bw_err *e)
{
    struct bw_json_reader in;
    struct bw_arena decoded;
    struct loading x = {.s = s, .in = &in};
    bw_arena_init(&decoded);
    bw_arena_init(&x.arena);
    bw_json_open(&in, &decoded, text);
    bool ok = read_all(&x);
    if (!ok && x.err.code != BW_OK && e)
        *e = x.err;
    else if (!ok)
        bw_json_fail(&in, e);
    ok = ok && check_rules(s, e);
    if (ok)
        mem_commit(s);
    else
        mem_undo(s, 0);
    vec_release(&x.columns);
    vec_release(&x.names);
    bw_arena_release(&x.arena);
    bw_arena_release(&decoded);
    return ok;
}
