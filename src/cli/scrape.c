/* scrape.c: see scrape.h. A server writes the buckets of a series together, in order: that is all
 * that is assumed about the text. */
#include "cli/scrape.h"

#include <math.h>

void scrape_init(struct scrape *s)
{
    *s = (struct scrape){.at = 0};
    map_init(&s->by_key, false);
    bw_arena_init(&s->arena);
}

void scrape_release(struct scrape *s)
{
    vec_release(&s->samples);
    vec_release(&s->histograms);
    map_release(&s->by_key);
    bw_arena_release(&s->arena);
}

/* ---- reading ---- */

/* `name{labels} value` or `name value`; within labels a quote may be escaped. */
static bool read_line(bw_str line, struct sample *out)
{
    size_t at = 0;
    while (at < line.n && line.p[at] != '{' && line.p[at] != ' ')
        at++;
    out->name = bw_str_of(line.p, at);
    out->labels = BW_LIT("");
    if (at < line.n && line.p[at] == '{') {
        size_t from = ++at;
        bool quoted = false;
        for (; at < line.n && (quoted || line.p[at] != '}'); at++) {
            if (line.p[at] == '"')
                quoted = !quoted;
            else if (line.p[at] == '\\')
                at++;
        }
        if (at >= line.n)
            return false;
        out->labels = bw_str_of(line.p + from, at - from);
        at++;
    }
    bw_str value = bw_str_trim(bw_str_of(line.p + at, line.n - at));
    return out->name.n > 0 && bw_str_real(value, &out->value);
}

/* Cuts `le="bound"` off the end of the labels. */
static bool cut_bound(bw_str *labels, double *bound)
{
    static const char mark[] = "le=\"";
    for (size_t i = labels->n; i-- > 0;) {
        bw_str rest = bw_str_of(labels->p + i, labels->n - i);
        if (!bw_str_starts(rest, BW_LIT("le=\"")))
            continue;
        bw_str text = bw_str_of(rest.p + sizeof mark - 1, rest.n - sizeof mark);
        labels->n = i > 0 ? i - 1 : 0; /* the comma before it */
        *bound = INFINITY;
        return bw_str_eq(text, BW_LIT("+Inf")) || bw_str_real(text, bound);
    }
    return false;
}

static void remember(struct scrape *s, bw_str name, bw_str labels, size_t number)
{
    bw_str key = bw_arena_printf(&s->arena, "%.*s{%.*s", BW_FMT(name), BW_FMT(labels));
    map_put(&s->by_key, key, (void *)(uintptr_t)(number + 1));
}

static bool add_bucket(struct scrape *s, struct sample *bucket)
{
    double bound;
    bw_str name = bw_str_of(bucket->name.p, bucket->name.n - strlen("_bucket"));
    if (!cut_bound(&bucket->labels, &bound))
        return false;
    struct histogram *h = s->histograms.n ? &s->histograms.p[s->histograms.n - 1] : NULL;
    if (!h || !bw_str_eq(h->name, name) || !bw_str_eq(h->labels, bucket->labels)) {
        h = vec_push(&s->histograms);
        *h = (struct histogram){.name = name, .labels = bucket->labels};
        remember(s, bucket->name, bucket->labels, s->histograms.n - 1);
    }
    if (h->n == SCRAPE_BUCKETS)
        return false;
    h->bounds[h->n] = bound;
    h->counts[h->n++] = bucket->value;
    return true;
}

static bool add_line(struct scrape *s, bw_str line)
{
    struct sample v;
    if (line.n == 0 || line.p[0] == '#')
        return true;
    if (!read_line(line, &v))
        return false;
    if (bw_str_ends(v.name, BW_LIT("_bucket")))
        return add_bucket(s, &v);
    struct histogram *h = s->histograms.n ? &s->histograms.p[s->histograms.n - 1] : NULL;
    if (h && bw_str_ends(v.name, BW_LIT("_sum")) && bw_str_starts(v.name, h->name) &&
        bw_str_eq(v.labels, h->labels))
        h->sum = v.value;
    *vec_push(&s->samples) = v;
    remember(s, v.name, v.labels, s->samples.n - 1);
    return true;
}

bool scrape_read(struct scrape *s, bw_str text, int64_t at, struct bw_err *e)
{
    bw_str rest = bw_arena_str(&s->arena, text), line;
    s->at = at;
    while (bw_str_cut(&rest, '\n', &line))
        if (!add_line(s, line))
            return bw_fail(e, BW_BAD, "what it answers is no metrics of Prometheus: '%.*s'",
                           (int)(line.n < 80 ? line.n : 80), line.p);
    return true;
}

