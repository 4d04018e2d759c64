/* uri_fuzz.c: no URL breaks the parser; what it takes apart makes sense; escapes survive a round.
 */
#include "core/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_str s = bw_str_of((const char *)data, size), name, value;
    struct bw_arena a;
    struct bw_buf b;
    struct bw_err e;
    struct uri u;
    bw_arena_init(&a);
    bw_buf_init(&b, 1 << 20);
    if (uri_parse(&u, s, &a, &e)) {
        bw_must(u.host.n > 0 && u.path.n > 0 && u.path.p[0] == '/' && u.port <= 65535);
        bw_must(u.is_unix == (u.port == 0));
        while (uri_query_next(&u.query, &name, &value))
            bw_must(name.n + value.n <= size);
    } else {
        bw_must(e.code == BW_BAD && e.text[0]);
    }
    for (int form = 0; form < 2; form++) {
        bw_str plain = uri_decode(&a, s, form);
        bw_must(plain.n <= size);
    }
    uri_encode(&b, s);
    if (bw_buf_ok(&b) && (size == 0 || !memchr(data, 0, size)))
        bw_must(bw_str_eq(uri_decode(&a, bw_buf_str(&b), true), s));
    bw_buf_release(&b);
    bw_arena_release(&a);
    return 0;
}
