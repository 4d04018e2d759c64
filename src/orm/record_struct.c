/* record_struct.c: row ↔ C struct, by the offsets of the descriptor. Members are copied with
 * memcpy, so a packed struct works too. */
#include "orm/record.h"

static bw_str text_at(const void *p)
{
    bw_str s;
    memcpy(&s, p, sizeof s);
    return s;
}

static int64_t int_at(const void *p)
{
    int64_t i;
    memcpy(&i, p, sizeof i);
    return i;
}

static struct bw_value real_at(const void *p)
{
    double r;
    memcpy(&r, p, sizeof r);
    return bw_real(r);
}

static struct bw_value bool_at(const void *p)
{
    bool b;
    memcpy(&b, p, sizeof b);
    return bw_int(b);
}

static struct bw_value name_at(const void *p, const char *const *names)
{
    int i, n = 0;
    memcpy(&i, p, sizeof i);
    while (names[n])
        n++;
    if (i == -1)
        return bw_null();
    return i >= 0 && i < n ? bw_text(bw_cstr(names[i])) : bw_int(i);
}

static struct bw_value value_at(const struct column *c, const char *p)
{
    switch (c->type) {
    case BW_TYPE_INT:
        return bw_int(int_at(p));
    case BW_TYPE_REAL:
        return real_at(p);
    case BW_TYPE_TEXT:
    case BW_TYPE_JSON:
        return bw_text(text_at(p));
    case BW_TYPE_BLOB:
        return bw_blob(text_at(p));
    case BW_TYPE_BOOL:
        return bool_at(p);
    case BW_TYPE_ENUM:
        return name_at(p, c->f->names);
    case BW_TYPE_TIME:
    case BW_TYPE_CREATED:
    case BW_TYPE_MODIFIED:
    case BW_TYPE_REF:
    case BW_TYPE_VERSION:
        break;
    }
    int64_t i = int_at(p);
    return i ? bw_int(i) : bw_null();
}

void record_from_struct(const struct table *t, const void *s, struct bw_value *v, int64_t *id)
{
    const char *base = s;
    bw_must(t->def->size);
    int64_t own = int_at(base + t->def->id_offset);
    v[0] = bw_int(own);
    if (id)
        *id = own;
    for (unsigned i = 1; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        v[i] = c->f ? value_at(c, base + c->f->offset) : bw_null();
    }
}

static int index_of(bw_str name, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (bw_str_eq(name, bw_cstr(names[i])))
            return i;
    return -1;
}

static void set_at(const struct column *c, const struct bw_value *v, char *p)
{
    bool text = v->kind == BW_KIND_TEXT || v->kind == BW_KIND_BLOB;
    bw_str s = text ? v->s : (bw_str){0};
    int64_t i = v->kind == BW_KIND_INT ? v->i : 0;
    double r = v->kind == BW_KIND_REAL ? v->r : (double)i;
    bool b = i != 0;
    int name = c->type == BW_TYPE_ENUM && s.p ? index_of(s, c->f->names) : -1;
    switch (c->type) {
    case BW_TYPE_REAL:
        memcpy(p, &r, sizeof r);
        return;
    case BW_TYPE_TEXT:
    case BW_TYPE_JSON:
    case BW_TYPE_BLOB:
        memcpy(p, &s, sizeof s);
        return;
    case BW_TYPE_BOOL:
        memcpy(p, &b, sizeof b);
        return;
    case BW_TYPE_ENUM:
        memcpy(p, &name, sizeof name);
        return;
    default:
        memcpy(p, &i, sizeof i);
    }
}

void record_to_struct(const struct table *t, const struct bw_value *v, void *s)
{
    char *base = s;
    bw_must(t->def->size);
    int64_t id = v[0].kind == BW_KIND_INT ? v[0].i : 0;
    memcpy(base + t->def->id_offset, &id, sizeof id);
    for (unsigned i = 1; i < t->n_columns; i++)
        if (t->columns[i].f)
            set_at(&t->columns[i], &v[i], base + t->columns[i].f->offset);
}
