/* conformance_write.c: many changes at once, transactions fed in pieces, writers side by side. */
#include "conformance.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "help/loops.h"
#include "net/wait.h"

static void together_all_or_none(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    int64_t a = suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x\"}");
    uint64_t before = store_counter(s->store);
    struct change c[] = {
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"b\"}"),
        suite_change(s, CHANGE_UPDATE, "Author", a, "{\"name\":\"changed\"}"),
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"c\",\"email\":\"x\"}"),
        suite_change(s, CHANGE_DELETE, "Author", a, NULL)};
    check(!store_write(s->store, c, 4, true, &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "email 'x' is taken");
    for (int i = 0; i < 4; i++)
        check(!c[i].ok);
    check_int(c[2].err.code, BW_CONFLICT);
    check_int(c[0].err.code, BW_OK);
    check_int(suite_count(s, "Author"), 1);
    check_str(suite_field(s, "Author", a, "name").s, "a");
    check(store_counter(s->store) == before);
    c[2] = suite_change(s, CHANGE_ADD, "Category", 0, "{\"name\":\"c\"}");
    check_ok(store_write(s->store, c, 4, true, &e), &e);
    for (int i = 0; i < 4; i++)
        check(c[i].ok);
    check(!suite_get(s, "Author", a));
    check_int(suite_count(s, "Author"), 1);
    check_int(suite_count(s, "Category"), 1);
    check(store_counter(s->store) != before);
}

static void each_on_its_own(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x\"}");
    struct change c[] = {
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"b\",\"email\":\"y\"}"),
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"c\",\"email\":\"x\"}"),
        suite_change(s, CHANGE_ADD, "Article", 0, "{\"title\":\"t\",\"author\":99}"),
        suite_change(s, CHANGE_DELETE, "Author", 77, NULL),
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"d\",\"email\":\"y\"}"),
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"e\",\"email\":\"z\"}")};
    check_ok(store_write(s->store, c, 6, false, &e), &e);
    static const enum bw_code want[] = {BW_OK,      BW_CONFLICT, BW_INVALID,
                                        BW_MISSING, BW_CONFLICT, BW_OK};
    for (int i = 0; i < 6; i++) {
        check_int(c[i].ok, want[i] == BW_OK);
        check_int(c[i].ok ? BW_OK : c[i].err.code, want[i]);
    }
    check_int(suite_count(s, "Author"), 3);
    check_int(suite_count(s, "Article"), 0);
    check(c[5].id > c[0].id);
}

static void later_changes_see_earlier_ones(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    struct change c[] = {
        suite_change(s, CHANGE_ADD, "Author", 5, "{\"name\":\"a\"}"),
        suite_change(s, CHANGE_ADD, "Article", 6, "{\"title\":\"t\",\"author\":5}"),
        suite_change(s, CHANGE_UPDATE, "Article", 6, "{\"title\":\"u\"}"),
        suite_change(s, CHANGE_UPDATE, "Article", 6, "{\"likes\":1}"),
        suite_change(s, CHANGE_DELETE, "Author", 5, NULL)};
    check(!store_write(s->store, c, 5, true, &e));
    check_int(e.code, BW_CONFLICT);
    check_int(suite_count(s, "Article"), 0);
    check_ok(store_write(s->store, c, 4, true, &e), &e);
    check_int(c[3].new_version, 3);
    check_str(suite_field(s, "Article", 6, "title").s, "u");
    check_int(suite_field(s, "Article", 6, "likes").i, 1);
}

static void many_at_once(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    enum { N = 3000 };
    struct change *c = BW_NEW_N(&s->arena, struct change, N);
    for (int i = 0; i < N; i++) {
        char json[64];
        snprintf(json, sizeof json, "{\"name\":\"n%d\",\"email\":\"e%d\"}", i, i);
        c[i] = suite_change(s, CHANGE_ADD, "Author", 0, json);
    }
    check_ok(store_write(s->store, c, N, true, &e), &e);
    for (int i = 1; i < N; i++)
        check(c[i].id > c[i - 1].id);
    check_int(suite_count(s, "Author"), N);
    check_str(suite_field(s, "Author", c[1234].id, "email").s, "e1234");
}

