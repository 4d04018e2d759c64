/* utf8.c: strict UTF-8. Eight ASCII bytes are passed at a time, everything else by the ranges of
 * RFC 3629 section 4, which leave no overlong form, no surrogate and nothing above U+10FFFF. */
#include "core/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

unsigned utf8_step(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    unsigned char lead = p[0], low = 0x80, high = 0xbf;
    unsigned len = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (len == 0 || (ptrdiff_t)len > end - at)
        return 0;
    if (lead == 0xe0)
        low = 0xa0; /* below: overlong */
    else if (lead == 0xed)
        high = 0x9f; /* above: surrogates */
    else if (lead == 0xf0)
        low = 0x90; /* below: overlong */
    else if (lead == 0xf4)
        high = 0x8f; /* above: past U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (unsigned i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool utf8_valid(bw_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        uint64_t word;
        if (s.n - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if ((word & HIGH_BITS) == 0) {
                i += sizeof word;
                continue;
            }
        }
        if (p[i] < 0x80) {
            i++;
            continue;
        }
        size_t len = utf8_step(s.p + i, s.p + s.n);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

size_t utf8_count(bw_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

unsigned utf8_encode(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        bw_must(cp < 0xd800 || cp > 0xdfff);
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    bw_must(cp <= 0x10ffff);
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Steps back over at most three continuation bytes, so that text that is no UTF-8 is cut too. */
size_t utf8_cut(bw_str s, size_t max)
{
    if (s.n <= max)
        return s.n;
    size_t n = max;
    while (n > 0 && max - n < 3 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return ((unsigned char)s.p[n] & 0xc0) == 0x80 ? max : n;
}
