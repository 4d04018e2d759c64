/* table_check.c: does a descriptor make sense? Names, which properties fit which type, bounds in
 * order, members inside the C struct. Pure; the sentence names table and field, since its reader
 * looks at settings or at a C file. */
#include "orm/table_int.h"

#include "core/near.h"

enum {
    MIN = 1,
    MAX = 2,
    MIN_LEN = 4,
    MAX_LEN = 8,
    PATTERN = 16,
    DEFAULT = 32,
    NAMES = 64,
    REF = 128,
    ON_DELETE = 256,
    REQUIRED = 512,
    UNIQUE = 1024,
    INDEX = 2048
};

static const char *const property_names[] = {"min",       "max",      "min_len", "max_len",
                                             "pattern",   "default",  "names",   "ref",
                                             "on_delete", "required", "unique",  "index"};

#define COMMON (DEFAULT | REQUIRED | UNIQUE | INDEX)

static const struct {
    unsigned allowed, needed;
    size_t size; /* of the C member */
} rules[] = {
    [BW_TYPE_INT] = {COMMON | MIN | MAX, 0, sizeof(int64_t)},
    [BW_TYPE_REAL] = {COMMON | MIN | MAX, 0, sizeof(double)},
    [BW_TYPE_TEXT] = {COMMON | MIN_LEN | MAX_LEN | PATTERN, 0, sizeof(bw_str)},
    [BW_TYPE_BLOB] = {REQUIRED | MIN_LEN | MAX_LEN, 0, sizeof(bw_str)},
    [BW_TYPE_BOOL] = {COMMON, 0, sizeof(bool)},
    [BW_TYPE_TIME] = {COMMON, 0, sizeof(bw_time)},
    [BW_TYPE_JSON] = {DEFAULT | REQUIRED | MIN_LEN | MAX_LEN, 0, sizeof(bw_str)},
    [BW_TYPE_ENUM] = {COMMON | NAMES, NAMES, sizeof(int)},
    [BW_TYPE_REF] = {COMMON | REF | ON_DELETE, REF, sizeof(int64_t)},
    [BW_TYPE_CREATED] = {UNIQUE | INDEX, 0, sizeof(bw_time)},
    [BW_TYPE_MODIFIED] = {UNIQUE | INDEX, 0, sizeof(bw_time)},
    [BW_TYPE_VERSION] = {INDEX, 0, sizeof(int64_t)},
};

#define N_TYPES (sizeof rules / sizeof rules[0])

