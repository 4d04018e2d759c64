/* json_number.c: numbers as JSON text and back, without the locale.
 *
 * Writing a double takes the fewest digits that read back equal. Nearly all numbers of an
 * application are whole or have a few decimals; these are found by multiplying and proved by one
 * exact division. The rest asks the C library for 15, 16 and 17 digits. Reading is exact in the
 * same way: up to 2^53 times or over a power of ten that a double holds exactly is one rounding, as
 * IEEE 754 wants it; the rest goes to strtod in the C locale. */
#include "core/json_int.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

#define EXACT_INT   9007199254740992.0 /* 2^53 */
#define EXACT_POWER 22                 /* the largest power of ten that a double holds exactly */

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    bw_must(c_locale);
}

/* z is NUL-terminated and in the grammar of JSON. */
static double slow_real(const char *z)
{
    pthread_once(&once, make_locale);
    return strtod_l(z, NULL, c_locale);
}

static unsigned count_digits(uint64_t v)
{
    unsigned n = 1;
    for (; v >= 10000; v /= 10000)
        n += 4;
    return n + (v >= 10) + (v >= 100) + (v >= 1000);
}

/* Exactly n digits, zeros in front. */
static char *put_digits(char *o, uint64_t v, unsigned n)
{
    char *end = o + n, *at = end;
    for (; n >= 2; n -= 2, v /= 100)
        memcpy(at -= 2, pairs + v % 100 * 2, 2);
    if (n)
        *--at = (char)('0' + v % 10);
    return end;
}

char *json_put_int(char *o, int64_t v)
{
    uint64_t u = (uint64_t)v;
    if (v < 0) {
        *o++ = '-';
        u = 0 - u;
    }
    return put_digits(o, u, count_digits(u));
}

/* ---- real to text ---- */

/* v > 0 with at most 8 decimals and 15 digits; NULL when it is not of that kind. m / 10^k rounds
 * once, so equality proves that the decimal m * 10^-k reads back as v. */
static char *put_decimal(char *o, double v)
{
    for (unsigned k = 1; k <= 8; k++) {
        double scaled = v * powers[k];
        if (scaled >= 1e15)
            return NULL;
        uint64_t m = (uint64_t)(scaled + 0.5);
        double off = scaled - (double)m;
        if (off > scaled * 1e-15 || -off > scaled * 1e-15 || (double)m / powers[k] != v)
            continue;
        uint64_t unit = (uint64_t)powers[k];
        o = put_digits(o, m / unit, count_digits(m / unit));
        *o++ = '.';
        return put_digits(o, m % unit, k);
    }
    return NULL;
}

/* The number is d.ddd * 10^exp: in full for exponents -7..20, as JavaScript does, else with 'e'. */
static char *put_scientific(char *o, const char *digits, int n, int exp)
{
    if (exp < -7 || exp > 20) {
        *o++ = digits[0];
        if (n > 1) {
            *o++ = '.';
            memcpy(o, digits + 1, (size_t)n - 1);
            o += n - 1;
        }
        *o++ = 'e';
        return json_put_int(o, exp);
    }
    int i = 0;
    if (exp < 0)
        *o++ = '0';
    for (; i <= exp; i++)
        *o++ = i < n ? digits[i] : '0';
    if (i >= n)
        return o;
    *o++ = '.';
    for (int zeros = exp; zeros < -1; zeros++)
        *o++ = '0';
    memcpy(o, digits + i, (size_t)(n - i));
    return o + n - i;
}

/* v's first `precision` digits, rounded, and the power of ten of the first. Written so that the
 * decimal point of the locale, whatever it is, falls out. */
static int split_real(double v, int precision, char digits[20])
{
    char text[48];
    snprintf(text, sizeof text, "%.*e", precision - 1, v);
    int n = 0, exp = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && n < 19)
            digits[n++] = *p;
    }
    bool negative = p[1] == '-';
    for (p += 2; *p; p++)
        exp = exp * 10 + (*p - '0');
    digits[n] = 0;
    return negative ? -exp : exp;
}

static bool reads_back(const char *digits, int exp, double v)
{
    char text[48];
    snprintf(text, sizeof text, "%se%d", digits, exp - (int)strlen(digits) + 1);
    return slow_real(text) == v;
}

/* Below a power of two doubles lie twice as dense, so that the nearest decimal may read back as a
 * neighbour while the next one up reads back as v. */
static bool next_up(char *digits, int exp, double v)
{
    int unused;
    size_t last = strlen(digits) - 1;
    if (frexp(v, &unused) != 0.5 || digits[last] == '9')
        return false;
    digits[last]++;
    return reads_back(digits, exp, v);
}

