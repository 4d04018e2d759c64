/* record_text.c: one value from bare text, as in CSV cells and URLs, where nothing tells a number
 * from a word but the column's type. Also what JSON strings share with such texts: times, names,
 * base64. */
#include "orm/record_int.h"

#include "core/hash.h"

bool value_from_time(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    bw_time t;
    if (!bw_time_parse(text, &t))
        return fault_type(f, c, fault_quote(f, text));
    *out = bw_int(t);
    return true;
}

bool value_from_name(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    for (const char *const *n = c->f->names; *n; n++)
        if (bw_str_eq(bw_cstr(*n), text)) {
            *out = bw_text(bw_cstr(*n));
            return true;
        }
    return fault_enum(f, c, text);
}

bool value_from_base64(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    struct bw_buf bytes;
    bw_buf_init(&bytes, text.n + 4);
    bool ok = base64_parse(text, &bytes) && bw_buf_ok(&bytes);
    if (ok)
        *out = bw_blob(bw_arena_str(f->arena, bw_buf_str(&bytes)));
    bw_buf_release(&bytes);
    return ok || fault_type(f, c, BW_LIT("something else"));
}

bool value_from_int(const struct column *c, int64_t i, struct bw_value *out, struct faults *f)
{
    if (c->type == BW_TYPE_REF && i < 1)
        return fault_type(f, c, bw_arena_printf(f->arena, "%lld", (long long)i));
    *out = bw_int(i);
    return true;
}

static bool wrong(const struct column *c, bw_str text, struct faults *f)
{
    return fault_type(f, c, fault_quote(f, text));
}

static bool from_int(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    int64_t i;
    return bw_str_int(text, &i) ? value_from_int(c, i, out, f) : wrong(c, text, f);
}

static bool from_real(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    double r;
    if (!bw_str_real(text, &r))
        return wrong(c, text, f);
    *out = bw_real(r);
    return true;
}

static bool from_bool(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    bool yes = bw_str_eq(text, BW_LIT("true")) || bw_str_eq(text, BW_LIT("1"));
    if (!yes && !bw_str_eq(text, BW_LIT("false")) && !bw_str_eq(text, BW_LIT("0")))
        return wrong(c, text, f);
    *out = bw_int(yes);
    return true;
}

static bool from_json(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    if (!bw_json_valid(text, LIMIT_JSON_DEPTH))
        return wrong(c, text, f);
    bool null = bw_str_eq(bw_str_trim(text), BW_LIT("null"));
    *out = null ? bw_null() : bw_text(text);
    return true;
}

bool record_text_value(const struct column *c, bw_str text, struct bw_value *out, struct faults *f)
{
    if (!text.p)
        text = BW_LIT("");
    switch (c->type) {
    case BW_TYPE_INT:
    case BW_TYPE_REF:
    case BW_TYPE_VERSION:
        return from_int(c, text, out, f);
    case BW_TYPE_REAL:
        return from_real(c, text, out, f);
    case BW_TYPE_BOOL:
        return from_bool(c, text, out, f);
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
        return value_from_time(c, text, out, f);
    case BW_TYPE_ENUM:
        return value_from_name(c, text, out, f);
    case BW_TYPE_BLOB:
        return value_from_base64(c, text, out, f);
    case BW_TYPE_JSON:
        return from_json(c, text, out, f);
    case BW_TYPE_TEXT:
        break;
    }
    *out = bw_text(text);
    return true;
}

bool record_set_text(struct record *r, const struct column *c, bw_str text, struct faults *f,
                     struct bw_arena *a)
{
    struct bw_value v = bw_null();
    bool given = text.n > 0 || c->type == BW_TYPE_TEXT;
    if (!given && !c->nullable)
        return true; /* the default, or "is required", speaks */
    if (given && !record_text_value(c, text, &v, f))
        return false;
    if (v.kind == BW_KIND_TEXT)
        v.s = bw_arena_str(a, v.s);
    r->v[c->index] = v;
    column_add(&r->has, c->index);
    return true;
}
