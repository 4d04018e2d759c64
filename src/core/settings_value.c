/* settings_value.c: one value of each type, from JSON or from a bare word. Errors say what the
 * option takes and what stood there; a secret's value is never repeated. */
#include "core/near.h"
#include "core/quantity.h"
#include "core/settings_int.h"

#define SAID_MAX  40   /* bytes of a user's text repeated in an error */
#define PAIRS_MAX 1000 /* of one option */

/* ---- errors ---- */

static void describe_found(const struct load *l, const struct option *o, enum bw_json_kind kind,
                           char out[64])
{
    static const char *const names[] = {
        [BW_JSON_NULL] = "null", [BW_JSON_ARRAY] = "an array", [BW_JSON_OBJECT] = "an object"};
    bw_str s = l->r.text;
    s.n = s.n > SAID_MAX ? SAID_MAX : s.n;
    if (kind == BW_JSON_BOOL)
        snprintf(out, 64, "%s", l->r.boolean ? "true" : "false");
    else if (kind != BW_JSON_INT && kind != BW_JSON_REAL && kind != BW_JSON_TEXT)
        snprintf(out, 64, "%s", names[kind]);
    else if (o->secret)
        snprintf(out, 64, "something else");
    else if (kind == BW_JSON_TEXT)
        snprintf(out, 64, "'%.*s'", BW_FMT(s));
    else
        snprintf(out, 64, "%.*s", BW_FMT(s));
}

void settings_describe(const struct option *o, struct bw_buf *b)
{
    static const char *const takes[] = {
        [OPT_BOOL] = "true or false",
        [OPT_INT] = "a whole number",
        [OPT_REAL] = "a number",
        [OPT_SIZE] = "a size like 4096, \"64K\" or \"16 MiB\"",
        [OPT_DURATION] = "a duration like 30 (seconds), \"250ms\" or \"2h\"",
        [OPT_TEXT] = "a text",
        [OPT_CSTR] = "a text",
        [OPT_ENUM] = "one of ",
        [OPT_SECTION] = "an object",
        [OPT_LIST] = "an array of objects",
        [OPT_MAP] = "an object of objects",
        [OPT_TEXTS] = "a text or an array of texts",
        [OPT_INTS] = "a whole number or an array of them",
        [OPT_PAIRS] = "an object of texts, or texts like \"NAME=value\"",
        [OPT_RAW] = "JSON",
    };
    bw_buf_put(b, bw_cstr(takes[o->type]));
    for (const char *const *n = o->names; o->type == OPT_ENUM && *n; n++) {
        bw_buf_put(b, bw_cstr(n == o->names ? "" : n[1] ? ", " : " or "));
        bw_buf_printf(b, "\"%s\"", *n);
    }
}

static bool is_long(const struct option *o)
{
    size_t n = 0;
    while (o->type == OPT_ENUM && o->names[n])
        n++;
    return n > 10;
}

static bool wrong(struct load *l, const struct option *o, enum bw_json_kind kind, const char *hint)
{
    char found[64];
    struct bw_buf takes;
    if (l->r.failed)
        return false;
    describe_found(l, o, kind, found);
    bw_buf_init(&takes, 200);
    if (is_long(o)) /* the nearest says more than all of them */
        bw_buf_put(&takes, BW_LIT("one of the words it takes"));
    else
        settings_describe(o, &takes);
    bw_json_refuse(&l->r, "%s must be %s, is %s%s", l->path, bw_buf_cstr(&takes), found, hint);
    bw_buf_release(&takes);
    return false;
}

/* ---- numbers ---- */

void settings_write_number(const struct option *o, int64_t v, struct bw_buf *b)
{
    if (o->type == OPT_SIZE && v > 0)
        quantity_write_size(b, v);
    else if (o->type == OPT_DURATION && v > 0)
        quantity_write_duration(b, v);
    else
        bw_buf_int(b, v);
}

bool settings_has_max(const struct option *o)
{
    return (o->min || o->max) && o->max >= o->min && o->max < INT64_MAX;
}

