/* conformance.c: what every database driver must do, on plain threads. Included by <driver>_test.c,
 * which first defines fresh() and fresh_with(opts): an empty database, opened. CONFORMANCE goes
 * into the list of tests. */
#include <pthread.h>

#include "core/clock.h"
#include "db/db.h"

struct op {
    const char *sql;
    const struct bw_value *args;
    unsigned n;
    int64_t changes, id;
};

static bool run_op(struct db_tx *tx, void *arg, struct bw_err *e)
{
    struct op *op = arg;
    if (!db_exec(tx, op->sql, op->args, op->n, e))
        return false;
    op->changes = db_tx_changes(tx);
    op->id = db_tx_last_id(tx);
    return true;
}

static bool exec(struct db *db, const char *sql, struct bw_err *e)
{
    struct op op = {.sql = sql};
    return db_write(db, run_op, &op, e);
}

static void must_exec(struct db *db, const char *sql)
{
    struct bw_err e;
    check_ok(exec(db, sql, &e), &e);
}

static int64_t number(struct db *db, const char *sql)
{
    struct bw_err e;
    struct db_rows *r = db_query(db, sql, NULL, 0, &e);
    check_ok(r != NULL, &e);
    check_ok(db_next(r, &e) == 1, &e);
    int64_t n = db_value(r, 0).i;
    check_int(db_next(r, &e), 0);
    db_rows_close(r);
    return n;
}

static struct db *with_tables(void)
{
    struct db *db = fresh();
    must_exec(db, "CREATE TABLE Author (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE)");
    must_exec(db, "CREATE TABLE Article (id INTEGER PRIMARY KEY, title TEXT, views INTEGER CHECK "
                  "(views >= 0), author INTEGER REFERENCES Author(id) DEFERRABLE INITIALLY "
                  "DEFERRED)");
    return db;
}

static void keeps_values(void **state)
{
    (void)state;
    struct db *db = fresh();
    must_exec(db, "CREATE TABLE V (id INTEGER PRIMARY KEY, v)");
    char big[100000];
    memset(big, 'x', sizeof big);
    const struct bw_value values[] = {
        bw_null(),
        bw_int(INT64_MIN),
        bw_int(INT64_MAX),
        bw_real(0.1),
        bw_real(-1e300),
        bw_text(BW_LIT("")),
        bw_text(BW_LIT("a\0b")),
        bw_text(BW_LIT("h\xc3\xa9")),
        bw_blob(BW_LIT("")),
        bw_blob(bw_str_of(big, sizeof big)),
        bw_text(bw_str_of(big, sizeof big)),
    };
    const int n = (int)(sizeof values / sizeof *values);
    struct bw_err e;
    for (int i = 0; i < n; i++) {
        struct bw_value args[] = {bw_int(i), values[i]};
        struct op op = {.sql = "INSERT INTO V VALUES (?1, ?2)", .args = args, .n = 2};
        check_ok(db_write(db, run_op, &op, &e), &e);
        check_int(op.changes, 1);
        check_int(op.id, i);
    }
    struct db_rows *r = db_query(db, "SELECT v, id FROM V ORDER BY id", NULL, 0, &e);
    check_ok(r != NULL, &e);
    check_int(db_columns(r), 2);
    for (int i = 0; i < n; i++) {
        check_ok(db_next(r, &e) == 1, &e);
        struct bw_value got = db_value(r, 0);
        check_int(got.kind, values[i].kind);
        check_int(db_value(r, 1).i, i);
        if (got.kind == BW_KIND_INT)
            check(got.i == values[i].i);
        else if (got.kind == BW_KIND_REAL)
            check(got.r == values[i].r);
        else if (got.kind != BW_NULL)
            check(bw_str_eq(got.s, values[i].s) && got.s.p);
    }
    check_int(db_next(r, &e), 0);
    check_int(db_next(r, &e), 0);
    db_rows_close(r);
    db_close(db);
}

