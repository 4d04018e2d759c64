/* utf8_fuzz.c: valid text decodes and encodes back to itself; a cut of it is valid; an error made
 * of any bytes is valid text. */
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes without looking: only for what utf8_valid let pass. */
static uint32_t decode(const uint8_t *p, unsigned *n)
{
    *n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t cp = *n == 1 ? p[0] : p[0] & (0x7fu >> *n);
    for (unsigned i = 1; i < *n; i++)
        cp = cp << 6 | (p[i] & 0x3f);
    return cp;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_str s = bw_str_of((const char *)data, size);
    struct bw_err e;
    bw_fail(&e, BW_BAD, "%.*s", BW_FMT(s));
    bw_must(utf8_valid(bw_cstr(e.text)));
    if (!utf8_valid(s))
        return 0;
    size_t count = 0;
    for (size_t i = 0; i < size; count++) {
        char out[4];
        unsigned n;
        uint32_t cp = decode(data + i, &n);
        bw_must(utf8_encode(out, cp) == n && memcmp(out, data + i, n) == 0);
        i += n;
    }
    bw_must(utf8_count(s) == count);
    for (size_t max = 0; max <= size && max < 40; max++)
        bw_must(utf8_valid(bw_str_of(s.p, utf8_cut(s, max))));
    return 0;
}
