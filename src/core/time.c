/* time.c: RFC 3339, written and read. Written by hand: strftime costs twenty times as much and
 * looks at the locale. Reading is strict: 'T' between date and time (lower case too), an offset or
 * Z always, no date that is not in the calendar. */
#include <burrow/time.h>

#include "core/civil.h"

/* The calendar of a day is worked out once: rows of one list mostly share it. */
struct day_text {
    int64_t day;
    char text[11];
};

/* And the last text as a whole: created and modified are the same until somebody changes a record.
 */
struct last_text {
    bw_time t;
    unsigned char n;
    char text[31];
};

static const char *day_text(struct day_text *d, bw_time t, int64_t day)
{
    struct civil c;
    civil_of_time(&c, t);
    d->day = day;
    civil_two(d->text, (unsigned)c.year / 100);
    civil_two(d->text + 2, (unsigned)c.year % 100);
    d->text[4] = d->text[7] = '-';
    civil_two(d->text + 5, (unsigned)c.month);
    civil_two(d->text + 8, (unsigned)c.day);
    return d->text;
}

static char *put_time(char *s, bw_time t)
{
    static _Thread_local struct day_text known = {.day = INT64_MIN};
    t = t < CIVIL_FIRST ? CIVIL_FIRST : t > CIVIL_LAST ? CIVIL_LAST : t;
    int64_t us = t - CIVIL_FIRST, day = us / (86400 * BW_TIME_SECOND);
    unsigned tod = (unsigned)(us / BW_TIME_SECOND % 86400), micro = (unsigned)(us % BW_TIME_SECOND);
    memcpy(s, known.day == day ? known.text : day_text(&known, t, day), 10);
    static const char between[10] = "T00:00:00."; /* no end: microseconds follow */
    memcpy(s + 10, between, sizeof between);
    civil_two(s + 11, tod / 3600);
    civil_two(s + 14, tod / 60 % 60);
    civil_two(s + 17, tod % 60);
    civil_two(s + 20, micro / 10000);
    civil_two(s + 22, micro / 100 % 100);
    civil_two(s + 24, micro % 100);
    s += micro == 0 ? 19 : micro % 1000 == 0 ? 23 : 26;
    *s = 'Z';
    return s + 1;
}

char *civil_put_time(char *s, bw_time t)
{
    static _Thread_local struct last_text last;
    if (last.n == 0 || last.t != t) {
        last.t = t;
        last.n = (unsigned char)(put_time(last.text, t) - last.text);
    }
    memcpy(s, last.text, 28);
    return s + last.n;
}

void bw_time_write(struct bw_buf *b, bw_time t)
{
    char s[28];
    bw_buf_add(b, s, (size_t)(civil_put_time(s, t) - s));
}

static bool parse_date(bw_str s, struct civil *c)
{
    return s.n >= 10 && s.p[4] == '-' && s.p[7] == '-' && civil_digits(s.p, 4, &c->year) &&
           civil_digits(s.p + 5, 2, &c->month) && civil_digits(s.p + 8, 2, &c->day);
}

static bool parse_clock(bw_str s, struct civil *c)
{
    return s.n >= 8 && s.p[2] == ':' && s.p[5] == ':' && civil_digits(s.p, 2, &c->hour) &&
           civil_digits(s.p + 3, 2, &c->minute) && civil_digits(s.p + 6, 2, &c->second);
}

/* ".123456789" at the front of *s, if there is one. */
static bool parse_fraction(bw_str *s, struct civil *c)
{
    if (s->n == 0 || s->p[0] != '.')
        return true;
    size_t n = 1;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
        if (n <= 6)
            c->micro = c->micro * 10 + (s->p[n] - '0');
        n++;
    }
    if (n == 1 || n > 10)
        return false;
    for (size_t i = n; i <= 6; i++)
        c->micro *= 10;
    *s = bw_str_of(s->p + n, s->n - n);
    return true;
}

static bool parse_offset(bw_str s, int *seconds)
{
    int hours, minutes;
    *seconds = 0;
    if (s.n == 1 && (s.p[0] | 0x20) == 'z')
        return true;
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' ||
        !civil_digits(s.p + 1, 2, &hours) || !civil_digits(s.p + 4, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *seconds = (hours * 60 + minutes) * (s.p[0] == '-' ? -60 : 60);
    return true;
}

bool bw_time_parse(bw_str s, bw_time *out)
{
    struct civil c = {0};
    int offset = 0;
    if (!parse_date(s, &c))
        return false;
    if (s.n == 10)
        return civil_to_time(&c, 0, out);
    bw_str rest = bw_str_of(s.p + 11, s.n - 11);
    if ((s.p[10] | 0x20) != 't' || !parse_clock(rest, &c))
        return false;
    rest = bw_str_of(rest.p + 8, rest.n - 8);
    return parse_fraction(&rest, &c) && parse_offset(rest, &offset) &&
           civil_to_time(&c, offset, out);
}
