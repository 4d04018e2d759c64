/* sqlite_stmt.c: the prepared statements of one connection, found by their text, the latest used
 * kept. A statement that runs already is not shared: the second run gets its own, not kept. */
#include "db/sqlite_int.h"

/* Texts come from orm/, not from peers, so the hash needs no key. */
static uint64_t hash_text(const char *p, size_t n)
{
    uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15);
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = (h ^ word) * UINT64_C(0x9fb21c651e98df25);
        h ^= h >> 32;
    }
    uint64_t tail = 0;
    memcpy(&tail, p, n);
    h = (h ^ tail) * UINT64_C(0x9fb21c651e98df25);
    return h ^ (h >> 29);
}

static struct sqlite_stmt **bucket(struct sqlite_conn *c, uint64_t hash)
{
    return &c->buckets[hash % SQLITE_STATEMENTS];
}

static void drop(struct sqlite_stmt *st)
{
    sqlite3_finalize(st->stmt);
    free(st);
}

static void forget(struct sqlite_stmt *st)
{
    struct sqlite_conn *c = st->conn;
    struct sqlite_stmt **at = bucket(c, st->hash);
    while (*at != st)
        at = &(*at)->chain;
    *at = st->chain;
    list_remove(&st->lru);
    c->cached--;
}

static void keep(struct sqlite_stmt *st)
{
    struct sqlite_conn *c = st->conn;
    struct list *last = c->lru.prev;
    if (c->cached == SQLITE_STATEMENTS) {
        struct sqlite_stmt *old = LIST_OWNER(last, struct sqlite_stmt, lru);
        if (old->busy)
            return; /* rare: the new one is not kept then */
        forget(old);
        drop(old);
    }
    st->cached = true;
    st->chain = *bucket(c, st->hash);
    *bucket(c, st->hash) = st;
    list_push_front(&c->lru, &st->lru);
    c->cached++;
}

/* Sorting a large set is one operation of SQLite's machine, during which no progress handler is
 * called: the one way to see whether a statement has it is to look at its program. (A query with a
 * LIMIT sorts row by row into a bounded tree and has none.) */
static bool has_sort(struct sqlite_conn *c, const char *sql)
{
    char *text = sqlite3_mprintf("EXPLAIN %s", sql);
    sqlite3_stmt *st = NULL;
    bool found = false;
    if (text && sqlite3_prepare_v2(c->db, text, -1, &st, NULL) == SQLITE_OK) {
        while (!found && sqlite3_step(st) == SQLITE_ROW) {
            const char *op = (const char *)sqlite3_column_text(st, 1);
            found = op && strcmp(op, "SorterSort") == 0;
        }
    }
    sqlite3_finalize(st);
    sqlite3_free(text);
    return found;
}

static struct sqlite_stmt *prepare(struct sqlite_conn *c, const char *sql, size_t n,
                                   struct bw_err *e)
{
    struct sqlite_stmt *st = calloc(1, sizeof *st + n + 1);
    bw_must(st);
    st->conn = c;
    st->n = n;
    memcpy(st->sql, sql, n + 1);
    list_init(&st->lru);
    const char *tail = NULL;
    int rc =
        sqlite3_prepare_v3(c->db, sql, (int)n + 1, SQLITE_PREPARE_PERSISTENT, &st->stmt, &tail);
    if (rc != SQLITE_OK || !st->stmt || tail[strspn(tail, " \t\r\n;")]) {
        if (rc != SQLITE_OK)
            sqlite_fail(c, rc, e);
        else
            bw_fail(e, BW_SYS, "exactly one SQL statement is wanted: %s", sql);
        drop(st);
        return NULL;
    }
    st->rows.kind = &db_driver_sqlite;
    st->sorts = c->reader && has_sort(c, sql);
    return st;
}

struct sqlite_stmt *sqlite_stmt_get(struct sqlite_conn *c, const char *sql, struct bw_err *e)
{
    size_t n = strlen(sql);
    uint64_t hash = hash_text(sql, n);
    struct sqlite_stmt *st = *bucket(c, hash);
    while (st && !(st->hash == hash && st->n == n && memcmp(st->sql, sql, n) == 0))
        st = st->chain;
    if (st && !st->busy) {
        list_remove(&st->lru);
        list_push_front(&c->lru, &st->lru);
    } else {
        bool twin = st != NULL;
        st = prepare(c, sql, n, e);
        if (!st)
            return NULL;
        st->hash = hash;
        if (!twin)
            keep(st);
    }
    st->busy = true;
    c->running++;
    st->stepped = st->yielded = st->done = false;
    st->rows.columns = (unsigned)sqlite3_column_count(st->stmt);
    return st;
}

void sqlite_stmt_put(struct sqlite_stmt *st)
{
    st->conn->running--;
    if (!st->cached) {
        drop(st);
        return;
    }
    if (st->stepped)
        st->slow = st->yielded;
    sqlite3_reset(st->stmt);
    sqlite3_clear_bindings(st->stmt);
    st->busy = false;
}

void sqlite_stmt_clear(struct sqlite_conn *c)
{
    for (struct list *n = c->lru.next; n != &c->lru;) {
        struct sqlite_stmt *st = LIST_OWNER(n, struct sqlite_stmt, lru);
        n = n->next;
        bw_must(!st->busy);
        drop(st);
    }
    list_init(&c->lru);
    memset(c->buckets, 0, sizeof c->buckets);
    c->cached = 0;
}
