/* json_number.c: numbers as JSON text, without the locale.
 *
 * A double takes the fewest digits that read back equal. Nearly all numbers of an application are
 * whole or have a few decimals; these are found by multiplying and proved by one exact division.
 * The rest asks the C library for 15, 16 and 17 digits. Reading is number.c's. */
#include "core/civil.h"
#include "core/json_int.h"

#include <float.h>
#include <math.h>

#define EXACT_INT 9007199254740992.0 /* 2^53 */

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

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
        civil_two(at -= 2, (unsigned)(v % 100));
    if (n)
        *--at = (char)('0' + v % 10);
    return end;
}

char *json_put_int(char *o, int64_t v)
{
    uint64_t u = (uint64_t)v;
    if (u < 10) { /* most numbers of an application are small */
        *o = (char)('0' + u);
        return o + 1;
    }
    if (u < 100) {
        civil_two(o, (unsigned)u);
        return o + 2;
    }
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

/* The number is d.ddd * 10^exp: in full for exponents -6..17, else with 'e'. From 10^18 on a reader
 * would take it for an integer, and perhaps for one too large. */
static char *put_scientific(char *o, const char *digits, int n, int exp)
{
    if (exp < -6 || exp > 17) {
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

/* m's n digits as d.ddd * 10^exp. */
struct decimal {
    uint64_t m;
    unsigned n;
    int exp;
};

/* v rounded to n significant digits by the C library. Read so that the decimal point of the locale,
 * whatever it is, falls out. */
static struct decimal split(double v, unsigned n)
{
    char text[48];
    struct decimal d = {.n = n};
    snprintf(text, sizeof text, "%.*e", (int)n - 1, v);
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            d.m = d.m * 10 + (uint64_t)(*p - '0');
    }
    bool negative = p[1] == '-';
    for (p += 2; *p; p++)
        d.exp = d.exp * 10 + (*p - '0');
    d.exp = negative ? -d.exp : d.exp;
    return d;
}

/* The 17 digits of v rounded once more to n, where that gives what rounding v itself would: not
 * when they end just half way, for they may have been rounded to get there. */
static struct decimal shorten(const struct decimal *all, unsigned n, double v)
{
    uint64_t drop = n == 16 ? 10 : 100, rest = all->m % drop;
    struct decimal d = {.m = all->m / drop + (rest > drop / 2), .n = n, .exp = all->exp};
    if (rest == drop / 2)
        return split(v, n);
    if (count_digits(d.m) > n) {
        d.m /= 10;
        d.exp++;
    }
    return d;
}

static bool reads_back(const struct decimal *d, double v)
{
    char text[48], *o = put_digits(text, d->m, d->n);
    double back;
    *o++ = 'e';
    o = json_put_int(o, d->exp - (int)d->n + 1);
    return bw_str_real(bw_str_of(text, (size_t)(o - text)), &back) && back == v;
}

/* Below a power of two doubles lie twice as dense, so that the nearest decimal may read back as a
 * neighbour while the next one up reads back as v. */
static bool next_up(struct decimal *d, double v)
{
    int unused;
    if (frexp(v, &unused) != 0.5 || d->m % 10 == 9)
        return false;
    d->m++;
    return reads_back(d, v);
}

static struct decimal shortest(double v)
{
    struct decimal all = split(v, 17), d = all;
    for (unsigned n = 1; v < DBL_MIN && n < 15; n++) { /* few digits tell subnormals apart */
        d = split(v, n);
        if (reads_back(&d, v))
            return d;
    }
    for (unsigned n = 15; n <= 16; n++) {
        d = shorten(&all, n, v);
        if (reads_back(&d, v) || next_up(&d, v))
            return d;
    }
    return all;
}

static char *put_shortest(char *o, double v)
{
    char digits[20];
    struct decimal d = shortest(v);
    for (; d.m % 10 == 0; d.n--)
        d.m /= 10;
    put_digits(digits, d.m, d.n);
    return put_scientific(o, digits, (int)d.n, d.exp);
}

char *json_put_real(char *o, double v)
{
    bool negative = signbit(v);
    if (negative) {
        *o++ = '-';
        v = -v;
    }
    if (v <= EXACT_INT && v == (double)(uint64_t)v) {
        o = put_digits(o, (uint64_t)v, count_digits((uint64_t)v));
        if (v > 0 || !negative)
            return o;
        *o++ = '.'; /* "-0" is an integer to most readers, and loses its sign there */
        *o++ = '0';
        return o;
    }
    char *end = v >= 1e-4 && v < 1e15 && FLT_EVAL_METHOD == 0 ? put_decimal(o, v) : NULL;
    return end ? end : put_shortest(o, v);
}
