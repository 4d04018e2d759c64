/* trace.c: see trace.h. A record belongs to its request until it is given away; ids come from a
 * generator of each thread: they must be different, not secret. */
#include "net/trace_int.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/metric.h"
#include "net/fiber.h"

static atomic_bool recording;
static struct trace_opts opts;
static _Atomic uint64_t serials;
static unsigned m_lost;

/* ---- ids ---- */

/* splitmix64, from a seed of the system's. */
static uint64_t draw(void)
{
    static _Thread_local uint64_t at;
    if (at == 0)
        hash_random(&at, sizeof at);
    uint64_t x = at += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

static void draw_id(unsigned char *id, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t x = draw();
        memcpy(id + i, &x, 8);
    }
}

/* ---- which trace is current ---- */

struct trace *trace_current(void)
{
    return *fiber_local();
}

struct trace *trace_enter(struct trace *t)
{
    void **here = fiber_local();
    struct trace *before = *here;
    *here = t;
    return before;
}

const char *trace_request_name(void)
{
    struct trace *t = trace_current();
    while (t && t->outer)
        t = t->outer;
    if (!t)
        return NULL;
    return t->name[0] || !t->draw_name ? t->name : t->draw_name(t);
}

/* ---- what came ---- */

static const struct http_field *only_field(const struct http_req *rq, const char *name)
{
    const struct http_field *found = NULL;
    for (size_t i = 0; i < rq->n_fields; i++) {
        if (!bw_str_ieq(rq->fields[i].name, bw_cstr(name)))
            continue;
        if (found)
            return NULL;
        found = &rq->fields[i];
    }
    return found;
}

/* Several tracestate fields are one list; almost always there is one. */
static bw_str join_state(const struct http_req *rq)
{
    const struct http_field *one = only_field(rq, "tracestate");
    struct bw_buf all;
    if (one)
        return one->value;
    bw_buf_init(&all, TRACESTATE_MAX + 1);
    for (size_t i = 0; i < rq->n_fields; i++)
        if (bw_str_ieq(rq->fields[i].name, BW_LIT("tracestate"))) {
            bw_buf_put(&all, all.n ? BW_LIT(",") : BW_LIT(""));
            bw_buf_put(&all, rq->fields[i].value);
        }
    bw_str text = bw_buf_ok(&all) ? bw_arena_str(rq->arena, bw_buf_str(&all)) : (bw_str){0};
    bw_buf_release(&all);
    return text;
}

static void look(struct trace *t)
{
    if (t->looked)
        return;
    t->looked = true;
    const struct http_field *parent = only_field(t->rq, "traceparent");
    t->came = parent && traceparent_parse(&t->in, parent->value);
    t->state = t->came ? join_state(t->rq) : (bw_str){.p = NULL};
    if (!t->state.n || !tracestate_valid(t->state))
        t->state = (bw_str){.p = NULL};
}

/* ---- records ---- */

/* As other programs do: the last 63 bits of the trace's id decide, so all decide alike. */
static bool within_ratio(const struct traceparent *id)
{
    uint64_t x = 0;
    for (int i = 8; i < 16; i++)
        x = x << 8 | id->trace[i];
    return opts.ratio >= 1 || (double)(x >> 1) < opts.ratio * 9223372036854775808.0;
}

static bool wanted(const struct trace *t, const struct traceparent *id)
{
    if (t->came && opts.by_parent)
        return (t->in.flags & TRACE_SAMPLED) != 0;
    return within_ratio(id);
}

static struct trace_record *record_new(const struct trace *t, const struct traceparent *id)
{
    struct trace_record *r = calloc(1, sizeof *r);
    bw_must(r);
    r->serial = atomic_fetch_add(&serials, 1) + 1;
    r->id = *id;
    r->id.flags |= TRACE_SAMPLED;
    r->wall = bw_now() * 1000 - clock_mono();
    bw_arena_init(&r->arena);
    if (t->state.p)
        r->state = bw_arena_str(&r->arena, t->state);
    return r;
}

void trace_record_free(struct trace_record *r)
{
    if (!r)
        return;
    bw_arena_release(&r->arena);
    free(r->spans);
    free(r);
}

static void consider(struct trace *t)
{
    struct traceparent id;
    look(t);
    if (t->came) {
        id = t->in;
    } else {
        memset(&id, 0, sizeof id);
        draw_id(id.trace, sizeof id.trace);
    }
    if (wanted(t, &id))
        t->record = record_new(t, &id);
}

