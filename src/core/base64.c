/* base64.c: bytes as text and back (the second half of hash.h). Reading takes exactly what writing
 * gives, so one value has one text: padding where it belongs, unused bits zero, nothing else in
 * between. A text that is refused leaves the buffer as it was. */
#include "core/hash.h"

static const char plain_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_write(struct bw_buf *b, bw_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *p = bytes.n <= SIZE_MAX / 2 ? bw_buf_room(b, bytes.n * 2) : NULL;
    if (!p)
        return;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        p[2 * i] = digits[c >> 4];
        p[2 * i + 1] = digits[c & 15];
    }
    b->n += bytes.n * 2;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_parse(bw_str hex, unsigned char *out, size_t n)
{
    if (hex.n / 2 != n || hex.n % 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static uint32_t take3(const unsigned char *s)
{
    return (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
}

static void encode(struct bw_buf *b, bw_str bytes, const char *alphabet, bool pad)
{
    const unsigned char *s = (const unsigned char *)bytes.p;
    size_t whole = bytes.n / 3, left = bytes.n % 3;
    size_t tail = left == 0 ? 0 : pad ? 4 : left + 1;
    if (bytes.n == 0)
        return;
    char *p = whole < SIZE_MAX / 8 ? bw_buf_room(b, whole * 4 + tail) : NULL;
    if (!p)
        return;
    for (size_t i = 0; i < whole; i++, s += 3, p += 4) {
        uint32_t v = take3(s);
        p[0] = alphabet[v >> 18];
        p[1] = alphabet[v >> 12 & 63];
        p[2] = alphabet[v >> 6 & 63];
        p[3] = alphabet[v & 63];
    }
    b->n += whole * 4 + tail;
    if (left == 0)
        return;
    unsigned char last[3] = {s[0], left == 2 ? s[1] : 0, 0};
    uint32_t v = take3(last);
    char text[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
                    left == 2 ? alphabet[v >> 6 & 63] : '=', '='};
    memcpy(p, text, tail);
}

void base64_write(struct bw_buf *b, bw_str bytes)
{
    encode(b, bytes, plain_alphabet, true);
}

void base64url_write(struct bw_buf *b, bw_str bytes)
{
    encode(b, bytes, url_alphabet, false);
}

/* Value of each letter of the alphabet, bit 7 for all others. Made per call: 256 stores are nothing
 * beside the text, and a table in the source would be a second list of the letters. */
static void fill_values(unsigned char values[256], const char *alphabet)
{
    memset(values, 0x80, 256);
    for (unsigned i = 0; i < 64; i++)
        values[(unsigned char)alphabet[i]] = (unsigned char)i;
}

/* 2 to 4 letters at s into 1 to 3 bytes; false for a foreign letter or unused bits that are set. */
static bool decode_tail(const unsigned char *s, size_t letters, const unsigned char *values,
                        char *out)
{
    uint32_t v = 0;
    unsigned char bad = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned char c = i < letters ? values[s[i]] : 0;
        bad |= c;
        v = v << 6 | (c & 63);
    }
    if (bad & 0x80 || (v & (letters == 2 ? 0xffff : letters == 3 ? 0xff : 0)))
        return false;
    out[0] = (char)(v >> 16);
    if (letters > 2)
        out[1] = (char)(v >> 8);
    if (letters > 3)
        out[2] = (char)v;
    return true;
}

/* `text` without its padding. */
static bool decode(bw_str text, const char *alphabet, struct bw_buf *out)
{
    if (text.n == 0)
        return true;
    size_t tail = text.n % 4 ? text.n % 4 : 4, whole = (text.n - tail) / 4;
    char *p = tail == 1 ? NULL : bw_buf_room(out, whole * 3 + tail - 1);
    if (!p)
        return false;
    unsigned char values[256];
    fill_values(values, alphabet);
    const unsigned char *s = (const unsigned char *)text.p;
    unsigned char bad = 0;
    for (size_t i = 0; i < whole; i++, s += 4, p += 3) {
        unsigned char a = values[s[0]], b = values[s[1]], c = values[s[2]], d = values[s[3]];
        bad |= a | b | c | d;
        p[0] = (char)(a << 2 | b >> 4);
        p[1] = (char)(b << 4 | c >> 2);
        p[2] = (char)(c << 6 | d);
    }
    if (bad & 0x80 || !decode_tail(s, tail, values, p))
        return false;
    out->n += whole * 3 + tail - 1;
    return true;
}

bool base64_parse(bw_str text, struct bw_buf *out)
{
    if (text.n % 4)
        return false;
    for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
        text.n--;
    return decode(text, plain_alphabet, out);
}

bool base64url_parse(bw_str text, struct bw_buf *out)
{
    return decode(text, url_alphabet, out);
}
