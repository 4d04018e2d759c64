/* store_sql_text.c: the statements of a table. Made once; those by column set when a set is first
 * seen, then found again without a lock. Nothing a client sends can make them grow for ever: past
 * SET_TEXTS sets a text lives only as long as its call. */
#include "orm/store_sql_int.h"

static struct sql begin(struct store_sql *s, struct bw_arena *a, const char *text,
                        const struct table *t)
{
    struct sql q;
    sql_init(&q, s->dialect, a);
    sql_addf(&q, text);
    if (t)
        sql_name(&q, t->name);
    return q;
}

static void where_id(struct sql *q, const struct table *t, bool match)
{
    sql_addf(q, " WHERE ");
    sql_name(q, t->columns[0].name);
    sql_addf(q, " = ?");
    if (match && t->version) {
        sql_addf(q, " AND ");
        sql_name(q, t->columns[t->version].name);
        sql_addf(q, " = ?");
    }
}

static const char *make_insert(struct store_sql *s, const struct table *t)
{
    struct sql q = begin(s, &s->arena, "INSERT INTO ", t);
    struct column_set all = {{0}};
    for (unsigned i = 0; i < t->n_columns; i++)
        column_add(&all, i);
    sql_addf(&q, " (");
    sql_names(&q, t, &all);
    sql_addf(&q, ") VALUES (?");
    for (unsigned i = 1; i < t->n_columns; i++)
        sql_addf(&q, ",?");
    sql_addf(&q, ")");
    return sql_text(&q);
}

static const char *make_delete(struct store_sql *s, const struct table *t, bool match)
{
    struct sql q = begin(s, &s->arena, "DELETE FROM ", t);
    where_id(&q, t, match);
    return sql_text(&q);
}

static const char *make_version(struct store_sql *s, const struct table *t)
{
    struct sql q = begin(s, &s->arena, "SELECT ", NULL);
    sql_name(&q, t->columns[t->version].name); /* without one: the id, to see if it is there */
    sql_addf(&q, " FROM ");
    sql_name(&q, t->name);
    where_id(&q, t, false);
    return sql_text(&q);
}

static const char *make_get(struct store_sql *s, const struct table *t,
                            const struct column_set *set, struct bw_arena *a)
{
    struct sql q = begin(s, a, "SELECT ", NULL);
    sql_names(&q, t, set);
    sql_addf(&q, " FROM ");
    sql_name(&q, t->name);
    where_id(&q, t, false);
    return sql_text(&q);
}

static void set_version(struct sql *q, const struct table *t)
{
    bw_str name = t->columns[t->version].name;
    sql_name(q, name);
    sql_addf(q, " = ");
    sql_name(q, name);
    sql_addf(q, " + 1");
}

static const char *make_update(struct store_sql *s, const struct table *t,
                               const struct column_set *set, bool match, struct bw_arena *a)
{
    struct sql q = begin(s, a, "UPDATE ", t);
    const char *before = " SET ";
    for (unsigned i = 1; i < t->n_columns; i++) {
        if (!column_in(set, i))
            continue;
        sql_addf(&q, before);
        sql_name(&q, t->columns[i].name);
        sql_addf(&q, " = ?");
        before = ", ";
    }
    if (t->version) {
        sql_addf(&q, before);
        set_version(&q, t);
    }
    where_id(&q, t, match);
    return sql_text(&q);
}

void table_sql_make(struct store_sql *s, struct table *t)
{
    struct table_sql *ts = BW_NEW(&s->arena, struct table_sql);
    ts->table = t;
    ts->insert = make_insert(s, t);
    ts->delete_any = make_delete(s, t, false);
    ts->delete_version = make_delete(s, t, true);
    ts->version = make_version(s, t);
    index_rules_of(&ts->rules, t, &s->arena);
    if (t->n_columns > s->most_columns)
        s->most_columns = t->n_columns;
    t->store_data = ts;
}

static const char *find(struct set_texts *texts, const struct column_set *set)
{
    for (struct set_text *x = atomic_load_explicit(&texts->head, memory_order_acquire); x;
         x = x->next)
        if (memcmp(&x->set, set, sizeof *set) == 0)
            return x->sql;
    return NULL;
}

/* Under the lock: room for one more text, or NULL when there are enough. */
static struct set_text *keep(struct store_sql *s, struct set_texts *texts,
                             const struct column_set *set)
{
    if (texts->n == SET_TEXTS)
        return NULL;
    texts->n++;
    struct set_text *x = BW_NEW(&s->arena, struct set_text);
    x->set = *set;
    x->next = atomic_load_explicit(&texts->head, memory_order_relaxed);
    return x;
}

const char *table_sql_get(struct store_sql *s, struct table_sql *ts, const struct column_set *set,
                          struct bw_arena *a)
{
    const char *sql = find(&ts->get, set);
    if (sql)
        return sql;
    pthread_mutex_lock(&s->lock);
    struct set_text *x = keep(s, &ts->get, set);
    sql = make_get(s, ts->table, set, x ? &s->arena : a);
    if (x) {
        x->sql = sql;
        atomic_store_explicit(&ts->get.head, x, memory_order_release);
    }
    pthread_mutex_unlock(&s->lock);
    return sql;
}

const char *table_sql_update(struct store_sql *s, struct table_sql *ts,
                             const struct column_set *set, bool match, struct bw_arena *a)
{
    struct set_texts *texts = match ? &ts->update_version : &ts->update;
    const char *sql = find(texts, set);
    if (sql)
        return sql;
    pthread_mutex_lock(&s->lock);
    struct set_text *x = keep(s, texts, set);
    sql = make_update(s, ts->table, set, match, x ? &s->arena : a);
    if (x) {
        x->sql = sql;
        atomic_store_explicit(&texts->head, x, memory_order_release);
    }
    pthread_mutex_unlock(&s->lock);
    return sql;
}
