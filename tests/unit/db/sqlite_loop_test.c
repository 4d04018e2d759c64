/* The SQLite engine on loops: fibers that share a loop's connections, group commit, slices,
 * cancellation, snapshots of idle loops. */
#include "help/t.h"

#include <math.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/metric.h"
#include "db/db.h"
#include "help/loops.h"
#include "net/fiber.h"
#include "net/wait.h"

#define ENDLESS                                                                      \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM " \
    "n WHERE i < 0"
#define MILLION                                                                             \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT " \
    "count(*) FROM n"

static struct db *db;
static char folder[] = "/tmp/burrow-dbl-XXXXXX";
static char path[64];
static int files;

static bool run_sql(struct db_tx *tx, void *sql, struct bw_err *e)
{
    return db_exec(tx, sql, NULL, 0, e);
}

static void must_exec(const char *sql)
{
    struct bw_err e;
    check_ok(db_write(db, run_sql, (void *)(uintptr_t)sql, &e), &e);
}

static int64_t number(const char *sql)
{
    struct bw_err e;
    struct db_rows *r = db_query(db, sql, NULL, 0, &e);
    check_ok(r != NULL, &e);
    check_ok(db_next(r, &e) == 1, &e);
    int64_t n = db_value(r, 0).i;
    db_rows_close(r);
    return n;
}

static void open_db(struct db_opts o)
{
    struct bw_err e;
    snprintf(path, sizeof path, "%s/%d.db", folder, files++);
    o.path = path;
    db = db_open("sqlite", &o, &e);
    check_ok(db != NULL, &e);
    must_exec("CREATE TABLE T (id INTEGER PRIMARY KEY, v)");
    must_exec("INSERT INTO T WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
              "100) SELECT i, i FROM n");
}

/* Fibers that a test starts and waits for. */
struct crowd {
    atomic_uint left;
    struct wait all;
};

static void crowd_init(struct crowd *c, unsigned n)
{
    atomic_init(&c->left, n);
    wait_init(&c->all);
}

static void crowd_leave(struct crowd *c)
{
    if (atomic_fetch_sub(&c->left, 1) == 1)
        wait_wake(&c->all);
}

#define FIBERS 64
#define EACH   20

struct one {
    struct crowd *crowd;
    int no;
    unsigned good, bad;
    struct fiber *fiber;
    enum bw_code code;
    bool over;
    unsigned count;
};

static bool insert_one(struct db_tx *tx, void *arg, struct bw_err *e)
{
    struct bw_value v = bw_int(*(int *)arg);
    return db_exec(tx, "INSERT INTO T (id) VALUES (?1)", &v, 1, e);
}

static void write_some(void *arg)
{
    struct one *f = arg;
    for (int i = 0; i < EACH; i++) {
        struct bw_err e = {0};
        int id = i % 4 ? 1000 + f->no * EACH + i : 1; /* 1 is there already */
        bool ok = db_write(db, insert_one, &id, &e);
        f->good += ok;
        f->bad += !ok && e.code == BW_CONFLICT;
    }
    crowd_leave(f->crowd);
}

static void group(struct loops *ls)
{
    struct crowd crowd;
    struct one *ones = calloc(FIBERS, sizeof *ones);
    crowd_init(&crowd, FIBERS);
    for (int i = 0; i < FIBERS; i++) {
        ones[i] = (struct one){.crowd = &crowd, .no = i};
        t_start_on(loops_at(ls, (unsigned)i % loops_count(ls)), write_some, &ones[i]);
    }
    wait_for(&crowd.all, 0);
    for (int i = 0; i < FIBERS; i++) {
        check_int(ones[i].good, EACH * 3 / 4);
        check_int(ones[i].bad, EACH / 4);
    }
    free(ones);
    check_int(number("SELECT count(*) FROM T"), 100 + FIBERS * EACH * 3 / 4);
}

static int64_t metric(const char *name)
{
    char want[128];
    const char *slash = strrchr(path, '/');
    snprintf(want, sizeof want, "%s{db=\"%s\"} ", name, slash + 1);
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    metric_write(&b, true);
    const char *at = strstr(bw_buf_cstr(&b), want);
    check(at);
    int64_t n = (int64_t)ceil(strtod(at + strlen(want), NULL));
    bw_buf_release(&b);
    return n;
}

