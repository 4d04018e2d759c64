/* import_angelize.c: *.service and settings files of mORMot's Angelize, whose words are ours:
 * members are copied as strict JSON, in our spelling; unknown ones are told. */
#include "angel/conf_int.h"
#include "angel/import_int.h"

#include "core/near.h"

static void copy(struct bw_json_reader *r, struct bw_json_writer *w, enum bw_json_kind kind);

static void copy_object(struct bw_json_reader *r, struct bw_json_writer *w)
{
    bw_str name;
    bw_json_object(w);
    while (bw_json_member(r, &name)) {
        bw_json_key(w, name);
        copy(r, w, bw_json_next(r));
    }
    bw_json_end(w);
}

static void copy_array(struct bw_json_reader *r, struct bw_json_writer *w)
{
    enum bw_json_kind kind;
    bw_json_array(w);
    while ((kind = bw_json_next(r)) > BW_JSON_END)
        copy(r, w, kind);
    bw_json_end(w);
}

/* One value, without the comments in it. The reader bounds the depth. */
static void copy(struct bw_json_reader *r, struct bw_json_writer *w, enum bw_json_kind kind)
{
    switch (kind) {
    case BW_JSON_OBJECT:
        copy_object(r, w);
        break;
    case BW_JSON_ARRAY:
        copy_array(r, w);
        break;
    case BW_JSON_TEXT:
        bw_json_text(w, r->text);
        break;
    case BW_JSON_BOOL:
        bw_json_bool(w, r->boolean);
        break;
    case BW_JSON_INT:
    case BW_JSON_REAL:
        bw_json_raw(w, r->text);
        break;
    default:
        bw_json_null(w);
    }
}

static const struct option *find(const struct option *t, bw_str name)
{
    for (; t->name; t++) {
        if (bw_str_ieq(bw_cstr(t->name), name))
            return t;
    }
    return NULL;
}

static void tell_unknown(struct import *im, const struct option *t, bw_str name)
{
    struct near n;
    char hint[96];
    near_init(&n, name);
    for (; t->name; t++)
        near_offer(&n, bw_cstr(t->name));
    import_note(im, "'%.*s' is no setting%s", BW_FMT(name), near_hint(&n, hint));
}

/* Every member but Name (which makes the unit) and Services. */
static void take_members(struct import *im, const struct option *t, struct import_unit *u,
                         struct bw_json_reader *r)
{
    bw_str name;
    while (bw_json_member(r, &name)) {
        const struct option *o = find(t, name);
        bw_str said = bw_arena_str(&im->a, name);
        enum bw_json_kind kind = bw_json_next(r);
        if (!o) {
            tell_unknown(im, t, said);
            bw_json_skip(r, kind);
            continue;
        }
        struct bw_buf b;
        struct bw_json_writer w;
        bw_buf_init(&b, 4 << 20);
        bw_json_init(&w, &b);
        copy(r, &w, kind);
        if (!strcmp(o->name, "Name"))
            u->name = bw_arena_cstr(&im->a, r->text);
        else if (o->type != OPT_LIST && strcmp(o->name, "Folder") != 0)
            import_json(im, u, o->name, bw_buf_str(&b));
        bw_buf_release(&b);
    }
}

/* Is there a member of this name? */
static bool has(bw_str text, bw_str wanted)
{
    struct bw_arena a;
    struct bw_json_reader r;
    bw_str name;
    bool found = false;
    bw_arena_init(&a);
    bw_json_open(&r, &a, text);
    r.comments = true;
    if (bw_json_next(&r) == BW_JSON_OBJECT) {
        while (bw_json_member(&r, &name)) {
            found = found || bw_str_ieq(name, wanted);
            bw_json_skip(&r, bw_json_next(&r));
        }
    }
    bw_arena_release(&a);
    return found;
}

static bool read_it(struct import *im, const char *path, bw_str text, struct bw_err *e)
{
    struct bw_json_reader r;
    bool service = has(text, BW_LIT("Name"));
    bw_json_open(&r, &im->a, text);
    r.comments = true;
    if (bw_json_next(&r) != BW_JSON_OBJECT)
        return bw_fail(e, BW_BAD, "%s is no JSON object", path);
    if (!service && has(text, BW_LIT("Services")))
        return bw_fail(e, BW_BAD, "%s has Services already: it works as it is", path);
    if (service)
        take_members(im, conf_unit_keys, import_unit(im, BW_LIT("")), &r);
    else
        take_members(im, conf_main_keys, &im->main, &r);
    return bw_json_finish(&r) || (bw_json_fail(&r, e), bw_because(e, "%s", path));
}

static bool knows(const char *file, bw_str text)
{
    (void)file;
    while (text.n && strchr(" \t\r\n", text.p[0]))
        text = bw_str_of(text.p + 1, text.n - 1);
    return text.n && (text.p[0] == '{' || bw_str_starts(text, BW_LIT("//")) ||
                      bw_str_starts(text, BW_LIT("/*")));
}

const struct importer importer_angelize = {.name = "angelize",
                                           .help = "*.service and settings of Angelize",
                                           .knows = knows,
                                           .read = read_it};
