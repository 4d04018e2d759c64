/* record_read.c: JSON → record, straight from the pull reader into the row. Members usually come in
 * the order of declaration, so the column behind the last one is tried before the name map. What is
 * wrong with a field is a fault and reading goes on; only malformed JSON ends it. */
#include "orm/record_int.h"

#include "core/utf8.h"

static bw_str describe(const struct bw_json_reader *in, enum bw_json_kind k, struct faults *f)
{
    switch (k) {
    case BW_JSON_NULL:
        return BW_LIT("null");
    case BW_JSON_BOOL:
        return in->boolean ? BW_LIT("true") : BW_LIT("false");
    case BW_JSON_INT:
    case BW_JSON_REAL:
        return in->text;
    case BW_JSON_TEXT:
        return fault_quote(f, in->text);
    case BW_JSON_ARRAY:
        return BW_LIT("an array");
    default:
        return BW_LIT("an object");
    }
}

static bool wrong(const struct column *c, struct bw_json_reader *in, enum bw_json_kind k,
                  struct faults *f)
{
    if (k == BW_JSON_REAL && c->kind == BW_KIND_INT && c->type != BW_TYPE_REF &&
        c->type != BW_TYPE_BOOL && c->type != BW_TYPE_TIME) {
        bw_str got = fault_got(f, c, in->text);
        fault_add(f, c->name, "type",
                  "%.*s must be an integer, written without fraction and exponent%.*s",
                  BW_FMT(c->name), BW_FMT(got));
        return false;
    }
    bw_str got = describe(in, k, f);
    return bw_json_skip(in, k) && fault_type(f, c, got);
}

static bool read_text(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    switch (c->type) {
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        return value_from_time(c, text, out, f);
    case BW_TYPE_ENUM:
        return value_from_name(c, text, out, f);
    case BW_TYPE_BLOB:
        return value_from_base64(c, text, out, f);
    default:
        *out = bw_text(text.p ? text : BW_LIT(""));
        return true;
    }
}

/* JSON kind of a type's value; REAL takes INT as well. */
static enum bw_json_kind kind_wanted(enum bw_type t)
{
    switch (t) {
    case BW_TYPE_INT:
    case BW_TYPE_REF:
    case BW_TYPE_VERSION:
        return BW_JSON_INT;
    case BW_TYPE_REAL:
        return BW_JSON_REAL;
    case BW_TYPE_BOOL:
        return BW_JSON_BOOL;
    default:
        return BW_JSON_TEXT;
    }
}

static bool read_json(struct bw_json_reader *in, struct bw_value *out)
{
    bw_str raw;
    if (!bw_json_whole(in, &raw))
        return false;
    *out = bw_str_eq(raw, BW_LIT("null")) ? bw_null() : bw_text(raw);
    return true;
}

bool record_read_value(const struct column *c, struct bw_json_reader *in, struct bw_value *out,
                       struct faults *f)
{
    if (c->type == BW_TYPE_JSON)
        return read_json(in, out);
    enum bw_json_kind k = bw_json_next(in), want = kind_wanted(c->type);
    *out = bw_null();
    if (k == BW_JSON_NULL)
        return true;
    if (k == BW_JSON_ERROR || k == BW_JSON_END)
        return false;
    if (k != want && !(want == BW_JSON_REAL && k == BW_JSON_INT))
        return wrong(c, in, k, f);
    switch (want) {
    case BW_JSON_INT:
        return value_from_int(c, in->integer, out, f);
    case BW_JSON_REAL:
        *out = bw_real(in->real);
        return true;
    case BW_JSON_BOOL:
        *out = bw_int(in->boolean);
        return true;
    default:
        return read_text(c, in->text, out, f);
    }
}

static bool skip_value(struct bw_json_reader *in)
{
    return bw_json_skip(in, bw_json_next(in)) && !in->failed;
}

static const struct column *find_column(const struct table *t, bw_str name, unsigned guess)
{
    while (guess < t->n_columns && t->columns[guess].hidden)
        guess++;
    if (guess < t->n_columns && bw_str_eq(t->columns[guess].name, name))
        return &t->columns[guess];
    return table_column(t, name);
}

static void fault_unknown(const struct table *t, bw_str name, struct faults *f)
{
    char hint[96];
    bw_str shown = bw_str_of(name.p, utf8_cut(name, name.n < 64 ? name.n : 64));
    fault_add(f, name, "unknown", "'%.*s' is no field of %.*s%s", BW_FMT(shown), BW_FMT(t->name),
              table_near(t, name, hint));
}

static void fault_read_only(const struct column *c, struct faults *f)
{
    bool ours =
        c->type == BW_TYPE_CREATED || c->type == BW_TYPE_MODIFIED || c->type == BW_TYPE_VERSION;
    fault_add(f, c->name, "read_only", "%.*s is %s", BW_FMT(c->name),
              ours ? "set by the server: leave it out" : "read-only");
}

static void take_id(struct record *r, const struct column *c, const struct bw_value *v,
                    struct faults *f)
{
    if (v->kind == BW_KIND_INT && v->i < 0)
        fault_add(f, c->name, "min", "id must be at least 1, got %lld", (long long)v->i);
    else
        r->id = v->kind == BW_KIND_INT ? v->i : 0;
}

static void take_value(struct record *r, const struct column *c, enum record_use use,
                       const struct bw_value *v, struct faults *f)
{
    if (c->index == 0) {
        take_id(r, c, v, f);
    } else if (c->type == BW_TYPE_VERSION && use == RECORD_UPDATE) {
        r->version = v->kind == BW_KIND_INT ? v->i : 0;
    } else {
        r->v[c->index] = *v;
        column_add(&r->has, c->index);
    }
}

static bool may_set(const struct table *t, const struct column *c, enum record_use use)
{
    return use == RECORD_TRUSTED || c->index == 0 || column_in(&t->writable, c->index) ||
           (use == RECORD_UPDATE && c->type == BW_TYPE_VERSION);
}

bool record_read(struct record *r, const struct table *t, enum record_use use,
                 struct bw_json_reader *in, struct faults *f)
{
    if (bw_json_next(in) != BW_JSON_OBJECT)
        return bw_json_refuse(in, "a record of %.*s is written as a JSON object", BW_FMT(t->name));
    struct column_set seen = {0};
    unsigned guess = 1;
    bw_str name;
    while (bw_json_member(in, &name)) {
        const struct column *c = find_column(t, name, guess);
        bool fits = false;
        if (!c)
            fault_unknown(t, name, f);
        else if (column_in(&seen, c->index))
            fault_add(f, c->name, "duplicate", "%.*s is given twice", BW_FMT(c->name));
        else if (!may_set(t, c, use))
            fault_read_only(c, f);
        else
            fits = true;
        struct bw_value v;
        if (fits && record_read_value(c, in, &v, f))
            take_value(r, c, use, &v, f);
        else if (!fits && !skip_value(in))
            return false;
        if (c) {
            column_add(&seen, c->index);
            guess = c->index + 1;
        }
    }
    return !in->failed;
}
