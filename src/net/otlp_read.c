/* otlp_read.c: the variables of the OpenTelemetry specification that say whether, where and how
 * spans are sent. A table for the numbers, a table for the samplers, a small function for the
 * rest. */
#include "core/clock.h"
#include "net/otlp.h"

struct reading {
    struct otlp_opts *o;
    const char *const *env;
    struct bw_arena *arena;
    struct bw_buf *told;
};

/* An empty variable counts as not set. */
static const char *get(const struct reading *r, const char *name)
{
    size_t n = strlen(name);
    for (const char *const *e = r->env; *e; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return (*e)[n + 1] ? *e + n + 1 : NULL;
    return NULL;
}

static void tell(struct reading *r, const char *name, const char *value, const char *why)
{
    bw_buf_printf(r->told, "%s='%.100s' %s\n", name, value, why);
}

/* ---- numbers ---- */

static const struct number {
    const char *name;
    size_t offset;
    int64_t initial, unit;
} numbers[] = {
    {"OTEL_BSP_MAX_QUEUE_SIZE", offsetof(struct otlp_opts, queue), 2048, 1},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", offsetof(struct otlp_opts, batch), 512, 1},
    {"OTEL_BSP_SCHEDULE_DELAY", offsetof(struct otlp_opts, delay), 5000, CLOCK_MS},
    {"OTEL_BSP_EXPORT_TIMEOUT", offsetof(struct otlp_opts, timeout), 30000, CLOCK_MS},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", offsetof(struct otlp_opts, post_time), 10000, CLOCK_MS},
    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", offsetof(struct otlp_opts, post_time), 0, CLOCK_MS},
};

static void read_numbers(struct reading *r)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct number *n = &numbers[i];
        int64_t *out = (int64_t *)(void *)((char *)r->o + n->offset), v;
        const char *said = get(r, n->name);
        if (n->initial)
            *out = n->initial * n->unit;
        if (!said)
            continue;
        if (bw_str_int(bw_cstr(said), &v) && v > 0 && v <= 1000000000)
            *out = v * n->unit;
        else
            tell(r, n->name, said, "is no number from 1; the default is used");
    }
    if (r->o->batch > r->o->queue)
        r->o->batch = r->o->queue;
}

/* ---- samplers ---- */

static const struct sampler {
    const char *name;
    bool by_parent, takes_ratio;
    double ratio;
} samplers[] = {
    {"parentbased_always_on", true, false, 1},
    {"parentbased_always_off", true, false, 0},
    {"parentbased_traceidratio", true, true, 1},
    {"always_on", false, false, 1},
    {"always_off", false, false, 0},
    {"traceidratio", false, true, 1},
};

static double read_ratio(struct reading *r)
{
    const char *said = get(r, "OTEL_TRACES_SAMPLER_ARG");
    double ratio = 1;
    if (said && (!bw_str_real(bw_cstr(said), &ratio) || ratio < 0 || ratio > 1)) {
        tell(r, "OTEL_TRACES_SAMPLER_ARG", said, "is no share between 0 and 1; all are taken");
        return 1;
    }
    return ratio;
}

static void read_sampler(struct reading *r)
{
    const char *said = get(r, "OTEL_TRACES_SAMPLER");
    const struct sampler *s = NULL;
    for (size_t i = 0; said && i < sizeof samplers / sizeof samplers[0]; i++)
        if (strcmp(samplers[i].name, said) == 0)
            s = &samplers[i];
    if (said && !s)
        tell(r, "OTEL_TRACES_SAMPLER", said,
             "is none of always_on, always_off, traceidratio, and these behind parentbased_; "
             "parentbased_always_on is used");
    s = s ? s : &samplers[0];
    r->o->by_parent = s->by_parent;
    r->o->ratio = s->takes_ratio ? read_ratio(r) : s->ratio;
}

/* ---- "key=value,key=value", percent-encoded ---- */