static bool out_of_range(struct load *l, const struct option *o, int64_t v)
{
    struct bw_buf low, high, is;
    bw_buf_init(&low, 64);
    bw_buf_init(&high, 64);
    bw_buf_init(&is, 64);
    settings_write_number(o, o->min, &low);
    settings_write_number(o, o->max, &high);
    settings_write_number(o, v, &is);
    if (settings_has_max(o))
        bw_json_refuse(&l->r, "%s must be between %s and %s, is %s", l->path, bw_buf_cstr(&low),
                       bw_buf_cstr(&high), o->secret ? "not" : bw_buf_cstr(&is));
    else
        bw_json_refuse(&l->r, "%s must be at least %s, is %s", l->path, bw_buf_cstr(&low),
                       o->secret ? "less" : bw_buf_cstr(&is));
    bw_buf_release(&low);
    bw_buf_release(&high);
    bw_buf_release(&is);
    return false;
}

static bool store_number(struct load *l, const struct option *o, void *at, int64_t v)
{
    bool limited = o->min || o->max;
    if (limited && (v < o->min || (settings_has_max(o) && v > o->max)))
        return out_of_range(l, o, v);
    memcpy(at, &v, sizeof v);
    return true;
}

static bool read_int(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    if (kind != BW_JSON_INT)
        return wrong(l, o, kind, "");
    return store_number(l, o, at, l->r.integer);
}

static bool read_real(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    if (kind != BW_JSON_INT && kind != BW_JSON_REAL)
        return wrong(l, o, kind, "");
    memcpy(at, &l->r.real, sizeof l->r.real);
    return true;
}

static bool read_size(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    int64_t v = l->r.integer;
    bool ok = kind == BW_JSON_INT    ? v >= 0
              : kind == BW_JSON_TEXT ? quantity_parse_size(l->r.text, &v)
                                     : false;
    return ok ? store_number(l, o, at, v) : wrong(l, o, kind, "");
}

/* A number is taken as written, so that 0.1 is 100 ms exactly. */
static bool read_duration(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    int64_t v = 0;
    bool number = kind == BW_JSON_INT || kind == BW_JSON_REAL;
    bool ok = (number || kind == BW_JSON_TEXT) && quantity_parse_duration(l->r.text, &v);
    return ok ? store_number(l, o, at, v) : wrong(l, o, kind, "");
}

/* ---- words ---- */

static bool read_bool(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    if (kind != BW_JSON_BOOL)
        return wrong(l, o, kind, "");
    memcpy(at, &l->r.boolean, sizeof(bool));
    return true;
}

static bool read_enum(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    struct near n;
    char hint[96];
    if (kind != BW_JSON_TEXT)
        return wrong(l, o, kind, "");
    near_init(&n, l->r.text);
    for (int i = 0; o->names[i]; i++) {
        bw_str is = bw_cstr(o->names[i]);
        if (l->fold ? bw_str_ieq(is, l->r.text) : bw_str_eq(is, l->r.text)) {
            memcpy(at, &i, sizeof i);
            return true;
        }
        near_offer(&n, bw_cstr(o->names[i]));
    }
    return wrong(l, o, kind, near_hint(&n, hint));
}

static bool no_nul(struct load *l)
{
    if (l->r.text.n && memchr(l->r.text.p, 0, l->r.text.n))
        return bw_json_refuse(&l->r, "%s must not contain \\u0000", l->path);
    return true;
}

/* null takes the text away. */
static bool read_text(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    bw_str s = {0};
    if (kind != BW_JSON_TEXT && kind != BW_JSON_NULL)
        return wrong(l, o, kind, "");
    if (!no_nul(l))
        return false;
    if (kind == BW_JSON_TEXT)
        s = bw_arena_str(l->a, l->r.text);
    memcpy(at, &s, sizeof s);
    return true;
}

static bool read_cstr(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    bw_str s = {0};
    if (!read_text(l, o, &s, kind))
        return false;
    memcpy(at, &s.p, sizeof s.p);
    return true;
}

/* ---- many ---- */

/* Room for item number n, not initialised; arrays grow by doubling within the arena. */
static void *item_room(struct load *l, void **items, size_t n, size_t size)
{
    if (n == 0 || (n & (n - 1)) == 0) {
        void *more = bw_arena_alloc(l->a, (n ? n * 2 : 1) * size);
        if (n)
            memcpy(more, *items, n * size);
        *items = more;
    }
    return (char *)*items + n * size;
}

static const char **text_room(struct load *l, void **items, size_t n)
{
    return item_room(l, items, n, sizeof(const char *));
}