static void counter_moves_with_commits(void **state)
{
    struct suite *s = *state;
    uint64_t a = store_counter(s->store);
    check_int(suite_count(s, "Author"), 0);
    check(store_counter(s->store) == a);
    int64_t id = suite_add(s, "Author", "{\"name\":\"a\"}");
    uint64_t b = store_counter(s->store);
    check(b != a);
    suite_write(s, CHANGE_UPDATE, "Author", id, "{\"name\":\"b\"}");
    check(store_counter(s->store) != b);
}

static void sound(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    struct bw_buf report;
    bw_buf_init(&report, 10000);
    for (int i = 0; i < 200; i++) {
        char json[64];
        snprintf(json, sizeof json, "{\"name\":\"a\",\"email\":\"e%d\"}", i);
        int64_t id = suite_add(s, "Author", json);
        suite_write(s, CHANGE_UPDATE, "Author", id, "{\"email\":\"other\"}");
        suite_write(s, CHANGE_UPDATE, "Author", id, json);
        check(!suite_write(s, CHANGE_ADD, "Author", id, json).ok);
        if (i % 3)
            suite_write(s, CHANGE_DELETE, "Author", id, NULL);
    }
    struct change undone[] = {
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"a\",\"email\":\"x\"}"),
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"a\",\"email\":\"x\"}")};
    check(!store_write(s->store, undone, 2, true, &e));
    check_ok(s->store->kind->ping(s->store, &e), &e);
    check_ok(s->store->kind->verify(s->store, &report, &e), &e);
    bw_buf_release(&report);
    check_int(suite_count(s, "Author"), 67);
}

/* ---- transactions ---- */

static void tx_commits(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    struct store_tx *tx = store_begin(s->store, 0, &e);
    check_ok(tx != NULL, &e);
    struct change a[] = {suite_change(s, CHANGE_ADD, "Author", 1, "{\"name\":\"a\"}"),
                         suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"b\"}")};
    struct change b = suite_change(s, CHANGE_ADD, "Article", 0, "{\"title\":\"t\",\"author\":1}");
    struct change c = suite_change(s, CHANGE_UPDATE, "Author", 1, "{\"name\":\"aa\"}");
    check_ok(store_tx_write(tx, a, 2, &e), &e);
    check_ok(store_tx_write(tx, &b, 1, &e), &e);
    check_ok(store_tx_write(tx, &c, 1, &e), &e);
    check_int(suite_count(s, "Author"), 0); /* others do not see it yet */
    check(!suite_get(s, "Author", 1));
    check_ok(store_tx_end(tx, true, &e), &e);
    check(a[0].ok && a[1].ok && b.ok && c.ok);
    check(a[1].id > 1);
    check_int(suite_count(s, "Author"), 2);
    check_str(suite_field(s, "Author", 1, "name").s, "aa");
}

static void tx_is_undone(void **state)
{
    struct suite *s = *state;
    struct bw_err e;
    int64_t id = suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x\"}");
    struct store_tx *tx = store_begin(s->store, 0, &e);
    check_ok(tx != NULL, &e);
    struct change c[] = {suite_change(s, CHANGE_UPDATE, "Author", id, "{\"email\":\"y\"}"),
                         suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"b\"}"),
                         suite_change(s, CHANGE_DELETE, "Author", id, NULL)};
    check_ok(store_tx_write(tx, c, 3, &e), &e);
    check_ok(store_tx_end(tx, false, &e), &e);
    check_str(suite_field(s, "Author", id, "email").s, "x");
    check_int(suite_count(s, "Author"), 1);
    suite_add(s, "Author", "{\"name\":\"b\",\"email\":\"y\"}");
}

