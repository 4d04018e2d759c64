/* http_chunk_fuzz.c: a chunked body, whole and in pieces of the size the first byte says: the same
 * content and the same end. */
#include <burrow/burrow.h>

#include "net/http_chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum http_chunked decode(struct bw_buf *out, const char *bytes, size_t n, size_t step)
{
    struct http_chunk c;
    enum http_chunked r = HTTP_CHUNK_MORE;
    http_chunk_init(&c);
    for (size_t at = 0; at < n && r == HTTP_CHUNK_MORE; at += step) {
        bw_str piece, in = bw_str_of(bytes + at, n - at < step ? n - at : step);
        while ((r = http_chunk_next(&c, &in, &piece)) == HTTP_CHUNK_DATA)
            bw_buf_put(out, piece);
        bw_must(r == HTTP_CHUNK_END || r == HTTP_CHUNK_REFUSED || in.n == 0);
    }
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    struct bw_buf whole, cut;
    bw_buf_init(&whole, n + 1);
    bw_buf_init(&cut, n + 1);
    const char *bytes = (const char *)data + 1;
    enum http_chunked a = decode(&whole, bytes, n - 1, n);
    enum http_chunked b = decode(&cut, bytes, n - 1, (size_t)data[0] % 16 + 1);
    bw_must(a == b && bw_str_eq(bw_buf_str(&whole), bw_buf_str(&cut)));
    bw_buf_release(&whole);
    bw_buf_release(&cut);
    return 0;
}
