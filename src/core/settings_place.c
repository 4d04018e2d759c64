/* settings_place.c: where a value stands in a settings text, found again by its path, for errors
 * that are seen only when everything has been read. */
#include "core/settings_int.h"

/* The next part of the path: a member's name, or the number of an item. */
static bool next_part(const char **path, bw_str *name, size_t *item)
{
    const char *p = *path;
    p += *p == '.';
    if (!*p)
        return false;
    if (*p == '[') {
        char *end;
        *item = strtoul(p + 1, &end, 10);
        *name = (bw_str){0};
        *path = *end ? end + 1 : end;
        return true;
    }
    *name = bw_str_of(p, strcspn(p, ".["));
    *path = p + name->n;
    return true;
}

/* Reads on to the beginning of that member's or item's value; its kind, or END when there is none.
 */
static enum bw_json_kind go_to(struct bw_json_reader *r, bw_str name, size_t item)
{
    bw_str is;
    if (!name.p) {
        enum bw_json_kind kind;
        for (size_t i = 0; (kind = bw_json_next(r)) > BW_JSON_END && i < item; i++)
            bw_json_skip(r, kind);
        return kind;
    }
    while (bw_json_member(r, &is)) {
        enum bw_json_kind kind = bw_json_next(r);
        if (bw_str_ieq(is, name))
            return kind;
        bw_json_skip(r, kind);
    }
    return BW_JSON_END;
}

void settings_place(bw_str text, const char *path, unsigned *line, unsigned *column)
{
    struct bw_json_reader r;
    bw_json_open(&r, NULL, text);
    r.comments = true;
    enum bw_json_kind kind = bw_json_next(&r);
    const char *at = r.token;
    bw_str name;
    size_t item;
    while (next_part(&path, &name, &item)) {
        if (kind != (name.p ? BW_JSON_OBJECT : BW_JSON_ARRAY))
            break;
        kind = go_to(&r, name, item);
        if (kind <= BW_JSON_END)
            break;
        at = r.token;
    }
    bw_json_place(&r, at ? at : r.start, line, column);
}
