/* number.c: scans a number once, collecting up to 19 digits on the way. An integer is done then; a
 * real is exact in one multiplication when digits and power of ten both are exact as doubles
 * (2^53, 10^22). What is left goes to strtod_l in the C locale, from a normal form of bounded
 * length: 770 digits decide every rounding, a further non-zero one only breaks a tie. */
#include "core/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>

#define DIGITS_KEPT 770
#define EXP_CLAMP   INT64_C(1000000000000000000)

static bool digit_at(bw_str s, size_t i)
{
    return i < s.n && (unsigned char)(s.p[i] - '0') <= 9;
}

/* Takes the digits at s.p[i]; *kept counts the significant ones among those already taken. */
static size_t take_digits(bw_str s, size_t i, struct number *x, unsigned *kept, bool fraction)
{
    for (; digit_at(s, i); i++) {
        unsigned d = (unsigned)(s.p[i] - '0');
        if (*kept < 19) {
            x->digits = x->digits * 10 + d;
            *kept += x->digits != 0;
            x->exp10 -= fraction;
        } else {
            x->exact = x->exact && d == 0;
            x->exp10 += !fraction;
        }
    }
    return i;
}

static size_t take_exponent(bw_str s, size_t i, struct number *x)
{
    bool minus = i < s.n && s.p[i] == '-';
    if (minus || (i < s.n && s.p[i] == '+'))
        i++;
    if (!digit_at(s, i))
        return 0;
    int64_t exp = 0;
    for (; digit_at(s, i); i++)
        if (exp < EXP_CLAMP / 10)
            exp = exp * 10 + (s.p[i] - '0');
    x->exp10 += minus ? -exp : exp;
    return i;
}

size_t number_scan(bw_str s, struct number *out)
{
    struct number x = {.integer = true, .exact = true};
    size_t i = s.n > 0 && s.p[0] == '-';
    x.negative = i == 1;
    if (!digit_at(s, i))
        return 0;
    unsigned kept = 0;
    if (s.p[i] == '0' && digit_at(s, i + 1))
        return 0;
    i = take_digits(s, i, &x, &kept, false);
    if (i < s.n && s.p[i] == '.') {
        x.integer = false;
        if (!digit_at(s, i + 1))
            return 0;
        i = take_digits(s, i + 1, &x, &kept, true);
    }
    if (i < s.n && (s.p[i] | 0x20) == 'e') {
        x.integer = false;
        i = take_exponent(s, i + 1, &x);
    }
    *out = x;
    return i;
}

bool number_int(const struct number *x, int64_t *out)
{
    uint64_t max = x->negative ? UINT64_C(1) << 63 : (UINT64_C(1) << 63) - 1;
    if (!x->integer || x->exp10 != 0 || x->digits > max)
        return false;
    *out = x->negative ? (int64_t)(0 - x->digits) : (int64_t)x->digits;
    return true;
}

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    bw_must(c_locale != (locale_t)0);
}

/* "<digits>e<exponent>" of the same value, or of one that rounds alike. */
static double slowly(bw_str text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char form[DIGITS_KEPT + 40];
    size_t n = 0, i = 0;
    int64_t exp = 0;
    bool sticky = false, fraction = false;
    for (; i < text.n && (text.p[i] | 0x20) != 'e'; i++) {
        char c = text.p[i];
        fraction = fraction || c == '.';
        if (c == '-' || c == '.')
            continue;
        exp -= fraction;
        if (n == 0 && c == '0')
            continue;
        if (n < DIGITS_KEPT)
            form[n++] = c;
        else {
            sticky = sticky || c != '0';
            exp++;
        }
    }
    if (i < text.n) {
        struct number x = {0};
        take_exponent(text, i + 1, &x);
        exp += x.exp10;
    }
    if (sticky) {
        form[n++] = '1';
        exp--;
    }
    if (n == 0)
        return 0.0;
    snprintf(form + n, sizeof form - n, "e%lld", (long long)exp);
    pthread_once(&once, make_locale);
    return strtod_l(form, NULL, c_locale);
}

bool number_real(const struct number *x, bw_str text, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double r;
    if (x->exact && x->digits <= UINT64_C(1) << 53 && x->exp10 >= -22 && x->exp10 <= 22)
        r = x->exp10 < 0 ? (double)x->digits / powers[-x->exp10]
                         : (double)x->digits * powers[x->exp10];
    else
        r = x->digits == 0 ? 0.0 : slowly(text);
    if (!isfinite(r))
        return false;
    *out = x->negative ? -r : r;
    return true;
}