/* A whole row at once, put where it belongs and made to fit. */
static void gives_rows(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e;
    static const struct db_place places[] = {{5, BW_KIND_INT},  {0, BW_KIND_REAL},
                                             {1, BW_KIND_TEXT}, {2, BW_KIND_BLOB},
                                             {3, BW_KIND_INT},  {4, BW_KIND_INT}};
    struct db_rows *r =
        db_query(db, "SELECT 7, 2, 'text', 'bytes', 'no number', NULL", NULL, 0, &e);
    check_ok(r != NULL, &e);
    for (unsigned n = 1; n <= 6; n++) {
        struct bw_value row[6];
        for (unsigned i = 0; i < 6; i++)
            row[i] = bw_int(-1);
        if (n == 1)
            check_ok(db_next(r, &e) == 1, &e);
        db_values(r, places, n, row);
        check_int(row[5].i, 7);
        check(n < 2 || (row[0].kind == BW_KIND_REAL && row[0].r == 2.0));
        check(n < 3 || (row[1].kind == BW_KIND_TEXT && bw_str_eq(row[1].s, BW_LIT("text"))));
        check(n < 4 || (row[2].kind == BW_KIND_BLOB && bw_str_eq(row[2].s, BW_LIT("bytes"))));
        check_int(row[3].kind, n < 5 ? BW_KIND_INT : BW_NULL);
        check_int(row[4].kind, n < 6 ? BW_KIND_INT : BW_NULL);
    }
    db_rows_close(r);
    db_close(db);
}

static void names_what_conflicts(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *field, *says;
    } cases[] = {
        {"INSERT INTO Author (id, email) VALUES (2, 'a@x')", "Author.email", "another record"},
        {"INSERT INTO Author (id, email) VALUES (1, 'b@x')", "Author.id", "another record"},
        {"INSERT INTO Author (id) VALUES (3)", "Author.email", "must have a value"},
        {"INSERT INTO Article (views) VALUES (-1)", "", "views >= 0"},
        {"INSERT INTO Article (author) VALUES (99)", "", "not there"},
    };
    struct db *db = with_tables();
    must_exec(db, "INSERT INTO Author (id, email) VALUES (1, 'a@x')");
    uint64_t counter = db_commit_counter(db);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err e = {0};
        check(!exec(db, cases[i].sql, &e));
        check_int(e.code, BW_CONFLICT);
        check_str(bw_cstr(e.field), cases[i].field);
        check_says(&e, cases[i].says);
        check(!exec(db, cases[i].sql, NULL)); /* nobody who cares for the reason */
    }
    check(db_commit_counter(db) == counter);
    check_int(number(db, "SELECT count(*) FROM Article"), 0);
    must_exec(db, "INSERT INTO Author (id, email) VALUES (2, 'b@x')");
    check(db_commit_counter(db) != counter);
    db_close(db);
}

static void refuses_wrong_use(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e;
    struct bw_value one = bw_int(1);
    check(!db_query(db, "SELECT nothing FROM Author", NULL, 0, &e));
    check_says(&e, "nothing");
    check(!db_query(db, "SELECT 1", &one, 1, &e));
    check_says(&e, "0 parameters but 1 values");
    check(!db_query(db, "SELECT ?1", NULL, 0, &e));
    check(!db_query(db, "SELECT 1; SELECT 2", NULL, 0, &e));
    check(!db_query(db, "", NULL, 0, &e));
    check_int(number(db, "SELECT 1 ; "), 1);
    check(!exec(db, "INSERT INTO Author (email) VALUES (?1)", &e));
    struct db_rows *r = db_query(db, "DELETE FROM Author RETURNING id", NULL, 0, &e);
    check(!r || db_next(r, &e) == -1); /* reads cannot write */
    db_rows_close(r);
    db_rows_close(NULL);
    check(!db_open("nothing", &(struct db_opts){.path = ""}, &e));
    check_says(&e, "no database driver 'nothing'");
    db_close(NULL);
    db_close(db);
}

static bool add_then_read(struct db_tx *tx, void *arg, struct bw_err *e)
{
    char text[] = "seen"; /* gone before the rows are read */
    struct bw_value v = bw_text(bw_cstr(text));
    if (!db_exec(tx, "INSERT INTO Author (id, email) VALUES (7, ?1)", &v, 1, e))
        return false;
    struct db_rows *r = db_tx_query(tx, "SELECT id, ?1 FROM Author WHERE email = ?1", &v, 1, e);
    memset(text, 'z', sizeof text - 1);
    bool ok = r && db_next(r, e) == 1;
    *(int64_t *)arg = ok && bw_str_eq(db_value(r, 1).s, BW_LIT("seen")) ? db_value(r, 0).i : -1;
    db_rows_close(r);
    return ok;
}

