/* tables_json.c: tables from settings JSON into the very structs a C program writes, so everything
 * behind is one code path. Members are lists of name and reader: an unknown one is told with the
 * nearest known. Here is checked what has a place in the text; what needs types and other tables is
 * model_init's. The reader's first error sticks, so most steps go on blindly. */
#include "orm/table.h"

#include "core/near.h"
#include "core/utf8.h"

struct parse {
    struct bw_json_reader in;
    struct bw_table *table;
    struct bw_field *fields, *field; /* of the table; the one being read, else NULL */
    struct bw_index *indexes;
    unsigned at_table, at_field;
    struct bw_bound *fraction; /* a bound of the field written with one: not for int */
};

struct member {
    const char *name;
    void (*read)(struct parse *p);
};

/* "table 'Article', field 'title': ", by number until the name is known. */
static void refuse(struct parse *p, const char *fmt, ...) BW_PRINTF(2, 3);

static void refuse(struct parse *p, const char *fmt, ...)
{
    char why[160], table[80], field[80] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    if (p->table->name)
        snprintf(table, sizeof table, "table '%.63s'", p->table->name);
    else
        snprintf(table, sizeof table, "table number %u", p->at_table + 1);
    if (p->field && p->field->name)
        snprintf(field, sizeof field, ", field '%.63s'", p->field->name);
    else if (p->field)
        snprintf(field, sizeof field, ", field number %u", p->at_field + 1);
    bw_json_refuse(&p->in, "%s%s: %s", table, field, why);
}

static char *keep(struct parse *p, bw_str s)
{
    return bw_arena_cstr(p->in.arena, s);
}

/* ---- single values ---- */

static const char *read_cstr(struct parse *p, const char *name)
{
    if (bw_json_next(&p->in) != BW_JSON_TEXT)
        refuse(p, "'%s' must be a text", name);
    else if (p->in.text.n && memchr(p->in.text.p, 0, p->in.text.n))
        refuse(p, "'%s' must not contain U+0000", name);
    return p->in.failed ? NULL : keep(p, p->in.text);
}

static bool read_flag(struct parse *p, const char *name)
{
    if (bw_json_next(&p->in) != BW_JSON_BOOL)
        refuse(p, "'%s' must be true or false", name);
    return !p->in.failed && p->in.boolean;
}

static unsigned read_length(struct parse *p, const char *name)
{
    bool ok =
        bw_json_next(&p->in) == BW_JSON_INT && p->in.integer >= 0 && p->in.integer <= LIMIT_BLOB;
    if (!ok)
        refuse(p, "'%s' must be a whole number up to %u", name, LIMIT_BLOB);
    return ok ? (unsigned)p->in.integer : 0;
}

static void read_bound(struct parse *p, struct bw_bound *b, const char *name)
{
    enum bw_json_kind k = bw_json_next(&p->in);
    if (k != BW_JSON_INT && k != BW_JSON_REAL) {
        refuse(p, "'%s' must be a number", name);
        return;
    }
    *b = (struct bw_bound){.set = true, .r = p->in.real};
    if (k == BW_JSON_INT)
        b->i = p->in.integer;
    else
        p->fraction = b;
}

/* Index of the text in the list; refuses with the nearest. */
static unsigned read_choice(struct parse *p, const char *name, const char *const *list)
{
    if (bw_json_next(&p->in) != BW_JSON_TEXT) {
        refuse(p, "'%s' must be a text", name);
        return 0;
    }
    struct near near;
    near_init(&near, p->in.text);
    for (unsigned i = 0; list[i]; i++) {
        if (bw_str_eq(bw_cstr(list[i]), p->in.text))
            return i;
        near_offer(&near, bw_cstr(list[i]));
    }
    char hint[96];
    bw_str s = bw_str_of(p->in.text.p, utf8_cut(p->in.text, p->in.text.n < 40 ? p->in.text.n : 40));
    refuse(p, "unknown %s '%.*s'%s", name, BW_FMT(s), near_hint(&near, hint));
    return 0;
}

/* How many elements the array has that was just begun: a look ahead with a copy of the reader. */
static unsigned count_elements(const struct parse *p)
{
    struct bw_json_reader ahead = p->in;
    unsigned n = 0;
    for (enum bw_json_kind k; (k = bw_json_next(&ahead)) != BW_JSON_END && k != BW_JSON_ERROR; n++)
        if (!bw_json_skip(&ahead, k))
            break;
    return n;
}

static const char *const *read_texts(struct parse *p, const char *name)
{
    if (bw_json_next(&p->in) != BW_JSON_ARRAY) {
        refuse(p, "'%s' must be a list of texts", name);
        return NULL;
    }
    unsigned n = count_elements(p), i = 0;
    const char **list = BW_NEW_N(p->in.arena, const char *, n + 1);
    while (bw_json_next(&p->in) == BW_JSON_TEXT && i < n) {
        if (p->in.text.n == 0 || memchr(p->in.text.p, 0, p->in.text.n))
            break;
        list[i++] = keep(p, p->in.text);
    }
    if (i < n)
        refuse(p, "'%s' must be a list of texts, none of them empty", name);
    return list;
}