static void writes_go_together(void **state)
{
    (void)state;
    open_db((struct db_opts){0});
    t_on_loops(2, group);
    check_int(metric("db_writes_total"), 2 + FIBERS * EACH * 3 / 4);
    check(metric("db_commits_total") < FIBERS * EACH / 2);
    check_int(metric("db_writer_queue"), 0);
    db_close(db);
}

static void scan(void *arg)
{
    struct one *f = arg;
    f->count = (unsigned)number(MILLION);
    f->over = true;
    crowd_leave(f->crowd);
}

static void read_beside(struct loops *ls)
{
    struct crowd crowd;
    crowd_init(&crowd, 1);
    struct one f = {.crowd = &crowd};
    struct bw_err e;
    check_ok(fiber_start(scan, &f, &e), &e);
    unsigned reads = 0;
    while (!f.over) {
        check_int(number("SELECT v FROM T WHERE id = 7"), 7);
        reads++;
        fiber_yield();
    }
    wait_for(&crowd.all, 0);
    check_int(f.count, 1000000);
    check(reads > 20);
    (void)ls;
}

static void a_scan_lets_others_read(void **state)
{
    (void)state;
    open_db((struct db_opts){0});
    t_on_loops(1, read_beside);
    check(metric("db_longest_slice_seconds") > 0);
    check_int(metric("db_queries_moved_total"), 0);
    db_close(db);
}

static void forbidden(struct loops *ls)
{
    (void)ls;
    fiber_forbid_wait();
    check_int(number(MILLION), 1000000); /* runs through, since it may not wait */
    fiber_allow_wait();
}

static void no_yield_while_forbidden(void **state)
{
    (void)state;
    open_db((struct db_opts){0});
    t_on_loops(1, forbidden);
    db_close(db);
}

static void run_endless(void *arg)
{
    struct one *f = arg;
    f->fiber = fiber_current();
    struct bw_err e = {0};
    struct db_rows *r = db_query(db, ENDLESS, NULL, 0, &e);
    if (r) {
        f->good++;
        check_int(db_next(r, &e), -1);
        check_int(db_next(r, &e), 0);
        db_rows_close(r);
    }
    f->code = e.code;
    crowd_leave(f->crowd);
}

static void end_both(struct loops *ls)
{
    struct crowd crowd;
    crowd_init(&crowd, 3);
    struct one f[3] = {{.crowd = &crowd}, {.crowd = &crowd}, {.crowd = &crowd}};
    struct bw_err e;
    for (int i = 0; i < 3; i++)
        check_ok(fiber_start(run_endless, &f[i], &e), &e);
    while (!f[2].fiber)
        fiber_yield();
    fiber_cancel(f[0].fiber); /* runs */
    fiber_cancel(f[2].fiber); /* waits for a connection: there are two */
    wait_for(&crowd.all, 0);
    check_int(f[0].code, BW_GONE);
    check_int(f[1].code, BW_LATE);
    check_int(f[2].code, BW_GONE);
    check_int(f[0].good + f[1].good, 2);
    check_int(f[2].good, 0);
    check_int(number("SELECT 1"), 1);
    (void)ls;
}

static void queries_end_late_or_cancelled(void **state)
{
    (void)state;
    open_db((struct db_opts){.max_readers = 2, .query_timeout = 100 * CLOCK_MS});
    t_on_loops(1, end_both);
    db_close(db);
}

static void late_in_queue(struct loops *ls)
{
    (void)ls;
    struct crowd crowd;
    crowd_init(&crowd, 2);
    struct one f[2] = {{.crowd = &crowd}, {.crowd = &crowd}};
    struct bw_err e;
    for (int i = 0; i < 2; i++)
        check_ok(fiber_start(run_endless, &f[i], &e), &e);
    wait_for(&crowd.all, 0);
    check_int(f[0].code, BW_LATE);
    check_int(f[1].code, BW_LATE); /* in the queue, or behind it */
}

static void waiting_for_a_connection_ends(void **state)
{
    (void)state;
    open_db((struct db_opts){.max_readers = 1, .query_timeout = 30 * CLOCK_MS});
    t_on_loops(1, late_in_queue);
    db_close(db);
}

