/* utf8.h: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <burrow/str.h>

/* Bytes of the valid character beyond ASCII that begins at p < end; 0 when there is none. */
unsigned utf8_step(const char *p, const char *end);
bool utf8_valid(bw_str s);                      /* fast on ASCII */
size_t utf8_count(bw_str s);                    /* code points of valid text */
unsigned utf8_encode(char out[4], uint32_t cp); /* bytes written */
size_t utf8_cut(bw_str s, size_t max);          /* largest n <= max at a character boundary */

#endif
