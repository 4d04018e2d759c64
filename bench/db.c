/* bench/db.c [folder]: the SQLite engine against plain loops over SQLite's own interface, on the
 * same disk (the folder, default "."), in turn, medians of ROUNDS: point reads, durable inserts,
 * bulk rows, and what point reads wait for beside a scan on the same loop. */
#include <burrow/err.h>
#include <sqlite3.h>

#include "core/clock.h"
#include "db/db.h"
#include "net/fiber.h"
#include "net/wait.h"

#define ROUNDS 5
#define ROWS   100000
#define READS  200000
#define PLAIN  2000   /* single-insert transactions */
#define BULK   200000 /* rows of one transaction */
#define BATCH  256    /* rows handed to the lease at once */
#define FIBERS 512    /* at most */

#define INSERT "INSERT INTO T (title, body, views, price) VALUES (?1, ?2, ?3, ?4)"
#define SELECT "SELECT id, title, body, views, price FROM T WHERE id = ?1"
#define SCAN                                                                                      \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) SELECT count(" \
    "*) FROM n"

static const char body[] =
    "A fisherman's boat lies on the beach; the harbour is far and the tide is "
    "low. Nobody has seen the old man since the storm of last autumn came.";
static struct db *db;
static sqlite3 *raw;
static char path[2][400];
static struct loops *loops;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, ROUNDS, sizeof *v, compare);
    return v[ROUNDS / 2];
}

static double per_second(int64_t n, int64_t took)
{
    return (double)n * 1e9 / (double)took;
}

static uint64_t next_random(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *s >> 33;
}

/* ---- the plain side ---- */

static sqlite3_stmt *raw_prepare(const char *sql)
{
    sqlite3_stmt *st = NULL;
    bw_must(sqlite3_prepare_v2(raw, sql, -1, &st, NULL) == SQLITE_OK);
    return st;
}