/* ---- objects ---- */

static const struct member *find_member(const struct member *list, bw_str name, struct near *near)
{
    near_init(near, name);
    for (; list->name; list++) {
        if (bw_str_eq(bw_cstr(list->name), name))
            return list;
        near_offer(near, bw_cstr(list->name));
    }
    return NULL;
}

/* The members of the object just begun, each once. */
static void read_members(struct parse *p, const struct member *list)
{
    uint32_t seen = 0;
    bw_str name;
    while (bw_json_member(&p->in, &name)) {
        struct near near;
        char hint[96];
        const struct member *m = find_member(list, name, &near);
        bw_str s = bw_str_of(name.p, utf8_cut(name, name.n < 40 ? name.n : 40));
        if (!m)
            refuse(p, "unknown member '%.*s'%s", BW_FMT(s), near_hint(&near, hint));
        else if (seen >> (m - list) & 1)
            refuse(p, "'%s' is given twice", m->name);
        else
            m->read(p);
        if (p->in.failed)
            return;
        seen |= UINT32_C(1) << (m - list);
    }
}

/* An array of objects; `each` reads one, whose brace is just open, by its number. */
static unsigned read_objects(struct parse *p, const char *name, unsigned max,
                             void (*begin)(struct parse *p, unsigned n),
                             void (*each)(struct parse *p, unsigned i))
{
    if (bw_json_next(&p->in) != BW_JSON_ARRAY) {
        refuse(p, "'%s' must be a list of objects", name);
        return 0;
    }
    unsigned n = count_elements(p), i = 0;
    if (n > max) {
        refuse(p, "'%s' has %u entries: %u are the most", name, n, max);
        return 0;
    }
    begin(p, n);
    enum bw_json_kind k;
    for (; (k = bw_json_next(&p->in)) == BW_JSON_OBJECT && i < n; i++)
        each(p, i);
    if (k != BW_JSON_END)
        refuse(p, "'%s' must be a list of objects", name);
    return i;
}

/* ---- a field ---- */

static void field_name(struct parse *p)
{
    p->field->name = read_cstr(p, "name");
}

static void field_type(struct parse *p)
{
    const char *names[BW_TYPE_VERSION + 2] = {NULL};
    for (int t = BW_TYPE_INT; t <= BW_TYPE_VERSION; t++)
        names[t] = type_name((enum bw_type)t);
    p->field->type = (enum bw_type)read_choice(p, "type", names);
}

static void field_help(struct parse *p)
{
    p->field->help = read_cstr(p, "help");
}

static void field_required(struct parse *p)
{
    p->field->required = read_flag(p, "required");
}

static void field_unique(struct parse *p)
{
    p->field->unique = read_flag(p, "unique");
}

static void field_index(struct parse *p)
{
    p->field->index = read_flag(p, "index");
}

static void field_read_only(struct parse *p)
{
    p->field->read_only = read_flag(p, "read_only");
}

static void field_write_only(struct parse *p)
{
    p->field->write_only = read_flag(p, "write_only");
}

static void field_min(struct parse *p)
{
    read_bound(p, &p->field->min, "min");
}

static void field_max(struct parse *p)
{
    read_bound(p, &p->field->max, "max");
}

static void field_min_len(struct parse *p)
{
    p->field->min_len = read_length(p, "min_len");
}

static void field_max_len(struct parse *p)
{
    p->field->max_len = read_length(p, "max_len");
}

static void field_pattern(struct parse *p)
{
    p->field->pattern = read_cstr(p, "pattern");
}

static void field_default(struct parse *p)
{
    bw_str raw;
    if (bw_json_whole(&p->in, &raw))
        p->field->initial = keep(p, raw);
}

static void field_names(struct parse *p)
{
    p->field->names = read_texts(p, "names");
}

static void field_ref(struct parse *p)
{
    p->field->ref = read_cstr(p, "ref");
}

static void field_on_delete(struct parse *p)
{
    static const char *const names[] = {"restrict", "cascade", "set_null", NULL};
    p->field->on_delete = (enum bw_on_delete)read_choice(p, "on_delete", names);
}

static const struct member field_members[] = {{"name", field_name},
                                              {"type", field_type},
                                              {"help", field_help},
                                              {"required", field_required},
                                              {"unique", field_unique},
                                              {"index", field_index},
                                              {"read_only", field_read_only},
                                              {"write_only", field_write_only},
                                              {"min", field_min},
                                              {"max", field_max},
                                              {"min_len", field_min_len},
                                              {"max_len", field_max_len},
                                              {"pattern", field_pattern},
                                              {"default", field_default},
                                              {"names", field_names},
                                              {"ref", field_ref},
                                              {"on_delete", field_on_delete},
                                              {NULL, NULL}};

#define NO_TYPE ((enum bw_type)(BW_TYPE_VERSION + 1))

