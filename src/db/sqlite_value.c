/* sqlite_value.c: values into a statement and out of a row. Values are always bound; a text that is
 * read is borrowed from the statement until its next step. */
#include "db/sqlite_int.h"

static int bind_one(sqlite3_stmt *st, int i, const struct bw_value *v, bool copy)
{
    sqlite3_destructor_type keep = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
    switch (v->kind) {
    case BW_NULL:
        return sqlite3_bind_null(st, i);
    case BW_KIND_INT:
        return sqlite3_bind_int64(st, i, v->i);
    case BW_KIND_REAL:
        return sqlite3_bind_double(st, i, v->r);
    case BW_KIND_TEXT:
        return sqlite3_bind_text64(st, i, v->s.p, v->s.n, keep, SQLITE_UTF8);
    case BW_KIND_BLOB:
        return sqlite3_bind_blob64(st, i, v->s.p, v->s.n, keep);
    }
    return SQLITE_MISUSE;
}

bool sqlite_bind(struct sqlite_stmt *st, const struct bw_value *args, unsigned n, bool copy,
                 struct bw_err *e)
{
    int wanted = sqlite3_bind_parameter_count(st->stmt);
    if (wanted != (int)n)
        return bw_fail(e, BW_SYS, "a statement has %d parameters but %u values: %s", wanted, n,
                       st->sql);
    for (unsigned i = 0; i < n; i++) {
        int rc = bind_one(st->stmt, (int)i + 1, &args[i], copy);
        if (rc != SQLITE_OK)
            return sqlite_fail(st->conn, rc, e);
    }
    return true;
}

static inline enum bw_kind give_bytes(struct bw_value *out, enum bw_kind kind, const void *p, int n)
{
    out->s = bw_str_of(p ? p : "", p ? (size_t)n : 0); /* an empty blob is NULL to SQLite */
    return out->kind = kind;
}

/* Through sqlite3_value: one look at the row instead of three. Its connection belongs to one thread
 * at a time and has no mutex, so the value needs no protection. The kind is given back: who read it
 * from `out` would wait for it to be stored. */
static inline enum bw_kind give(sqlite3_value *v, struct bw_value *out)
{
    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
        out->i = sqlite3_value_int64(v);
        return out->kind = BW_KIND_INT;
    case SQLITE_FLOAT:
        out->r = sqlite3_value_double(v);
        return out->kind = BW_KIND_REAL;
    case SQLITE_TEXT: {
        const void *p = sqlite3_value_text(v); /* before the length, as its manual says */
        return give_bytes(out, BW_KIND_TEXT, p, sqlite3_value_bytes(v));
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_value_blob(v);
        return give_bytes(out, BW_KIND_BLOB, p, sqlite3_value_bytes(v));
    }
    default:
        return out->kind = BW_NULL;
    }
}

void sqlite_value(const struct db_rows *r, unsigned column, struct bw_value *out)
{
    give(sqlite3_column_value(((const struct sqlite_stmt *)r)->stmt, (int)column), out);
}

static void fit(struct bw_value *v, enum bw_kind kind)
{
    bool texts = v->kind >= BW_KIND_TEXT && kind >= BW_KIND_TEXT;
    if (texts)
        v->kind = kind;
    else if (v->kind == BW_KIND_INT && kind == BW_KIND_REAL)
        *v = bw_real((double)v->i);
    else
        v->kind = BW_NULL;
}

/* The values of a row are one array to SQLite, in all its versions. Asking for each costs as much
 * as reading it, so the second tells how far they are apart, and where that leads to the last, it
 * holds for those between; and for the next rows, as long as they begin at the same place. 0: ask
 * for each. */
static ptrdiff_t distance(sqlite3_stmt *st, const char *first, unsigned n)
{
    if (n < 4)
        return 0;
    const char *second = (const char *)sqlite3_column_value(st, 1),
               *last = (const char *)sqlite3_column_value(st, (int)n - 1);
    return last - first == (second - first) * (ptrdiff_t)(n - 1) ? second - first : 0;
}

void sqlite_values(struct db_rows *r, const struct db_place *places, unsigned n,
                   struct bw_value *row)
{
    struct sqlite_stmt *st = (struct sqlite_stmt *)r;
    const char *at = (const char *)sqlite3_column_value(st->stmt, 0);
    if (at != st->first) {
        st->first = at;
        st->step = distance(st->stmt, at, r->columns);
    }
    ptrdiff_t step = st->step;
    for (unsigned i = 0; i < n; i++, at += step) {
        struct bw_value *out = &row[places[i].at];
        enum bw_kind kind = give(
            step ? (sqlite3_value *)(uintptr_t)at : sqlite3_column_value(st->stmt, (int)i), out);
        if (kind != places[i].kind && kind != BW_NULL)
            fit(out, places[i].kind);
    }
}
