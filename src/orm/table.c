/* table.c: finding columns of a table, and their types' names. How a table is made stands in
 * table_make.c. */
#include "orm/table.h"

#include "core/near.h"
#include "core/utf8.h"

void table_release(struct table *t)
{
    map_release(&t->by_name);
}

struct column *table_column(const struct table *t, bw_str name)
{
    return map_get(&t->by_name, name);
}

const char *table_near(const struct table *t, bw_str name, char hint[96])
{
    struct near near;
    near_init(&near, name);
    for (unsigned i = 0; i < t->n_columns; i++)
        if (!t->columns[i].hidden)
            near_offer(&near, t->columns[i].name);
    return near_hint(&near, hint);
}

struct column *table_need(const struct table *t, bw_str name, struct bw_err *e)
{
    struct column *c = table_column(t, name);
    if (c)
        return c;
    char hint[96];
    bw_str shown = bw_str_of(name.p, utf8_cut(name, name.n < 63 ? name.n : 63));
    bw_fail(e, BW_BAD, "%.*s has no field '%.*s'%s", BW_FMT(t->name), BW_FMT(shown),
            table_near(t, name, hint));
    if (e)
        snprintf(e->field, sizeof e->field, "%.*s", BW_FMT(shown));
    return NULL;
}

const char *type_name(enum bw_type t)
{
    static const char *const names[] = {
        [BW_TYPE_INT] = "int",           [BW_TYPE_REAL] = "real",
        [BW_TYPE_TEXT] = "text",         [BW_TYPE_BLOB] = "blob",
        [BW_TYPE_BOOL] = "bool",         [BW_TYPE_TIME] = "time",
        [BW_TYPE_JSON] = "json",         [BW_TYPE_ENUM] = "enum",
        [BW_TYPE_REF] = "ref",           [BW_TYPE_CREATED] = "created",
        [BW_TYPE_MODIFIED] = "modified", [BW_TYPE_VERSION] = "version",
    };
    return names[t];
}
