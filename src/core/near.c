/* near.c: the distance of two words and the choice of one worth telling. Distance is restricted
 * Damerau-Levenshtein: insert, delete, replace, and swap of neighbours count one each. */
#include "core/near.h"

#include <limits.h>

#define WORD_MAX 64

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned near_distance(bw_str a, bw_str b)
{
    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return UINT_MAX;
    unsigned char rows[3][WORD_MAX + 1];
    unsigned char *two_up = rows[0], *up = rows[1], *row = rows[2];
    for (size_t k = 0; k <= b.n; k++)
        up[k] = (unsigned char)k;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (unsigned char)i;
        for (size_t k = 1; k <= b.n; k++) {
            char x = lower(a.p[i - 1]), y = lower(b.p[k - 1]);
            unsigned d = least(up[k - 1] + (x != y), least(up[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && x == lower(b.p[k - 2]) && y == lower(a.p[i - 2]))
                d = least(d, two_up[k - 2] + 1u);
            row[k] = (unsigned char)d;
        }
        unsigned char *spare = two_up;
        two_up = up;
        up = row;
        row = spare;
    }
    return up[b.n];
}

void near_init(struct near *n, bw_str wanted)
{
    *n = (struct near){.wanted = wanted, .distance = UINT_MAX};
}

/* One slip per three letters is near: more would guess words that have nothing in common. */
void near_offer(struct near *n, bw_str candidate)
{
    unsigned d = near_distance(n->wanted, candidate);
    if (d < n->distance && d <= (n->wanted.n + 1) / 3) {
        n->best = candidate;
        n->distance = d;
    }
}

const char *near_hint(const struct near *n, char out[96])
{
    out[0] = '\0';
    if (n->best.p)
        snprintf(out, 96, ", did you mean '%.*s'?", BW_FMT(n->best));
    return out;
}
