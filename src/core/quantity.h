/* quantity.h: sizes and durations as people write them: "16 MiB", "64K", "250ms", "1.5 h". */
#ifndef CORE_QUANTITY_H
#define CORE_QUANTITY_H

#include <burrow/buf.h>

#define QUANTITY_SIZE_PATTERN     "^[0-9]+(\\.[0-9]+)? *([KMGTkmgt](i?[Bb])?|[Bb])?$"
#define QUANTITY_DURATION_PATTERN "^[0-9]+(\\.[0-9]+)? *(ns|us|ms|s|min|m|h|d)?$"

/* Bytes; K and KiB are 1024, KB is 1000; no unit: bytes. False: malformed or beyond int64. */
bool quantity_parse_size(bw_str s, int64_t *bytes);
/* Nanoseconds; no unit: seconds. */
bool quantity_parse_duration(bw_str s, int64_t *ns);
/* In the largest unit that gives a whole number. They read back equal; not for negative ones. */
void quantity_write_size(struct bw_buf *b, int64_t bytes);
void quantity_write_duration(struct bw_buf *b, int64_t ns);

#endif
