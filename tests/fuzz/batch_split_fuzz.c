/* batch_split_fuzz.c: what the splitter says of a body does not depend on where the pieces break;
 * and the writes it cuts out of a body that is valid JSON are that array's elements. The first two
 * bytes pick the form and the size of pieces. */
#include "rest/batch_split.h"

#include <burrow/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 200

static enum split_got split(bw_str text, enum split_form form, size_t step, struct bw_buf *items)
{
    struct batch_split s;
    struct bw_err e;
    bw_str item;
    char *piece = NULL;
    enum split_got got;
    batch_split_init(&s, form, MAX);
    while ((got = batch_split_next(&s, &item, &e)) == SPLIT_MORE || got == SPLIT_ITEM) {
        if (got == SPLIT_ITEM) {
            bw_must(item.n > 0 && item.n <= MAX);
            bw_buf_put(items, item);
            bw_buf_char(items, '\n');
            continue;
        }
        size_t n = text.n < step ? text.n : step;
        free(piece);
        piece = malloc(n + 1);
        bw_must(piece);
        if (n)
            memcpy(piece, text.p, n);
        batch_split_feed(&s, bw_str_of(piece, n));
        text = bw_str_of(text.p + n, text.n - n);
    }
    if (got == SPLIT_BAD)
        bw_must(e.text[0] && (e.code == BW_BAD || e.code == BW_TOOBIG));
    batch_split_release(&s);
    free(piece);
    return got;
}

/* The elements of an array (or of the writes in an object) as the JSON reader finds them. */
static bool elements(struct bw_json_reader *r, struct bw_buf *items)
{
    bw_str name, raw;
    enum bw_json_kind k = bw_json_next(r);
    if (k == BW_JSON_OBJECT)
        while (bw_json_member(r, &name) && !bw_str_eq(name, BW_LIT("writes")))
            bw_json_skip(r, bw_json_next(r));
    if (k == BW_JSON_OBJECT)
        k = bw_json_next(r);
    while (k == BW_JSON_ARRAY && bw_json_whole(r, &raw)) {
        bw_buf_put(items, raw);
        bw_buf_char(items, '\n');
    }
    return !r->failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum split_form form = data[0] & 1 ? SPLIT_LINES : SPLIT_JSON;
    size_t step = 1 + data[1] % 32;
    bw_str text = bw_str_of((const char *)data + 2, size - 2);
    struct bw_buf whole, broken, read;
    bw_buf_init(&whole, 1 << 24);
    bw_buf_init(&broken, 1 << 24);
    bw_buf_init(&read, 1 << 24);
    enum split_got got = split(text, form, text.n + 1, &whole);
    bw_must(split(text, form, step, &broken) == got);
    bw_must(bw_str_eq(bw_buf_str(&whole), bw_buf_str(&broken)));
    if (form == SPLIT_JSON && got == SPLIT_END && bw_json_valid(text, BW_JSON_DEPTH)) {
        struct bw_json_reader r;
        bw_json_open(&r, NULL, text);
        bw_must(elements(&r, &read) && bw_str_eq(bw_buf_str(&read), bw_buf_str(&whole)));
    }
    bw_buf_release(&whole);
    bw_buf_release(&broken);
    bw_buf_release(&read);
    return 0;
}
