/* str.c: what text needs beyond the inline functions of str.h. Everything here is bytes: case means
 * ASCII case. */
#include <burrow/str.h>

#include "core/number.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool bw_str_ieq(bw_str a, bw_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool bw_str_starts(bw_str s, bw_str prefix)
{
    return s.n >= prefix.n && bw_str_eq(bw_str_of(s.p, prefix.n), prefix);
}

bool bw_str_ends(bw_str s, bw_str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

int bw_str_cmp(bw_str a, bw_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bw_str bw_str_trim(bw_str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = bw_str_of(s.p + 1, s.n - 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

size_t bw_str_find(bw_str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

bool bw_str_cut(bw_str *s, char sep, bw_str *part)
{
    if (!s->p)
        return false;
    size_t n = bw_str_find(*s, sep);
    bw_str first = bw_str_of(s->p, n);
    *s = n < s->n ? bw_str_of(s->p + n + 1, s->n - n - 1) : bw_str_of(NULL, 0);
    *part = first; /* last, for those who want the first part only and give s itself */
    return true;
}

/* Leading zeros are fine here ("007"): lengths and ids are digits, not JSON. */
bool bw_str_int(bw_str s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    if (s.n == minus)
        return false;
    uint64_t v = 0, max = (uint64_t)INT64_MAX + minus;
    for (size_t i = minus; i < s.n; i++) {
        unsigned d = (unsigned char)(s.p[i] - '0');
        if (d > 9 || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool bw_str_real(bw_str s, double *out)
{
    struct number x;
    size_t n = number_scan(s, &x);
    return n && n == s.n && number_real(&x, s, out);
}
