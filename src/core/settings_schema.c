/* settings_schema.c: the JSON Schema (2020-12) of a table, for editors and checkers of settings
 * files. A file need not hold what the environment may give, so only members of list items are
 * "required" here; settings_check sees the whole. */
#include "core/quantity.h"
#include "core/settings_int.h"

static void schema_table(const struct option *t, struct bw_json_writer *w);

static void put(struct bw_json_writer *w, const char *key, const char *value)
{
    bw_json_put_text(w, key, bw_cstr(value));
}

/* A type of two names. */
static void put_types(struct bw_json_writer *w, const char *one, const char *other)
{
    bw_json_key(w, BW_LIT("type"));
    bw_json_array(w);
    bw_json_text(w, bw_cstr(one));
    bw_json_text(w, bw_cstr(other));
    bw_json_end(w);
}

static void schema_enum(const struct option *o, struct bw_json_writer *w)
{
    bw_json_key(w, BW_LIT("enum"));
    bw_json_array(w);
    for (const char *const *n = o->names; *n; n++)
        bw_json_text(w, bw_cstr(*n));
    bw_json_end(w);
}

static void schema_texts(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    put_types(w, "string", "array");
    bw_json_key(w, BW_LIT("items"));
    bw_json_object(w);
    put(w, "type", "string");
    bw_json_end(w);
}

static void schema_int(const struct option *o, struct bw_json_writer *w)
{
    put(w, "type", "integer");
    if (o->min || o->max)
        bw_json_put_int(w, "minimum", o->min);
    if (settings_has_max(o))
        bw_json_put_int(w, "maximum", o->max);
}

static void schema_ints(const struct option *o, struct bw_json_writer *w)
{
    put_types(w, "integer", "array");
    bw_json_key(w, BW_LIT("items"));
    bw_json_object(w);
    schema_int(o, w);
    bw_json_end(w);
}

static void schema_pairs(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    put_types(w, "object", "array");
    bw_json_key(w, BW_LIT("additionalProperties"));
    bw_json_object(w);
    bw_json_key(w, BW_LIT("type"));
    bw_json_array(w);
    bw_json_text(w, BW_LIT("string"));
    bw_json_text(w, BW_LIT("number"));
    bw_json_text(w, BW_LIT("boolean"));
    bw_json_end(w);
    bw_json_end(w);
    bw_json_key(w, BW_LIT("items"));
    bw_json_object(w);
    put(w, "type", "string");
    put(w, "pattern", "^[^=]+=");
    bw_json_end(w);
}

static void schema_items(const struct option *o, struct bw_json_writer *w)
{
    bool map = o->type == OPT_MAP;
    put(w, "type", map ? "object" : "array");
    bw_json_key(w, map ? BW_LIT("additionalProperties") : BW_LIT("items"));
    bw_json_object(w);
    put(w, "type", "object");
    schema_table(o->options + map, w);
    bw_json_key(w, BW_LIT("required"));
    bw_json_array(w);
    for (const struct option *i = o->options + map; i->name; i++) {
        if (i->required && !i->initial)
            bw_json_text(w, bw_cstr(i->name));
    }
    bw_json_end(w);
    bw_json_end(w);
}

static void schema_quantity(const struct option *o, struct bw_json_writer *w)
{
    bool size = o->type == OPT_SIZE;
    put_types(w, size ? "integer" : "number", "string");
    bw_json_put_int(w, "minimum", 0);
    put(w, "pattern", size ? QUANTITY_SIZE_PATTERN : QUANTITY_DURATION_PATTERN);
}

static void schema_section(const struct option *o, struct bw_json_writer *w)
{
    if (o->brief)
        put_types(w, "object", "string");
    else
        put(w, "type", "object");
    schema_table(o->options, w);
}

static void schema_real(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    put(w, "type", "number");
}

static void schema_bool(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    put(w, "type", "boolean");
}

static void schema_text(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    put_types(w, "string", "null");
}

static void schema_any(const struct option *o, struct bw_json_writer *w)
{
    (void)o;
    (void)w;
}

typedef void schema_fn(const struct option *o, struct bw_json_writer *w);

static schema_fn *const types[] = {
    [OPT_BOOL] = schema_bool,     [OPT_INT] = schema_int,           [OPT_REAL] = schema_real,
    [OPT_SIZE] = schema_quantity, [OPT_DURATION] = schema_quantity, [OPT_TEXT] = schema_text,
    [OPT_CSTR] = schema_text,     [OPT_ENUM] = schema_enum,         [OPT_SECTION] = schema_section,
    [OPT_LIST] = schema_items,    [OPT_MAP] = schema_items,         [OPT_TEXTS] = schema_texts,
    [OPT_INTS] = schema_ints,     [OPT_PAIRS] = schema_pairs,       [OPT_RAW] = schema_any,
};

static void schema_option(const struct option *o, struct bw_json_writer *w)
{
    bw_json_key(w, bw_cstr(o->name));
    bw_json_object(w);
    if (o->help)
        put(w, "description", o->help);
    types[o->type](o, w);
    if (o->initial) {
        bw_json_key(w, BW_LIT("default"));
        bw_json_raw(w, bw_cstr(o->initial));
    }
    if (o->secret)
        bw_json_put_bool(w, "writeOnly", true);
    bw_json_end(w);
}

/* "properties" and that there are no others. */
static void schema_table(const struct option *t, struct bw_json_writer *w)
{
    bw_json_key(w, BW_LIT("properties"));
    bw_json_object(w);
    for (; t->name; t++)
        schema_option(t, w);
    if (w->depth == 2) { /* the outermost: what an editor writes there */
        bw_json_key(w, BW_LIT("$schema"));
        bw_json_object(w);
        put(w, "type", "string");
        bw_json_end(w);
    }
    bw_json_end(w);
    bw_json_put_bool(w, "additionalProperties", false);
}

void settings_schema(const struct option *t, const char *title, struct bw_buf *out)
{
    struct bw_json_writer w;
    bw_json_init(&w, out);
    w.indent = 2;
    bw_json_object(&w);
    put(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put(&w, "title", title);
    put(&w, "type", "object");
    schema_table(t, &w);
    bw_json_end(&w);
    bw_buf_char(out, '\n');
}
