/* sqlite_error.c: SQLite's result codes as errors a user can act on. Owns nothing. The extended
 * code stays in e->sys, so that a caller can tell a foreign key from a unique rule. */
#include "db/sqlite_int.h"

#include <errno.h>

void sqlite_error_field(const char *message, char *out, size_t size)
{
    out[0] = '\0';
    const char *p = strstr(message, "constraint failed: ");
    if (!p || strncmp(message, "CHECK", 5) == 0)
        return;
    p += sizeof "constraint failed: " - 1;
    size_t n = strcspn(p, ", ");
    if (memchr(p, '.', n) && n < size) { /* else it names an index */
        memcpy(out, p, n);
        out[n] = '\0';
    }
}

static bool constraint(struct sqlite_conn *c, int rc, struct bw_err *e)
{
    const char *message = sqlite3_errmsg(c->db);
    char field[sizeof e->field];
    sqlite_error_field(message, field, sizeof field);
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        bw_fail(e, BW_CONFLICT, "another record has this %s already", field[0] ? field : "value");
        break;
    case SQLITE_CONSTRAINT_NOTNULL:
        bw_fail(e, BW_CONFLICT, "%s must have a value", field);
        break;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        bw_fail(e, BW_CONFLICT,
                "a record would refer to one that is not there; add that one first, or delete "
                "what refers to it first");
        break;
    default:
        bw_fail(e, BW_CONFLICT, "a rule of the database refuses it: %s", message);
    }
    if (e)
        memcpy(e->field, field, sizeof field);
    return false;
}

/* The system's error number of the latest failure on the database or its log; it stays until the
 * connection is opened anew, which it is after every I/O error. */
static int system_error(const struct sqlite_conn *c, int which)
{
    sqlite3_file *f = NULL;
    int sys = 0;
    if (sqlite3_file_control(c->db, "main", which, &f) == SQLITE_OK && f && f->pMethods)
        f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &sys);
    return sys;
}

/* A file system that gives out room late tells of a full disk in the flush only. */
static bool is_full(const struct sqlite_conn *c, int rc)
{
    static const int files[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
    bool full = (rc & 0xff) == SQLITE_FULL;
    for (size_t i = 0; !full && c->db && (rc & 0xff) == SQLITE_IOERR && i < 2; i++) {
        int sys = system_error(c, files[i]);
        full = sys == ENOSPC || sys == EDQUOT;
    }
    return full;
}

/* These reach clients, who need not know where the server keeps its files. */
static const char *short_name(const struct sqlite_conn *c)
{
    const char *slash = strrchr(c->path, '/');
    return slash ? slash + 1 : c->path;
}

static bool by_code(struct sqlite_conn *c, int rc, struct bw_err *e)
{
    const char *message = c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);
    if (is_full(c, rc))
        return bw_fail(e, BW_FULL, "no room on the disk of the database '%s'; free some",
                       short_name(c));
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return bw_fail(e, BW_BUSY, "another process is writing to the database '%s'; try again",
                       short_name(c));
    case SQLITE_TOOBIG:
        return bw_fail(e, BW_TOOBIG, "a value is too large for the database");
    case SQLITE_INTERRUPT:
        return bw_fail(e, BW_LATE, "the statement took too long and was ended");
    case SQLITE_READONLY:
        return bw_fail(e, BW_SYS, "the database '%s' cannot be written to (%s); see its rights",
                       c->path, message);
    case SQLITE_CANTOPEN:
        return bw_fail(e, BW_SYS,
                       "cannot open the database '%s' (%s); see that its folder is there and may "
                       "be written to",
                       c->path, message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return bw_fail(e, BW_SYS,
                       "the file '%s' is damaged or no SQLite database (%s); run `burrow check`, "
                       "restore a backup",
                       c->path, message);
    case SQLITE_IOERR:
        return bw_fail(e, BW_SYS, "the disk failed under the database '%s' (%s)", c->path,
                       sqlite3_errstr(rc));
    default:
        return bw_fail(e, BW_SYS, "the database '%s': %s", c->path, message);
    }
}

bool sqlite_fail(struct sqlite_conn *c, int rc, struct bw_err *e)
{
    int kind = rc & 0xff;
    if (kind == SQLITE_IOERR || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
        kind == SQLITE_CANTOPEN)
        c->broken = true;
    c->full |= is_full(c, rc);
    if (kind == SQLITE_CONSTRAINT)
        constraint(c, rc, e);
    else
        by_code(c, rc, e);
    if (e)
        e->sys = rc;
    return false;
}
