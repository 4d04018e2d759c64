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

/* A budget of n in a window, evened out: after a burst of n one may come each window/n. */
struct pace_budget {
    int64_t n, window; /* n == 0: any */
    int64_t next;      /* private */
};
/* Takes one, and says from when on it may be used: now, or later. */
int64_t pace_take(struct pace_budget *b, int64_t now);

#endif