bool table_wrong(const struct bw_table *def, const struct bw_field *f, struct bw_err *e,
                 const char *fmt, ...)
{
    char why[384];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    const char *table = def->name ? def->name : "";
    if (!f)
        return bw_fail(e, BW_BAD, "table '%s': %s", table, why);
    bw_fail(e, BW_BAD, "table '%s', field '%s': %s", table, f->name, why);
    if (e)
        snprintf(e->field, sizeof e->field, "%s", f->name);
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool name_fits(const char *name)
{
    if (!is_letter(name[0]))
        return false;
    size_t n = 1;
    while (is_letter(name[n]) || (name[n] >= '0' && name[n] <= '9'))
        n++;
    return !name[n] && n <= 63;
}

static unsigned properties(const struct bw_field *f)
{
    return (f->min.set ? MIN : 0u) | (f->max.set ? MAX : 0u) | (f->min_len ? MIN_LEN : 0u) |
           (f->max_len ? MAX_LEN : 0u) | (f->pattern ? PATTERN : 0u) | (f->initial ? DEFAULT : 0u) |
           (f->names ? NAMES : 0u) | (f->ref ? REF : 0u) | (f->on_delete ? ON_DELETE : 0u) |
           (f->required ? REQUIRED : 0u) | (f->unique ? UNIQUE : 0u) | (f->index ? INDEX : 0u);
}

static const char *first_name(unsigned set)
{
    return property_names[__builtin_ctz(set)];
}

static bool check_properties(const struct bw_table *def, const struct bw_field *f, struct bw_err *e)
{
    unsigned has = properties(f), surplus = has & ~rules[f->type].allowed,
             lacking = rules[f->type].needed & ~has;
    if (surplus)
        return table_wrong(def, f, e, "'%s' does not fit a field of type %s", first_name(surplus),
                           type_name(f->type));
    if (lacking)
        return table_wrong(def, f, e, "a field of type %s needs '%s'", type_name(f->type),
                           first_name(lacking));
    if (f->read_only && f->write_only)
        return table_wrong(def, f, e, "it is read-only and write-only: nobody could use it");
    if (f->on_delete == BW_SET_NULL && (f->required || f->initial))
        return table_wrong(def, f, e,
                           "on_delete set_null needs a field that may be null: drop "
                           "'required' and 'default'");
    return true;
}

static bool check_bounds(const struct bw_table *def, const struct bw_field *f, struct bw_err *e)
{
    bool both = f->min.set && f->max.set;
    bool crossed = both && (f->type == BW_TYPE_INT ? f->min.i > f->max.i : f->min.r > f->max.r);
    if (crossed)
        return table_wrong(def, f, e, "min is above max");
    if (f->max_len && f->min_len > f->max_len)
        return table_wrong(def, f, e, "min_len %u is above max_len %u", f->min_len, f->max_len);
    return true;
}

static bool check_names(const struct bw_table *def, const struct bw_field *f, struct bw_err *e)
{
    if (!f->names)
        return true;
    if (!f->names[0])
        return table_wrong(def, f, e, "'names' is empty");
    for (const char *const *n = f->names; *n; n++) {
        if (!**n)
            return table_wrong(def, f, e, "a name is empty");
        for (const char *const *m = f->names; m < n; m++)
            if (bw_str_eq(bw_cstr(*m), bw_cstr(*n)))
                return table_wrong(def, f, e, "the name '%s' stands twice", *n);
    }
    return true;
}

static bool check_member(const struct bw_table *def, const struct bw_field *f, struct bw_err *e)
{
    if (def->size == 0)
        return f->offset == BW_NO_OFFSET ||
               table_wrong(def, f, e, "it has an offset, but the table has no C struct");
    if (f->offset == BW_NO_OFFSET || f->offset > def->size ||
        def->size - f->offset < rules[f->type].size)
        return table_wrong(def, f, e, "it does not lie inside the table's C struct");
    return true;
}

static bool check_field(const struct bw_table *def, const struct bw_field *f, struct bw_err *e)
{
    if (!name_fits(f->name))
        return table_wrong(def, f, e,
                           "a name has letters, digits and '_', 63 at most, and no digit in front");
    if ((unsigned)f->type >= N_TYPES)
        return table_wrong(def, f, e, "its type %d is unknown", (int)f->type);
    if (bw_str_ieq(bw_cstr(f->name), BW_LIT("id")))
        return table_wrong(def, f, e, "every table has an id by itself: leave it out");
    return check_properties(def, f, e) && check_bounds(def, f, e) && check_names(def, f, e) &&
           check_member(def, f, e);
}

bool table_check(const struct bw_table *def, struct bw_err *e)
{
    if (!def->name || !name_fits(def->name))
        return table_wrong(def, NULL, e,
                           "a name has letters, digits and '_', 63 at most, and no digit in front");
    bw_str name = bw_cstr(def->name);
    if (name.n >= 7 && bw_str_ieq(bw_str_of(name.p, 7), BW_LIT("sqlite_")))
        return table_wrong(def, NULL, e, "SQLite keeps names with 'sqlite_' in front for itself");
    if (!def->fields || !def->fields->name)
        return table_wrong(def, NULL, e, "it has no fields");
    if (def->size && (def->id_offset > def->size || def->size - def->id_offset < sizeof(int64_t)))
        return table_wrong(def, NULL, e, "the id does not lie inside its C struct");
    unsigned n = 0, columns = 1;
    for (const struct bw_field *f = def->fields; f->name; f++) {
        if (++n > LIMIT_FIELDS)
            return table_wrong(def, NULL, e, "it has more than %d fields", LIMIT_FIELDS);
        if (!check_field(def, f, e))
            return false;
        columns += f->type == BW_TYPE_BLOB ? 2 : 1;
    }
    return columns <= COLUMNS_MAX ||
           table_wrong(def, NULL, e, "it has too many blobs for its %u fields", n);
}

static bool check_index_field(const struct table *t, const struct bw_index *x, bw_str name,
                              struct column_set *seen, struct bw_err *e)
{
    struct bw_err why = {.code = BW_OK};
    const struct column *c = table_need(t, name, &why);
    if (!c)
        return table_wrong(t->def, NULL, e, "index '%s': %s", x->fields, why.text);
    if (c->type == BW_TYPE_BLOB || c->type == BW_TYPE_JSON)
        return table_wrong(t->def, NULL, e, "index '%s': a field of type %s cannot be indexed",
                           x->fields, type_name(c->type));
    if (column_in(seen, c->index))
        return table_wrong(t->def, NULL, e, "index '%s': '%.*s' stands twice", x->fields,
                           BW_FMT(name));
    column_add(seen, c->index);
    return true;
}

static bool check_index(const struct table *t, const struct bw_index *x, struct bw_err *e)
{
    struct column_set seen = {0};
    bw_str rest = bw_cstr(x->fields), name;
    unsigned n = 0;
    while (bw_str_cut(&rest, ' ', &name)) {
        if (name.n == 0)
            continue;
        if (++n > 8)
            return table_wrong(t->def, NULL, e, "index '%s' has more than 8 fields", x->fields);
        if (!check_index_field(t, x, name, &seen, e))
            return false;
    }
    return n > 0 || table_wrong(t->def, NULL, e, "an index has no fields");
}

bool table_check_indexes(const struct table *t, struct bw_err *e)
{
    for (const struct bw_index *x = t->def->indexes; x && x->fields; x++)
        if (!check_index(t, x, e))
            return false;
    return true;
}
