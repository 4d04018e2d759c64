/* metric.c: the registry of series and the cells behind them. A series is one cell, or for a
 * histogram one per bucket and one for the sum. Each thread has its own cells, in pages made at
 * first use, and is the only one to write them: adding is a plain load and store, no locked
 * instruction. When a thread ends its cells are added to `ended`.
 * The number of a series is its first cell with the kind above it, so adding looks nothing up.
 * `lock` guards the registry, the list of threads and `ended`. Text is made in metric_write.c. */
#include "core/metric.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/limits.h"
#include "core/map.h"
#include "core/metric_int.h"

#define PAGE_CELLS  512
#define HISTO_CELLS 21 /* at most */
#define PAGES       ((LIMIT_SERIES * HISTO_CELLS + 1) / PAGE_CELLS + 1)
#define KIND_SHIFT  24
#define KIND_MASK   7

const struct metric_family metric_families[METRIC_FAMILIES] = {
#define FAMILY(n, k, h) {.name = #n, .kind = METRIC_##k, .help = h},
#include "core/metrics.def"
#undef FAMILY
};

static const struct metric_bound time_bounds[] = {
    {50000, "5e-05"},      {100000, "0.0001"},    {250000, "0.00025"},   {500000, "0.0005"},
    {1000000, "0.001"},    {2500000, "0.0025"},   {5000000, "0.005"},    {10000000, "0.01"},
    {25000000, "0.025"},   {50000000, "0.05"},    {100000000, "0.1"},    {250000000, "0.25"},
    {500000000, "0.5"},    {1000000000, "1.0"},   {2500000000, "2.5"},   {5000000000, "5.0"},
    {10000000000, "10.0"}, {30000000000, "30.0"}, {60000000000, "60.0"},
};
static const struct metric_bound size_bounds[] = {
    {64, "64.0"},
    {256, "256.0"},
    {1024, "1024.0"},
    {4096, "4096.0"},
    {16384, "16384.0"},
    {65536, "65536.0"},
    {262144, "262144.0"},
    {1048576, "1048576.0"},
    {4194304, "4194304.0"},
    {16777216, "16777216.0"},
    {67108864, "67108864.0"},
    {268435456, "268435456.0"},
    {1073741824, "1073741824.0"},
};
static const struct metric_bound count_bounds[] = {
    {1, "1.0"},     {2, "2.0"},       {4, "4.0"},       {8, "8.0"},
    {16, "16.0"},   {32, "32.0"},     {64, "64.0"},     {128, "128.0"},
    {256, "256.0"}, {1024, "1024.0"}, {4096, "4096.0"}, {16384, "16384.0"},
};
#define COUNT(a) ((unsigned)(sizeof(a) / sizeof(a)[0]))
_Static_assert(COUNT(time_bounds) + 2 <= HISTO_CELLS, "bounds, +Inf and the sum");
_Static_assert(COUNT(size_bounds) + 2 <= HISTO_CELLS, "bounds, +Inf and the sum");

static const struct metric_shape shapes[] = {
    [METRIC_COUNTER] = {.per_unit = 1, .type = "counter"},
    [METRIC_GAUGE] = {.per_unit = 1, .type = "gauge"},
    [METRIC_TIME] = {.bounds = time_bounds,
                     .n = COUNT(time_bounds),
                     .unit = "seconds",
                     .per_unit = 1000000000,
                     .decimals = 9,
                     .type = "histogram"},
    [METRIC_SIZE] = {.bounds = size_bounds,
                     .n = COUNT(size_bounds),
                     .unit = "bytes",
                     .per_unit = 1,
                     .type = "histogram"},
    [METRIC_COUNT] = {.bounds = count_bounds,
                      .n = COUNT(count_bounds),
                      .per_unit = 1,
                      .type = "histogram"},
    [METRIC_SECONDS] = {.unit = "seconds", .per_unit = 1000000000, .decimals = 9, .type = "gauge"},
    [METRIC_COUNTER_SECONDS] = {.unit = "seconds",
                                .per_unit = 1000000000,
                                .decimals = 9,
                                .type = "counter"},
};

struct page {
    _Atomic int64_t cells[PAGE_CELLS];
};