static char *put_shortest(char *o, double v)
{
    char digits[20];
    int exp = 0;
    /* A subnormal has fewer than 15 significant digits. */
    for (int precision = v < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        exp = split_real(v, precision, digits);
        if (precision == 17 || reads_back(digits, exp, v) || next_up(digits, exp, v))
            break;
    }
    int n = (int)strlen(digits);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return put_scientific(o, digits, n, exp);
}

char *json_put_real(char *o, double v)
{
    if (signbit(v)) {
        *o++ = '-';
        v = -v;
    }
    if (v <= EXACT_INT && v == (double)(uint64_t)v)
        return put_digits(o, (uint64_t)v, count_digits((uint64_t)v));
    char *end = v >= 1e-4 && v < 1e15 && FLT_EVAL_METHOD == 0 ? put_decimal(o, v) : NULL;
    return end ? end : put_shortest(o, v);
}

/* ---- text to number ---- */

struct scan {
    const char *p, *end;
    uint64_t m;  /* the digits so far as a whole number */
    int digits;  /* significant ones; m is right up to 19 */
    int64_t exp; /* the value is m * 10^exp */
};

static bool is_digit(const struct scan *s)
{
    return s->p < s->end && (unsigned char)(*s->p - '0') < 10;
}

static void take_digits(struct scan *s)
{
    for (; is_digit(s); s->p++) {
        s->m = s->m * 10 + (uint64_t)(*s->p - '0');
        s->digits += s->m != 0 || s->digits;
    }
}

static bool refuse(struct json_number *n, const char *at, const char *why)
{
    n->end = at;
    n->why = why;
    return false;
}

static bool take_whole(struct scan *s, struct json_number *n)
{
    const char *first = s->p;
    if (!is_digit(s))
        return refuse(n, first, "a digit must follow the '-'");
    take_digits(s);
    if (*first == '0' && s->p - first > 1)
        return refuse(n, first, "a number must not begin with a zero that counts nothing");
    return true;
}

static bool take_fraction(struct scan *s, struct json_number *n)
{
    if (s->p == s->end || *s->p != '.')
        return true;
    const char *first = ++s->p;
    if (!is_digit(s))
        return refuse(n, first, "a digit must follow the decimal point");
    take_digits(s);
    s->exp -= s->p - first;
    return true;
}

static bool take_exponent(struct scan *s, struct json_number *n)
{
    if (s->p == s->end || (*s->p | 0x20) != 'e')
        return true;
    s->p++;
    bool negative = s->p < s->end && *s->p == '-';
    if (negative || (s->p < s->end && *s->p == '+'))
        s->p++;
    if (!is_digit(s))
        return refuse(n, s->p, "a digit must follow in the exponent");
    int64_t exp = 0;
    for (; is_digit(s); s->p++) {
        if (exp < 1000000)
            exp = exp * 10 + (*s->p - '0');
    }
    s->exp += negative ? -exp : exp;
    return true;
}

static bool finish_int(const struct scan *s, const char *at, bool negative, struct json_number *n)
{
    uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (s->digits > 19 || s->m > limit)
        return refuse(n, at, "the whole number does not fit into 64 bits");
    n->is_int = true;
    n->i = negative ? (int64_t)(0 - s->m) : (int64_t)s->m;
    n->r = negative ? -(double)s->m : (double)s->m;
    return true;
}

/* strtod wants a NUL behind, and a number may be as long as the text it stands in. */
static double copied_real(const char *p, size_t len)
{
    char small[128];
    char *z = len < sizeof small ? small : malloc(len + 1);
    bw_must(z);
    memcpy(z, p, len);
    z[len] = 0;
    double r = slow_real(z);
    if (z != small)
        free(z);
    return r;
}

static bool finish_real(const struct scan *s, const char *at, bool negative, struct json_number *n)
{
    bool exact = s->digits <= 19 && s->m <= (uint64_t)EXACT_INT && s->exp >= -EXACT_POWER &&
                 s->exp <= EXACT_POWER && FLT_EVAL_METHOD == 0;
    if (exact) {
        double r = (double)s->m;
        r = s->exp < 0 ? r / powers[-s->exp] : r * powers[s->exp];
        n->r = negative ? -r : r;
    } else {
        n->r = copied_real(at, (size_t)(s->p - at));
    }
    n->is_int = false;
    return isfinite(n->r) || refuse(n, at, "the number is too large for a double");
}

bool json_read_number(const char *p, const char *end, struct json_number *n)
{
    struct scan s = {.p = p, .end = end};
    bool negative = p < end && *p == '-';
    s.p += negative;
    if (!take_whole(&s, n))
        return false;
    const char *whole_end = s.p;
    if (!take_fraction(&s, n) || !take_exponent(&s, n))
        return false;
    n->end = s.p;
    if (s.p == whole_end)
        return finish_int(&s, p, negative, n);
    return finish_real(&s, p, negative, n);
}
