/* record_fuzz.c: JSON becomes a record or a list of faults; what all rules let pass is written as
 * JSON that reads back as the same record. The first byte picks the use. */
#include "orm/record.h"
#include "orm_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct record *r, const struct table *t, enum record_use use, bw_str json,
                 struct bw_arena *a)
{
    struct faults f = {.arena = a};
    struct bw_json_reader in;
    struct bw_err e = {.code = BW_OK};
    bw_json_open(&in, a, json);
    record_init(r, t, a);
    if (!record_read(r, t, use, &in, &f) || !bw_json_finish(&in))
        return bw_json_fail(&in, &e) || (bw_must(e.code == BW_BAD && e.text[0]), false);
    record_check(r, t, use, &f);
    for (unsigned i = 0; i < f.n; i++)
        bw_must(f.at[i].text.n > 0 && f.at[i].rule[0]);
    return faults_fail(&f, &e) || (bw_must(e.code == BW_INVALID && e.text[0]), false);
}

static void write_all(const struct table *t, struct record *r, struct bw_buf *out)
{
    struct column_set all = {0};
    struct bw_json_writer w;
    for (unsigned i = 0; i < t->n_columns; i++)
        if (!t->columns[i].hidden)
            column_add(&all, i);
    bw_buf_init(out, 1 << 24);
    bw_json_init(&w, out);
    r->v[0] = bw_int(r->id);
    record_write(t, &all, r->v, NULL, &w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table *t = orm_fuzz_table();
    struct record r, again;
    struct bw_arena a;
    if (size == 0)
        return 0;
    enum record_use use = (enum record_use)(data[0] % 3);
    bw_arena_init(&a);
    if (take(&r, t, use, bw_str_of((const char *)data + 1, size - 1), &a) && use != RECORD_UPDATE) {
        struct bw_buf one, two;
        write_all(t, &r, &one);
        bw_must(!memchr(one.p, '\n', one.n));
        bw_must(take(&again, t, RECORD_TRUSTED, bw_buf_str(&one), &a));
        write_all(t, &again, &two);
        bw_must(bw_str_eq(bw_buf_str(&one), bw_buf_str(&two)));
        bw_buf_release(&one);
        bw_buf_release(&two);
    }
    bw_arena_release(&a);
    return 0;
}
