/* number.h: the one grammar of numbers (RFC 8259 section 6), for JSON, query strings and imports.
 * Independent of the locale; bounded work and no allocation for any length of digits. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <burrow/str.h>

struct number {
    uint64_t digits; /* the first 19 significant ones as an integer */
    int64_t exp10;   /* value = digits * 10^exp10, when `exact` */
    bool negative;
    bool integer; /* neither fraction nor exponent was written */
    bool exact;   /* no non-zero digit is missing in `digits` */
};

/* Bytes of the number s begins with, 0 when it begins with none. What follows is the caller's. */
size_t number_scan(bw_str s, struct number *out);
/* The integer as written; false for a fraction, an exponent or overflow. */
bool number_int(const struct number *x, int64_t *out);
/* The nearest double to the scanned text; false when it is not finite. Too small becomes 0. */
bool number_real(const struct number *x, bw_str text, double *out);

#endif
