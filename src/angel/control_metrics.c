/* control_metrics.c: OpenMetrics of every unit, written straight from what the brain knows: a
 * thousand services with a dozen figures each are more than the registry of series (core/metric.h)
 * is made for. The angel's own metrics come from there. */
#include "angel/control_int.h"

#include "core/metric.h"

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
};

static void put_labels(struct bw_buf *b, const struct brain_unit *u)
{
    metric_label(b, "unit", bw_cstr(u->unit));
    metric_label(b, "name", bw_cstr(u->name));
}

static void put_head(struct bw_buf *out, const char *name, const char *type, const char *help)
{
    bw_buf_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void put_family(const struct brain *b, const struct family *f, struct bw_buf *labels,
                       struct bw_buf *out)
{
    put_head(out, f->name, f->type, f->help);
    for (size_t i = 0; i < brain_count(b); i++) {
        struct brain_unit u;
        brain_look(b, i, &u);
        bw_buf_clear(labels);
        put_labels(labels, &u);
        bw_buf_printf(out, "%s%s{%.*s} ", f->name, f->suffix, BW_FMT(bw_buf_str(labels)));
        bw_json_write_real(out, f->value(&u));
        bw_buf_char(out, '\n');
    }
}

static void put_states(const struct brain *b, struct bw_buf *labels, struct bw_buf *out)
{
    put_head(out, "angel_unit_state", "stateset", "The state of the unit.");
    for (size_t i = 0; i < brain_count(b); i++) {
        struct brain_unit u;
        brain_look(b, i, &u);
        bw_buf_clear(labels);
        put_labels(labels, &u);
        for (size_t s = 0; s < LIFE_STATE_COUNT; s++)
            bw_buf_printf(out, "angel_unit_state{%.*s,angel_unit_state=\"%s\"} %d\n",
                          BW_FMT(bw_buf_str(labels)), states[s], u.state == s);
    }
}

static void put_exits(const struct brain *b, struct bw_buf *labels, struct bw_buf *out)
{
    put_head(out, "angel_unit_last_exit", "info", "How it ended the last time.");
    for (size_t i = 0; i < brain_count(b); i++) {
        struct brain_unit u;
        brain_look(b, i, &u);
        if (!u.last_exit[0])
            continue;
        bw_buf_clear(labels);
        put_labels(labels, &u);
        metric_label(labels, "how", bw_cstr(u.last_exit));
        bw_buf_printf(out, "angel_unit_last_exit_info{%.*s} 1\n", BW_FMT(bw_buf_str(labels)));
    }
}

void control_metrics(const struct brain *b, struct bw_buf *out)
{
    struct bw_buf labels;
    bw_buf_init(&labels, 4096);
    put_states(b, &labels, out);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        put_family(b, &families[i], &labels, out);
    put_exits(b, &labels, out);
    bw_buf_release(&labels);
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
