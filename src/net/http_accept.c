/* http_accept.c: see the header; http_accepts belongs to net/http.h. */
#include "net/http_accept.h"

#include "net/http.h"
#include "net/http_chars.h"

/* "0", "0.5", "1.000"; -1 when it is none. */
static int quality_of(bw_str s)
{
    if (s.n == 0 || s.n > 5 || s.p[0] < '0' || s.p[0] > '1' || (s.n > 1 && s.p[1] != '.'))
        return -1;
    int q = (s.p[0] - '0') * 1000, weight = 100;
    for (size_t i = 2; i < s.n; i++, weight /= 10) {
        if (!http_char_is(s.p[i], CHAR_DIGIT))
            return -1;
        q += (s.p[i] - '0') * weight;
    }
    return q <= 1000 ? q : -1;
}

static int quality_in(bw_str parameters)
{
    bw_str part;
    while (bw_str_cut(&parameters, ';', &part)) {
        part = bw_str_trim(part);
        if (part.n < 2 || (part.p[0] | 0x20) != 'q' || part.p[1] != '=')
            continue;
        int q = quality_of(bw_str_of(part.p + 2, part.n - 2));
        return q < 0 ? 1000 : q;
    }
    return 1000;
}

bool http_quality_next(bw_str *rest, bw_str *item, int *quality)
{
    bw_str part;
    while (bw_str_cut(rest, ',', &part)) {
        size_t semicolon = bw_str_find(part, ';');
        *item = bw_str_trim(bw_str_of(part.p, semicolon));
        if (item->n == 0)
            continue;
        *quality = semicolon < part.n
                       ? quality_in(bw_str_of(part.p + semicolon + 1, part.n - semicolon - 1))
                       : 1000;
        return true;
    }
    return false;
}

/* 0 does not match, 1 for all types, 2 for all of this main type, 3 the type itself. */
static int match(bw_str range, bw_str type)
{
    if (bw_str_ieq(range, type))
        return 3;
    if (bw_str_eq(range, BW_LIT("*/*")) || bw_str_eq(range, BW_LIT("*")))
        return 1;
    size_t slash = bw_str_find(type, '/');
    bool all_of_main = range.n == slash + 2 && bw_str_ends(range, BW_LIT("/*"));
    return all_of_main && bw_str_ieq(bw_str_of(range.p, slash), bw_str_of(type.p, slash)) ? 2 : 0;
}

bool http_accepts(bw_str accept, const char *type)
{
    bw_str range, wanted = bw_cstr(type);
    int quality = 0, best = 0, best_quality = 0;
    bool any = false;
    while (http_quality_next(&accept, &range, &quality)) {
        any = true;
        int how = match(range, wanted);
        if (how > best || (how == best && quality > best_quality)) {
            best = how;
            best_quality = quality;
        }
    }
    return !any || (best > 0 && best_quality > 0);
}