/* The cells of one thread; pages are stored once and stay. */
struct owner {
    struct owner *next, *prev;
    _Atomic(struct page *) pages[PAGES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t ending;
static struct owner *owners;
static int64_t ended[PAGES * PAGE_CELLS];
static struct map by_key;
static struct metric_group *groups, *last_group;
static unsigned used_cells, used_series;

/* initial-exec: without it the shared library would call a function for each access. */
static _Thread_local struct owner *mine __attribute__((tls_model("initial-exec")));

const struct metric_shape *metric_shape_of(const struct metric_family *f)
{
    return &shapes[f->kind];
}

static unsigned cells_of(enum metric_kind kind)
{
    return shapes[kind].n ? shapes[kind].n + 2 : 1;
}

static void *fresh(size_t size)
{
    void *p = calloc(1, size);
    bw_must(p != NULL);
    return p;
}

/* A thread ends: what it counted is kept, its memory is not. */
static void retire(void *arg)
{
    struct owner *o = arg;
    mine = NULL;
    pthread_mutex_lock(&lock);
    for (unsigned p = 0; p < PAGES; p++) {
        struct page *page = atomic_load_explicit(&o->pages[p], memory_order_relaxed);
        for (unsigned i = 0; page && i < PAGE_CELLS; i++)
            ended[p * PAGE_CELLS + i] +=
                atomic_load_explicit(&page->cells[i], memory_order_relaxed);
        free(page);
    }
    *(o->prev ? &o->prev->next : &owners) = o->next;
    if (o->next)
        o->next->prev = o->prev;
    pthread_mutex_unlock(&lock);
    free(o);
}

static void make_key(void)
{
    bw_must(pthread_key_create(&ending, retire) == 0);
}

static struct page *make_page(unsigned at)
{
    if (!mine) {
        struct owner *o = fresh(sizeof *o);
        pthread_once(&once, make_key);
        bw_must(pthread_setspecific(ending, o) == 0);
        pthread_mutex_lock(&lock);
        o->next = owners;
        if (owners)
            owners->prev = o;
        owners = o;
        pthread_mutex_unlock(&lock);
        mine = o;
    }
    struct page *page = atomic_load_explicit(&mine->pages[at], memory_order_relaxed);
    if (!page) {
        page = fresh(sizeof *page);
        atomic_store_explicit(&mine->pages[at], page, memory_order_release);
    }
    return page;
}

static inline void add(unsigned cell, int64_t n)
{
    unsigned at = cell / PAGE_CELLS;
    struct page *page = mine ? atomic_load_explicit(&mine->pages[at], memory_order_relaxed) : NULL;
    if (__builtin_expect(!page, 0))
        page = make_page(at);
    _Atomic int64_t *c = &page->cells[cell % PAGE_CELLS];
    int64_t sum;
    /* Wraps rather than being undefined: 292 years of summed-up seconds are not out of reach. */
    (void)__builtin_add_overflow(atomic_load_explicit(c, memory_order_relaxed), n, &sum);
    atomic_store_explicit(c, sum, memory_order_relaxed);
}

static unsigned cell_of(unsigned series)
{
    unsigned cell = series & ((1u << KIND_SHIFT) - 1);
    bw_must(cell < PAGES * PAGE_CELLS);
    return cell;
}

void metric_add(unsigned series, int64_t n)
{
    bw_must(shapes[series >> KIND_SHIFT & KIND_MASK].n == 0);
    add(cell_of(series), series ? n : 1);
}

void metric_observe(unsigned series, int64_t v)
{
    const struct metric_shape *shape = &shapes[series >> KIND_SHIFT & KIND_MASK];
    unsigned cell = cell_of(series), bucket = 0;
    if (series == 0) {
        add(0, 1);
        return;
    }
    bw_must(shape->n > 0);
    v = v < 0 ? 0 : v;
    while (bucket < shape->n && v > shape->bounds[bucket].most)
        bucket++;
    add(cell + bucket, 1);
    add(cell + shape->n + 1, v);
}

int64_t metric_cell_sum(unsigned cell)
{
    uint64_t sum = (uint64_t)ended[cell];
    for (struct owner *o = owners; o; o = o->next) {
        struct page *page =
            atomic_load_explicit(&o->pages[cell / PAGE_CELLS], memory_order_acquire);
        if (page)
            sum += (uint64_t)atomic_load_explicit(&page->cells[cell % PAGE_CELLS],
                                                  memory_order_relaxed);
    }
    return (int64_t)sum;
}

int64_t metric_value(unsigned series)
{
    unsigned cell = cell_of(series), n = shapes[series >> KIND_SHIFT & KIND_MASK].n;
    int64_t sum = 0;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i <= n; i++)
        sum += metric_cell_sum(cell + i);
    pthread_mutex_unlock(&lock);
    return sum;
}

static struct metric_group *group_of(const struct metric_family *f)
{
    for (struct metric_group *g = groups; g; g = g->next)
        if (strcmp(g->family->name, f->name) == 0) {
            bw_must(g->family->kind == f->kind);
            return g;
        }
    struct {
        struct metric_group group;
        struct metric_family family;
    } *both = fresh(sizeof *both);
    struct metric_group *g = &both->group;
    both->family = *f;
    g->family = &both->family;
    *(last_group ? &last_group->next : &groups) = g;
    last_group = g;
    return g;
}

/* The series of this family and labels, made when there is none yet; NULL when there are too many.
 * Its key in the map is "name{labels". */
static struct metric_series *series_of(const struct metric_family *f, const char *labels)
{
    size_t name = strlen(f->name), n = name + 1 + strlen(labels);
    struct metric_series *s = fresh(sizeof *s + n + 1);
    char *key = (char *)(s + 1);
    snprintf(key, n + 1, "%s{%s", f->name, labels);
    struct metric_series *known = map_get(&by_key, bw_str_of(key, n));
    if (known || used_series >= LIMIT_SERIES) {
        free(s);
        return known;
    }
    s->group = group_of(f);
    s->labels = bw_str_of(key + name + 1, n - name - 1);
    s->cell = used_cells;
    used_cells += cells_of(f->kind);
    used_series++;
    *(s->group->last ? &s->group->last->next : &s->group->first) = s;
    s->group->last = s;
    map_put(&by_key, bw_str_of(key, n), s);
    return s;
}

/* Series 0 is there before all others. */
static void take_lock(void)
{
    pthread_mutex_lock(&lock);
    if (used_series == 0)
        series_of(METRIC(metric_overflow), "");
}

unsigned metric_new(const struct metric_family *f, const char *labels)
{
    take_lock();
    struct metric_series *s = series_of(f, labels);
    bw_must(!s || s->group->family->kind == f->kind);
    unsigned number = s ? (unsigned)f->kind << KIND_SHIFT | s->cell : 0;
    pthread_mutex_unlock(&lock);
    return number;
}

void metric_computed(const struct metric_family *f, const char *labels, int64_t (*fn)(void *),
                     void *arg)
{
    bw_must(shapes[f->kind].n == 0);
    take_lock();
    struct metric_series *s = series_of(f, labels);
    if (s) {
        s->fn = fn;
        s->arg = arg;
    }
    pthread_mutex_unlock(&lock);
}

void metric_computed_drop(const void *arg)
{
    pthread_mutex_lock(&lock);
    for (struct metric_group *g = groups; g; g = g->next)
        for (struct metric_series *s = g->first; s; s = s->next)
            if (s->fn && s->arg == arg)
                s->fn = NULL;
    pthread_mutex_unlock(&lock);
}

struct metric_group *metric_lock(void)
{
    take_lock();
    return groups;
}

void metric_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static void zero_cells(struct owner *o)
{
    for (unsigned p = 0; p < PAGES; p++) {
        struct page *page = atomic_load_explicit(&o->pages[p], memory_order_acquire);
        for (unsigned i = 0; page && i < PAGE_CELLS; i++)
            atomic_store_explicit(&page->cells[i], 0, memory_order_relaxed);
    }
}

void metric_reset(void)
{
    pthread_mutex_lock(&lock);
    for (struct metric_group *g = groups, *next_group; g; g = next_group) {
        for (struct metric_series *s = g->first, *next; s; s = next) {
            next = s->next;
            free(s);
        }
        next_group = g->next;
        free(g);
    }
    groups = last_group = NULL;
    used_cells = used_series = 0;
    map_release(&by_key);
    memset(ended, 0, sizeof ended);
    for (struct owner *o = owners; o; o = o->next)
        zero_cells(o);
    pthread_mutex_unlock(&lock);
}
