/* openapi_schema.c: see openapi_schema.h. */
#include "rest/openapi_schema.h"

#define PROBLEM                                                                                    \
    "{\"type\":\"object\",\"description\":\"RFC 9457, with the members errorCode, errorText and "  \
    "errors.\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"instance\",\"errorCode\"," \
    "\"errorText\"],\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri\"},\"title\":{" \
    "\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"     \
    "\"instance\":{\"type\":\"string\",\"format\":\"uri\"},\"errorCode\":{\"type\":\"integer\"},"  \
    "\"errorText\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":{\"type\":"      \
    "\"object\",\"required\":[\"field\",\"detail\"],\"properties\":{\"field\":{\"type\":"          \
    "\"string\"},\"rule\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"}}}}}}"

enum schema_use { USE_ANSWER, USE_NEW, USE_CHANGE };

struct shape {
    const char *type, *format; /* NULL: any */
};

static const struct shape shapes[] = {
    [BW_TYPE_INT] = {"integer", "int64"},
    [BW_TYPE_REAL] = {"number", "double"},
    [BW_TYPE_TEXT] = {"string", NULL},
    [BW_TYPE_BLOB] = {"string", NULL},
    [BW_TYPE_BOOL] = {"boolean", NULL},
    [BW_TYPE_TIME] = {"string", "date-time"},
    [BW_TYPE_JSON] = {NULL, NULL},
    [BW_TYPE_ENUM] = {"string", NULL},
    [BW_TYPE_REF] = {"integer", "int64"},
    [BW_TYPE_CREATED] = {"string", "date-time"},
    [BW_TYPE_MODIFIED] = {"string", "date-time"},
    [BW_TYPE_VERSION] = {"integer", "int64"},
};

void schema_text(struct bw_json_writer *w, const char *key, const char *value)
{
    if (value && *value)
        bw_json_put_text(w, key, bw_cstr(value));
}

void schema_ref(struct bw_json_writer *w, const char *name, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof path, "#/components/schemas/%s%s", name, suffix);
    bw_json_object(w);
    bw_json_put_text(w, "$ref", bw_cstr(path));
    bw_json_end(w);
}

void schema_problem(struct bw_json_writer *w)
{
    bw_json_raw(w, BW_LIT(PROBLEM));
}

/* Members "type", "format", "enum", "contentEncoding" of an object already begun. */
static void write_type(struct bw_json_writer *w, enum bw_type type, const char *const *names,
                       bool nullable)
{
    const struct shape *s = &shapes[type];
    if (s->type && nullable) {
        bw_json_key(w, BW_LIT("type"));
        bw_json_array(w);
        bw_json_text(w, bw_cstr(s->type));
        bw_json_text(w, BW_LIT("null"));
        bw_json_end(w);
    } else {
        schema_text(w, "type", s->type);
    }
    schema_text(w, "format", s->format);
    if (type == BW_TYPE_BLOB)
        bw_json_put_text(w, "contentEncoding", BW_LIT("base64"));
    if (type != BW_TYPE_ENUM)
        return;
    bw_json_key(w, BW_LIT("enum"));
    bw_json_array(w);
    for (; *names; names++)
        bw_json_text(w, bw_cstr(*names));
    if (nullable)
        bw_json_null(w);
    bw_json_end(w);
}

/* ---- tables ---- */

static void write_bound(struct bw_json_writer *w, const char *key, const struct bw_field *f,
                        const struct bw_bound *b)
{
    if (!b->set)
        return;
    if (f->type == BW_TYPE_REAL)
        bw_json_put_real(w, key, b->r);
    else
        bw_json_put_int(w, key, b->i);
}

static void write_pattern(struct bw_json_writer *w, const char *pattern)
{
    struct bw_buf anchored;
    bw_buf_init(&anchored, 4096);
    bw_buf_printf(&anchored, "^(?:%s)$", pattern);
    if (bw_buf_ok(&anchored))
        bw_json_put_text(w, "pattern", bw_buf_str(&anchored));
    bw_buf_release(&anchored);
}

static void write_rules(struct bw_json_writer *w, const struct bw_field *f)
{
    write_bound(w, "minimum", f, &f->min);
    write_bound(w, "maximum", f, &f->max);
    if (f->type == BW_TYPE_TEXT) {
        unsigned least = f->min_len ? f->min_len : f->required;
        if (least)
            bw_json_put_int(w, "minLength", least);
        if (f->max_len)
            bw_json_put_int(w, "maxLength", f->max_len);
        if (f->pattern)
            write_pattern(w, f->pattern);
    }
    if (f->type == BW_TYPE_REF)
        bw_json_put_int(w, "minimum", 1);
    if (f->initial) {
        bw_json_key(w, BW_LIT("default"));
        bw_json_raw(w, bw_cstr(f->initial));
    }
}