static bool split_words(struct load *l, void **items, size_t *n)
{
    bw_str all = l->r.text, part;
    while (all.n && bw_str_cut(&all, ',', &part)) {
        part = bw_str_trim(part);
        if (part.n)
            *text_room(l, items, (*n)++) = bw_arena_cstr(l->a, part);
    }
    return true;
}

static bool split_text(struct load *l, const struct option *o, void *at)
{
    struct bw_err e = {0};
    const char **items = o->split(l->r.text, l->a, &e);
    if (!items)
        return bw_json_refuse(&l->r, "%s: %s", l->path, e.text);
    memcpy(at, &items, sizeof items);
    return true;
}

static bool read_texts(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    void *items = NULL;
    size_t n = 0;
    if (kind == BW_JSON_TEXT) {
        if (!no_nul(l))
            return false;
        if (o->split)
            return split_text(l, o, at);
        if (l->bare)
            split_words(l, &items, &n);
        else
            *text_room(l, &items, n++) = bw_arena_cstr(l->a, l->r.text);
    } else if (kind == BW_JSON_ARRAY) {
        while ((kind = bw_json_next(&l->r)) != BW_JSON_END) {
            if (kind != BW_JSON_TEXT)
                return wrong(l, o, kind, "");
            if (!no_nul(l))
                return false;
            *text_room(l, &items, n++) = bw_arena_cstr(l->a, l->r.text);
        }
    } else {
        return wrong(l, o, kind, "");
    }
    *text_room(l, &items, n) = NULL;
    memcpy(at, &items, sizeof items);
    return true;
}

static bool read_ints(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    struct opt_list list = {0};
    bool many = kind == BW_JSON_ARRAY;
    if (many)
        kind = bw_json_next(&l->r);
    for (; kind != BW_JSON_END; kind = many ? bw_json_next(&l->r) : BW_JSON_END) {
        if (!read_int(l, o, item_room(l, &list.items, list.n++, sizeof(int64_t)), kind))
            return false;
    }
    memcpy(at, &list, sizeof list);
    return true;
}

/* ---- pairs ---- */

static bool pair_value(struct load *l, const struct option *o, bw_str *value)
{
    enum bw_json_kind kind = bw_json_next(&l->r);
    *value = l->r.text;
    if (kind == BW_JSON_BOOL)
        *value = l->r.boolean ? BW_LIT("true") : BW_LIT("false");
    else if (kind != BW_JSON_TEXT && kind != BW_JSON_INT && kind != BW_JSON_REAL)
        return wrong(l, o, kind, "");
    return kind != BW_JSON_TEXT || no_nul(l);
}

/* Is the name of the last one new? */
static bool is_new(const char *const *items, size_t last)
{
    size_t n = (size_t)(strchr(items[last], '=') - items[last]) + 1;
    for (size_t i = 0; i < last; i++) {
        if (!strncmp(items[i], items[last], n))
            return false;
    }
    return true;
}

static bool are_pairs(struct load *l, const char *const *items)
{
    for (size_t i = 0; items[i]; i++) {
        const char *equal = strchr(items[i], '=');
        if (!equal || equal == items[i])
            return bw_json_refuse(&l->r, "%s must be like \"NAME=value\"", l->path);
        if (i >= PAIRS_MAX)
            return bw_json_refuse(&l->r, "%s has more than %d", l->path, PAIRS_MAX);
        if (!is_new(items, i))
            return bw_json_refuse(&l->r, "%s gives '%.*s' twice", l->path, (int)(equal - items[i]),
                                  items[i]);
    }
    return true;
}

static bool read_pairs(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    void *items = NULL;
    size_t n = 0;
    bw_str name, value;
    if (kind == BW_JSON_TEXT || kind == BW_JSON_ARRAY)
        return read_texts(l, o, at, kind) && are_pairs(l, *(const char *const **)at);
    if (kind != BW_JSON_OBJECT)
        return wrong(l, o, kind, "");
    while (bw_json_member(&l->r, &name)) {
        if (!name.n || memchr(name.p, 0, name.n) || memchr(name.p, '=', name.n))
            return bw_json_refuse(&l->r, "%s: a name must not be empty or contain '='", l->path);
        size_t mark = settings_enter(l, name.p, name.n < 64 ? name.n : 64);
        if (!pair_value(l, o, &value))
            return false;
        settings_leave(l, mark);
        *text_room(l, &items, n++) =
            bw_arena_printf(l->a, "%.*s=%.*s", BW_FMT(name), BW_FMT(value)).p;
    }
    *text_room(l, &items, n) = NULL;
    memcpy(at, &items, sizeof items);
    return !l->r.failed && are_pairs(l, items);
}

