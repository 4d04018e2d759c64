/* pace.c: backoff and budgets. The budget is the generic cell rate algorithm (ITU-T I.371): one
 * number says when the next would be due if all came evenly. */
#include "angel/pace.h"

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

int64_t pace_take(struct pace_budget *b, int64_t now)
{
    if (b->n <= 0)
        return now;
    int64_t each = b->window / b->n, burst = each * (b->n - 1);
    if (b->next < now)
        b->next = now;
    int64_t from = b->next - burst;
    b->next += each;
    return from > now ? from : now;
}
