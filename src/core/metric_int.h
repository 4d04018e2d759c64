/* metric_int.h: what the registry (metric.c) and the exposition (metric_write.c) share. */
#ifndef CORE_METRIC_INT_H
#define CORE_METRIC_INT_H

#include <burrow/str.h>

struct metric_family;

/* Bounds of the fixed buckets, without the last one (+Inf). `shown` is the bound as OpenMetrics
 * writes it. */
struct metric_bound {
    int64_t most;
    const char *shown;
};

struct metric_shape {
    const struct metric_bound *bounds;
    unsigned n;        /* bounds; cells are n + 1 buckets and the sum; 0: no histogram, one cell */
    const char *unit;  /* ends the name; NULL without one */
    int64_t per_unit;  /* the sum is divided by this when shown */
    unsigned decimals; /* digits behind the point per_unit stands for */
    const char *type;
};

struct metric_series {
    struct metric_series *next; /* of the family */
    struct metric_group *group;
    bw_str labels;
    unsigned cell;         /* the first of its cells */
    int64_t (*fn)(void *); /* a gauge computed when read, NULL for all others */
    void *arg;
};

/* A family and its series, in the order they were made. */
struct metric_group {
    struct metric_group *next;
    const struct metric_family *family; /* a copy */
    struct metric_series *first, *last;
};

const struct metric_shape *metric_shape_of(const struct metric_family *f);
struct metric_group *metric_lock(void); /* the first group; nothing changes until unlock */
void metric_unlock(void);
/* Sum over all threads, those that ended too. Locked. */
int64_t metric_cell_sum(unsigned cell);

#endif
