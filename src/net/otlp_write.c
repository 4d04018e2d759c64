/* otlp_write.c: records as the JSON of OTLP 1.x: ids in hex, 64-bit numbers as text. */
#include <burrow/json.h>

#include "core/hash.h"
#include "net/otlp.h"
#include "net/trace_int.h"

static void put_value(struct bw_json_writer *w, const struct span_attr *a)
{
    char number[24];
    bw_json_key(w, BW_LIT("value"));
    bw_json_object(w);
    if (a->text.p) {
        bw_json_put_text(w, "stringValue", a->text);
    } else {
        snprintf(number, sizeof number, "%lld", (long long)a->number);
        bw_json_put_text(w, "intValue", bw_cstr(number));
    }
    bw_json_end(w);
}

static void put_attr(struct bw_json_writer *w, bw_str key, const struct span_attr *a)
{
    bw_json_object(w);
    bw_json_put_text(w, "key", key);
    put_value(w, a);
    bw_json_end(w);
}

static void put_hex(struct bw_json_writer *w, const char *key, const unsigned char *id, size_t n)
{
    char space[33];
    struct bw_buf hex = {.p = space, .cap = sizeof space, .max = sizeof space};
    hex_write(&hex, bw_str_of((const char *)id, n));
    bw_json_put_text(w, key, bw_buf_str(&hex));
}

static void put_time(struct bw_json_writer *w, const char *key, int64_t ns)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)ns);
    bw_json_put_text(w, key, bw_cstr(text));
}

static void put_status(struct bw_json_writer *w, const struct span_data *d)
{
    bw_json_key(w, BW_LIT("status"));
    bw_json_object(w);
    if (d->failed)
        bw_json_put_int(w, "code", 2); /* error */
    if (d->failed && d->why.n)
        bw_json_put_text(w, "message", d->why);
    bw_json_end(w);
}

static void put_span(struct bw_json_writer *w, const struct trace_record *r,
                     const struct span_data *d)
{
    static const unsigned char none[8];
    bw_json_object(w);
    put_hex(w, "traceId", r->id.trace, sizeof r->id.trace);
    put_hex(w, "spanId", d->id, sizeof d->id);
    if (memcmp(d->parent, none, sizeof none) != 0)
        put_hex(w, "parentSpanId", d->parent, sizeof d->parent);
    if (r->state.p)
        bw_json_put_text(w, "traceState", r->state);
    bw_json_put_int(w, "flags", r->id.flags);
    bw_json_put_text(w, "name", d->name);
    bw_json_put_int(w, "kind", d->kind);
    put_time(w, "startTimeUnixNano", r->wall + d->began);
    put_time(w, "endTimeUnixNano", r->wall + d->ended);
    bw_json_key(w, BW_LIT("attributes"));
    bw_json_array(w);
    for (unsigned i = 0; i < d->n_attrs; i++)
        put_attr(w, bw_cstr(d->attrs[i].key), &d->attrs[i]);
    bw_json_end(w);
    put_status(w, d);
    bw_json_end(w);
}

static void put_resource(struct bw_json_writer *w, const struct otlp_opts *o)
{
    bw_json_key(w, BW_LIT("resource"));
    bw_json_object(w);
    bw_json_key(w, BW_LIT("attributes"));
    bw_json_array(w);
    for (size_t i = 0; i < o->n_resource; i++)
        put_attr(w, o->resource[i].key, &(struct span_attr){.text = o->resource[i].value});
    bw_json_end(w);
    bw_json_end(w);
}

static void put_scope(struct bw_json_writer *w)
{
    bw_json_key(w, BW_LIT("scope"));
    bw_json_object(w);
    bw_json_put_text(w, "name", BW_LIT("burrow"));
    bw_json_put_text(w, "version", BW_LIT(BW_RELEASE));
    bw_json_end(w);
}

void otlp_write(struct bw_buf *out, const struct otlp_opts *o, const struct trace_record *first)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    bw_json_object(&w);
    bw_json_key(&w, BW_LIT("resourceSpans"));
    bw_json_array(&w);
    bw_json_object(&w);
    put_resource(&w, o);
    bw_json_key(&w, BW_LIT("scopeSpans"));
    bw_json_array(&w);
    bw_json_object(&w);
    put_scope(&w);
    bw_json_key(&w, BW_LIT("spans"));
    bw_json_array(&w);
    for (const struct trace_record *r = first; r; r = r->next)
        for (unsigned i = 0; i < r->n; i++)
            put_span(&w, r, &r->spans[i]);
    for (int i = 0; i < 6; i++)
        bw_json_end(&w);
}
