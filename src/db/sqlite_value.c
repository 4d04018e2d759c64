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

static bw_str bytes(const void *p, int n)
{
    return bw_str_of(p ? p : "", p ? (size_t)n : 0); /* an empty blob is NULL to SQLite */
}

struct bw_value sqlite_value(const struct db_rows *r, unsigned column)
{
    sqlite3_stmt *st = ((const struct sqlite_stmt *)r)->stmt;
    int i = (int)column;
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER:
        return bw_int(sqlite3_column_int64(st, i));
    case SQLITE_FLOAT:
        return bw_real(sqlite3_column_double(st, i));
    case SQLITE_TEXT: {
        const void *p = sqlite3_column_text(st, i); /* before the length, as its manual says */
        return bw_text(bytes(p, sqlite3_column_bytes(st, i)));
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_column_blob(st, i);
        return bw_blob(bytes(p, sqlite3_column_bytes(st, i)));
    }
    default:
        return bw_null();
    }
}
