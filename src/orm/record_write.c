/* record_write.c: row → JSON. The hot end of every list: keys are made once per table, and a row of
 * which it can be told how much room it takes at most is written in one go, without a check per
 * value. */
#include "orm/record.h"

#include <math.h>

#include "core/json_put.h"

#define QUICK_TEXT                                                                \
    2048 /* a longer text's room, six times its size, is not asked for in advance \
          */

static void write_int(const struct column *c, int64_t i, struct bw_json_writer *w)
{
    switch (c->type) {
    case BW_TYPE_BOOL:
        bw_json_bool(w, i != 0);
        return;
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        bw_json_time(w, i);
        return;
    default:
        bw_json_int(w, i);
    }
}

/* By pointer: a struct of 24 bytes copied per column is felt in a list. */
static void write_value(const struct column *c, const struct bw_value *v, struct bw_json_writer *w)
{
    switch (v->kind) {
    case BW_NULL:
        bw_json_null(w);
        return;
    case BW_KIND_REAL:
        bw_json_real(w, v->r);
        return;
    case BW_KIND_BLOB:
        bw_json_base64(w, v->s);
        return;
    case BW_KIND_TEXT:
        if (c->type == BW_TYPE_JSON)
            bw_json_raw(w, v->s);
        else
            bw_json_text(w, v->s);
        return;
    case BW_KIND_INT:
        write_int(c, v->i, w);
    }
}

void record_write_value(const struct column *c, struct bw_value v, struct bw_json_writer *w)
{
    write_value(c, &v, w);
}

static void write_column(const struct column *c, const struct bw_value *v,
                         const struct record_expand *expand, struct bw_json_writer *w)
{
    bw_json_raw_key(w, c->json_key);
    bool follow = expand && c->type == BW_TYPE_REF && v->kind == BW_KIND_INT &&
                  column_in(&expand->set, c->index);
    if (!follow || !expand->write(expand->arg, c, v->i, w))
        write_value(c, v, w);
}

/* ---- in one go ---- */

static inline char *put_int(char *o, enum bw_type type, int64_t i)
{
    switch (type) {
    case BW_TYPE_BOOL:
        return json_put_bool(o, i != 0);
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        return json_put_time(o, i);
    default:
        return json_put_int(o, i);
    }
}

static inline char *put_value(char *o, enum bw_type type, const struct bw_value *v)
{
    switch (v->kind) {
    case BW_KIND_INT:
        return put_int(o, type, v->i);
    case BW_KIND_REAL:
        return isfinite(v->r) ? json_put_real(o, v->r) : json_put_null(o);
    case BW_KIND_TEXT:
        return json_put_text(o, v->s);
    default:
        return json_put_null(o);
    }
}

/* The columns' own part is known for the table; only texts add to it. */
static size_t most_of(const struct table *t, const struct column_set *set, const struct bw_value *v)
{
    size_t all = t->json_most;
    for (unsigned word = 0; word * 64 < t->n_columns; word++)
        for (uint64_t bits = set->bits[word] & t->wide.bits[word]; bits; bits &= bits - 1) {
            unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (v[i].kind == BW_NULL)
                continue;
            if (v[i].kind != BW_KIND_TEXT || t->columns[i].type == BW_TYPE_JSON || !v[i].s.p ||
                v[i].s.n > QUICK_TEXT)
                return 0;
            all += json_text_most(v[i].s.n);
        }
    return all;
}

static bool write_at_once(const struct table *t, const struct column_set *set,
                          const struct bw_value *v, struct bw_json_writer *w)
{
    size_t all = most_of(t, set, v);
    char *o = all ? json_put_begin(w, all) : NULL, *first = o;
    if (!o)
        return false;
    for (unsigned word = 0; word * 64 < t->n_columns; word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1) {
            unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
            const struct json_column *c = &t->json[i];
            o = json_put_key(o, bw_str_of(c->key, c->n));
            o = put_value(o, (enum bw_type)c->type, &v[i]);
        }
    *first = '{';
    o += o == first;
    *o++ = '}';
    json_put_end(w, o);
    return true;
}

void record_write(const struct table *t, const struct column_set *set, const struct bw_value *v,
                  const struct record_expand *expand, struct bw_json_writer *w)
{
    if (!expand && write_at_once(t, set, v, w))
        return;
    bw_json_object(w);
    for (unsigned word = 0; word * 64 < t->n_columns; word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1) {
            unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
            write_column(&t->columns[i], &v[i], expand, w);
        }
    bw_json_end(w);
}
