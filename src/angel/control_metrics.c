/* control_metrics.c: OpenMetrics of every unit, written straight from what the brain knows: a
 * thousand services with a dozen figures each are more than the registry of series (core/metric.h)
 * is made for. The angel's own metrics come from there. */
#include "angel/control_int.h"

#include "core/metric.h"
#include "net/fiber.h"

static const char *const states[] = {
#define X(id, name) [LIFE_##id] = #name,
    LIFE_STATES(X)
#undef X
};

struct family {
    const char *name, *type, *suffix, *help;
    double (*value)(const struct brain_unit *u);
};

static double is_ready(const struct brain_unit *u)
{
    return u->ready;
}

static double is_wanted(const struct brain_unit *u)
{
    return u->wanted;
}

static double is_degraded(const struct brain_unit *u)
{
    return u->degraded;
}

static double starts(const struct brain_unit *u)
{
    return (double)u->runs;
}

static double restarts(const struct brain_unit *u)
{
    return (double)u->restarts;
}

static double started(const struct brain_unit *u)
{
    return (double)u->started / 1000;
}

static double next_start(const struct brain_unit *u)
{
    return (double)u->next / 1000;
}

static double since(const struct brain_unit *u)
{
    return (double)u->since / 1000;
}

static double log_bytes(const struct brain_unit *u)
{
    return (double)u->log.bytes;
}

static double log_lost(const struct brain_unit *u)
{
    return (double)u->log.lost_bytes;
}

static double log_losses(const struct brain_unit *u)
{
    return (double)u->log.losses;
}

static double log_rotations(const struct brain_unit *u)
{
    return (double)u->log.rotations;
}

static double log_hangs(const struct brain_unit *u)
{
    return u->log.hangs_since != 0;
}

static const struct family families[] = {
    {"angel_unit_ready", "gauge", "", "1 while the unit is ready.", is_ready},
    {"angel_unit_wanted", "gauge", "", "1 when the unit is to run.", is_wanted},
    {"angel_unit_degraded", "gauge", "", "1 while its failing probe is not acted on.", is_degraded},
    {"angel_unit_starts", "counter", "_total", "Starts of the unit.", starts},
    {"angel_unit_restarts", "counter", "_total", "Starts after it had ended unasked.", restarts},
    {"angel_unit_started_time_seconds", "gauge", "", "When it was started, 0 = never.", started},
    {"angel_unit_next_start_time_seconds", "gauge", "", "When it will be, 0 = not planned.",
     next_start},
    {"angel_unit_state_time_seconds", "gauge", "", "Since when it is in its state.", since},
    {"angel_unit_log_bytes", "counter", "_total", "Bytes it has printed.", log_bytes},
    {"angel_unit_log_lost_bytes", "counter", "_total", "Bytes of those that could not be kept.",
     log_lost},
    {"angel_unit_log_losses", "counter", "_total", "So many times some were lost.", log_losses},
    {"angel_unit_log_rotations", "counter", "_total", "Rotations of its log file.", log_rotations},
    {"angel_unit_log_hangs", "gauge", "", "1 while the disk of its log does not answer.",
     log_hangs},
};

/* ---- all units at one moment ---- */

/* Writing takes a while and lets others go first meanwhile; the units may be others then. */
struct moment {
    struct bw_arena a;
    struct brain_unit *units;
    bw_str *labels;
    size_t n;
};

static void look(const struct brain *b, struct moment *m)
{
    struct bw_buf labels;
    bw_arena_init(&m->a);
    bw_buf_init(&labels, 4096);
    m->n = brain_count(b);
    m->units = bw_arena_alloc(&m->a, (m->n + 1) * sizeof *m->units);
    m->labels = bw_arena_alloc(&m->a, (m->n + 1) * sizeof *m->labels);
    for (size_t i = 0; i < m->n; i++) {
        struct brain_unit *u = &m->units[i];
        brain_look(b, i, u);
        bw_buf_clear(&labels);
        metric_label(&labels, "unit", bw_cstr(u->unit));
        metric_label(&labels, "name", bw_cstr(u->name));
        m->labels[i] = bw_arena_str(&m->a, bw_buf_str(&labels));
        u->unit = u->name = u->why = NULL; /* valid for this moment only */
    }
    bw_buf_release(&labels);
}

