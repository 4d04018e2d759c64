/* The SQLite driver on plain threads: the conformance of all drivers, and what is its own. */
#include "help/t.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "db/db.h"

static char folder[] = "/tmp/burrow-db-XXXXXX";
static int files;

static const char *new_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%d.db", folder, files++);
    return path;
}

static struct db *open_at(const char *path, struct db_opts o)
{
    struct bw_err e;
    o.path = path;
    struct db *db = db_open("sqlite", &o, &e);
    check_ok(db != NULL, &e);
    return db;
}

static struct db *fresh_with(struct db_opts o)
{
    return open_at(new_path(), o);
}

static struct db *fresh(void)
{
    return fresh_with((struct db_opts){.sync = DB_SYNC_OFF});
}

#include "conformance.c"

static int64_t size_of(const char *path, const char *more)
{
    char name[128];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, more);
    return stat(name, &st) == 0 ? st.st_size : -1;
}

static void one_process_serves_a_file(void **state)
{
    (void)state;
    const char *path = new_path();
    struct db *db = open_at(path, (struct db_opts){0});
    struct bw_err e;
    char pid[32];
    snprintf(pid, sizeof pid, "in use by process %d", (int)getpid());
    check(!db_open("sqlite", &(struct db_opts){.path = path}, &e));
    check_int(e.code, BW_BUSY);
    check_says(&e, pid);
    pid_t child = fork();
    if (child == 0) {
        bool refused = !db_open("sqlite", &(struct db_opts){.path = path}, &e) &&
                       e.code == BW_BUSY && strstr(e.text, pid);
        _exit(refused ? 0 : 1);
    }
    int status;
    check_int(waitpid(child, &status, 0), child);
    check_int(status, 0);
    db_close(db);
    db_close(open_at(path, (struct db_opts){0}));
}

static void says_why_it_cannot_open(void **state)
{
    (void)state;
    struct bw_err e;
    check(!db_open("sqlite", &(struct db_opts){.path = "/nowhere/at/all.db"}, &e));
    check_says(&e, "/nowhere/at/all.db");
    const char *path = new_path();
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", f);
    fclose(f);
    check(!db_open("sqlite", &(struct db_opts){.path = path}, &e));
    check_says(&e, "no SQLite database");
}

static void memory_is_shared_and_private(void **state)
{
    (void)state;
    struct db *a = open_at("", (struct db_opts){0});
    struct db *b = open_at("", (struct db_opts){0});
    must_exec(a, "CREATE TABLE T (id INTEGER PRIMARY KEY)");
    must_exec(a, "INSERT INTO T VALUES (1)");
    must_exec(b, "CREATE TABLE T (id INTEGER PRIMARY KEY)");
    check_int(number(a, "SELECT count(*) FROM T"), 1);
    check_int(number(b, "SELECT count(*) FROM T"), 0);
    db_close(a);
    db_close(b);
}

static void keeps_many_statements(void **state)
{
    (void)state;
    struct db *db = fresh();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT %d", i);
            check_int(number(db, sql), i);
        }
    db_close(db);
}

static void bounds_recursion(void **state)
{
    (void)state;
    struct db *db = fresh();
    struct bw_err e;
    char pattern[1000];
    memset(pattern, '%', sizeof pattern);
    struct bw_value v = bw_text(bw_str_of(pattern, sizeof pattern));
    struct db_rows *r = db_query(db, "SELECT 'a' LIKE ?1", &v, 1, &e);
    check_ok(r != NULL, &e);
    check_int(db_next(r, &e), -1);
    check_says(&e, "LIKE");
    db_rows_close(r);
    char sum[1000] = "SELECT 1";
    for (int i = 0; i < 150; i++)
        strncat(sum, "+1", sizeof sum - strlen(sum) - 1);
    check(!db_query(db, sum, NULL, 0, &e));
    check_says(&e, "depth");
    r = db_query(db, "SELECT load_extension('x')", NULL, 0, &e);
    check(!r || db_next(r, &e) == -1);
    check_says(&e, "not authorized");
    db_rows_close(r);
    check(!exec(db, "ATTACH ':memory:' AS other", &e));
    check(!exec(db, "UPDATE sqlite_schema SET sql = ''", &e));
    db_close(db);
}

