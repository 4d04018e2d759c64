/* pace.h: how often things may happen again, pure: backoff of one replica, and budgets. All times
 * in ns of a clock of the caller's. */
#ifndef ANGEL_PACE_H
#define ANGEL_PACE_H

#include <stdint.h>

struct backoff_conf {
    int64_t base, cap; /* ns */
    double factor;
    int64_t jitter; /* per mille */
};

/* The delay before restart number k (from 0): the first at once, then base·factor^(k-1), at most
 * cap, more or less by up to `jitter` of it. `chance`: any random number. */
int64_t pace_backoff(const struct backoff_conf *c, uint32_t k, uint32_t chance);

/* At most n within any window, however it lies. n == 0: any. */
struct pace_budget {
    int64_t n, window;
};

/* When the last of them were: a ring that grows as far as it is used, n at most. */
struct pace_spent {
    int64_t *at;
    size_t cap, first, n;
    size_t begun; /* under way: they happen between now and pace_end, and count all the while */
};

/* From when on one more may happen that has `ahead` others before it: now, or later (a guess for
 * ahead > 0, and while others are under way). */
int64_t pace_when(const struct pace_budget *b, struct pace_spent *s, size_t ahead, int64_t now);
/* One begins; it has happened by `now`. The times of one ring never go backwards. */
void pace_begin(struct pace_spent *s);
void pace_end(const struct pace_budget *b, struct pace_spent *s, int64_t now);
void pace_release(struct pace_spent *s);

#endif
