/* settings.c: JSON objects into structs by tables of options: the walk and the entry points. What
 * one value of each type is stands in settings_value.c; the environment in settings_env.c; the
 * other direction in settings_print.c, settings_schema.c and settings_help.c. A table is constant
 * and made by us: its mistakes are bw_must, a user's are errors with their place. */
#include "core/settings.h"

#include <errno.h>

#include "core/limits.h"
#include "core/near.h"
#include "core/settings_int.h"

/* ---- the path told in errors ---- */

static size_t extend(struct load *l, const char *add, size_t n)
{
    size_t mark = l->path_n, left = sizeof l->path - 1 - l->path_n;
    n = n < left ? n : left;
    memcpy(l->path + l->path_n, add, n);
    l->path_n += n;
    l->path[l->path_n] = 0;
    return mark;
}

size_t settings_enter(struct load *l, const char *name, size_t n)
{
    size_t mark = l->path_n;
    if (mark)
        extend(l, ".", 1);
    extend(l, name, n);
    return mark;
}

size_t settings_enter_item(struct load *l, size_t i)
{
    char text[32];
    return extend(l, text, (size_t)snprintf(text, sizeof text, "[%zu]", i));
}

void settings_leave(struct load *l, size_t mark)
{
    l->path_n = mark;
    l->path[mark] = 0;
}

/* ---- objects ---- */

const struct option *settings_find(const struct option *t, bw_str name, bool fold)
{
    for (; t->name; t++) {
        bw_str is = bw_cstr(t->name);
        if (fold ? bw_str_ieq(is, name) : bw_str_eq(is, name))
            return t;
    }
    return NULL;
}

static bool unknown(struct load *l, const struct option *t, bw_str name)
{
    struct near n;
    char hint[96];
    near_init(&n, name);
    for (; t->name; t++)
        near_offer(&n, bw_cstr(t->name));
    if (name.n > 64)
        name.n = 64;
    return bw_json_refuse(&l->r, "%s%sunknown setting '%.*s'%s", l->path, l->path_n ? ": " : "",
                          BW_FMT(name), near_hint(&n, hint));
}

bool settings_object(struct load *l, const struct option *t, char *out)
{
    bool seen[SETTINGS_OPTIONS_MAX] = {0};
    bw_str name;
    while (bw_json_member(&l->r, &name)) {
        if (!l->path_n && bw_str_eq(name, BW_LIT("$schema"))) { /* an editor's, not ours */
            bw_json_skip(&l->r, bw_json_next(&l->r));
            continue;
        }
        const struct option *o = settings_find(t, name, l->fold);
        if (!o)
            return unknown(l, t, name);
        bw_must(o - t < SETTINGS_OPTIONS_MAX);
        size_t mark = settings_enter(l, o->name, name.n);
        if (seen[o - t])
            return bw_json_refuse(&l->r, "%s is given twice", l->path);
        seen[o - t] = true;
        if (!settings_member(l, o, out + o->offset))
            return false;
        settings_leave(l, mark);
    }
    return !l->r.failed;
}

/* ---- defaults ---- */

static size_t size_of(enum opt_type type)
{
    switch (type) {
    case OPT_BOOL:
        return sizeof(bool);
    case OPT_ENUM:
        return sizeof(int);
    case OPT_REAL:
        return sizeof(double);
    case OPT_TEXT:
    case OPT_RAW:
        return sizeof(bw_str);
    case OPT_CSTR:
    case OPT_TEXTS:
    case OPT_PAIRS:
        return sizeof(char *);
    case OPT_LIST:
    case OPT_MAP:
    case OPT_INTS:
        return sizeof(struct opt_list);
    default:
        return sizeof(int64_t);
    }
}

static void set_default(const struct option *o, void *at, struct bw_arena *a)
{
    memset(at, 0, size_of(o->type));
    if (o->type == OPT_TEXTS ||
        o->type == OPT_PAIRS) { /* empty, so that nobody need look for NULL */
        const char **none = BW_NEW(a, const char *);
        memcpy(at, &none, sizeof none);
    }
    if (!o->initial)
        return;
    struct load l = {.a = a, .defaults = true};
    bw_json_open(&l.r, a, bw_cstr(o->initial));
    bool ok = settings_member(&l, o, at) && bw_json_finish(&l.r);
    if (!ok)
        fprintf(stderr, "default of option '%s': %s\n", o->name, l.r.why);
    bw_must(ok);
}

void settings_defaults(const struct option *t, void *out, struct bw_arena *a)
{
    for (; t->name; t++) {
        char *at = (char *)out + t->offset;
        if (t->type == OPT_SECTION)
            settings_defaults(t->options, at, a);
        else
            set_default(t, at, a);
    }
}

/* ---- files ---- */

static bool tell(const struct load *l, const char *file, struct bw_err *e)
{
    unsigned line, column;
    bw_json_place(&l->r, l->r.where, &line, &column);
    bw_fail(e, BW_BAD, "%s:%u:%u: %s", file, line, column, l->r.why);
    if (e)
        snprintf(e->field, sizeof e->field, "%.63s", l->path);
    return false;
}

