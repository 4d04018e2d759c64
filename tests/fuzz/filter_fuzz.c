/* filter_fuzz.c: a test from URL text is made or refused with a sentence, and answers every row of
 * another text in one way: never both itself and its NOT, and its own value as the operator says.
 */
#include "orm/query.h"
#include "orm/record.h"
#include "orm_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void asks(struct filter *f, const struct bw_value *row)
{
    bool yes = filter_match(f, row);
    f->not = true;
    bool no = filter_match(f, row);
    f->not = false;
    bool null = row[f->column->index].kind == BW_NULL;
    bw_must(!(yes && no) && (null || yes != no));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table *t = orm_fuzz_table();
    struct bw_arena a;
    struct bw_err e = {.code = BW_OK};
    if (size < 2)
        return 0;
    const struct column *c = &t->columns[data[0] % t->n_columns];
    enum bw_op op = (enum bw_op)(data[1] % (BW_IS + 1));
    bw_str value = bw_str_of((const char *)data + 2, size - 2), cell = BW_LIT("");
    size_t cut = bw_str_find(value, '\n');
    if (cut < value.n)
        cell = bw_str_of(value.p + cut + 1, value.n - cut - 1);
    value.n = cut;
    bw_arena_init(&a);
    struct filter *f = filter_test(&a, c, op, value, &e);
    bw_must(f || (e.code == BW_BAD && e.text[0] && e.field[0]));
    if (f) {
        struct bw_value *row = BW_NEW_N(&a, struct bw_value, t->n_columns);
        struct faults wrong = {.arena = &a};
        asks(f, row);
        if (record_text_value(c, cell, &row[c->index], &wrong))
            asks(f, row);
        row[c->index] = f->value;
        if (f->value.kind != BW_NULL && op != BW_LIKE && op != BW_ILIKE && op != BW_IN)
            bw_must(filter_match(f, row) ==
                    (op == BW_EQ || op == BW_GTE || op == BW_LTE || op == BW_IS));
    }
    bw_arena_release(&a);
    return 0;
}
