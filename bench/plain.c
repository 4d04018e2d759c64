/* plain.c: what SQLite alone does: the peer of Burrow's writes. Works on a database that the blog
 * made, so with the same table and indexes.
 *
 *   bench_plain FILE single SECONDS   one insert per WAL transaction, synchronous=FULL
 *   bench_plain FILE bulk ROWS        prepared inserts in one transaction
 * Prints rows and seconds. */
#include <sqlite3.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "plain: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void insert(sqlite3 *db, sqlite3_stmt *s, long i)
{
    char title[64], body[256];
    int n = snprintf(title, sizeof title, "Honest thunder valley saves stone %ld", i);
    sqlite3_bind_text(s, 1, title, n, SQLITE_STATIC);
    n = snprintf(body, sizeof body,
                 "Gathers oyster forest candle fiddle carries candle island kitchen saddle. Shadow "
                 "river hollow %ld.",
                 i);
    sqlite3_bind_text(s, 2, body, n, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, i % 1000);
    sqlite3_bind_int(s, 4, i % 10 != 0);
    sqlite3_bind_int64(s, 5, 1 + i % 50);
    sqlite3_bind_int64(s, 6, 1 + i % 10);
    sqlite3_bind_int64(s, 7, 1700000000000000 + i);
    sqlite3_bind_int64(s, 8, 1700000000000000 + i);
    must(db, sqlite3_step(s));
    sqlite3_reset(s);
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    if (argc != 4)
        return fputs("usage: bench_plain FILE single SECONDS | bulk ROWS\n", stderr), 2;
    must(NULL, sqlite3_open(argv[1], &db));
    must(db, sqlite3_exec(
                 db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
                 NULL, NULL, NULL));
    must(db, sqlite3_prepare_v2(db,
                                "INSERT INTO Article (title, body, views, published, author, "
                                "category, created_at, modified_at, version)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
                                -1, &s, NULL));
    long n = 0;
    double start = now();
    if (argv[2][0] == 's') {
        double end = start + strtod(argv[3], NULL);
        while (now() < end)
            insert(db, s, n++);
    } else {
        long rows = strtol(argv[3], NULL, 10);
        must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        while (n < rows)
            insert(db, s, n++);
        must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    printf("%ld %.6f\n", n, now() - start);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return 0;
}