static void raw_run(const char *sql)
{
    bw_must(sqlite3_exec(raw, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void raw_open(void)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bw_must(sqlite3_open_v2(path[1], &raw, flags, NULL) == SQLITE_OK);
    raw_run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384");
    raw_run("CREATE TABLE T (id INTEGER PRIMARY KEY, title TEXT, body TEXT, views INTEGER, price "
            "REAL)");
}

static void raw_insert(sqlite3_stmt *st, int i)
{
    sqlite3_bind_text(st, 1, "A title of usual length", 23, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, body, sizeof body - 1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 3, i);
    sqlite3_bind_double(st, 4, i * 0.25);
    bw_must(sqlite3_step(st) == SQLITE_DONE);
    sqlite3_reset(st);
}

static double raw_inserts(int n)
{
    sqlite3_stmt *st = raw_prepare(INSERT);
    int64_t start = clock_mono();
    for (int i = 0; i < n; i++)
        raw_insert(st, i);
    int64_t took = clock_mono() - start;
    sqlite3_finalize(st);
    return per_second(n, took);
}

static double raw_bulk(void)
{
    int64_t start = clock_mono();
    raw_run("BEGIN");
    raw_inserts(BULK);
    raw_run("COMMIT");
    return per_second(BULK, clock_mono() - start);
}

static uint64_t raw_column(sqlite3_stmt *st, int c)
{
    switch (sqlite3_column_type(st, c)) {
    case SQLITE_INTEGER:
        return (uint64_t)sqlite3_column_int64(st, c);
    case SQLITE_TEXT:
        return (uintptr_t)sqlite3_column_text(st, c) + (unsigned)sqlite3_column_bytes(st, c);
    default:
        return sqlite3_column_double(st, c) > 1;
    }
}

static double raw_reads(bool kept)
{
    sqlite3_stmt *st = raw_prepare(SELECT);
    uint64_t seed = 1, sum = 0;
    raw_run(kept ? "BEGIN" : "SELECT 1");
    int64_t start = clock_mono();
    for (int i = 0; i < READS; i++) {
        sqlite3_bind_int64(st, 1, (int64_t)(next_random(&seed) % ROWS) + 1);
        bw_must(sqlite3_step(st) == SQLITE_ROW);
        for (int c = 0; c < 5; c++)
            sum += raw_column(st, c);
        sqlite3_reset(st);
    }
    int64_t took = clock_mono() - start;
    sqlite3_finalize(st);
    raw_run(kept ? "COMMIT" : "SELECT 1");
    bw_must(sum);
    return per_second(READS, took);
}

/* ---- the engine ---- */

static bool create(struct db_tx *tx, void *arg, struct bw_err *e)
{
    (void)arg;
    return db_exec(tx,
                   "CREATE TABLE T (id INTEGER PRIMARY KEY, title TEXT, body TEXT, views INTEGER, "
                   "price REAL)",
                   NULL, 0, e);
}

static bool insert(struct db_tx *tx, void *arg, struct bw_err *e)
{
    int i = *(int *)arg;
    struct bw_value v[] = {bw_text(BW_LIT("A title of usual length")), bw_text(BW_LIT(body)),
                           bw_int(i), bw_real(i * 0.25)};
    return db_exec(tx, INSERT, v, 4, e);
}

static bool insert_batch(struct db_tx *tx, void *arg, struct bw_err *e)
{
    bool ok = true;
    for (int i = *(int *)arg, end = i + BATCH; ok && i < end; i++)
        ok = insert(tx, &i, e);
    return ok;
}

static double our_bulk(void)
{
    struct bw_err e = {0};
    int from[2];
    int64_t start = clock_mono();
    struct db_lease *l = db_lease_open(db, start + 60 * CLOCK_SECOND, &e);
    bool ok = l != NULL;
    for (int i = 0; ok && i < BULK / BATCH; i++) {
        from[i % 2] = i * BATCH;
        ok = db_lease_submit(l, insert_batch, &from[i % 2], &e);
    }
    bw_must(ok && db_lease_close(l, true, &e));
    return per_second(BULK / BATCH * BATCH, clock_mono() - start);
}

static int64_t read_one(int64_t id)
{
    struct bw_value v = bw_int(id);
    struct db_rows *r = db_query(db, SELECT, &v, 1, NULL);
    bw_must(r && db_next(r, NULL) == 1);
    int64_t sum = 0;
    for (unsigned c = 0; c < 5; c++)
        sum += (int64_t)db_value(r, c).kind;
    db_rows_close(r);
    return sum;
}

static double our_reads(void)
{
    uint64_t seed = 1;
    int64_t sum = 0, start = clock_mono();
    for (int i = 0; i < READS; i++)
        sum += read_one((int64_t)(next_random(&seed) % ROWS) + 1);
    int64_t took = clock_mono() - start;
    bw_must(sum);
    return per_second(READS, took);
}

/* A crowd of fibers on one loop, each doing `step` until the crowd's time is over. */
struct crowd {
    void (*step)(void);
    int64_t end;
    unsigned left;
    int64_t steps, times[200000];
    struct wait done;
};
static struct crowd crowd;

static void member(void *arg)
{
    (void)arg;
    int64_t now = clock_mono();
    while (now < crowd.end) {
        crowd.step();
        int64_t after = clock_mono();
        crowd.times[crowd.steps++ % 200000] = after - now;
        now = after;
    }
    if (--crowd.left == 0)
        wait_wake(&crowd.done);
}

static double run_crowd(unsigned n, int64_t ns, void (*step)(void))
{
    int64_t start = clock_mono();
    crowd.step = step;
    crowd.end = start + ns;
    crowd.left = n;
    crowd.steps = 0;
    wait_init(&crowd.done);
    for (unsigned i = 0; i < n; i++)
        bw_must(fiber_start(member, NULL, NULL));
    wait_for(&crowd.done, WAIT_SURE);
    return per_second(crowd.steps, clock_mono() - start);
}

static void write_step(void)
{
    int i = 1;
    bw_must(db_write(db, insert, &i, NULL));
}

static void read_step(void)
{
    static uint64_t seed = 7;
    read_one((int64_t)(next_random(&seed) % ROWS) + 1);
    fiber_yield(); /* as a request does when it waits for the next */
}

static bool scanning;

static void scan(void *arg)
{
    (void)arg;
    while (clock_mono() < crowd.end) {
        struct db_rows *r = db_query(db, SCAN, NULL, 0, NULL);
        bw_must(r && db_next(r, NULL) == 1);
        db_rows_close(r);
    }
    scanning = false;
}

static int compare_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void beside_scan(void)
{
    crowd.end = clock_mono() + CLOCK_SECOND;
    scanning = true;
    bw_must(fiber_start(scan, NULL, NULL));
    double rate = run_crowd(8, CLOCK_SECOND, read_step);
    size_t n = crowd.steps < 200000 ? (size_t)crowd.steps : 200000;
    qsort(crowd.times, n, sizeof *crowd.times, compare_time);
    printf("8 fibers reading beside a scan: %.0f/s, p50 %.3f ms, p99 %.3f ms, most %.3f ms\n", rate,
           (double)crowd.times[n / 2] / 1e6, (double)crowd.times[n * 99 / 100] / 1e6,
           (double)crowd.times[n - 1] / 1e6);
    while (scanning)
        fiber_yield();
}

static void compare_reads(void)
{
    double kept[ROUNDS], each[ROUNDS], ours[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        kept[i] = raw_reads(true);
        each[i] = raw_reads(false);
        ours[i] = our_reads();
    }
    printf(
        "point reads/s: plain loop, one snapshot %.0f; a transaction each %.0f; the engine %.0f\n",
        median(kept), median(each), median(ours));
}

static void compare_inserts(void)
{
    static const unsigned fibers[] = {1, 2, 8, 64, FIBERS};
    double plain[ROUNDS], ours[5][ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        plain[i] = raw_inserts(PLAIN);
        for (int f = 0; f < 5; f++)
            ours[f][i] = run_crowd(fibers[f], CLOCK_SECOND / 2, write_step);
    }
    double base = median(plain);
    printf("durable inserts/s: plain loop %.0f\n", base);
    for (int f = 0; f < 5; f++) {
        double m = median(ours[f]);
        printf("  %3u fibers %8.0f = %.2f x\n", fibers[f], m, m / base);
    }
}

static void compare_bulk(void)
{
    double plain[ROUNDS], ours[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        plain[i] = raw_bulk();
        ours[i] = our_bulk();
    }
    double a = median(plain), b = median(ours);
    printf("bulk rows/s: plain loop %.0f; through a lease %.0f = %.2f x\n", a, b, b / a);
}

static void everything(void *arg)
{
    (void)arg;
    bw_must(db_write(db, create, NULL, NULL));
    raw_open();
    our_bulk();
    raw_bulk();
    compare_reads();
    compare_bulk();
    compare_inserts();
    beside_scan();
    loops_stop(loops);
}

static void begin(struct loop_post *p)
{
    (void)p;
    bw_must(fiber_start(everything, NULL, NULL));
}

static void remove_files(void)
{
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            static const char *const more[] = {"", "-wal", "-shm", ".lock"};
            char name[1024];
            snprintf(name, sizeof name, "%s%s", path[i], more[k]);
            unlink(name);
        }
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    snprintf(path[0], sizeof path[0], "%s/bench-db-%d.db", folder, (int)getpid());
    snprintf(path[1], sizeof path[1], "%s/bench-raw-%d.db", folder, (int)getpid());
    struct bw_err e = {0};
    db = db_open("sqlite", &(struct db_opts){.path = path[0]}, &e);
    loops = loops_new(&(struct loops_opts){.count = 1}, &e);
    if (!db || !loops) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    struct loop_post p = {.fn = begin};
    loop_post(loops_at(loops, 0), &p);
    loops_run(loops);
    db_close(db);
    loops_free(loops);
    sqlite3_close(raw);
    remove_files();
    return 0;
}
