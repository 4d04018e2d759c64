/* cursor_fuzz.c: no text breaks the reader, and one place has one text only. The first byte picks
 * the order. The order's name is put in front where the text cannot know it, so that the values
 * behind it are reached. */
#include "core/hash.h"
#include "orm/query.h"
#include "orm_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reads(struct query *q, bw_str text, struct bw_arena *a)
{
    struct bw_value row[COLUMNS_MAX];
    struct bw_buf b;
    struct bw_err e = {.code = BW_OK};
    if (!cursor_read(q, text, a, &e)) {
        bw_must(e.code == BW_BAD && !q->after);
        return;
    }
    for (unsigned i = 0; i < q->n_order; i++)
        row[q->order[i].column->index] = q->after[i];
    bw_buf_init(&b, 1 << 16);
    bw_must(cursor_write(q, row, &b));
    bw_must(bw_str_eq(bw_buf_str(&b), text));
    bw_must(!query_behind(q, row));
    bw_buf_release(&b);
}

/* The five bytes every cursor of this order begins with, then the fuzzer's. */
static void reads_values(struct query *q, bw_str values, struct bw_arena *a)
{
    struct bw_value row[COLUMNS_MAX] = {{.kind = BW_NULL}};
    struct bw_buf text, bytes;
    bw_buf_init(&text, 1 << 20);
    bw_buf_init(&bytes, 1 << 20);
    bw_must(cursor_write(q, row, &text) && base64url_parse(bw_buf_str(&text), &bytes));
    bytes.n = 5;
    bw_buf_put(&bytes, values);
    bw_buf_clear(&text);
    base64url_write(&text, bw_buf_str(&bytes));
    if (bw_buf_ok(&text))
        reads(q, bw_buf_str(&text), a);
    bw_buf_release(&text);
    bw_buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"t", "i", "r", "b", "at", "e", "ref"};
    struct table *t = orm_fuzz_table();
    struct bw_arena a;
    struct query q;
    if (size == 0)
        return 0;
    bw_arena_init(&a);
    query_init(&q, t);
    for (unsigned i = 0; i < 7; i++)
        if (data[0] >> i & 1)
            bw_must(query_order(&q, table_column(t, bw_cstr(names[i])), data[0] >> 7, NULL));
    query_finish(&q);
    bw_str rest = bw_str_of((const char *)data + 1, size - 1);
    reads(&q, rest, &a);
    reads_values(&q, rest, &a);
    bw_arena_release(&a);
    return 0;
}
