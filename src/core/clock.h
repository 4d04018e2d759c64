/* clock.h: the clocks. All deadlines in Burrow are nanoseconds of the monotonic clock; 0 means
 * "none". A test may freeze and move both clocks; production code never calls the OS clocks itself.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <burrow/time.h>

#define CLOCK_MS     INT64_C(1000000)
#define CLOCK_SECOND INT64_C(1000000000)

int64_t clock_mono(void); /* ns */
int64_t clock_wall_ms(void);
bw_time
clock_wall_rough(void); /* as of the kernel's last tick, a few ms ago; a fifth of the cost */
void clock_set(bw_time wall, int64_t mono); /* tests: freeze both */
void clock_unset(void);
/* "Mon, 23 Nov 2026 23:04:18 GMT" (RFC 9110 IMF-fixdate), 29 characters and a NUL. */
void clock_http_date(char out[30], bw_time t);
bool clock_parse_http_date(bw_str s, bw_time *out); /* IMF-fixdate only */

#endif