/* One object into a new item; the place of a missing member is where the item begins. */
static bool read_item(struct load *l, const struct option *t, char *item)
{
    const char *token = l->r.token;
    if (!settings_object(l, t, item))
        return false;
    const struct option *lacking = settings_lacks(t, item);
    l->r.token = token;
    return !lacking || bw_json_refuse(&l->r, "%s lacks '%s'", l->path, lacking->name);
}

static bool read_list(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    struct opt_list list = {0};
    if (kind != BW_JSON_ARRAY)
        return wrong(l, o, kind, "");
    while ((kind = bw_json_next(&l->r)) != BW_JSON_END) {
        size_t mark = settings_enter_item(l, list.n);
        if (kind != BW_JSON_OBJECT)
            return l->r.failed ? false : bw_json_refuse(&l->r, "%s must be an object", l->path);
        char *item = item_room(l, &list.items, list.n++, o->item_size);
        memset(item, 0, o->item_size);
        settings_defaults(o->options, item, l->a);
        if (!read_item(l, o->options, item))
            return false;
        settings_leave(l, mark);
    }
    memcpy(at, &list, sizeof list);
    return true;
}

static bool is_listed(const struct opt_list *list, const struct option *o, bw_str name)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *z;
        memcpy(&z, (char *)list->items + i * o->item_size + o->options->offset, sizeof z);
        if (bw_str_eq(bw_cstr(z), name))
            return true;
    }
    return false;
}

static bool read_named(struct load *l, const struct option *o, struct opt_list *list, bw_str name)
{
    if (memchr(name.p, 0, name.n) || !name.n)
        return bw_json_refuse(&l->r, "%s: a name must not be empty or contain \\u0000", l->path);
    bool twice = is_listed(list, o, name);
    size_t mark = settings_enter(l, name.p, name.n < 64 ? name.n : 64);
    if (twice)
        return bw_json_refuse(&l->r, "%s is given twice", l->path);
    const char *z = bw_arena_cstr(l->a, name);
    enum bw_json_kind kind = bw_json_next(&l->r);
    if (kind != BW_JSON_OBJECT)
        return l->r.failed ? false : bw_json_refuse(&l->r, "%s must be an object", l->path);
    char *item = item_room(l, &list->items, list->n, o->item_size);
    memset(item, 0, o->item_size);
    settings_defaults(o->options, item, l->a);
    memcpy(item + o->options->offset, &z, sizeof z);
    list->n++;
    if (!read_item(l, o->options + 1, item))
        return false;
    settings_leave(l, mark);
    return true;
}

static bool read_map(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    struct opt_list list = {0};
    bw_str name;
    bw_must(o->options->type == OPT_CSTR);
    if (kind != BW_JSON_OBJECT)
        return wrong(l, o, kind, "");
    while (bw_json_member(&l->r, &name)) {
        if (!read_named(l, o, &list, name))
            return false;
    }
    memcpy(at, &list, sizeof list);
    return !l->r.failed;
}

static bool read_section(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    if (kind != BW_JSON_OBJECT && o->brief && !l->r.failed)
        return settings_value(l, o->options, (char *)at + o->options->offset, kind);
    if (kind != BW_JSON_OBJECT)
        return wrong(l, o, kind, "");
    return settings_object(l, o->options, at);
}

/* ---- raw ---- */

