/* record_fault.c: the words for a value of the wrong type: what the column wants, what was given. A
 * sentence quotes little of the value, and of a write-only field (a password) nothing. */
#include "orm/record_int.h"

#include "core/near.h"
#include "core/utf8.h"

#define GOT_MAX   40 /* bytes of a value in a sentence */
#define NAMES_MAX 12 /* of an enum, told in a sentence */

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
