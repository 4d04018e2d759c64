/* pace.c: backoff and budgets. A budget is kept by the times themselves: whatever says it with one
 * number (a leaky bucket) lets twice as many through in the worst window. */
#include "angel/pace.h"

#include <stdlib.h>

#include <burrow/err.h>

int64_t pace_backoff(const struct backoff_conf *c, uint32_t k, uint32_t chance)
{
    if (k == 0)
        return 0;
    double d = (double)c->base;
    for (uint32_t i = 1; i < k && d < (double)c->cap; i++)
        d *= c->factor;
    if (d > (double)c->cap)
        d = (double)c->cap;
    double wide = d * (double)c->jitter / 1000;
    d += wide * ((double)chance / UINT32_MAX * 2 - 1);
    return d > 0 ? (int64_t)d : 0;
}

static size_t place(const struct pace_spent *s, size_t i)
{
    bw_must(s->cap);
    return (s->first + i) % s->cap;
}

static void forget_old(struct pace_spent *s, int64_t until)
{
    for (; s->n && s->at[s->first] <= until; s->n--)
        s->first = place(s, 1);
}

int64_t pace_when(const struct pace_budget *b, struct pace_spent *s, size_t ahead, int64_t now)
{
    if (b->n <= 0)
        return now;
    forget_old(s, now - b->window);
    size_t n = (size_t)b->n, over = s->n > n ? s->n - n : 0; /* over: n was greater before */
    ahead += s->begun;
    if (s->n + ahead < n)
        return now;
    /* The one of those that must have passed by then, or of those that come after them. */
    size_t i = s->n + ahead - n;
    int64_t rounds = (int64_t)((i - over) / n);
    i = over + (i - over) % n;
    if (i >= s->n)
        return now + b->window * (rounds + 1);
    return s->at[place(s, i)] + b->window * (rounds + 1);
}

static void grow(struct pace_spent *s, size_t most)
{
    size_t cap = s->cap ? s->cap * 2 : 4;
    cap = cap > most ? most : cap;
    int64_t *at = malloc(cap * sizeof *at);
    bw_must(at);
    for (size_t i = 0; i < s->n; i++)
        at[i] = s->at[place(s, i)];
    free(s->at);
    *s = (struct pace_spent){.at = at, .cap = cap, .n = s->n, .begun = s->begun};
}

void pace_begin(struct pace_spent *s)
{
    s->begun++;
}

void pace_end(const struct pace_budget *b, struct pace_spent *s, int64_t now)
{
    s->begun--;
    if (b->n <= 0)
        return;
    forget_old(s, now - b->window);
    if (s->n == s->cap && s->cap < (size_t)b->n)
        grow(s, (size_t)b->n);
    else if (s->n == s->cap)
        s->first = place(s, 1), s->n--; /* beyond the budget: the oldest goes */
    s->at[place(s, s->n++)] = now;
}

void pace_release(struct pace_spent *s)
{
    free(s->at);
    *s = (struct pace_spent){.n = 0};
}
