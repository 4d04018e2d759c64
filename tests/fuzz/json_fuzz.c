/* json_fuzz.c: the JSON reader over any bytes, all ways to read agreeing with each other; and what
 * was read, written and read again, is the same. */
#include <burrow/json.h>

#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy_scalar(struct bw_json_writer *w, const struct bw_json_reader *r,
                        enum bw_json_kind kind)
{
    switch (kind) {
    case BW_JSON_NULL:
        bw_json_null(w);
        break;
    case BW_JSON_BOOL:
        bw_json_bool(w, r->boolean);
        break;
    case BW_JSON_INT:
        bw_json_int(w, r->integer);
        break;
    case BW_JSON_REAL:
        bw_json_real(w, r->real);
        break;
    case BW_JSON_TEXT:
        bw_must(utf8_valid(r->text));
        bw_json_text(w, r->text);
        break;
    default:
        break;
    }
}

static void copy_value(struct bw_json_writer *w, struct bw_json_reader *r, enum bw_json_kind kind)
{
    bw_str name;
    if (kind == BW_JSON_OBJECT) {
        bw_json_object(w);
        while (bw_json_member(r, &name)) {
            bw_must(utf8_valid(name));
            bw_json_key(w, name);
            copy_value(w, r, bw_json_next(r));
        }
    } else if (kind == BW_JSON_ARRAY) {
        enum bw_json_kind item;
        bw_json_array(w);
        while ((item = bw_json_next(r)) != BW_JSON_END && item != BW_JSON_ERROR)
            copy_value(w, r, item);
    } else {
        copy_scalar(w, r, kind);
    }
    if (!r->failed && (kind == BW_JSON_OBJECT || kind == BW_JSON_ARRAY))
        bw_json_end(w);
}

/* Copies text to b through reader and writer; false when the reader refuses it. */
static bool copy(bw_str text, struct bw_buf *b, bool comments)
{
    struct bw_arena a;
    struct bw_json_reader r;
    struct bw_json_writer w;
    struct bw_err e;
    bw_arena_init(&a);
    bw_json_open(&r, &a, text);
    r.comments = comments;
    bw_json_init(&w, b);
    enum bw_json_kind kind = bw_json_next(&r);
    if (!r.failed)
        copy_value(&w, &r, kind);
    bool ok = bw_json_finish(&r);
    if (!ok) {
        bw_must(r.failed && r.where >= text.p && r.where <= text.p + text.n);
        bw_json_fail(&r, &e);
        bw_must(e.text[0]);
    }
    bw_arena_release(&a);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char nothing[1];
    bw_str text = bw_str_of(size ? (const char *)data : nothing, size);
    struct bw_buf once, twice;
    bw_buf_init(&once, SIZE_MAX / 4);
    bw_buf_init(&twice, SIZE_MAX / 4);
    bool ok = copy(text, &once, false);
    bw_must(ok == bw_json_valid(text, BW_JSON_DEPTH));
    if (ok) {
        bw_must(copy(bw_buf_str(&once), &twice, false));
        bw_must(bw_str_eq(bw_buf_str(&once), bw_buf_str(&twice)));
    }
    bw_buf_clear(&once);
    bw_must(copy(text, &once, true) || !ok);
    bw_buf_release(&once);
    bw_buf_release(&twice);
    return 0;
}