/* ---- looking up ---- */

static size_t number_of(const struct scrape *s, const char *key, size_t n)
{
    return (size_t)(uintptr_t)map_get(&s->by_key, bw_str_of(key, n));
}

static size_t find(const struct scrape *s, bw_str name, bw_str labels)
{
    struct bw_buf key;
    bw_buf_init(&key, 1 << 16);
    bw_buf_printf(&key, "%.*s{%.*s", BW_FMT(name), BW_FMT(labels));
    size_t number = number_of(s, key.p, key.n);
    bw_buf_release(&key);
    return number;
}

double scrape_value(const struct scrape *s, const struct metric_family *f, bw_str labels,
                    double otherwise)
{
    struct bw_buf name;
    bw_buf_init(&name, 256);
    metric_full_name(&name, f);
    size_t number = find(s, bw_buf_str(&name), labels);
    bw_buf_release(&name);
    return number ? s->samples.p[number - 1].value : otherwise;
}

double scrape_sum(const struct scrape *s, const struct metric_family *f, const char *holds)
{
    double sum = 0;
    struct bw_buf name;
    bw_buf_init(&name, 256);
    metric_full_name(&name, f);
    for (size_t i = 0; i < s->samples.n; i++) {
        const struct sample *v = &s->samples.p[i];
        if (bw_str_eq(v->name, bw_buf_str(&name)) &&
            (!*holds || memmem(v->labels.p, v->labels.n, holds, strlen(holds))))
            sum += v->value;
    }
    bw_buf_release(&name);
    return sum;
}

const struct histogram *scrape_histogram(const struct scrape *s, bw_str name, bw_str labels)
{
    struct bw_buf full;
    bw_buf_init(&full, 256);
    bw_buf_printf(&full, "%.*s_bucket", BW_FMT(name));
    size_t number = find(s, bw_buf_str(&full), labels);
    bw_buf_release(&full);
    return number ? &s->histograms.p[number - 1] : NULL;
}

static bw_str unescaped(struct bw_arena *a, bw_str s)
{
    char *out = bw_arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '\\' && i + 1 < s.n;
        i += escape;
        out[n++] = escape && s.p[i] == 'n' ? '\n' : s.p[i];
    }
    return bw_str_of(out, n);
}

/* Where the value that begins at p[from] ends: at its quote. */
static size_t value_end(bw_str s, size_t from)
{
    while (from < s.n && s.p[from] != '"')
        from += s.p[from] == '\\' ? 2 : 1;
    return from < s.n ? from : s.n;
}

bw_str scrape_label(struct scrape *s, bw_str labels, const char *name)
{
    for (size_t at = 0; at < labels.n;) {
        size_t eq = at + bw_str_find(bw_str_of(labels.p + at, labels.n - at), '=');
        size_t end = value_end(labels, eq + 2);
        if (eq + 2 <= end && bw_str_eq(bw_str_of(labels.p + at, eq - at), bw_cstr(name)))
            return unescaped(&s->arena, bw_str_of(labels.p + eq + 2, end - eq - 2));
        at = end + 2; /* the quote and the comma */
    }
    return BW_LIT("");
}

/* ---- histograms ---- */

void histogram_since(struct histogram *out, const struct histogram *now,
                     const struct histogram *before)
{
    *out = *now;
    if (!before || before->n != now->n || histogram_count(before) > histogram_count(now))
        return; /* none, or the server began anew */
    for (unsigned i = 0; i < now->n; i++)
        out->counts[i] -= before->counts[i];
    out->sum -= before->sum;
}

void histogram_add(struct histogram *to, const struct histogram *h)
{
    if (to->n == 0) {
        *to = *h;
        return;
    }
    for (unsigned i = 0; i < to->n && i < h->n; i++)
        to->counts[i] += h->counts[i];
    to->sum += h->sum;
}

double histogram_count(const struct histogram *h)
{
    return h->n ? h->counts[h->n - 1] : 0;
}

double histogram_quantile(const struct histogram *h, double q)
{
    double rank = q * histogram_count(h), below = 0, from = 0;
    if (rank <= 0)
        return 0;
    for (unsigned i = 0; i < h->n; i++) {
        if (h->counts[i] >= rank && isinf(h->bounds[i]))
            return from;
        if (h->counts[i] >= rank)
            return from + (h->bounds[i] - from) * (rank - below) / (h->counts[i] - below);
        below = h->counts[i];
        from = h->bounds[i];
    }
    return from;
}
