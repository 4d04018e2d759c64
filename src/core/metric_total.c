/* metric_total.c: a whole family as one number, for who shows sums (the JSON of /metrics). */
#include "core/metric.h"

#include "core/metric_int.h"

static int64_t value(const struct metric_series *s)
{
    return s->fn ? s->fn(s->arg) : metric_cell_sum(s->cell);
}

int64_t metric_total(const char *family)
{
    int64_t sum = 0;
    for (const struct metric_group *g = metric_lock(); g; g = g->next) {
        bool plain = metric_shape_of(g->family)->n == 0;
        if (!plain || strcmp(g->family->name, family) != 0)
            continue;
        for (const struct metric_series *s = g->first; s; s = s->next)
            sum += value(s);
    }
    metric_unlock();
    return sum;
}
