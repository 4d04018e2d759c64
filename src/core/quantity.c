/* quantity.c: sizes and durations as text. Computed in integers: a decimal fraction times its unit,
 * rounded down to whole bytes or nanoseconds. */
#include "core/quantity.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* The first of a factor is the one written; largest first. */
static const struct unit sizes[] = {
    {"TiB", INT64_C(1) << 40},
    {"T", INT64_C(1) << 40},
    {"TB", INT64_C(1000000000000)},
    {"GiB", INT64_C(1) << 30},
    {"G", INT64_C(1) << 30},
    {"GB", INT64_C(1000000000)},
    {"MiB", INT64_C(1) << 20},
    {"M", INT64_C(1) << 20},
    {"MB", INT64_C(1000000)},
    {"KiB", INT64_C(1) << 10},
    {"K", INT64_C(1) << 10},
    {"KB", INT64_C(1000)},
    {"B", 1},
    {NULL, 0},
};

static const struct unit durations[] = {
    {"d", INT64_C(86400000000000)},
    {"h", INT64_C(3600000000000)},
    {"min", INT64_C(60000000000)},
    {"m", INT64_C(60000000000)},
    {"s", INT64_C(1000000000)},
    {"ms", INT64_C(1000000)},
    {"us", INT64_C(1000)},
    {"ns", 1},
    {NULL, 0},
};

struct decimal {
    uint64_t digits; /* at most 18 */
    uint64_t scale;  /* the value is digits / scale */
};

/* The decimal that *s begins with, cut off: digits, or digits '.' digits. */
static bool take_decimal(bw_str *s, struct decimal *d)
{
    size_t i = 0, digits = 0, point = s->n;
    *d = (struct decimal){.scale = 1};
    for (; i < s->n; i++) {
        char c = s->p[i];
        if (c == '.' && i > 0 && point == s->n) {
            point = i;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        if (++digits > 18)
            return false;
        d->digits = d->digits * 10 + (uint64_t)(c - '0');
        d->scale *= point < i ? 10 : 1;
    }
    if (i == 0 || point + 1 == i)
        return false;
    *s = bw_str_of(s->p + i, s->n - i);
    return true;
}

static bool scale(const struct decimal *d, int64_t factor, int64_t *out)
{
    uint64_t whole = d->digits / d->scale, rest = d->digits % d->scale;
    uint64_t f = (uint64_t)factor, high, low;
    if (__builtin_mul_overflow(whole, f, &high))
        return false;
    /* rest / scale < 1, so this is under f; 128 bits hold rest * f */
    low = (uint64_t)((unsigned __int128)rest * f / d->scale);
    if (__builtin_add_overflow(high, low, &high) || high > INT64_MAX)
        return false;
    *out = (int64_t)high;
    return true;
}

static bool parse(bw_str s, const struct unit *units, int64_t plain, bool fold, int64_t *out)
{
    struct decimal d;
    s = bw_str_trim(s);
    if (!take_decimal(&s, &d))
        return false;
    s = bw_str_trim(s);
    if (!s.n)
        return scale(&d, plain, out);
    for (const struct unit *u = units; u->name; u++) {
        bw_str name = bw_cstr(u->name);
        if (fold ? bw_str_ieq(name, s) : bw_str_eq(name, s))
            return scale(&d, u->factor, out);
    }
    return false;
}

bool quantity_parse_size(bw_str s, int64_t *bytes)
{
    return parse(s, sizes, 1, true, bytes);
}

bool quantity_parse_duration(bw_str s, int64_t *ns)
{
    return parse(s, durations, INT64_C(1000000000), false, ns);
}

static bool written(const struct unit *u, int64_t v)
{
    return v % u->factor == 0 && v >= u->factor;
}

void quantity_write_size(struct bw_buf *b, int64_t bytes)
{
    for (const struct unit *u = sizes; u->factor > 1; u++) {
        if (u->name[1] == 'i' && written(u, bytes)) {
            bw_buf_printf(b, "%lld %s", (long long)(bytes / u->factor), u->name);
            return;
        }
    }
    bw_buf_int(b, bytes);
}

void quantity_write_duration(struct bw_buf *b, int64_t ns)
{
    for (const struct unit *u = durations; u->name; u++) {
        if (written(u, ns)) {
            bw_buf_printf(b, "%lld%s", (long long)(ns / u->factor), u->name);
            return;
        }
    }
    bw_buf_char(b, '0');
}
