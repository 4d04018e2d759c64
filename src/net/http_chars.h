/* http_chars.h: what each byte may be in an HTTP message: one table for heads, targets and chunk
 * lines (RFC 9110 §5.5-5.6, RFC 3986). Constant; any thread. */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

enum http_char {
    CHAR_TOKEN = 1,  /* tchar */
    CHAR_PATH = 2,   /* pchar and '/', but '%' */
    CHAR_QUERY = 4,  /* pchar, '/', '?', and what browsers leave as it is; but '%' */
    CHAR_HOST = 8,   /* unreserved and sub-delims, but '%' */
    CHAR_FIELD = 16, /* of a field value: visible, obs-text, space, tab */
    CHAR_HEX = 32,
    CHAR_DIGIT = 64,
};

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, unsigned classes)
{
    return (http_chars[(unsigned char)c] & classes) != 0;
}

/* The first byte in [at, end) that is in none of the classes, or end. */
static inline const char *http_chars_skip(const char *at, const char *end, unsigned classes)
{
    while (at < end && http_char_is(*at, classes))
        at++;
    return at;
}

/* Value of a byte of class CHAR_HEX. */
static inline unsigned http_char_hex(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

#endif
