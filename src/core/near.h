/* near.h: "did you mean". */
#ifndef CORE_NEAR_H
#define CORE_NEAR_H

#include <burrow/str.h>

/* Damerau-Levenshtein (restricted), ASCII case folded; texts over 64 bytes count as far. */
unsigned near_distance(bw_str a, bw_str b);

/* The nearest of many, fed one by one; `best` is near enough to be told, else p == NULL. */
struct near {
    bw_str wanted, best;
    unsigned distance;
};
void near_init(struct near *n, bw_str wanted);
void near_offer(struct near *n, bw_str candidate);
/* ", did you mean 'x'?" or "", NUL-terminated into out. */
const char *near_hint(const struct near *n, char out[96]);

#endif
