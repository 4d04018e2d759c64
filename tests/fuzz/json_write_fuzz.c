/* json_write_fuzz.c: any bytes as text, and any 8 of them as a number, come back from the JSON
 * reader as they went in; what is no UTF-8 still makes valid JSON. */
#include <burrow/json.h>

#include <math.h>

#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct bw_json_reader *r, bw_str in)
{
    if (utf8_valid(in))
        bw_must(bw_str_eq(r->text, in));
    bw_must(utf8_valid(r->text));
}

static void check_back(bw_str json, bw_str in, double real, int64_t integer)
{
    struct bw_arena a;
    struct bw_json_reader r;
    bw_arena_init(&a);
    bw_json_open(&r, &a, json);
    bw_must(bw_json_next(&r) == BW_JSON_ARRAY);
    bw_must(bw_json_next(&r) == BW_JSON_TEXT);
    check_text(&r, in);
    bw_must(bw_json_next(&r) == BW_JSON_INT && r.integer == integer);
    enum bw_json_kind kind = bw_json_next(&r);
    if (isfinite(real))
        bw_must(memcmp(&r.real, &real, sizeof real) == 0);
    else
        bw_must(kind == BW_JSON_NULL);
    bw_must(bw_json_next(&r) == BW_JSON_END && bw_json_finish(&r));
    bw_arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double real = 0;
    int64_t integer = 0;
    memcpy(&real, data, size < sizeof real ? size : sizeof real);
    memcpy(&integer, &real, sizeof integer);
    bw_str text = bw_str_of((const char *)data, size);
    struct bw_buf b;
    struct bw_json_writer w;
    bw_buf_init(&b, size * 6 + 100);
    bw_json_init(&w, &b);
    bw_json_array(&w);
    bw_json_text(&w, text);
    bw_json_int(&w, integer);
    bw_json_real(&w, real);
    bw_json_end(&w);
    bw_must(bw_buf_ok(&b));
    check_back(bw_buf_str(&b), text, real, integer);
    bw_buf_release(&b);
    return 0;
}
