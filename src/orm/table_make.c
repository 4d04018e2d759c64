/* table_make.c: one table made ready from its descriptor: a column per field, behind `id`, each
 * with what reading, checking and writing need at hand. Read-only once made, so every thread shares
 * it. What concerns other tables (references, equal names) is model.c's; whether the descriptor
 * makes sense is table_check.c's. */
#include "orm/table_int.h"

#include "core/json_put.h"
#include "orm/pattern.h"
#include "orm/record.h"

static const enum bw_kind kinds[] = {
    [BW_TYPE_INT] = BW_KIND_INT,      [BW_TYPE_REAL] = BW_KIND_REAL,
    [BW_TYPE_TEXT] = BW_KIND_TEXT,    [BW_TYPE_BLOB] = BW_KIND_BLOB,
    [BW_TYPE_BOOL] = BW_KIND_INT,     [BW_TYPE_TIME] = BW_KIND_INT,
    [BW_TYPE_JSON] = BW_KIND_TEXT,    [BW_TYPE_ENUM] = BW_KIND_TEXT,
    [BW_TYPE_REF] = BW_KIND_INT,      [BW_TYPE_CREATED] = BW_KIND_INT,
    [BW_TYPE_MODIFIED] = BW_KIND_INT, [BW_TYPE_VERSION] = BW_KIND_INT,
};

static unsigned count_columns(const struct bw_table *def)
{
    unsigned n = 1;
    for (const struct bw_field *f = def->fields; f->name; f++)
        n += f->type == BW_TYPE_BLOB ? 2 : 1;
    return n;
}

static struct column *add_column(struct table *t, bw_str name, enum bw_type type,
                                 struct bw_arena *a)
{
    struct column *c = &t->columns[t->n_columns];
    c->index = t->n_columns++;
    c->name = bw_arena_str(a, name);
    c->type = type;
    c->kind = kinds[type];
    return c;
}

static bool name_column(struct table *t, struct column *c, struct bw_err *e)
{
    for (unsigned i = 0; i < c->index; i++)
        /* SQL does not tell names apart by case, so neither do we here. */
        if (bw_str_ieq(t->columns[i].name, c->name))
            return table_wrong(t->def, NULL, e, "two columns are named '%.*s'%s", BW_FMT(c->name),
                               c->hidden || t->columns[i].hidden
                                   ? " (a blob keeps its content type under its name with '_type')"
                                   : "");
    if (!c->hidden)
        map_put(&t->by_name, c->name, c);
    return true;
}

/* The two columns of a blob know each other through the blob's `companion`. */
static bool add_companion(struct table *t, struct column *blob, struct bw_arena *a,
                          struct bw_err *e)
{
    bw_str name = bw_arena_printf(a, "%.*s_type", BW_FMT(blob->name));
    struct column *c = add_column(t, name, BW_TYPE_TEXT, a);
    c->hidden = true;
    c->nullable = true;
    blob->companion = c->index;
    return name_column(t, c, e);
}

static bool read_initial(struct table *t, struct column *c, struct bw_arena *a, struct bw_err *e)
{
    struct faults wrong = {.arena = a};
    struct bw_json_reader in;
    bw_json_open(&in, a, bw_cstr(bw_arena_cstr(a, bw_cstr(c->f->initial))));
    bool ok = record_read_value(c, &in, &c->initial, &wrong) && bw_json_finish(&in);
    if (ok && c->initial.kind == BW_NULL)
        return table_wrong(t->def, c->f, e, "the default is null: leave it out instead");
    if (ok)
        ok = record_check_value(c, &c->initial, &wrong);
    if (ok)
        return c->has_initial = true;
    bw_str why = wrong.n ? wrong.at[0].text : BW_LIT("it is not one JSON value");
    return table_wrong(t->def, c->f, e, "the default %s does not fit: %.*s", c->f->initial,
                       BW_FMT(why));
}

