/* record.c: the record's frame and the faults found in one. A fault is a field, a rule's name for
 * programs and a sentence for people. All faults are told, not only the first, so nobody has to
 * mend a record one answer at a time. */
#include "orm/record_int.h"

#include "core/near.h"
#include "core/utf8.h"

#define FAULTS_MAX (sizeof((struct faults *)0)->at / sizeof((struct faults *)0)->at[0])
#define GOT_MAX    40
#define NAMES_MAX  12 /* of an enum, told in a sentence */

void record_init(struct record *r, const struct table *t, struct bw_arena *a)
{
    *r = (struct record){.v = BW_NEW_N(a, struct bw_value, t->n_columns)};
}

void fault_add(struct faults *f, bw_str field, const char *rule, const char *fmt, ...)
{
    if (f->n == FAULTS_MAX)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    bw_str all = bw_str_of(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    all.n = utf8_cut(all, all.n);
    f->at[f->n++] =
        (struct fault){.field = field, .rule = rule, .text = bw_arena_str(f->arena, all)};
}

bool faults_hold(const struct faults *f, bw_str field)
{
    for (unsigned i = 0; i < f->n; i++)
        if (bw_str_eq(f->at[i].field, field))
            return true;
    return false;
}

static void set_field(struct bw_err *e, bw_str field)
{
    size_t n = utf8_cut(field, field.n < sizeof e->field ? field.n : sizeof e->field - 1);
    memcpy(e->field, field.p ? field.p : "", n);
    e->field[n] = 0;
}

bool faults_fail(const struct faults *f, struct bw_err *e)
{
    if (f->n == 0)
        return true;
    if (!e)
        return false;
    struct bw_buf all;
    bw_buf_init(&all, sizeof e->text * 2);
    for (unsigned i = 0; i < f->n; i++) {
        bw_buf_put(&all, i ? BW_LIT("; ") : BW_LIT(""));
        bw_buf_put(&all, f->at[i].text);
    }
    bw_fail(e, BW_INVALID, "%s", all.n ? bw_buf_cstr(&all) : "");
    set_field(e, f->at[0].field);
    bw_buf_release(&all);
    return false;
}

bw_str fault_got(struct faults *f, const struct column *c, bw_str got)
{
    if (c->f && c->f->write_only)
        return BW_LIT("");
    if (got.n <= GOT_MAX)
        return bw_arena_printf(f->arena, ", got %.*s", BW_FMT(got));
    const char *tail = got.p[0] == '\'' ? "…'" : "…";
    got.n = utf8_cut(got, GOT_MAX);
    return bw_arena_printf(f->arena, ", got %.*s%s", BW_FMT(got), tail);
}

bw_str fault_quote(struct faults *f, bw_str text)
{
    /* What fault_got cuts anyway need not be copied. */
    return bw_arena_printf(f->arena, "'%.*s'", text.n < GOT_MAX * 2 ? (int)text.n : GOT_MAX * 2,
                           text.p ? text.p : "");
}

static const char *const wanted[] = {
    [BW_TYPE_INT] = "an integer",
    [BW_TYPE_REAL] = "a number",
    [BW_TYPE_TEXT] = "a string",
    [BW_TYPE_BLOB] = "a base64 string",
    [BW_TYPE_BOOL] = "true or false",
    [BW_TYPE_TIME] = "an RFC 3339 time such as 2026-11-23T23:04:18Z",
    [BW_TYPE_JSON] = "a JSON value",
    [BW_TYPE_CREATED] = "an RFC 3339 time such as 2026-11-23T23:04:18Z",
    [BW_TYPE_MODIFIED] = "an RFC 3339 time such as 2026-11-23T23:04:18Z",
    [BW_TYPE_VERSION] = "an integer",
};

static bw_str join_names(struct bw_arena *a, const char *const *names)
{
    bw_str all = BW_LIT("");
    for (unsigned i = 0; names[i]; i++) {
        if (i == NAMES_MAX)
            return bw_arena_printf(a, "%.*s, …", BW_FMT(all));
        all = bw_arena_printf(a, "%.*s%s%s", BW_FMT(all), i ? ", " : "", names[i]);
    }
    return all;
}

/* `name` is what the nearest is sought for; p == NULL when the value is no name at all. */
static bool fault_names(struct faults *f, const struct column *c, bw_str got, bw_str name)
{
    struct near near;
    bool open = name.p && !c->f->write_only;
    near_init(&near, name);
    for (unsigned i = 0; open && c->f->names[i]; i++)
        near_offer(&near, bw_cstr(c->f->names[i]));
    char hint[96];
    fault_add(f, c->name, "enum", "%.*s must be one of %.*s%.*s%s", BW_FMT(c->name),
              BW_FMT(join_names(f->arena, c->f->names)), BW_FMT(fault_got(f, c, got)),
              open ? near_hint(&near, hint) : "");
    return false;
}

bool fault_type(struct faults *f, const struct column *c, bw_str got)
{
    if (c->type == BW_TYPE_ENUM)
        return fault_names(f, c, got, (bw_str){0});
    bw_str tail = fault_got(f, c, got);
    if (c->type == BW_TYPE_REF)
        fault_add(f, c->name, "type",
                  "%.*s must be the id of a record of %s, an integer from 1%.*s", BW_FMT(c->name),
                  c->f->ref, BW_FMT(tail));
    else
        fault_add(f, c->name, "type", "%.*s must be %s%.*s", BW_FMT(c->name), wanted[c->type],
                  BW_FMT(tail));
    return false;
}

bool fault_enum(struct faults *f, const struct column *c, bw_str name)
{
    return fault_names(f, c, fault_quote(f, name), name);
}