static bool add_then_fail(struct db_tx *tx, void *arg, struct bw_err *e)
{
    return add_then_read(tx, arg, e) && bw_fail(e, BW_INVALID, "changed my mind");
}

static void writes_are_whole(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e = {0};
    int64_t id = 0;
    check(!db_write(db, add_then_fail, &id, &e));
    check_int(id, 7);
    check_int(e.code, BW_INVALID);
    check_int(number(db, "SELECT count(*) FROM Author"), 0);
    check_ok(db_write(db, add_then_read, &id, &e), &e);
    check_int(number(db, "SELECT count(*) FROM Author"), 1);
    db_close(db);
}

static void rows_keep_their_moment(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e;
    must_exec(db, "INSERT INTO Article (id) VALUES (1), (2), (3)");
    for (int round = 0; round < 3; round++) { /* a first read, and with a kept snapshot */
        struct db_rows *r = db_query(db, "SELECT id FROM Article ORDER BY id", NULL, 0, &e);
        check_ok(r != NULL, &e);
        check_int(db_next(r, &e), 1);
        must_exec(db, "INSERT INTO Article (id) SELECT max(id) + 1 FROM Article");
        int n = 1;
        while (db_next(r, &e) == 1)
            n++;
        check_int(n, 3 + round);
        db_rows_close(r);
        check_int(number(db, "SELECT count(*) FROM Article"), 4 + round);
        check_int(number(db, "SELECT count(*) FROM Article"), 4 + round);
    }
    db_close(db);
}

static void runs_one_text_twice(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e;
    must_exec(db, "INSERT INTO Article (id) VALUES (1), (2), (3)");
    const char *sql = "SELECT id FROM Article ORDER BY id";
    struct db_rows *a = db_query(db, sql, NULL, 0, &e);
    check_ok(a != NULL, &e);
    int sum = 0;
    while (db_next(a, &e) == 1) {
        struct db_rows *b = db_query(db, sql, NULL, 0, &e);
        check_ok(b != NULL, &e);
        while (db_next(b, &e) == 1)
            sum += (int)(db_value(a, 0).i * db_value(b, 0).i);
        db_rows_close(b);
    }
    db_rows_close(a);
    check_int(sum, 36);
    db_close(db);
}

#define WRITERS 8
#define EACH    50

struct writer {
    struct db *db;
    int no, good, bad;
};

static void *write_some(void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < EACH; i++) {
        struct bw_err e = {0};
        struct bw_value v[] = {bw_int(1 + w->no * EACH + i)};
        struct op op = {.sql = "INSERT INTO Article (id) VALUES (?1)", .args = v, .n = 1};
        if (i % 2)
            v[0] = bw_int(0); /* there already */
        if (db_write(w->db, run_op, &op, &e))
            w->good++;
        else
            w->bad += e.code == BW_CONFLICT;
        number(w->db, "SELECT count(*) FROM Article");
    }
    return NULL;
}

static void neighbours_do_not_undo(void **state)
{
    (void)state;
    struct db *db = with_tables();
    must_exec(db, "INSERT INTO Article (id) VALUES (0)");
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.db = db, .no = i};
        check_int(pthread_create(&threads[i], NULL, write_some, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        check_int(writers[i].good, EACH / 2);
        check_int(writers[i].bad, EACH / 2);
    }
    check_int(number(db, "SELECT count(*) FROM Article"), 1 + WRITERS * EACH / 2);
    db_close(db);
}

static int64_t soon(void)
{
    return clock_mono() + 60 * CLOCK_SECOND;
}

static struct op insert(const char *sql)
{
    return (struct op){.sql = sql};
}

