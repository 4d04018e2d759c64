/* metric_write.c: the registry as text, OpenMetrics 1.0 or Prometheus 0.0.4. They differ in where a
 * counter's "_total" belongs (sample only, or the family too), in units, in how whole bounds are
 * written, and in the end mark. */
#include "core/metric.h"

#include "core/metric_int.h"
#include "core/utf8.h"

/* Backslash and line feed, and '"' when quotes is set, with a backslash in front. */
static void put_escaped(struct bw_buf *b, bw_str s, bool quotes)
{
    bool ascii = !utf8_valid(s); /* then every byte that is not becomes '?' */
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' || c == '\n' || (c == '"' && quotes))
            bw_buf_char(b, '\\');
        bw_buf_char(b, c == '\n' ? 'n' : ascii && (c & 0x80) ? '?' : c);
    }
}

void metric_label(struct bw_buf *b, const char *name, bw_str value)
{
    bw_buf_put(b, b->n ? BW_LIT(",") : BW_LIT(""));
    bw_buf_put(b, bw_cstr(name));
    bw_buf_put(b, BW_LIT("=\""));
    put_escaped(b, value, true);
    bw_buf_char(b, '"');
}

static void put_name(struct bw_buf *b, const struct metric_family *f, const char *suffix)
{
    const struct metric_shape *shape = metric_shape_of(f);
    bw_buf_put(b, bw_cstr(f->name));
    if (shape->unit) {
        bw_buf_char(b, '_');
        bw_buf_put(b, bw_cstr(shape->unit));
    }
    bw_buf_put(b, bw_cstr(suffix));
}

static bool is_counter(const struct metric_family *f)
{
    return f->kind == METRIC_COUNTER || f->kind == METRIC_COUNTER_SECONDS;
}

void metric_full_name(struct bw_buf *b, const struct metric_family *f)
{
    put_name(b, f, is_counter(f) ? "_total" : "");
}

/* "# WHAT name text" */
static void put_meta(struct bw_buf *b, const struct metric_family *f, const char *what,
                     const char *text, bool openmetrics)
{
    bw_buf_put(b, BW_LIT("# "));
    bw_buf_put(b, bw_cstr(what));
    bw_buf_char(b, ' ');
    put_name(b, f, is_counter(f) && !openmetrics ? "_total" : "");
    bw_buf_char(b, ' ');
    put_escaped(b, bw_cstr(text), openmetrics);
    bw_buf_char(b, '\n');
}

/* `name{labels,le="bound"} `; le may be NULL. */
static void put_sample(struct bw_buf *b, const struct metric_series *s, const char *suffix,
                       bw_str le)
{
    put_name(b, s->group->family, suffix);
    if (s->labels.n || le.n) {
        bw_buf_char(b, '{');
        bw_buf_put(b, s->labels);
        if (le.n) {
            bw_buf_put(b, s->labels.n ? BW_LIT(",le=\"") : BW_LIT("le=\""));
            bw_buf_put(b, le);
            bw_buf_char(b, '"');
        }
        bw_buf_char(b, '}');
    }
    bw_buf_char(b, ' ');
}

/* In the unit of the family. */
static void put_value(struct bw_buf *b, const struct metric_shape *shape, int64_t v)
{
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, unit = (uint64_t)shape->per_unit;
    if (v < 0)
        bw_buf_char(b, '-');
    bw_buf_int(b, (int64_t)(size / unit));
    if (shape->decimals)
        bw_buf_printf(b, ".%0*llu", (int)shape->decimals, (unsigned long long)(size % unit));
    bw_buf_char(b, '\n');
}

static void put_count(struct bw_buf *b, int64_t n)
{
    bw_buf_int(b, n);
    bw_buf_char(b, '\n');
}

static int64_t count_of(const struct metric_series *s, unsigned n_bounds)
{
    int64_t count = 0;
    for (unsigned i = 0; i <= n_bounds; i++)
        count += metric_cell_sum(s->cell + i);
    return count;
}

static void put_histogram(struct bw_buf *b, const struct metric_series *s, bool openmetrics)
{
    const struct metric_shape *shape = metric_shape_of(s->group->family);
    int64_t count = 0;
    if (count_of(s, shape->n) == 0)
        return;
    for (unsigned i = 0; i <= shape->n; i++) {
        bw_str le = i < shape->n ? bw_cstr(shape->bounds[i].shown) : BW_LIT("+Inf");
        if (!openmetrics && bw_str_ends(le, BW_LIT(".0")))
            le.n -= 2;
        count += metric_cell_sum(s->cell + i);
        put_sample(b, s, "_bucket", le);
        put_count(b, count);
    }
    put_sample(b, s, "_count", bw_cstr(NULL));
    put_count(b, count);
    put_sample(b, s, "_sum", bw_cstr(NULL));
    put_value(b, shape, metric_cell_sum(s->cell + shape->n + 1));
}

static void put_series(struct bw_buf *b, const struct metric_series *s, bool openmetrics)
{
    const struct metric_family *f = s->group->family;
    const struct metric_shape *shape = metric_shape_of(f);
    if (shape->n) {
        put_histogram(b, s, openmetrics);
        return;
    }
    put_sample(b, s, is_counter(f) ? "_total" : "", bw_cstr(NULL));
    put_value(b, shape, s->fn ? s->fn(s->arg) : metric_cell_sum(s->cell));
}

void metric_write(struct bw_buf *b, bool openmetrics)
{
    for (const struct metric_group *g = metric_lock(); g; g = g->next) {
        const struct metric_shape *shape = metric_shape_of(g->family);
        put_meta(b, g->family, "TYPE", shape->type, openmetrics);
        if (openmetrics && shape->unit)
            put_meta(b, g->family, "UNIT", shape->unit, true);
        if (g->family->help && g->family->help[0])
            put_meta(b, g->family, "HELP", g->family->help, openmetrics);
        for (const struct metric_series *s = g->first; s; s = s->next)
            put_series(b, s, openmetrics);
    }
    metric_unlock();
    if (openmetrics)
        bw_buf_put(b, BW_LIT("# EOF\n"));
}
