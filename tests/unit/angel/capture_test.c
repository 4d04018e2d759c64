/* What children print: into files and tails, whole and in order, whoever goes and comes. */
#include "help/loops.h"
#include "help/t.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "angel/capture.h"
#include "core/clock.h"
#include "net/fiber.h"
#include "net/wait.h"
#include "os/file.h"

static char folder[64], path[96];

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/capture-XXXXXX");
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/out/x.log", folder);
    return 0;
}

static int entry(const char *name, const struct stat *st, int kind, struct FTW *w)
{
    (void)st, (void)kind, (void)w;
    return remove(name);
}

static int drop(void **state)
{
    (void)state;
    return nftw(folder, entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void done(void *arg)
{
    wait_wake(arg);
}

static void sync_unit(struct capture_unit *u)
{
    struct wait w;
    wait_init(&w);
    capture_sync(u, done, &w);
    check_int(wait_for(&w, WAIT_SURE), WAIT_WOKEN);
}

static struct capture *open_one(void)
{
    struct bw_err e;
    struct capture *c = capture_new(&(struct capture_opts){.loop = loop_current()}, &e);
    check_ok(c != NULL, &e);
    return c;
}

/* A pipe: ends[1] is the child's. */
static struct capture_unit *add_one(struct capture *c, int ends[2], const struct capture_policy *p)
{
    struct bw_err e;
    check(pipe2(ends, O_CLOEXEC) == 0);
    check(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    struct capture_unit *u = capture_add(c, "one", ends[0], p, &e);
    check_ok(u != NULL, &e);
    return u;
}

static void print(int fd, const char *text)
{
    check_int(write(fd, text, strlen(text)), strlen(text));
}

static void check_file(const char *file, const char *want)
{
    struct bw_arena a;
    struct bw_err e;
    bw_str text;
    bw_arena_init(&a);
    check_ok(file_read(file, 1 << 20, &a, &text, &e), &e);
    check_str(text, want);
    bw_arena_release(&a);
}

static void check_tail(struct capture_unit *u, const char *want)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    capture_tail(u, &b);
    check_str(bw_buf_str(&b), want);
    bw_buf_release(&b);
}

static void keeps_order(struct loops *ls)
{
    int ends[2];
    (void)ls;
    struct capture *c = open_one();
    struct capture_unit *u = add_one(c, ends, &(struct capture_policy){.path = path});
    print(ends[1], "one\ntwo");
    sync_unit(u);
    check_tail(u, "one\ntwo");
    check_file(path, "one\ntwo");
    print(ends[1], "\nthree\n");
    close(ends[1]);
    sync_unit(u);
    check_int(capture_stats(u).bytes, 14);
    check_int(capture_stats(u).lost_bytes, 0);
    capture_free(c);
    check_file(path, "one\ntwo\nthree\n");
}

static void the_tail_is_the_last_64_k(struct loops *ls)
{
    int ends[2];
    char line[64];
    struct bw_buf all, tail;
    (void)ls;
    struct capture *c = open_one();
    struct capture_unit *u = add_one(c, ends, &(struct capture_policy){.path = NULL});
    bw_buf_init(&all, 1 << 20);
    bw_buf_init(&tail, 1 << 20);
    for (int i = 0; i < 9000; i++) {
        snprintf(line, sizeof line, "line number %d\n", i);
        bw_buf_put(&all, bw_cstr(line));
        print(ends[1], line);
        if (i % 700 == 0) { /* at sizes of all kinds */
            sync_unit(u);
            bw_buf_clear(&tail);
            capture_tail(u, &tail);
            size_t n = all.n < CAPTURE_TAIL ? all.n : CAPTURE_TAIL;
            check_int(tail.n, n);
            check(!memcmp(tail.p, all.p + all.n - n, n));
        }
    }
    bw_buf_release(&all);
    bw_buf_release(&tail);
    close(ends[1]);
    capture_free(c);
}

static void an_end_of_output_is_no_end_of_life(struct loops *ls)
{
    struct bw_err e;
    char fifo[128];
    (void)ls;
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    check(mkfifo(fifo, 0600) == 0);
    struct capture *c = open_one();
    int end = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct capture_unit *u = capture_add(c, "one", end, &(struct capture_policy){.path = path}, &e);
    check_ok(u != NULL, &e);
    for (int i = 0; i < 3; i++) {
        int w = open(fifo, O_WRONLY | O_CLOEXEC);
        print(w, "life\n");
        close(w);
        sync_unit(u);
    }
    check_file(path, "life\nlife\nlife\n");
    capture_remove(u);
    capture_free(c);
}

static void met(void *arg)
{
    wait_wake(arg);
}

static void a_line_is_awaited(struct loops *ls)
{
    int ends[2];
    struct wait w;
    (void)ls;
    struct capture *c = open_one();
    struct capture_unit *u = add_one(c, ends, &(struct capture_policy){.path = NULL});
    print(ends[1], "listening");
    sync_unit(u);
    capture_life(u, true); /* from here on */
    wait_init(&w);
    capture_expect(u, "listening on", met, &w);
    print(ends[1], " on\nstill list");
    sync_unit(u);
    print(ends[1], "ening o");
    sync_unit(u);
    check_int(wait_for(&w, clock_mono() + 1), WAIT_DEADLINE);
    capture_expect(u, NULL, NULL, NULL);
    wait_init(&w);
    capture_expect(u, "n port", met, &w);
    sync_unit(u);
    print(ends[1], "n po");
    sync_unit(u);
    print(ends[1], "rt 80\n");
    check_int(wait_for(&w, WAIT_SURE), WAIT_WOKEN);
    wait_init(&w);
    capture_expect(u, "port 80", met, &w); /* it has come already */
    check_int(wait_for(&w, WAIT_SURE), WAIT_WOKEN);
    capture_life(u, true);
    wait_init(&w);
    capture_expect(u, "port 80", met, &w); /* in another life */
    sync_unit(u);
    check_int(wait_for(&w, clock_mono() + 1), WAIT_DEADLINE);
    capture_life(u, false);
    capture_expect(u, "never", met, &w); /* does not come any more */
    close(ends[1]);
    capture_remove(u);
    capture_free(c);
}

static void lines_are_stamped(struct loops *ls)
{
    int ends[2];
    (void)ls;
    clock_set(INT64_C(1795475058123456), 1);
    struct capture *c = open_one();
    struct capture_unit *u =
        add_one(c, ends, &(struct capture_policy){.path = path, .stamp = true});
    print(ends[1], "one\ntw");
    sync_unit(u);
    print(ends[1], "o\n\n");
    close(ends[1]);
    capture_free(c);
    clock_unset();
    check_file(path, "2026-11-23T23:04:18.123Z one\n2026-11-23T23:04:18.123Z two\n"
                     "2026-11-23T23:04:18.123Z \n");
}

static void a_policy_changes(struct loops *ls)
{
    int ends[2];
    char other[128];
    struct bw_err e;
    (void)ls;
    snprintf(other, sizeof other, "%s/other/y.log", folder);
    struct capture *c = open_one();
    struct capture_unit *u = add_one(c, ends, &(struct capture_policy){.path = path});
    print(ends[1], "one\n");
    check_ok(capture_change(u, &(struct capture_policy){.path = other}, &e), &e);
    sync_unit(u);
    print(ends[1], "two\n");
    close(ends[1]);
    capture_free(c);
    check_file(path, "one\n");
    check_file(other, "two\n");
}

/* What the file system refuses is counted, told in the file, and the file goes on. */
static void a_hole_is_told(struct loops *ls)
{
    int ends[2];
    (void)ls;
    struct capture *c = open_one();
    int blocker = open(folder, O_RDONLY | O_CLOEXEC);
    check(mkdirat(blocker, "out", 0700) == 0 && mkdirat(blocker, "out/x.log", 0700) == 0);
    close(blocker);
    struct capture_unit *u = add_one(c, ends, &(struct capture_policy){.path = path});
    print(ends[1], "lost\n");
    sync_unit(u);
    check_int(capture_stats(u).lost_bytes, 5);
    check_int(capture_stats(u).losses, 1);
    check(rmdir(path) == 0);
    print(ends[1], "kept\n");
    sync_unit(u);
    struct bw_arena a;
    struct bw_err e;
    bw_str text;
    bw_arena_init(&a);
    check_ok(file_read(path, 1000, &a, &text, &e), &e);
    check(bw_str_starts(text, BW_LIT("[burrow angel: 5 bytes lost from ")));
    check(bw_str_ends(text, BW_LIT(": Is a directory]\nkept\n")));
    bw_arena_release(&a);
    close(ends[1]);
    capture_free(c);
}

static struct capture *open_with_hands(void)
{
    struct bw_err e;
    char hands[96];
    snprintf(hands, sizeof hands, "%s/in-hand", folder);
    struct capture *c =
        capture_new(&(struct capture_opts){.loop = loop_current(), .hands = hands}, &e);
    check_ok(c != NULL, &e);
    return c;
}

/* Lost, and not told when the capture ended: the next one tells it, in a line of its own. */
static void what_is_owed_is_told_by_the_next(struct loops *ls)
{
    int ends[2];
    struct bw_arena a;
    struct bw_err e;
    bw_str text;
    (void)ls;
    const struct capture_policy p = {.path = path, .full = CAPTURE_DROP_NEW};
    struct capture *c = open_with_hands();
    struct capture_unit *u = add_one(c, ends, &p);
    int in = open(folder, O_RDONLY | O_CLOEXEC);
    check(mkdirat(in, "out", 0700) == 0 && mkdirat(in, "out/x.log", 0700) == 0);
    print(ends[1], "four");
    sync_unit(u);
    check_int(capture_stats(u).lost_bytes, 4);
    capture_free(c);
    close(ends[1]);
    check(unlinkat(in, "out/x.log", AT_REMOVEDIR) == 0);
    close(in);
    check_ok(file_replace(path, BW_LIT("cut"), &e), &e);
    c = open_with_hands();
    u = add_one(c, ends, &p);
    check_int(capture_stats(u).lost_bytes, 4);
    print(ends[1], "more\n");
    sync_unit(u);
    capture_free(c);
    close(ends[1]);
    bw_arena_init(&a);
    check_ok(file_read(path, 1 << 20, &a, &text, &e), &e);
    check(bw_str_starts(text, BW_LIT("cut\n[burrow angel: 4 bytes lost from ")));
    check(bw_str_ends(text, BW_LIT(": Is a directory]\nmore\n")));
    bw_arena_release(&a);
    c = open_with_hands(); /* told once */
    u = add_one(c, ends, &p);
    check_int(capture_stats(u).lost_bytes, 0);
    close(ends[1]);
    capture_free(c);
}

#define ON_LOOP(name)                        \
    static void name##_on_loop(void **state) \
    {                                        \
        (void)state;                         \
        t_on_loops(1, name);                 \
    }
ON_LOOP(keeps_order)
ON_LOOP(the_tail_is_the_last_64_k)
ON_LOOP(an_end_of_output_is_no_end_of_life)
ON_LOOP(a_line_is_awaited)
ON_LOOP(lines_are_stamped)
ON_LOOP(a_policy_changes)
ON_LOOP(a_hole_is_told)
ON_LOOP(what_is_owed_is_told_by_the_next)

#define TEST(name) cmocka_unit_test_setup_teardown(name##_on_loop, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_order),
        TEST(the_tail_is_the_last_64_k),
        TEST(an_end_of_output_is_no_end_of_life),
        TEST(a_line_is_awaited),
        TEST(lines_are_stamped),
        TEST(a_policy_changes),
        TEST(a_hole_is_told),
        TEST(what_is_owed_is_told_by_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