static bool add_page_full(struct db_tx *tx, void *arg, struct bw_err *e)
{
    (void)arg;
    for (int i = 0; i < 50; i++)
        if (!db_exec(tx, "INSERT INTO T (v) VALUES (zeroblob(4000))", NULL, 0, e))
            return false;
    return db_exec(tx, "DELETE FROM T", NULL, 0, e);
}

static void the_log_stays_small(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s", new_path());
    struct db *db = open_at(path, (struct db_opts){.sync = DB_SYNC_OFF});
    must_exec(db, "CREATE TABLE T (id INTEGER PRIMARY KEY, v)");
    struct bw_err e;
    for (int i = 0; i < 400; i++) { /* some 80 MB through the log */
        check_ok(db_write(db, add_page_full, NULL, &e), &e);
        number(db, "SELECT count(*) FROM T"); /* keeps a snapshot */
        number(db, "SELECT count(*) FROM T");
    }
    check(size_of(path, "-wal") > 0);
    check(size_of(path, "-wal") < 24 * 1024 * 1024);
    db_close(db);
    check_int(size_of(path, "-wal"), -1); /* a clean end leaves one file */
}

static bool fill_up(struct db_tx *tx, void *arg, struct bw_err *e)
{
    (void)arg;
    return db_exec(tx, "PRAGMA max_page_count=50", NULL, 0, e) &&
           db_exec(tx, "INSERT INTO T (v) VALUES (zeroblob(1000000))", NULL, 0, e);
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    struct db *db = fresh();
    must_exec(db, "CREATE TABLE T (id INTEGER PRIMARY KEY, v)");
    must_exec(db, "INSERT INTO T (v) VALUES (1)");
    struct bw_err e = {0};
    check(!db_write(db, fill_up, NULL, &e));
    check_int(e.code, BW_FULL);
    check_says(&e, "no room on the disk");
    check_int(number(db, "SELECT count(*) FROM T"), 1);
    must_exec(db, "INSERT INTO T (v) VALUES (2)"); /* still fits */
    check_int(number(db, "SELECT count(*) FROM T"), 2);
    db_close(db);
}

static int fill_until_it_fails(struct db *db, struct bw_err *e)
{
    int good = 0;
    while (good < 1000 && exec(db, "INSERT INTO T (v) VALUES (zeroblob(20000))", e))
        good++;
    return good;
}

/* The disk fails in the middle of a commit: a limit on the size of files stands for it. */
static int survive_failing_disk(void)
{
    struct db *db = fresh();
    must_exec(db, "CREATE TABLE T (id INTEGER PRIMARY KEY, v)");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 500000, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    struct bw_err e = {0};
    int good = fill_until_it_fails(db, &e);
    if (good == 0 || good == 1000 || (e.code != BW_SYS && e.code != BW_FULL))
        return 1;
    if (number(db, "SELECT count(*) FROM T") != good || exec(db, "DELETE FROM T", &e))
        return 2;
    setrlimit(RLIMIT_FSIZE, &old);
    must_exec(db, "INSERT INTO T (v) VALUES (1)"); /* as if nothing had been */
    return number(db, "SELECT count(*) FROM T") == good + 1 ? 0 : 3;
}

static void a_failing_disk_fails_the_write(void **state)
{
    (void)state;
    pid_t child = fork(); /* the limit is of the whole process */
    if (child == 0)
        _exit(survive_failing_disk());
    files++;
    int status;
    check_int(waitpid(child, &status, 0), child);
    check_int(status, 0);
}

