/* http_chars.c: the table is written as rules, which the compiler turns into 256 numbers. */
#include "net/http_chars.h"

#define BETWEEN(c, a, b) ((c) >= (a) && (c) <= (b))
#define DIGIT(c)         BETWEEN(c, '0', '9')
#define ALNUM(c)         (DIGIT(c) || BETWEEN(c, 'a', 'z') || BETWEEN(c, 'A', 'Z'))
#define HEX(c)           (DIGIT(c) || BETWEEN(c, 'a', 'f') || BETWEEN(c, 'A', 'F'))
#define UNRESERVED(c)    (ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define SUBDELIM(c) \
    ((c) == '!' || (c) == '$' || (c) == '&' || BETWEEN(c, '\'', ',') || (c) == ';' || (c) == '=')
#define TOKEN(c)                                                                                  \
    (ALNUM(c) || (c) == '!' || BETWEEN(c, '#', '\'') || (c) == '*' || (c) == '+' || (c) == '-' || \
     (c) == '.' || BETWEEN(c, '^', '`') || (c) == '|' || (c) == '~')
#define PATH(c) (UNRESERVED(c) || SUBDELIM(c) || (c) == ':' || (c) == '@' || (c) == '/')
/* RFC 3986 has no place for [ ] { } | \ ^ ` in a query, but the URL standard browsers follow leaves
 * them unescaped there; they have no meaning to us, so refusing them would only refuse people. */
#define BROWSER(c) (BETWEEN(c, '[', '^') || (c) == '`' || BETWEEN(c, '{', '}'))
#define QUERY(c)   (PATH(c) || (c) == '?' || BROWSER(c))
#define FIELD(c)   ((c) == '\t' || ((c) >= ' ' && (c) != 127))
#define CLASSES(c)                                                                           \
    ((TOKEN(c) ? CHAR_TOKEN : 0) | (PATH(c) ? CHAR_PATH : 0) | (QUERY(c) ? CHAR_QUERY : 0) | \
     (UNRESERVED(c) || SUBDELIM(c) ? CHAR_HOST : 0) | (FIELD(c) ? CHAR_FIELD : 0) |          \
     (HEX(c) ? CHAR_HEX : 0) | (DIGIT(c) ? CHAR_DIGIT : 0))
#define FOUR(c)    CLASSES(c), CLASSES((c) + 1), CLASSES((c) + 2), CLASSES((c) + 3)
#define SIXTEEN(c) FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define SIXTY(c)   SIXTEEN(c), SIXTEEN((c) + 16), SIXTEEN((c) + 32), SIXTEEN((c) + 48)

const uint8_t http_chars[256] = {SIXTY(0), SIXTY(64), SIXTY(128), SIXTY(192)};
