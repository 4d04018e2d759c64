/* civil.c: days since 1970 to year, month, day and back, without tables or loops. Years are
 * counted from March, so that the leap day is the last of its year; 400 years have 146097 days. */
#include "core/civil.h"

const char civil_pairs[200] = "00010203040506070809101112131415161718192021222324252627282930313233"
                              "34353637383940414243444546474849505152535455565758596061626364656667"
                              "6869707172737475767778798081828384858687888990919293949596979899";

#define DAY             INT64_C(86400)
#define DAYS_TO_1970    719468 /* from 0000-03-01 */
#define DAYS_PER_400    146097
#define FIRST_MARCH_DOY 306 /* days of March to December */

static void split_days(int64_t days, struct civil *c)
{
    int64_t shifted = days + DAYS_TO_1970 + DAYS_PER_400; /* an era more: never negative */
    unsigned era = (unsigned)(shifted / DAYS_PER_400), doe = (unsigned)(shifted % DAYS_PER_400);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned month = (5 * doy + 2) / 153; /* from March */
    c->day = (int)(doy - (153 * month + 2) / 5 + 1);
    c->month = (int)(month < 10 ? month + 3 : month - 9);
    c->year = (int)(era * 400 + yoe) - 400 + (doy >= FIRST_MARCH_DOY);
    c->weekday = (int)((days + DAYS_PER_400 * 10 + 4) % 7); /* 400 years are whole weeks */
}

static int64_t join_days(int year, int month, int day)
{
    int y = year + 400 - (month <= 2); /* an era more: never negative */
    int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int yoe = y % 400;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (int64_t)(y / 400 - 1) * DAYS_PER_400 + doe - DAYS_TO_1970;
}

static int month_days(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

void civil_of_time(struct civil *c, bw_time t)
{
    t = t < CIVIL_FIRST ? CIVIL_FIRST : t > CIVIL_LAST ? CIVIL_LAST : t;
    int64_t us = t - CIVIL_FIRST; /* not negative: division rounds down */
    int64_t seconds = us / BW_TIME_SECOND;
    unsigned tod = (unsigned)(seconds % DAY);
    split_days(seconds / DAY + CIVIL_FIRST / BW_TIME_SECOND / DAY, c);
    c->micro = (int)(us % BW_TIME_SECOND);
    c->hour = (int)(tod / 3600);
    c->minute = (int)(tod / 60 % 60);
    c->second = (int)(tod % 60);
}

static bool in(int v, int low, int high)
{
    return v >= low && v <= high;
}

bool civil_to_time(const struct civil *c, int offset, bw_time *out)
{
    if (!in(c->year, 0, 9999) || !in(c->month, 1, 12) ||
        !in(c->day, 1, month_days(c->year, c->month)))
        return false;
    if (!in(c->hour, 0, 23) || !in(c->minute, 0, 59) || !in(c->second, 0, 60))
        return false;
    int64_t seconds = join_days(c->year, c->month, c->day) * DAY + c->hour * 3600 + c->minute * 60 +
                      c->second - offset;
    bw_time t = seconds * BW_TIME_SECOND + c->micro;
    if (t < CIVIL_FIRST || t > CIVIL_LAST)
        return false;
    if (c->second == 60) {
        struct civil next;
        civil_of_time(&next, t);
        if (next.day != 1 || next.hour != 0 || next.minute != 0 || next.second != 0)
            return false;
    }
    *out = t;
    return true;
}

bool civil_digits(const char *p, size_t n, int *out)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *out = v;
    return true;
}