static void leases_commit_and_undo(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e = {0};
    struct op ops[3] = {insert("INSERT INTO Article (id) VALUES (1)"),
                        insert("INSERT INTO Article (id) VALUES (2)"),
                        insert("INSERT INTO Article (id) VALUES (2)")};
    for (int commit = 0; commit <= 1; commit++) {
        struct db_lease *l = db_lease_open(db, soon(), &e);
        check_ok(l != NULL, &e);
        check_ok(db_lease_submit(l, run_op, &ops[0], &e), &e);
        check_ok(db_lease_submit(l, run_op, &ops[1], &e), &e);
        check_ok(db_lease_wait(l, &e), &e);
        check_ok(db_lease_wait(l, &e), &e);
        check_int(ops[1].changes, 1);
        check_int(number(db, "SELECT count(*) FROM Article"), 0); /* not before the end */
        check_ok(db_lease_close(l, commit, &e), &e);
        check_int(number(db, "SELECT count(*) FROM Article"), commit ? 2 : 0);
    }
    struct db_lease *l = db_lease_open(db, soon(), &e);
    check_ok(l != NULL, &e);
    struct op more = insert("INSERT INTO Article (id) VALUES (3)");
    check_ok(db_lease_submit(l, run_op, &more, &e), &e);
    check_ok(db_lease_submit(l, run_op, &ops[2], &e), &e);
    check(!db_lease_submit(l, run_op, &more, &e)); /* the one before failed */
    check_int(e.code, BW_CONFLICT);
    check_str(bw_cstr(e.field), "Article.id");
    check(!db_lease_wait(l, &e));
    check(!db_lease_close(l, true, &e));
    check_int(e.code, BW_CONFLICT);
    must_exec(db, "INSERT INTO Article (id) VALUES (4)"); /* the writer is free again */
    check_int(number(db, "SELECT count(*) FROM Article"), 3);
    db_close(db);
}

static void leases_end_in_time(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e = {0};
    check(!db_lease_open(db, clock_mono() - 1, &e));
    check_int(e.code, BW_LATE);
    struct db_lease *l = db_lease_open(db, clock_mono() + 50 * CLOCK_MS, &e);
    check_ok(l != NULL, &e);
    struct op op = insert("INSERT INTO Article (id) VALUES (1)");
    db_lease_submit(l, run_op, &op, &e); /* in time or not, by the machine's load */
    must_exec(db, "INSERT INTO Article (id) VALUES (2)"); /* served once the lease was ended */
    check(!db_lease_submit(l, run_op, &op, &e));
    check_int(e.code, BW_LATE);
    check(!db_lease_close(l, true, &e));
    check_int(e.code, BW_LATE);
    l = db_lease_open(db, clock_mono() + 50 * CLOCK_MS, &e);
    check_ok(l != NULL, &e);
    struct op endless = insert("INSERT INTO Article (id, views) WITH RECURSIVE n(i) AS (SELECT 100 "
                               "UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n WHERE i < 0");
    db_lease_submit(l, run_op, &endless, &e);
    check(!db_lease_wait(l, &e)); /* ended in the middle of a statement */
    check_int(e.code, BW_LATE);
    check_ok(db_lease_close(l, false, &e), &e);
    check_int(number(db, "SELECT count(*) FROM Article"), 1);
    db_close(db);
}

static void a_long_read_ends_in_time(void **state)
{
    (void)state;
    struct bw_err e = {0};
    struct db *db = fresh_with((struct db_opts){.query_timeout = 20 * CLOCK_MS});
    struct db_rows *r = db_query(db,
                                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                                 "n) SELECT i FROM n WHERE i < 0",
                                 NULL, 0, &e);
    check_ok(r != NULL, &e);
    check_int(db_next(r, &e), -1);
    check_int(e.code, BW_LATE);
    db_rows_close(r);
    check_int(number(db, "SELECT 1"), 1);
    db_close(db);
}

static void answers_for_its_health(void **state)
{
    (void)state;
    struct db *db = with_tables();
    struct bw_err e = {0};
    struct bw_buf report;
    bw_buf_init(&report, 100000);
    check_ok(db_ping(db, &e), &e);
    check_ok(db_check(db, &report, &e), &e);
    check_int(report.n, 0);
    bw_buf_release(&report);
    db_close(db);
}

#define CONFORMANCE                                                                      \
    cmocka_unit_test(keeps_values), cmocka_unit_test(gives_rows),                        \
        cmocka_unit_test(names_what_conflicts), cmocka_unit_test(refuses_wrong_use),     \
        cmocka_unit_test(writes_are_whole), cmocka_unit_test(rows_keep_their_moment),    \
        cmocka_unit_test(runs_one_text_twice), cmocka_unit_test(neighbours_do_not_undo), \
        cmocka_unit_test(leases_commit_and_undo), cmocka_unit_test(leases_end_in_time),  \
        cmocka_unit_test(a_long_read_ends_in_time), cmocka_unit_test(answers_for_its_health)
