/* time.h: points in time. bw_time is microseconds since 1970-01-01T00:00:00Z, UTC, no leap seconds;
 * 0 in a record means "not set". Spans and deadlines inside Burrow are nanoseconds of the monotonic
 * clock (core/clock.h), never bw_time. */
#ifndef BURROW_TIME_H
#define BURROW_TIME_H

#include <burrow/buf.h>

typedef int64_t bw_time;

#define BW_TIME_SECOND INT64_C(1000000)

BW_API bw_time bw_now(void); /* wall clock; a test can set it (core/clock.h) */
/* "2026-11-23T23:04:18Z", with ".123" or ".123456" when the fraction is not zero. Years 0000-9999.
 */
BW_API void bw_time_write(struct bw_buf *b, bw_time t);
/* RFC 3339 date-time (any offset, up to 9 fraction digits, truncated to us) or a plain date.
 * Strict. */
BW_API bool bw_time_parse(bw_str s, bw_time *out);

#endif