/* Behind the text whose opening quote is at p. */
static char *text_end(char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static char *blank_comment(char *p, const char *end)
{
    bool line = p[1] == '/';
    char *from = p;
    for (; p < end; p++) {
        if (line ? *p == '\n' : p - from >= 3 && p[-1] == '*' && *p == '/')
            break;
    }
    const char *stop = p < end && !line ? p + 1 : p;
    for (p = from; p < stop; p++) {
        if (*p != '\n')
            *p = ' ';
    }
    return p;
}

/* Turns checked JSON with comments and trailing commas into strict JSON of the same length, so that
 * places in it stay right. */
static void make_strict(char *p, const char *end)
{
    char *comma = NULL;
    while (p < end) {
        if (*p == '/') {
            p = blank_comment(p, end);
            continue;
        }
        if (comma && (*p == '}' || *p == ']'))
            *comma = ' ';
        if (*p == '"') {
            comma = NULL;
            p = text_end(p, end);
            continue;
        }
        if (*p == ',')
            comma = p;
        else if (*p != ' ' && *p != '\t' && *p != '\n' && *p != '\r')
            comma = NULL;
        p++;
    }
}

static bool store_raw(struct load *l, void *at, bw_str raw)
{
    bw_str s = bw_arena_str(l->a, raw);
    if (l->r.comments)
        make_strict((char *)s.p, s.p + s.n);
    memcpy(at, &s, sizeof s);
    return true;
}

/* ---- all ---- */

typedef bool read_fn(struct load *l, const struct option *o, void *at, enum bw_json_kind kind);

static read_fn *const readers[] = {
    [OPT_BOOL] = read_bool, [OPT_INT] = read_int,           [OPT_REAL] = read_real,
    [OPT_SIZE] = read_size, [OPT_DURATION] = read_duration, [OPT_TEXT] = read_text,
    [OPT_CSTR] = read_cstr, [OPT_ENUM] = read_enum,         [OPT_SECTION] = read_section,
    [OPT_LIST] = read_list, [OPT_MAP] = read_map,           [OPT_TEXTS] = read_texts,
    [OPT_INTS] = read_ints, [OPT_PAIRS] = read_pairs,
};

static bool check_value(struct load *l, const struct option *o, const void *at, const char *token)
{
    struct bw_err e = {0};
    if (!o->check || l->defaults || o->check(at, &e))
        return true;
    l->r.token = token;
    return bw_json_refuse(&l->r, "%s: %s", l->path, e.text);
}

bool settings_value(struct load *l, const struct option *o, void *at, enum bw_json_kind kind)
{
    const char *token = l->r.token;
    if (kind == BW_JSON_ERROR)
        return false;
    return readers[o->type](l, o, at, kind) && check_value(l, o, at, token);
}

bool settings_member(struct load *l, const struct option *o, void *at)
{
    bw_str raw;
    if (o->type != OPT_RAW)
        return settings_value(l, o, at, bw_json_next(&l->r));
    if (!bw_json_whole(&l->r, &raw))
        return false;
    if (bw_str_eq(raw, BW_LIT("null"))) { /* as it is printed when it was not set */
        *(bw_str *)at = bw_str_of(NULL, 0);
        return true;
    }
    return store_raw(l, at, raw) && check_value(l, o, at, l->r.token);
}

/* ---- bare words ---- */

static bool is_textual(enum opt_type t)
{
    return t == OPT_TEXT || t == OPT_CSTR || t == OPT_ENUM || t == OPT_SIZE || t == OPT_DURATION ||
           t == OPT_TEXTS || t == OPT_PAIRS;
}

static bw_str bool_word(bw_str value)
{
    static const char *const words[] = {"0", "no", "off", "1", "yes", "on"};
    for (size_t i = 0; i < 6; i++) {
        if (bw_str_ieq(value, bw_cstr(words[i])))
            return i < 3 ? BW_LIT("false") : BW_LIT("true");
    }
    return value;
}

/* A text needs its quotes only where it would be taken for something else; a "[::1]:80" is no JSON,
 * so it is a word. */
static bool fits_json(const struct option *o, bw_str value)
{
    bool quoted = value.n && (value.p[0] == '"' || (value.p[0] == '[' && o->type == OPT_TEXTS) ||
                              ((value.p[0] == '[' || value.p[0] == '{') && o->type == OPT_PAIRS));
    return (!is_textual(o->type) || quoted) && bw_json_valid(value, BW_JSON_DEPTH);
}

bool settings_bare(struct load *l, const struct option *o, void *at, bw_str value)
{
    if (o->type == OPT_BOOL)
        value = bool_word(value);
    bw_json_open(&l->r, l->a, value);
    if (fits_json(o, value))
        return settings_member(l, o, at) && bw_json_finish(&l->r);
    l->bare = true;
    l->r.text = value;
    if (o->type == OPT_RAW)
        return wrong(l, o, BW_JSON_TEXT, "");
    return settings_value(l, o, at, BW_JSON_TEXT);
}
