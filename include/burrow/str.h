/* str.h: text as pointer and length, by value. Never NUL-terminated by promise; p == NULL means
 * "no text" (SQL NULL), which differs from the empty text. Borrowed unless a comment says
 * otherwise. */
#ifndef BURROW_STR_H
#define BURROW_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <burrow/err.h>

typedef struct bw_str {
    const char *p;
    size_t n;
} bw_str;

/* For printf: "%.*s" with BW_FMT(s). */
#define BW_FMT(s)   (int)(s).n, (s).p ? (s).p : ""
#define BW_LIT(lit) ((bw_str){.p = (lit), .n = sizeof(lit) - 1})

static inline bw_str bw_str_of(const char *p, size_t n)
{
    return (bw_str){.p = p, .n = n};
}

static inline bw_str bw_cstr(const char *z)
{
    return (bw_str){.p = z, .n = z ? strlen(z) : 0};
}

static inline bool bw_str_eq(bw_str a, bw_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

BW_API bool bw_str_ieq(bw_str a, bw_str b); /* ASCII case-insensitive */
BW_API bool bw_str_starts(bw_str s, bw_str prefix);
BW_API bool bw_str_ends(bw_str s, bw_str suffix);
BW_API int bw_str_cmp(bw_str a, bw_str b); /* as memcmp, shorter first */
BW_API bw_str bw_str_trim(bw_str s);       /* spaces and tabs at both ends */
/* Position of the first c, or s.n. */
BW_API size_t bw_str_find(bw_str s, char c);
/* Cuts the part before the first `sep` off *s into *part and moves *s behind it; false when *s is
 * used up (p == NULL). "a,,b" gives "a", "", "b"; "" gives "" once. `part` may be s itself: then it
 * becomes its first part. */
BW_API bool bw_str_cut(bw_str *s, char sep, bw_str *part);
/* Whole text as decimal int64, strict: no sign but '-', no spaces, no overflow, no leading '+'. */
BW_API bool bw_str_int(bw_str s, int64_t *out);
BW_API bool bw_str_real(bw_str s, double *out); /* JSON number grammar, finite */

#endif