static void tx_fails_as_a_whole(void **state)
{
    struct suite *s = *state;
    struct bw_err e = {0};
    suite_add(s, "Author", "{\"name\":\"a\",\"email\":\"x\"}");
    struct store_tx *tx = store_begin(s->store, 0, &e);
    struct change good = suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"b\"}");
    struct change bad =
        suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"c\",\"email\":\"x\"}");
    struct change more = suite_change(s, CHANGE_ADD, "Author", 0, "{\"name\":\"d\"}");
    check_ok(store_tx_write(tx, &good, 1, &e), &e);
    bool ok = store_tx_write(tx, &bad, 1, &e) && store_tx_write(tx, &more, 1, &e);
    check(!store_tx_end(tx, true, &e));
    (void)ok; /* told at once or at the end */
    check_int(e.code, BW_CONFLICT);
    check_says(&e, "email 'x' is taken");
    check(!bad.ok);
    check_int(bad.err.code, BW_CONFLICT);
    check_int(suite_count(s, "Author"), 1);
    suite_add(s, "Author", "{\"name\":\"e\"}"); /* the writer is free again */
}

/* ---- side by side ---- */

#define WRITERS 4
#define ROUNDS  25

static struct suite *shared;
static int64_t contested;

/* Adds one to views under the version it read; again when somebody was faster. */
static bool raise_views(struct table *t, struct bw_arena *a)
{
    struct bw_err e;
    struct bw_value *row = BW_NEW_N(a, struct bw_value, t->n_columns);
    struct change c = {.kind = CHANGE_UPDATE, .table = t};
    unsigned views = table_column(t, BW_LIT("views"))->index;
    check_ok(store_get(t, contested, &t->simple, row, a, &e), &e);
    record_init(&c.rec, t, a);
    c.rec.id = contested;
    c.version = row[t->version].i;
    column_add(&c.rec.has, views);
    c.rec.v[views] = bw_int(row[views].i + 1);
    check_ok(store_write(t->store, &c, 1, false, &e), &e);
    check(c.ok || c.err.code == BW_CHANGED);
    return c.ok;
}

static void *writer(void *arg)
{
    struct bw_arena a;
    struct table *t = suite_table(shared, "Article");
    unsigned title = table_column(t, BW_LIT("title"))->index;
    (void)arg;
    bw_arena_init(&a);
    for (int done = 0; done < ROUNDS;) {
        struct bw_err e;
        struct change c = {.kind = CHANGE_ADD, .table = t};
        struct faults f = {.arena = &a};
        record_init(&c.rec, t, &a);
        column_add(&c.rec.has, title);
        c.rec.v[title] = bw_text(BW_LIT("t"));
        record_check(&c.rec, t, RECORD_ADD, &f);
        if (!raise_views(t, &a))
            continue;
        check_ok(store_write(t->store, &c, 1, true, &e), &e);
        done++;
        bw_arena_clear(&a);
    }
    bw_arena_release(&a);
    return NULL;
}

