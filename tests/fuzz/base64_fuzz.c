/* base64_fuzz.c: what is read is what was written, letter by letter: one value has one text. */
#include "core/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reads(bw_str s, bool (*parse)(bw_str, struct bw_buf *),
                  void (*write)(struct bw_buf *, bw_str))
{
    struct bw_buf bytes, text;
    bw_buf_init(&bytes, 1 << 20);
    bw_buf_init(&text, 1 << 20);
    if (parse(s, &bytes)) {
        write(&text, bw_buf_str(&bytes));
        bw_must(bw_str_eq(bw_buf_str(&text), s));
    }
    bw_buf_clear(&bytes);
    bw_buf_clear(&text);
    write(&text, s);
    if (bw_buf_ok(&text))
        bw_must(parse(bw_buf_str(&text), &bytes) && bw_str_eq(bw_buf_str(&bytes), s));
    bw_buf_release(&bytes);
    bw_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_str s = bw_str_of((const char *)data, size);
    unsigned char out[64];
    reads(s, base64_parse, base64_write);
    reads(s, base64url_parse, base64url_write);
    if (size <= sizeof out * 2)
        (void)hex_parse(s, out, size / 2);
    return 0;
}