static bool is_automatic(enum bw_type t)
{
    return t == BW_TYPE_CREATED || t == BW_TYPE_MODIFIED || t == BW_TYPE_VERSION;
}

static bool note_automatic(struct table *t, const struct column *c, struct bw_err *e)
{
    unsigned *slot = c->type == BW_TYPE_CREATED    ? &t->created
                     : c->type == BW_TYPE_MODIFIED ? &t->modified
                                                   : &t->version;
    if (*slot)
        return table_wrong(t->def, c->f, e, "'%.*s' is a %s field already; one is the most",
                           BW_FMT(t->columns[*slot].name), type_name(c->type));
    *slot = c->index;
    return true;
}

static bool add_field(struct table *t, const struct bw_field *f, struct bw_arena *a,
                      struct bw_err *e)
{
    struct column *c = add_column(t, bw_cstr(f->name), f->type, a);
    c->f = f;
    c->json_key = bw_json_make_key(a, c->name);
    c->nullable = !f->required && !f->initial && !is_automatic(f->type);
    if (!name_column(t, c, e) || (is_automatic(f->type) && !note_automatic(t, c, e)))
        return false;
    if (f->pattern && !(c->pattern = pattern_new(f->pattern, a, e)))
        return bw_because(e, "table '%s', field '%s'", t->def->name, f->name);
    if (f->initial && !read_initial(t, c, a, e))
        return false;
    if (f->type != BW_TYPE_BLOB && !f->write_only)
        column_add(&t->simple, c->index);
    if (!f->read_only && !is_automatic(f->type))
        column_add(&t->writable, c->index);
    return f->type != BW_TYPE_BLOB || add_companion(t, c, a, e);
}

static bool add_id(struct table *t, struct bw_arena *a, struct bw_err *e)
{
    struct column *c = add_column(t, BW_LIT("id"), BW_TYPE_INT, a);
    c->json_key = bw_json_make_key(a, c->name);
    column_add(&t->simple, c->index);
    return name_column(t, c, e);
}

/* The key with a comma in front; of a hidden column, which has none, NULL. */
static const char *json_key_behind(struct bw_arena *a, bw_str key)
{
    if (!key.n)
        return NULL;
    char *p = bw_arena_alloc(a, 1 + key.n + JSON_KEY_PAD);
    *p = ',';
    memcpy(p + 1, key.p, key.n + JSON_KEY_PAD - 1);
    p[key.n + JSON_KEY_PAD] = 0;
    return p;
}

static void plan_json(struct table *t, struct bw_arena *a)
{
    t->json = BW_NEW_N(a, struct json_column, t->n_columns);
    t->json_most = 2; /* braces */
    for (unsigned i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        t->json[i] =
            (struct json_column){json_key_behind(a, c->json_key),
                                 (unsigned short)(c->json_key.n + 1), (unsigned char)c->type};
        t->json_most += 1 + c->json_key.n + JSON_KEY_PAD + JSON_NUMBER_MAX;
        if (c->kind >= BW_KIND_TEXT)
            column_add(&t->wide, i);
    }
}

bool table_make(struct table *t, const struct bw_table *def, struct bw_arena *a, struct bw_err *e)
{
    *t = (struct table){.def = def};
    map_init(&t->by_name, false);
    if (!table_check(def, e))
        return false;
    t->name = bw_arena_str(a, bw_cstr(def->name));
    t->columns = BW_NEW_N(a, struct column, count_columns(def));
    if (!add_id(t, a, e))
        return false;
    for (const struct bw_field *f = def->fields; f->name; f++)
        if (!add_field(t, f, a, e))
            return false;
    plan_json(t, a);
    return table_check_indexes(t, e);
}

bool table_init_alone(struct table *t, const struct bw_table *def, struct bw_arena *a,
                      struct bw_err *e)
{
    if (table_make(t, def, a, e))
        return true;
    table_release(t);
    return false;
}