static void others_commits_are_seen(void **state)
{
    (void)state;
    char path[64], cmd[200];
    snprintf(path, sizeof path, "%s", new_path());
    struct db *db = open_at(path, (struct db_opts){0});
    must_exec(db, "CREATE TABLE T (id INTEGER PRIMARY KEY)");
    for (int i = 0; i < 3; i++)
        check_int(number(db, "SELECT count(*) FROM T"), 0);
    uint64_t before = db_commit_counter(db);
    snprintf(cmd, sizeof cmd, "%s", "INSERT INTO T VALUES (1)");
    pid_t child = fork();
    if (child == 0) {
        execlp("sqlite3", "sqlite3", path, cmd, (char *)NULL);
        _exit(9);
    }
    int status;
    check_int(waitpid(child, &status, 0), child);
    check_int(status, 0);
    check(db_commit_counter(db) != before);
    check_int(number(db, "SELECT count(*) FROM T"), 1);
    db_close(db);
}

/* Writes one number after the other and tells each acknowledged one, until it is killed. */
static void write_until_killed(const char *path, int out)
{
    struct bw_err e;
    struct db *db = db_open("sqlite", &(struct db_opts){.path = path}, &e);
    struct op create = {.sql = "CREATE TABLE IF NOT EXISTS N (id INTEGER PRIMARY KEY)"};
    if (!db || !db_write(db, run_op, &create, &e))
        _exit(2);
    for (int64_t i = 1;; i++) {
        struct bw_value v = bw_int(i);
        struct op op = {.sql = "INSERT INTO N VALUES (?1)", .args = &v, .n = 1};
        if (!db_write(db, run_op, &op, &e) || write(out, &i, sizeof i) != sizeof i)
            _exit(3);
    }
}

static void a_kill_loses_nothing(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s", new_path());
    int pipes[2];
    check_int(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(path, pipes[1]);
    close(pipes[1]);
    int64_t n, last = 0;
    while (last < 50 && read(pipes[0], &n, sizeof n) == sizeof n)
        last = n;
    kill(child, SIGKILL);
    while (read(pipes[0], &n, sizeof n) == sizeof n)
        last = n;
    close(pipes[0]);
    int status;
    check_int(waitpid(child, &status, 0), child);
    check(WIFSIGNALED(status));
    struct db *db = open_at(path, (struct db_opts){0});
    check(last >= 50);
    int64_t kept = number(db, "SELECT max(id) FROM N");
    check(kept == last || kept == last + 1); /* the last one may not have been told */
    check_int(number(db, "SELECT count(*) FROM N"), kept);
    struct bw_err e;
    struct bw_buf report;
    bw_buf_init(&report, 1000);
    check_ok(db_check(db, &report, &e), &e);
    bw_buf_release(&report);
    db_close(db);
}

static void finds_broken_references(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s", new_path());
    struct db *db = open_at(path, (struct db_opts){0});
    must_exec(db, "CREATE TABLE A (id INTEGER PRIMARY KEY)");
    must_exec(db, "CREATE TABLE B (id INTEGER PRIMARY KEY, a INTEGER REFERENCES A(id))");
    pid_t child = fork(); /* the shell enforces no references */
    if (child == 0) {
        execlp("sqlite3", "sqlite3", path, "INSERT INTO B VALUES (1, 5)", (char *)NULL);
        _exit(9);
    }
    int status;
    check_int(waitpid(child, &status, 0), child);
    check_int(status, 0);
    struct bw_err e = {0};
    struct bw_buf report;
    bw_buf_init(&report, 1000);
    check(!db_check(db, &report, &e));
    check_says(&e, "damaged");
    check(strstr(bw_buf_cstr(&report), "B, record 1, refers to a missing A"));
    bw_buf_release(&report);
    db_close(db);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(9);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child ? status : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFORMANCE,
        cmocka_unit_test(one_process_serves_a_file),
        cmocka_unit_test(says_why_it_cannot_open),
        cmocka_unit_test(memory_is_shared_and_private),
        cmocka_unit_test(keeps_many_statements),
        cmocka_unit_test(bounds_recursion),
        cmocka_unit_test(the_log_stays_small),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(a_failing_disk_fails_the_write),
        cmocka_unit_test(others_commits_are_seen),
        cmocka_unit_test(a_kill_loses_nothing),
        cmocka_unit_test(finds_broken_references),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
