/* clock.c: the clocks and the HTTP date. Frozen clocks are three atomics: a test thread moves them
 * while others read; the flag is stored last, so whoever sees it sees the times. */
#include "core/clock.h"

#include <stdatomic.h>

#include "core/civil.h"

static atomic_bool frozen;
static _Atomic int64_t frozen_wall, frozen_mono;

static int64_t read_ns(clockid_t which)
{
    struct timespec ts;
    bw_must(clock_gettime(which, &ts) == 0);
    return (int64_t)ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
}

int64_t clock_mono(void)
{
    if (atomic_load_explicit(&frozen, memory_order_acquire))
        return atomic_load_explicit(&frozen_mono, memory_order_relaxed);
    return read_ns(CLOCK_MONOTONIC);
}

static bw_time wall(clockid_t which)
{
    if (atomic_load_explicit(&frozen, memory_order_acquire))
        return atomic_load_explicit(&frozen_wall, memory_order_relaxed);
    return read_ns(which) / 1000;
}

bw_time bw_now(void)
{
    return wall(CLOCK_REALTIME);
}

bw_time clock_wall_rough(void)
{
    return wall(CLOCK_REALTIME_COARSE);
}

int64_t clock_wall_ms(void)
{
    return bw_now() / 1000;
}

void clock_set(bw_time wall, int64_t mono)
{
    atomic_store_explicit(&frozen_wall, wall, memory_order_relaxed);
    atomic_store_explicit(&frozen_mono, mono, memory_order_relaxed);
    atomic_store_explicit(&frozen, true, memory_order_release);
}

void clock_unset(void)
{
    atomic_store_explicit(&frozen, false, memory_order_release);
}

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void clock_http_date(char out[30], bw_time t)
{
    struct civil c;
    civil_of_time(&c, t);
    memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", 30);
    memcpy(out, day_names + c.weekday * 3, 3);
    civil_two(out + 5, (unsigned)c.day);
    memcpy(out + 8, month_names + (c.month - 1) * 3, 3);
    civil_two(out + 12, (unsigned)c.year / 100);
    civil_two(out + 14, (unsigned)c.year % 100);
    civil_two(out + 17, (unsigned)c.hour);
    civil_two(out + 20, (unsigned)c.minute);
    civil_two(out + 23, (unsigned)c.second);
}

static int month_of(const char *p)
{
    for (int i = 0; i < 12; i++)
        if (memcmp(p, month_names + i * 3, 3) == 0)
            return i + 1;
    return 0;
}

/* Everything but the digits and the weekday must be as we would write it; the weekday must fit the
 * date (a leap second still belongs to the day it ends). */
bool clock_parse_http_date(bw_str s, bw_time *out)
{
    struct civil c = {0};
    bw_time t;
    if (s.n != 29 || memcmp(s.p + 3, ", ", 2) != 0 || memcmp(s.p + 25, " GMT", 4) != 0)
        return false;
    if (s.p[7] != ' ' || s.p[11] != ' ' || s.p[16] != ' ' || s.p[19] != ':' || s.p[22] != ':')
        return false;
    c.month = month_of(s.p + 8);
    if (!civil_digits(s.p + 5, 2, &c.day) || !civil_digits(s.p + 12, 4, &c.year) ||
        !civil_digits(s.p + 17, 2, &c.hour) || !civil_digits(s.p + 20, 2, &c.minute) ||
        !civil_digits(s.p + 23, 2, &c.second) || !civil_to_time(&c, 0, &t))
        return false;
    civil_of_time(&c, c.second == 60 ? t - BW_TIME_SECOND : t);
    if (memcmp(s.p, day_names + c.weekday * 3, 3) != 0)
        return false;
    *out = t;
    return true;
}
