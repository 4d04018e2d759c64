/* range.c: "bytes=0-499", "bytes=500-", "bytes=-500". */
#include "rest/range.h"

/* Digits, as many as there are: more than fit saturate, since such a place is behind any end. */
static bool number(bw_str s, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        size_t d = (size_t)(s.p[i] - '0');
        *out = *out > (SIZE_MAX - d) / 10 ? SIZE_MAX : *out * 10 + d;
    }
    return s.n > 0;
}

/* The last n bytes; of nothing there is no part to name, so an empty text is answered whole. */
static enum range_answer suffix(size_t n, size_t size, size_t *first, size_t *last)
{
    if (n == 0)
        return RANGE_NONE;
    if (size == 0)
        return RANGE_WHOLE;
    *first = n < size ? size - n : 0;
    *last = size - 1;
    return RANGE_PART;
}

enum range_answer range_read(bw_str field, size_t size, size_t *first, size_t *last)
{
    bw_str to = bw_str_trim(field), from, unit;
    size_t a, b = SIZE_MAX;
    if (!field.p || !bw_str_cut(&to, '=', &unit) || !to.p || !bw_str_ieq(unit, BW_LIT("bytes")))
        return RANGE_WHOLE;
    to = bw_str_trim(to);
    bw_str_cut(&to, '-', &from); /* a list has a ',' in it, which is no digit */
    if (!to.p || (to.n && !number(to, &b)))
        return RANGE_WHOLE;
    if (from.n == 0)
        return to.n ? suffix(b, size, first, last) : RANGE_WHOLE;
    if (!number(from, &a) || b < a)
        return RANGE_WHOLE;
    if (a >= size)
        return RANGE_NONE;
    *first = a;
    *last = b < size ? b : size - 1;
    return RANGE_PART;
}
