/* range.h: byte ranges (RFC 9110 §14): the one range of a Range field on bytes of known length.
 * Pure. Several ranges at once are answered whole, which §14.2 allows: nobody in need of them asks
 * this server. */
#ifndef REST_RANGE_H
#define REST_RANGE_H

#include <burrow/str.h>

enum range_answer {
    RANGE_WHOLE, /* 200: no range, several, another unit, or malformed (§14.2: then ignored) */
    RANGE_PART,  /* 206 */
    RANGE_NONE   /* 416: it begins behind the end */
};

/* field.p == NULL: no Range field. Sets *first and *last (inclusive) for RANGE_PART. */
enum range_answer range_read(bw_str field, size_t size, size_t *first, size_t *last);

#endif
