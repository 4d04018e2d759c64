/* record_write.c: row → JSON. The hot end of every list: keys are made once per table, so a column
 * costs a copy and one call of the writer. */
#include "orm/record.h"

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

void record_write(const struct table *t, const struct column_set *set, const struct bw_value *v,
                  const struct record_expand *expand, struct bw_json_writer *w)
{
    bw_json_object(w);
    for (unsigned word = 0; word * 64 < t->n_columns; word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1) {
            unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
            write_column(&t->columns[i], &v[i], expand, w);
        }
    bw_json_end(w);
}