static bool next_pair(struct reading *r, bw_str *rest, struct otlp_pair *p)
{
    bw_str item;
    while (bw_str_cut(rest, ',', &item)) {
        bw_str value = item, key;
        if (bw_str_trim(item).n == 0)
            continue;
        bw_str_cut(&value, '=', &key);
        p->key = bw_str_trim(key);
        p->value = value.p ? uri_decode(r->arena, bw_str_trim(value), false) : (bw_str){0};
        if (p->key.n && p->value.p)
            return true;
        bw_buf_printf(r->told, "'%.*s' is no key=value, percent-encoded; it is left out\n",
                      (int)(item.n < 100 ? item.n : 100), item.p);
    }
    return false;
}

static void read_headers(struct reading *r)
{
    const char *said = get(r, "OTEL_EXPORTER_OTLP_TRACES_HEADERS");
    said = said ? said : get(r, "OTEL_EXPORTER_OTLP_HEADERS");
    bw_str rest = bw_cstr(said);
    struct otlp_pair p;
    while (said && r->o->n_headers < OTLP_PAIRS && next_pair(r, &rest, &p))
        r->o->headers[r->o->n_headers++] = (struct http_field){.name = p.key, .value = p.value};
}

static void read_resource(struct reading *r, const char *service)
{
    struct otlp_opts *o = r->o;
    const char *said = get(r, "OTEL_RESOURCE_ATTRIBUTES"), *name = get(r, "OTEL_SERVICE_NAME");
    bw_str rest = bw_cstr(said);
    struct otlp_pair p;
    o->resource[0] = (struct otlp_pair){BW_LIT("service.name"), bw_cstr(name ? name : service)};
    o->n_resource = 1;
    while (said && o->n_resource < OTLP_PAIRS && next_pair(r, &rest, &p)) {
        if (!bw_str_eq(p.key, BW_LIT("service.name")))
            o->resource[o->n_resource++] = p;
        else if (!name)
            o->resource[0].value = p.value;
    }
}

/* ---- where ---- */

static const char *endpoint(struct reading *r, const char **name)
{
    *name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const char *said = get(r, *name);
    if (said)
        return said;
    *name = "OTEL_EXPORTER_OTLP_ENDPOINT";
    said = get(r, *name);
    if (!said)
        return NULL;
    bw_str base = bw_cstr(said);
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    return bw_arena_printf(r->arena, "%.*s/v1/traces", BW_FMT(base)).p;
}

static bool read_endpoint(struct reading *r)
{
    const char *name, *url = endpoint(r, &name);
    struct bw_err e;
    if (!url)
        return false;
    if (!uri_parse(&r->o->uri, bw_cstr(url), r->arena, &e)) {
        tell(r, name, url, "is no URL; no spans are sent");
        return false;
    }
    if (bw_str_ieq(r->o->uri.scheme, BW_LIT("http")) || r->o->uri.is_unix)
        return true;
    if (bw_str_ieq(r->o->uri.scheme, BW_LIT("https"))) {
        r->o->ca = get(r, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE");
        if (!r->o->ca)
            r->o->ca = get(r, "OTEL_EXPORTER_OTLP_CERTIFICATE");
        return true;
    }
    tell(r, name, url, "is neither http:// nor https://; no spans are sent");
    return false;
}

static bool is(const struct reading *r, const char *name, const char *value)
{
    const char *said = get(r, name);
    return said && bw_str_ieq(bw_cstr(said), bw_cstr(value));
}

void otlp_read(struct otlp_opts *o, const char *const *env, const char *service, struct bw_arena *a,
               struct bw_buf *told)
{
    struct reading r = {o, env, a, told};
    *o = (struct otlp_opts){.on = false};
    if (is(&r, "OTEL_SDK_DISABLED", "true") || is(&r, "OTEL_TRACES_EXPORTER", "none"))
        return;
    if (!read_endpoint(&r))
        return;
    const char *protocol = get(&r, "OTEL_EXPORTER_OTLP_PROTOCOL");
    if (protocol && strcmp(protocol, "http/json") != 0)
        tell(&r, "OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "is not spoken here; http/json is used");
    o->on = true;
    read_numbers(&r);
    read_sampler(&r);
    read_headers(&r);
    read_resource(&r, service);
}
