/* sql.c: the text builder. Grows by doubling inside its arena: what it outgrew is given back with
 * the arena, a list's text needs one or two steps. */
#include "orm/sql.h"

void sql_init(struct sql *q, const struct dialect *d, struct bw_arena *a)
{
    *q = (struct sql){.d = d, .arena = a};
}

static void grow(struct sql *q, size_t n)
{
    size_t cap = q->cap ? q->cap * 2 : 256;
    while (cap - q->n < n)
        cap *= 2;
    char *p = bw_arena_alloc(q->arena, cap);
    if (q->n)
        memcpy(p, q->p, q->n);
    q->p = p;
    q->cap = cap;
}

void sql_add(struct sql *q, bw_str text)
{
    if (q->cap - q->n < text.n)
        grow(q, text.n);
    if (text.n)
        memcpy(q->p + q->n, text.p, text.n);
    q->n += text.n;
}

void sql_addf(struct sql *q, const char *text)
{
    sql_add(q, bw_cstr(text));
}

void sql_name(struct sql *q, bw_str name)
{
    bw_must(bw_str_find(name, q->d->quote) == name.n);
    bw_str quote = bw_str_of(&q->d->quote, 1);
    sql_add(q, quote);
    sql_add(q, name);
    sql_add(q, quote);
}

void sql_bind(struct sql *q, struct bw_value v)
{
    if (q->n_args == q->cap_args) {
        unsigned cap = q->cap_args ? q->cap_args * 2 : 16;
        struct bw_value *args = BW_NEW_N(q->arena, struct bw_value, cap);
        if (q->n_args)
            memcpy(args, q->args, q->n_args * sizeof *args);
        q->args = args;
        q->cap_args = cap;
    }
    q->args[q->n_args++] = v;
    sql_add(q, BW_LIT("?"));
}

void sql_names(struct sql *q, const struct table *t, const struct column_set *set)
{
    bool more = false;
    for (unsigned i = 0; i < t->n_columns; i++) {
        if (!column_in(set, i))
            continue;
        if (more)
            sql_add(q, BW_LIT(", "));
        sql_name(q, t->columns[i].name);
        more = true;
    }
}

const char *sql_text(struct sql *q)
{
    sql_add(q, bw_str_of("", 1));
    q->n--;
    return q->p;
}
