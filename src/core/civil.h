/* civil.h: the proleptic Gregorian calendar as arithmetic, and two-digit numbers in texts. Shared
 * by the date formats (time.c, clock.c). Pure. */
#ifndef CORE_CIVIL_H
#define CORE_CIVIL_H

#include <burrow/time.h>

/* First and last instant that has a four-digit year: 0000-01-01T00:00:00Z,
 * 9999-12-31T23:59:59.999999Z. */
#define CIVIL_FIRST (INT64_C(-62167219200) * BW_TIME_SECOND)
#define CIVIL_LAST  (INT64_C(253402300800) * BW_TIME_SECOND - 1)

struct civil {
    int year, month, day; /* month 1-12, day 1-31 */
    int hour, minute, second, micro;
    int weekday; /* 0 = Sunday */
};

/* A time outside of the four-digit years is moved to the nearest that has one. */
void civil_of_time(struct civil *c, bw_time t);
/* False when a part is out of its range (30 February, minute 60), or the result, `offset` seconds
 * east of UTC taken off, has no four-digit year. Second 60 is good only where UTC has put leap
 * seconds: the last second of a month. It reads as the next second, as clocks that know none see
 * it. */
bool civil_to_time(const struct civil *c, int offset, bw_time *out);

/* n decimal digits at p, false when there are others. */
bool civil_digits(const char *p, size_t n, int *out);
/* "00" to "99" in a row. */
extern const char civil_pairs[200];
/* Two digits, 0-99. */
static inline void civil_two(char *out, unsigned v)
{
    memcpy(out, civil_pairs + 2 * v, 2);
}
/* RFC 3339, as bw_time_write: the end of what it wrote, at most 27 bytes (28 are touched). */
char *civil_put_time(char *o, bw_time t);

#endif