/* Reads inside its own row loop, with fewer connections than fibers. */
static void read_nested(void *arg)
{
    struct one *f = arg;
    struct bw_err e;
    struct db_rows *r = db_query(db, "SELECT id FROM T WHERE id <= 10", NULL, 0, &e);
    check_ok(r != NULL, &e);
    while (db_next(r, &e) == 1) {
        fiber_yield();
        f->good += number("SELECT count(*) FROM T") == 100;
    }
    db_rows_close(r);
    crowd_leave(f->crowd);
}

static void nest(struct loops *ls)
{
    (void)ls;
    struct crowd crowd;
    struct one ones[16];
    crowd_init(&crowd, 16);
    struct bw_err e;
    for (int i = 0; i < 16; i++) {
        ones[i] = (struct one){.crowd = &crowd};
        check_ok(fiber_start(read_nested, &ones[i], &e), &e);
    }
    wait_for(&crowd.all, 0);
    for (int i = 0; i < 16; i++)
        check_int(ones[i].good, 10);
}

static void nested_reads_cannot_starve(void **state)
{
    (void)state;
    open_db((struct db_opts){.max_readers = 2});
    t_on_loops(1, nest);
    check_int(metric("db_connections"), 2);
    db_close(db);
    check_int(metric("db_connections"), 0);
}

static void sort_much(struct loops *ls)
{
    (void)ls;
    for (int i = 0; i < 3; i++) {
        struct bw_err e;
        struct db_rows *r = db_query(db,
                                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                                     "n LIMIT 30000) SELECT i FROM n ORDER BY -i",
                                     NULL, 0, &e);
        check_ok(r != NULL, &e);
        int64_t want = 30000;
        while (db_next(r, &e) == 1)
            check_int(db_value(r, 0).i, want--);
        check_int(want, 0);
        db_rows_close(r);
    }
    check_int(metric("db_queries_moved_total"), 3);
    check_int(number("SELECT v FROM T ORDER BY -v"), 100); /* small: stays on the loop */
    check_int(number("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000) "
                     "SELECT i FROM n ORDER BY -i LIMIT 3"),
              30000);
    check_int(metric("db_queries_moved_total"), 3);
}

static void big_sorts_run_on_a_worker(void **state)
{
    (void)state;
    open_db((struct db_opts){0});
    t_on_loops(1, sort_much);
    db_close(db);
}

static void keep_snapshot(void *arg)
{
    struct one *f = arg;
    for (int i = 0; i < 4; i++)
        number("SELECT count(*) FROM T");
    crowd_leave(f->crowd);
}

static bool fill(struct db_tx *tx, void *arg, struct bw_err *e)
{
    struct bw_value v = bw_int(*(int *)arg);
    return db_exec(tx, "UPDATE T SET v = zeroblob(4000 + ?1) WHERE id <= 50", &v, 1, e);
}

static void write_beside_idle(struct loops *ls)
{
    for (int round = 0; round < 100; round++) {
        struct crowd crowd;
        crowd_init(&crowd, 3);
        struct one f = {.crowd = &crowd};
        for (unsigned i = 0; i < 3; i++)
            t_start_on(loops_at(ls, i), keep_snapshot, &f);
        wait_for(&crowd.all, 0);
        struct bw_err e;
        for (int i = 0; i < 4; i++)
            check_ok(db_write(db, fill, &i, &e), &e);
    }
    char name[80];
    struct stat st;
    snprintf(name, sizeof name, "%s-wal", path);
    check_int(stat(name, &st), 0);
    check(st.st_size < 24 * 1024 * 1024); /* some 80 MB went through it */
}

static void idle_loops_do_not_pin_the_log(void **state)
{
    (void)state;
    open_db((struct db_opts){.sync = DB_SYNC_OFF});
    t_on_loops(3, write_beside_idle);
    db_close(db);
}

static bool writing;

static void scan_on(void *arg)
{
    struct one *f = arg;
    while (writing)
        f->good += number("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                          "50000) SELECT count(*) FROM n, T WHERE T.id = 1") == 50000;
    crowd_leave(f->crowd);
}

static void write_beside_scans(struct loops *ls)
{
    struct crowd crowd;
    crowd_init(&crowd, 3);
    struct one f = {.crowd = &crowd};
    writing = true;
    for (unsigned i = 0; i < 3; i++)
        t_start_on(loops_at(ls, 0), scan_on, &f);
    struct bw_err e;
    for (int i = 0; i < 400; i++)
        check_ok(db_write(db, fill, &i, &e), &e);
    writing = false;
    wait_for(&crowd.all, 0);
    char name[80];
    struct stat st;
    snprintf(name, sizeof name, "%s-wal", path);
    check_int(stat(name, &st), 0);
    check(st.st_size < 64 * 1024 * 1024); /* some 80 MB went through it */
    check(f.good > 3);
}