void trace_begin(struct trace *t, const struct http_req *rq, const char *name)
{
    void **here = fiber_local();
    struct trace *outer = *here;
    t->outer = outer;
    t->rq = outer ? outer->rq : rq;
    t->name = outer && outer->name[0] ? outer->name : name;
    t->draw_name = NULL;
    t->looked = t->came = false;
    t->record = outer ? outer->record : NULL;
    *here = t;
    bool on = atomic_load_explicit(&recording, memory_order_relaxed);
    if (on && !outer)
        consider(t);
    t->root =
        t->record ? span_begin("request", outer ? SPAN_INTERNAL : SPAN_SERVER) : (struct span){0};
}

void trace_end(struct trace *t)
{
    struct trace_record *r = t->record;
    if (r)
        span_end(t->root);
    *fiber_local() = t->outer;
    t->record = NULL;
    if (!r || t->outer)
        return;
    for (unsigned i = 0; i < r->n; i++) /* whoever did not end his */
        if (!r->spans[i].ended)
            r->spans[i].ended = clock_mono();
    opts.take(r);
}

void trace_id(struct trace *t, char out[33])
{
    char text[TRACEPARENT_TEXT + 1];
    out[0] = 0;
    look(t);
    if (!t->record && !t->came)
        return;
    traceparent_write(t->record ? &t->record->id : &t->in, text);
    memcpy(out, text + 3, 32);
    out[32] = 0;
}

bool trace_carry(struct trace_carried *out)
{
    struct trace *t = trace_current();
    if (!t)
        return false;
    *out = (struct trace_carried){.name = t->name};
    look(t);
    if (t->record) {
        struct traceparent p = t->record->id;
        if (t->record->open)
            memcpy(p.span, t->record->spans[t->record->open - 1].id, sizeof p.span);
        traceparent_write(&p, out->parent);
    } else if (t->came) { /* passed on as it came */
        traceparent_write(&t->in, out->parent);
    }
    out->state = t->state;
    return out->parent[0] || out->name[0];
}

/* ---- spans ---- */

static struct span_data *find(struct span s)
{
    struct trace *t = s.record ? trace_current() : NULL;
    struct trace_record *r = t ? t->record : NULL;
    return r && r->serial == s.record && s.index < r->n ? &r->spans[s.index] : NULL;
}

static struct span_data *add(struct trace_record *r)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->spans = realloc(r->spans, r->cap * sizeof *r->spans);
        bw_must(r->spans);
    }
    return &r->spans[r->n++];
}

struct span span_begin(const char *name, enum span_kind kind)
{
    if (!atomic_load_explicit(&recording, memory_order_relaxed))
        return (struct span){0};
    struct trace *t = trace_current();
    struct trace_record *r = t ? t->record : NULL;
    if (!r)
        return (struct span){0};
    if (r->n == TRACE_SPANS) {
        metric_add(m_lost, 1);
        return (struct span){0};
    }
    struct span_data *d = add(r);
    *d = (struct span_data){
        .name = bw_cstr(name), .kind = kind, .began = clock_mono(), .before = r->open};
    draw_id(d->id, sizeof d->id);
    memcpy(d->parent, r->open ? r->spans[r->open - 1].id : r->id.span, sizeof d->parent);
    r->open = r->n;
    return (struct span){.record = r->serial, .index = r->n - 1};
}

void span_rename(struct span s, bw_str name)
{
    struct span_data *d = find(s);
    if (d)
        d->name = bw_arena_str(&trace_current()->record->arena, name);
}

static struct span_attr *attr(struct span_data *d, const char *key)
{
    bw_must(d->n_attrs < SPAN_ATTRS);
    struct span_attr *a = &d->attrs[d->n_attrs++];
    *a = (struct span_attr){.key = key};
    return a;
}

void span_text(struct span s, const char *key, bw_str value)
{
    struct span_data *d = find(s);
    if (d)
        attr(d, key)->text = bw_arena_str(&trace_current()->record->arena, value);
}

void span_int(struct span s, const char *key, int64_t value)
{
    struct span_data *d = find(s);
    if (d)
        attr(d, key)->number = value;
}

void span_fail(struct span s, bw_str why)
{
    struct span_data *d = find(s);
    if (!d)
        return;
    d->failed = true;
    d->why = bw_arena_str(&trace_current()->record->arena, why);
}

/* Rows may be closed in any order: the innermost open span is the last that has not ended. */
void span_end(struct span s)
{
    struct span_data *d = find(s);
    if (!d || d->ended)
        return;
    struct trace_record *r = trace_current()->record;
    d->ended = clock_mono();
    while (r->open && r->spans[r->open - 1].ended)
        r->open = r->spans[r->open - 1].before;
}

void trace_record_to(const struct trace_opts *o)
{
    m_lost = metric_new(METRIC(trace_spans), "result=\"lost\"");
    if (o)
        opts = *o;
    atomic_store(&recording, o != NULL);
}