bool settings_parse(const struct settings *s, const char *file, bw_str text, struct bw_err *e)
{
    struct load l = {.a = s->arena, .fold = s->fold};
    bw_json_open(&l.r, s->arena, text);
    l.r.comments = true;
    enum bw_json_kind kind = bw_json_next(&l.r);
    if (!l.r.failed && kind != BW_JSON_OBJECT)
        bw_json_refuse(&l.r, "settings are one JSON object: { ... }");
    if (!l.r.failed && settings_object(&l, s->options, s->out) && bw_json_finish(&l.r))
        return true;
    return tell(&l, file, e);
}

static bool read_file(FILE *f, const char *path, struct bw_buf *b, struct bw_err *e)
{
    char part[8192];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) {
        bw_buf_add(b, part, n);
        if (!bw_buf_ok(b))
            return bw_fail(e, BW_TOOBIG, "the settings file '%s' is larger than %u MiB", path,
                           LIMIT_SETTINGS >> 20);
    }
    return !ferror(f) || bw_fail_sys(e, errno, "reading the settings file '%s'", path);
}

bool settings_load(const struct settings *s, const char *path, struct bw_err *e)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return bw_fail_sys(e, errno, "opening the settings file '%s'", path);
    struct bw_buf b;
    bw_buf_init(&b, LIMIT_SETTINGS);
    bool ok = read_file(f, path, &b, e);
    fclose(f);
    ok = ok && settings_parse(s, path, bw_buf_str(&b), e);
    bw_buf_release(&b);
    return ok;
}

/* ---- one value ---- */

static bool no_setting(const struct option *t, bw_str key, bw_str name, struct bw_err *e)
{
    struct near n;
    char hint[96];
    near_init(&n, name);
    for (; t->name; t++)
        near_offer(&n, bw_cstr(t->name));
    return bw_fail(e, BW_BAD, "there is no setting '%.*s'%s", BW_FMT(key), near_hint(&n, hint));
}

/* Goes down to the option that key names; *at is its member then. NULL with an error. */
static const struct option *walk(struct load *l, const struct option *t, bw_str key, char **at,
                                 struct bw_err *e)
{
    const struct option *o = NULL, *in = t;
    bw_str rest = key, name;
    while (bw_str_cut(&rest, '.', &name)) {
        if (o && o->type != OPT_SECTION) {
            bw_fail(e, BW_BAD, "'%s' has no parts to be set one by one: give it whole, as JSON",
                    l->path);
            return NULL;
        }
        o = settings_find(in, name, l->fold);
        if (!o) {
            no_setting(in, key, name, e);
            return NULL;
        }
        in = o->options;
        *at += o->offset;
        settings_enter(l, o->name, name.n);
    }
    return o;
}

bool settings_set(const struct settings *s, bw_str key, bw_str value, struct bw_err *e)
{
    struct load l = {.a = s->arena, .fold = s->fold};
    char *at = s->out;
    const struct option *o = walk(&l, s->options, key, &at, e);
    if (!o || settings_bare(&l, o, at, value))
        return o != NULL;
    bw_fail(e, BW_BAD, "%s", l.r.why);
    if (e)
        snprintf(e->field, sizeof e->field, "%.63s", l.path);
    return false;
}

/* ---- required ones ---- */

static bool empty(const struct option *o, const char *at)
{
    static const char zeros[sizeof(bw_str)];
    switch (o->type) {
    case OPT_CSTR: {
        const char *z;
        memcpy(&z, at, sizeof z);
        return !z || !*z;
    }
    case OPT_TEXT:
    case OPT_RAW:
        return ((const bw_str *)(const void *)at)->n == 0;
    case OPT_TEXTS:
    case OPT_PAIRS:
        return **(const char *const *const *)(const void *)at == NULL;
    case OPT_LIST:
    case OPT_MAP:
    case OPT_INTS:
        return ((const struct opt_list *)(const void *)at)->n == 0;
    case OPT_BOOL:
    case OPT_ENUM:
        return false; /* every value is one */
    default:
        return memcmp(at, zeros, size_of(o->type)) == 0;
    }
}

const struct option *settings_lacks(const struct option *t, const char *in)
{
    for (; t->name; t++) {
        if (t->type != OPT_SECTION && t->required && empty(t, in + t->offset))
            return t;
    }
    return NULL;
}

static bool check_table(struct load *l, const struct option *t, const char *in)
{
    const struct option *lacking = settings_lacks(t, in);
    if (lacking) {
        settings_enter(l, lacking->name, strlen(lacking->name));
        return false;
    }
    for (; t->name; t++) {
        if (t->type != OPT_SECTION)
            continue;
        size_t mark = settings_enter(l, t->name, strlen(t->name));
        if (!check_table(l, t->options, in + t->offset))
            return false;
        settings_leave(l, mark);
    }
    return true;
}

bool settings_check(const struct option *t, const void *out, struct bw_err *e)
{
    struct load l = {0};
    if (check_table(&l, t, out))
        return true;
    bw_fail(e, BW_BAD, "the setting '%s' is required: give it in the settings file", l.path);
    if (e)
        snprintf(e->field, sizeof e->field, "%.63s", l.path);
    return false;
}