static bool automatic(const struct bw_field *f)
{
    return f->type == BW_TYPE_CREATED || f->type == BW_TYPE_MODIFIED || f->type == BW_TYPE_VERSION;
}

static void write_column(struct bw_json_writer *w, const struct column *c)
{
    const struct bw_field *f = c->f;
    bw_json_object(w);
    write_type(w, c->type, f ? f->names : NULL, f && c->nullable);
    if (!f || f->read_only || automatic(f))
        bw_json_put_bool(w, "readOnly", true);
    if (f && f->write_only)
        bw_json_put_bool(w, "writeOnly", true);
    if (f) {
        write_rules(w, f);
        schema_text(w, "description", f->help);
    }
    bw_json_end(w);
}

/* With `expand` the record stands where the id would. */
static void write_reference(struct bw_json_writer *w, const struct column *c)
{
    bw_json_object(w);
    bw_json_key(w, BW_LIT("anyOf"));
    bw_json_array(w);
    write_column(w, c);
    schema_ref(w, c->ref->def->name, "");
    bw_json_end(w);
    bw_json_end(w);
}

static bool shown(const struct table *t, const struct column *c, enum schema_use use)
{
    if (c->hidden)
        return false;
    if (use == USE_ANSWER)
        return !c->f || !c->f->write_only;
    return column_in(&t->writable, c->index) ||
           (use == USE_CHANGE && c->index == t->version && c->f);
}

static void write_required(struct bw_json_writer *w, const struct table *t)
{
    bool any = false;
    for (unsigned i = 1; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (!c->f || !c->f->required || c->has_initial || !shown(t, c, USE_NEW))
            continue;
        if (!any) {
            bw_json_key(w, BW_LIT("required"));
            bw_json_array(w);
        }
        any = true;
        bw_json_text(w, c->name);
    }
    if (any)
        bw_json_end(w);
}

static void write_table(struct bw_json_writer *w, const struct table *t, enum schema_use use)
{
    bw_json_object(w);
    bw_json_put_text(w, "type", BW_LIT("object"));
    schema_text(w, "description", t->def->help);
    if (use == USE_NEW)
        write_required(w, t);
    if (use != USE_ANSWER)
        bw_json_put_bool(w, "additionalProperties", false);
    bw_json_key(w, BW_LIT("properties"));
    bw_json_object(w);
    for (unsigned i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (!shown(t, c, use))
            continue;
        bw_json_key(w, c->name);
        if (use == USE_ANSWER && c->type == BW_TYPE_REF)
            write_reference(w, c);
        else
            write_column(w, c);
    }
    bw_json_end(w);
    bw_json_end(w);
}

void schema_table(struct bw_json_writer *w, const struct table *t)
{
    static const char *const suffix[] = {
        [USE_ANSWER] = "", [USE_NEW] = ".New", [USE_CHANGE] = ".Change"};
    for (unsigned use = USE_ANSWER; use <= USE_CHANGE; use++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", t->def->name, suffix[use]);
        bw_json_key(w, bw_cstr(name));
        write_table(w, t, use);
    }
}

/* ---- parameters ---- */

void schema_param(struct bw_json_writer *w, const struct bw_param *p, bool may_be_null)
{
    bw_json_object(w);
    write_type(w, p->type, p->names, may_be_null);
    schema_text(w, "description", p->help);
    bw_json_end(w);
}

void schema_params_array(struct bw_json_writer *w, const struct bw_param *list, bool results)
{
    int64_t n = 0, needed = 0;
    bw_json_object(w);
    bw_json_put_text(w, "type", BW_LIT("array"));
    bw_json_key(w, BW_LIT("prefixItems"));
    bw_json_array(w);
    for (; list && list[n].name; n++) {
        schema_param(w, &list[n], results || list[n].optional);
        if (results || !list[n].optional)
            needed = n + 1;
    }
    bw_json_end(w);
    bw_json_put_int(w, "minItems", needed);
    bw_json_put_int(w, "maxItems", n);
    bw_json_end(w);
}

void schema_params_object(struct bw_json_writer *w, const struct bw_param *list)
{
    bw_json_object(w);
    bw_json_put_text(w, "type", BW_LIT("object"));
    bw_json_put_bool(w, "additionalProperties", false);
    bw_json_key(w, BW_LIT("properties"));
    bw_json_object(w);
    for (const struct bw_param *p = list; p && p->name; p++) {
        bw_json_key(w, bw_cstr(p->name));
        schema_param(w, p, p->optional);
    }
    bw_json_end(w);
    bw_json_key(w, BW_LIT("required"));
    bw_json_array(w);
    for (const struct bw_param *p = list; p && p->name; p++)
        if (!p->optional)
            bw_json_text(w, bw_cstr(p->name));
    bw_json_end(w);
    bw_json_end(w);
}