static void overlapping_scans_do_not_pin_the_log(void **state)
{
    (void)state;
    open_db((struct db_opts){.sync = DB_SYNC_OFF});
    t_on_loops(1, write_beside_scans);
    db_close(db);
}

struct batch {
    int from, n;
};

static bool insert_batch(struct db_tx *tx, void *arg, struct bw_err *e)
{
    struct batch *b = arg;
    bool ok = true;
    for (int i = b->from; ok && i < b->from + b->n; i++)
        ok = insert_one(tx, &i, e);
    return ok;
}

static void lease_rows(struct loops *ls)
{
    (void)ls;
    struct bw_err e = {0};
    struct batch b[2];
    struct db_lease *l = db_lease_open(db, clock_mono() + 60 * CLOCK_SECOND, &e);
    check_ok(l != NULL, &e);
    for (int i = 0; i < 50; i++) {
        b[i % 2] = (struct batch){.from = 1000 + 100 * i, .n = 100};
        check_ok(db_lease_submit(l, insert_batch, &b[i % 2], &e), &e);
    }
    check_ok(db_lease_close(l, true, &e), &e);
    check_int(number("SELECT count(*) FROM T"), 5100);
}

static void run_cancelled_lease(void *arg)
{
    struct one *f = arg;
    f->fiber = fiber_current();
    struct bw_err e = {0};
    struct db_lease *l = db_lease_open(db, clock_mono() + 60 * CLOCK_SECOND, &e);
    f->code = e.code;
    if (l)
        db_lease_close(l, false, &e);
    crowd_leave(f->crowd);
}

static void cancel_queued_lease(struct loops *ls)
{
    (void)ls;
    struct bw_err e = {0};
    struct db_lease *l = db_lease_open(db, clock_mono() + 60 * CLOCK_SECOND, &e);
    check_ok(l != NULL, &e);
    struct crowd crowd;
    crowd_init(&crowd, 1);
    struct one f = {.crowd = &crowd};
    check_ok(fiber_start(run_cancelled_lease, &f, &e), &e);
    while (!f.fiber)
        fiber_yield();
    fiber_yield();
    fiber_cancel(f.fiber);
    wait_for(&crowd.all, 0);
    check_int(f.code, BW_GONE);
    check_ok(db_lease_close(l, false, &e), &e);
    must_exec("INSERT INTO T (id) VALUES (99999)");
}

static void leases_work_on_fibers(void **state)
{
    (void)state;
    open_db((struct db_opts){0});
    t_on_loops(1, lease_rows);
    db_close(db);
    open_db((struct db_opts){0});
    t_on_loops(1, cancel_queued_lease);
    db_close(db);
}

static void close_inside(struct loops *ls)
{
    struct crowd crowd;
    crowd_init(&crowd, 2);
    struct one f = {.crowd = &crowd};
    for (unsigned i = 0; i < 2; i++)
        t_start_on(loops_at(ls, i), keep_snapshot, &f);
    wait_for(&crowd.all, 0);
    must_exec("INSERT INTO T (id) VALUES (1234)");
    db_close(db);
}

static void closes_while_loops_run(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        open_db((struct db_opts){0});
        t_on_loops(2, close_inside);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    for (int i = 0; i < files; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s/%d.db", folder, i);
        unlink(name);
        snprintf(name, sizeof name, "%s/%d.db.lock", folder, i);
        unlink(name);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_go_together),
        cmocka_unit_test(a_scan_lets_others_read),
        cmocka_unit_test(no_yield_while_forbidden),
        cmocka_unit_test(queries_end_late_or_cancelled),
        cmocka_unit_test(waiting_for_a_connection_ends),
        cmocka_unit_test(nested_reads_cannot_starve),
        cmocka_unit_test(big_sorts_run_on_a_worker),
        cmocka_unit_test(idle_loops_do_not_pin_the_log),
        cmocka_unit_test(overlapping_scans_do_not_pin_the_log),
        cmocka_unit_test(leases_work_on_fibers),
        cmocka_unit_test(closes_while_loops_run),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