static void put_head(struct bw_buf *out, const char *name, const char *type, const char *help)
{
    bw_buf_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void put_family(const struct moment *m, const struct family *f, struct bw_buf *out)
{
    put_head(out, f->name, f->type, f->help);
    for (size_t i = 0; i < m->n; i++) {
        bw_buf_put(out, bw_cstr(f->name));
        bw_buf_put(out, bw_cstr(f->suffix));
        bw_buf_char(out, '{');
        bw_buf_put(out, m->labels[i]);
        bw_buf_put(out, BW_LIT("} "));
        bw_json_write_real(out, f->value(&m->units[i]));
        bw_buf_char(out, '\n');
    }
}

/* The state it is in, alone: sixteen lines for each of a thousand would be most of the text. */
static void put_states(const struct moment *m, struct bw_buf *out)
{
    put_head(out, "angel_unit_state", "gauge", "1; the state it is in is its label.");
    for (size_t i = 0; i < m->n; i++)
        bw_buf_printf(out, "angel_unit_state{%.*s,state=\"%s\"} 1\n", BW_FMT(m->labels[i]),
                      states[m->units[i].state]);
}

static void put_exits(const struct moment *m, struct bw_buf *out)
{
    struct bw_buf labels;
    put_head(out, "angel_unit_last_exit", "info", "How it ended the last time.");
    bw_buf_init(&labels, 4096);
    for (size_t i = 0; i < m->n; i++) {
        if (!m->units[i].last_exit[0])
            continue;
        bw_buf_clear(&labels);
        bw_buf_put(&labels, m->labels[i]);
        metric_label(&labels, "how", bw_cstr(m->units[i].last_exit));
        bw_buf_printf(out, "angel_unit_last_exit_info{%.*s} 1\n", BW_FMT(bw_buf_str(&labels)));
    }
    bw_buf_release(&labels);
}

/* ---- probes ---- */

static const char *const probes[PROBE_KINDS] = {
    [PROBE_STARTUP] = "startup", [PROBE_READY] = "ready", [PROBE_LIVE] = "live"};

/* A bucket's bound is 2^k / 64 ms; each second one is told. */
static void put_latency(struct bw_buf *out, bw_str labels, const char *probe,
                        const struct brain_probe *p)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < p->n; k++) {
        sum += p->buckets[k];
        if (k + 1 < p->n && k % 2 == 0)
            continue;
        bw_buf_printf(out, "angel_probe_duration_seconds_bucket{%.*s,probe=\"%s\",le=\"",
                      BW_FMT(labels), probe);
        if (k + 1 < p->n)
            bw_buf_printf(out, "%.6g", (double)(UINT64_C(1) << k) / 64000);
        else
            bw_buf_put(out, BW_LIT("+Inf"));
        bw_buf_printf(out, "\"} %llu\n", (unsigned long long)sum);
    }
}

static void put_probes(const struct brain *b, const struct moment *m, struct bw_buf *out)
{
    put_head(out, "angel_probe_duration_seconds", "histogram",
             "How long its probes took, since its process runs.");
    bw_buf_put(out, BW_LIT("# UNIT angel_probe_duration_seconds seconds\n"));
    for (size_t i = 0; i < m->n; i++) {
        for (int what = 0; what < PROBE_KINDS; what++) {
            struct brain_probe p;
            if (brain_probe(b, i, (enum probe_what)what, &p))
                put_latency(out, m->labels[i], probes[what], &p);
        }
    }
}

void control_metrics(const struct brain *b, struct bw_buf *out)
{
    struct moment m;
    look(b, &m);
    put_probes(b, &m, out);
    put_states(&m, out);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        fiber_yield();
        put_family(&m, &families[i], out);
    }
    put_exits(&m, out);
    bw_arena_release(&m.a);
}

bool control_at_metrics(struct control_ask *k, struct bw_err *e)
{
    (void)e;
    http_res_set(k->rs, "content-type",
                 BW_LIT("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    control_metrics(k->b, k->rs->body);
    metric_write(k->rs->body, true);
    return bw_buf_ok(k->rs->body) || bw_fail(e, BW_TOOBIG, "the metrics are too long");
}