static void no_update_is_lost(void **state)
{
    pthread_t threads[WRITERS];
    shared = *state;
    contested = suite_add(shared, "Article", "{\"title\":\"t\"}");
    for (int i = 0; i < WRITERS; i++)
        check_int(pthread_create(&threads[i], NULL, writer, NULL), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    check_int(suite_field(shared, "Article", contested, "views").i, WRITERS * ROUNDS);
    check_int(suite_field(shared, "Article", contested, "version").i, WRITERS * ROUNDS + 1);
    check_int(suite_count(shared, "Article"), WRITERS * ROUNDS + 1);
}

/* The same from fibers: who waits parks, and its loop serves the others. */
static atomic_int working;
static struct wait all_done;

static void fiber_writer(void *arg)
{
    writer(arg);
    if (atomic_fetch_sub(&working, 1) == 1)
        wait_wake(&all_done);
}

static void on_loops(struct loops *ls)
{
    atomic_store(&working, WRITERS);
    wait_init(&all_done);
    for (unsigned i = 0; i < WRITERS; i++)
        t_start_on(loops_at(ls, i % 2), fiber_writer, NULL);
    check_int(wait_for(&all_done, WAIT_SURE), WAIT_WOKEN);
}

static void fibers_lose_none_either(void **state)
{
    shared = *state;
    contested = suite_add(shared, "Article", "{\"title\":\"t\"}");
    t_on_loops(2, on_loops);
    check_int(suite_field(shared, "Article", contested, "views").i, WRITERS * ROUNDS);
    check_int(suite_count(shared, "Article"), WRITERS * ROUNDS + 1);
}

/* A fiber with a transaction open, one that reads and one that wants to write, all on one loop. */
static struct change tx_change, write_change;
static bool tx_ended;

static void fiber_write(void *arg)
{
    struct bw_err e;
    (void)arg;
    check_ok(store_write(shared->store, &write_change, 1, true, &e), &e);
    check(tx_ended);
    wait_wake(&all_done);
}

static void tx_on_a_loop(struct loops *ls)
{
    struct bw_err e;
    struct store_tx *tx = store_begin(shared->store, 0, &e);
    check_ok(tx != NULL, &e);
    wait_init(&all_done);
    tx_ended = false;
    t_start_on(loops_at(ls, 0), fiber_write, NULL);
    check_ok(store_tx_write(tx, &tx_change, 1, &e), &e);
    wait_until(clock_mono() + CLOCK_MS); /* the other fiber stands in line now */
    check_int(suite_count(shared, "Author"), 0);
    tx_ended = true;
    check_ok(store_tx_end(tx, true, &e), &e);
    check_int(wait_for(&all_done, WAIT_SURE), WAIT_WOKEN);
}

static void a_tx_holds_up_fibers_not_loops(void **state)
{
    shared = *state;
    tx_change = suite_change(shared, CHANGE_ADD, "Author", 0, "{\"name\":\"a\"}");
    write_change = suite_change(shared, CHANGE_ADD, "Author", 0, "{\"name\":\"b\"}");
    t_on_loops(1, tx_on_a_loop);
    check_int(suite_count(shared, "Author"), 2);
    check(write_change.id > tx_change.id);
}

static void *late_writer(void *arg)
{
    struct change *c = arg;
    struct bw_err e;
    check_ok(store_write(shared->store, c, 1, true, &e), &e);
    return NULL;
}

/* Writers wait for a transaction's end, and see what it did. */
static void writers_wait_for_a_tx(void **state)
{
    pthread_t thread;
    struct bw_err e;
    shared = *state;
    int64_t id = suite_add(shared, "Article", "{\"title\":\"t\"}");
    struct change mine = suite_change(shared, CHANGE_UPDATE, "Article", id, "{\"title\":\"mine\"}");
    struct change late = suite_change(shared, CHANGE_UPDATE, "Article", id, "{\"body\":\"late\"}");
    struct store_tx *tx = store_begin(shared->store, 0, &e);
    check_ok(store_tx_write(tx, &mine, 1, &e), &e);
    check_int(pthread_create(&thread, NULL, late_writer, &late), 0);
    check_ok(store_tx_end(tx, true, &e), &e);
    pthread_join(thread, NULL);
    check_int(late.new_version, 3);
    check_str(suite_field(shared, "Article", id, "title").s, "mine");
    check_str(suite_field(shared, "Article", id, "body").s, "late");
}

static const struct CMUnitTest tests[] = {
    SUITE_TEST(together_all_or_none),
    SUITE_TEST(each_on_its_own),
    SUITE_TEST(later_changes_see_earlier_ones),
    SUITE_TEST(many_at_once),
    SUITE_TEST(counter_moves_with_commits),
    SUITE_TEST(sound),
    SUITE_TEST(tx_commits),
    SUITE_TEST(tx_is_undone),
    SUITE_TEST(tx_fails_as_a_whole),
    SUITE_TEST(no_update_is_lost),
    SUITE_TEST(fibers_lose_none_either),
    SUITE_TEST(a_tx_holds_up_fibers_not_loops),
    SUITE_TEST(writers_wait_for_a_tx),
};
const struct CMUnitTest *const conformance_write_tests = tests;
const size_t conformance_write_count = sizeof tests / sizeof *tests;