static void begin_fields(struct parse *p, unsigned n)
{
    p->table->fields = p->fields = BW_NEW_N(p->in.arena, struct bw_field, n + 1);
}

static void each_field(struct parse *p, unsigned i)
{
    struct bw_field f = {.offset = BW_NO_OFFSET, .type = NO_TYPE};
    p->field = &f;
    p->at_field = i;
    p->fraction = NULL;
    read_members(p, field_members);
    if (!f.name)
        refuse(p, "it has no name");
    if (f.type == NO_TYPE)
        refuse(p, "it has no type");
    if (f.type == BW_TYPE_INT && p->fraction)
        refuse(p, "'%s' of an int field must be an integer", p->fraction == &f.min ? "min" : "max");
    p->field = NULL;
    p->fields[i] = f;
}

/* ---- a table ---- */

static void begin_indexes(struct parse *p, unsigned n)
{
    p->table->indexes = p->indexes = BW_NEW_N(p->in.arena, struct bw_index, n + 1);
}

static const char *join(struct parse *p, const char *const *names)
{
    bw_str all = BW_LIT("");
    for (; names && *names; names++)
        all = bw_arena_printf(p->in.arena, "%.*s%s%s", BW_FMT(all), all.n ? " " : "", *names);
    return keep(p, all);
}

static void each_index(struct parse *p, unsigned i)
{
    struct bw_index x = {.fields = NULL};
    bw_str name;
    while (bw_json_member(&p->in, &name)) {
        if (bw_str_eq(name, BW_LIT("fields")) && !x.fields)
            x.fields = join(p, read_texts(p, "fields"));
        else if (bw_str_eq(name, BW_LIT("unique")))
            x.unique = read_flag(p, "unique");
        else
            refuse(p, "an index has 'fields' and 'unique', each once, and nothing else");
    }
    if (!x.fields)
        refuse(p, "an index needs 'fields'");
    p->indexes[i] = x;
}

static void table_name(struct parse *p)
{
    p->table->name = read_cstr(p, "name");
}

static void table_help(struct parse *p)
{
    p->table->help = read_cstr(p, "help");
}

static void table_store(struct parse *p)
{
    p->table->store = read_cstr(p, "store");
}

static void table_fields(struct parse *p)
{
    read_objects(p, "fields", LIMIT_FIELDS, begin_fields, each_field);
}

static void table_indexes(struct parse *p)
{
    read_objects(p, "indexes", LIMIT_FIELDS, begin_indexes, each_index);
}

static const struct member table_members[] = {{"name", table_name},     {"help", table_help},
                                              {"fields", table_fields}, {"indexes", table_indexes},
                                              {"store", table_store},   {NULL, NULL}};

static const struct bw_table *read_table(struct parse *p)
{
    p->table = BW_NEW(p->in.arena, struct bw_table);
    read_members(p, table_members);
    if (!p->table->name)
        refuse(p, "it has no name");
    if (!p->table->fields)
        refuse(p, "it has no 'fields'");
    return p->table;
}

static const struct bw_table **read_all(struct parse *p)
{
    if (bw_json_next(&p->in) != BW_JSON_ARRAY) {
        bw_json_refuse(&p->in, "'tables' must be a list of objects");
        return NULL;
    }
    unsigned n = count_elements(p), i = 0;
    if (n > LIMIT_TABLES) {
        bw_json_refuse(&p->in, "%u tables are more than the %d there may be", n, LIMIT_TABLES);
        return NULL;
    }
    const struct bw_table **all = BW_NEW_N(p->in.arena, const struct bw_table *, n + 1);
    enum bw_json_kind k;
    for (; (k = bw_json_next(&p->in)) == BW_JSON_OBJECT && i < n; i++) {
        p->at_table = i;
        all[i] = read_table(p);
    }
    if (k != BW_JSON_END)
        bw_json_refuse(&p->in, "'tables' must be a list of objects");
    return bw_json_finish(&p->in) ? all : NULL;
}

static void fail(struct parse *p, bw_str json, const char *file, bw_str text, struct bw_err *e)
{
    bool inside = text.p && json.p >= text.p && json.p + json.n <= text.p + text.n;
    if (inside)
        p->in.start = text.p;
    unsigned line = 1, column = 1;
    bw_json_place(&p->in, p->in.where ? p->in.where : p->in.at, &line, &column);
    if (file)
        bw_fail(e, BW_BAD, "%s:%u:%u: %s", file, line, column, p->in.why);
    else
        bw_fail(e, BW_BAD, "line %u, column %u: %s", line, column, p->in.why);
}

const struct bw_table **tables_from_json(bw_str json, const char *file, bw_str text,
                                         struct bw_arena *a, struct bw_err *e)
{
    struct parse p = {.table = NULL};
    bw_json_open(&p.in, a, json);
    p.in.comments = true;
    const struct bw_table **all = read_all(&p);
    if (!all || p.in.failed) {
        fail(&p, json, file, text, e);
        return NULL;
    }
    return all;
}
