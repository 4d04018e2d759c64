/* memory_file_fuzz.c: the memory store's file, whatever stands in it: read or refused with a
 * sentence; what was read is consistent, and saves as a text that reads back the same. */
#include "orm/store_memory_int.h"
#include "orm_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *open_empty(struct table *t)
{
    struct table *tables[] = {t};
    struct store *s =
        store_open("memory", &(struct store_opts){.name = "m", .path = ""}, tables, 1, NULL);
    bw_must(s);
    return s;
}

static int64_t count(struct table *t)
{
    struct query q;
    int64_t n;
    query_init(&q, t);
    bw_must(store_count(&q, &n, NULL));
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table *t = orm_fuzz_table();
    struct bw_err e = {.code = BW_OK};
    struct bw_buf report;
    struct store *s = open_empty(t);
    bw_buf_init(&report, 10000);
    bool ok = mem_load((struct store_memory *)s, bw_str_of((const char *)data, size), &e);
    bw_must(ok || (e.code != BW_OK && e.text[0] && count(t) == 0));
    bw_must(s->kind->verify(s, &report, &e));
    if (ok) {
        struct bw_buf text;
        int64_t n = count(t);
        bw_buf_init(&text, size * 8 + 100000);
        bw_must(mem_write_text((struct store_memory *)s, &text));
        store_close(s);
        s = open_empty(t);
        bw_must(mem_load((struct store_memory *)s, bw_buf_str(&text), &e) && count(t) == n);
        bw_buf_release(&text);
    }
    store_close(s);
    bw_buf_release(&report);
    return 0;
}
