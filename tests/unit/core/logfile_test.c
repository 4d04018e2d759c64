/* The log file: rotation by size and day, its bounds, packing, and what others may do to a file
 * while it is written. */
#include "help/t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/clock.h"
#include "core/logfile.h"

#define AT INT64_C(1795475058123456) /* 2026-11-23T23:04:18.123456Z */

static char folder[64], path[96];

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/logfile-XXXXXX");
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/x.log", folder);
    setenv("TZ", "UTC", 1);
    return 0;
}

static void remove_all(void)
{
    struct logfile_olds olds;
    logfile_list(path, &olds);
    for (size_t i = 0; i < olds.n; i++)
        unlink(olds.p[i].path);
    logfile_list_release(&olds);
    unlink(path);
}

static int drop(void **state)
{
    (void)state;
    clock_unset();
    remove_all();
    return rmdir(folder);
}

static void begin(struct logfile *f, struct logfile_rotate r)
{
    struct bw_err e;
    check_ok(logfile_open(f, path, &r, &e), &e);
}

static void add(struct logfile *f, const char *line)
{
    check_int(logfile_write(f, bw_cstr(line)), strlen(line));
}

/* Whatever the form, by zlib, which passes plain text through. */
static void check_content(const char *file, const char *want)
{
    char text[256];
    gzFile z = gzopen(file, "rb");
    check(z != NULL);
    int n = gzread(z, text, sizeof text - 1);
    gzclose(z);
    check(n >= 0);
    text[n] = 0;
    assert_string_equal(text, want);
}

static void settle(struct logfile *f)
{
    while (logfile_is_packing(f))
        usleep(1000);
}

static void rotates_by_size_and_keeps_a_number(void **state)
{
    (void)state;
    struct logfile f;
    struct logfile_olds olds;
    char line[16];
    clock_set(AT, 1);
    begin(&f, (struct logfile_rotate){.count = 3, .size = 1, .keep_plain = true});
    for (int i = 0; i < 6; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        add(&f, line);
    }
    logfile_close(&f);
    begin(&f, (struct logfile_rotate){.count = 3, .size = 1000}); /* packs what is there */
    logfile_close(&f);
    begin(&f, (struct logfile_rotate){.count = 3, .size = 1000});
    settle(&f);
    logfile_close(&f);
    logfile_list(path, &olds);
    check_int(olds.n, 2);
    check(olds.p[0].packed && olds.p[1].packed);
    check(strstr(olds.p[1].path, "x.log.20261123-230418-"));
    check_content(olds.p[0].path, "line 3\n");
    check_content(olds.p[1].path, "line 4\n");
    check_content(path, "line 5\n");
    logfile_list_release(&olds);
}

static void rotates_daily(void **state)
{
    (void)state;
    struct logfile f;
    struct logfile_olds olds;
    clock_set(AT, 1);
    begin(&f, (struct logfile_rotate){.count = 3, .daily = true, .hour = 3, .keep_plain = true});
    add(&f, "monday\n");
    clock_set(AT + 3 * 3600 * BW_TIME_SECOND, 1); /* 02:04 */
    add(&f, "night\n");
    clock_set(AT + 4 * 3600 * BW_TIME_SECOND, 1);
    add(&f, "tuesday\n");
    add(&f, "still\n");
    logfile_close(&f);
    check_content(path, "tuesday\nstill\n");
    logfile_list(path, &olds);
    check_int(olds.n, 1);
    check_content(olds.p[0].path, "monday\nnight\n");
    logfile_list_release(&olds);
}

static void keeps_a_total(void **state)
{
    (void)state;
    struct logfile f;
    struct logfile_olds olds;
    clock_set(AT, 1);
    begin(&f, (struct logfile_rotate){.count = 100, .size = 1, .total = 25, .keep_plain = true});
    for (int i = 0; i < 10; i++)
        add(&f, "ten bytes\n");
    logfile_close(&f);
    begin(&f, (struct logfile_rotate){.count = 100, .total = 25, .keep_plain = true});
    settle(&f);
    logfile_list(path, &olds);
    check_int(olds.n, 2);
    logfile_list_release(&olds);
    logfile_close(&f);
}

static void follows_its_name(void **state)
{
    (void)state;
    struct logfile f;
    struct bw_err e;
    char away[128];
    snprintf(away, sizeof away, "%s/away", folder);
    begin(&f, (struct logfile_rotate){.count = 0});
    add(&f, "one\n");
    check(rename(path, away) == 0);
    add(&f, "two\n");
    check_content(away, "one\n");
    check_content(path, "two\n");
    unlink(away);
    unlink(path);
    check(rmdir(folder) == 0);
    add(&f, "three\n"); /* the folder is made again */
    check_content(path, "three\n");
    unlink(path);
    check(rmdir(folder) == 0);
    int fd = open(folder, O_CREAT | O_WRONLY, 0600); /* a file in the folder's place */
    check(fd >= 0);
    close(fd);
    check_int(logfile_write(&f, BW_LIT("lost\n")), 0);
    check(unlink(folder) == 0);
    add(&f, "four\n");
    check_content(path, "four\n");
    logfile_reopen(&f);
    add(&f, "five\n");
    check_content(path, "four\nfive\n");
    logfile_close(&f);
    check(!logfile_open(&f, "/nowhere/at/all", &(struct logfile_rotate){.count = 0}, &e));
    check(access("/nowhere", F_OK) != 0);
}

static void a_pipe_does_not_hold_it(void **state)
{
    (void)state;
    struct logfile f;
    begin(&f, (struct logfile_rotate){.count = 0});
    unlink(path);
    check(mkfifo(path, 0600) == 0);
    check_int(logfile_write(&f, BW_LIT("lost\n")), 0); /* nobody reads */
    unlink(path);
    add(&f, "kept\n");
    check_content(path, "kept\n");
    logfile_close(&f);
}

static void a_stream_is_cut_where_lines_end(void **state)
{
    (void)state;
    struct logfile f;
    struct logfile_olds olds;
    clock_set(AT, 1);
    begin(&f, (struct logfile_rotate){.count = 9, .size = 8, .keep_plain = true});
    check_int(logfile_stream(&f, BW_LIT("one\ntwo th")), 10);
    check(f.mid);
    check_int(logfile_stream(&f, BW_LIT("ree\nfour\nfive")), 13);
    check_int(logfile_stream(&f, BW_LIT("\n")), 1);
    check(!f.mid && f.rotations == 1);
    logfile_list(path, &olds);
    check_int(olds.n, 1);
    check_content(olds.p[0].path, "one\ntwo three\n");
    check_content(path, "four\nfive\n");
    logfile_list_release(&olds);
    check_int(logfile_stream(&f, BW_LIT("no end of a line here, and none ")), 32);
    check_int(logfile_stream(&f, BW_LIT("here\n")), 5); /* twice the size: cut all the same */
    check_content(path, "here\n");
    logfile_close(&f);
}

static void a_stream_says_how_much_fits(void **state)
{
    (void)state;
    struct logfile f;
    struct rlimit before, small = {.rlim_cur = 6, .rlim_max = RLIM_INFINITY};
    begin(&f, (struct logfile_rotate){.count = 0});
    signal(SIGXFSZ, SIG_IGN);
    check(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small.rlim_max = before.rlim_max;
    check(setrlimit(RLIMIT_FSIZE, &small) == 0);
    check_int(logfile_stream(&f, BW_LIT("0123\n56789\n")), 6);
    check_int(f.sys, EFBIG);
    check(f.mid);
    check(setrlimit(RLIMIT_FSIZE, &before) == 0);
    check_int(logfile_stream(&f, BW_LIT("\n")), 1);
    check_content(path, "0123\n5\n");
    logfile_close(&f);
}

static void many_files_share_a_budget(void **state)
{
    (void)state;
    struct logfile f, g;
    struct logfile_budget b;
    struct logfile_olds olds, others;
    struct bw_err e;
    char second[128];
    snprintf(second, sizeof second, "%s/y.log", folder);
    logfile_budget_init(&b, 64);
    clock_set(AT, 1);
    struct logfile_rotate r = {.count = 99, .size = 1, .keep_plain = true, .budget = &b};
    begin(&f, r);
    check_ok(logfile_open(&g, second, &r, &e), &e);
    for (int i = 0; i < 5; i++)
        add(&f, "ten bytes\n");
    clock_set(AT + BW_TIME_SECOND, 1);
    for (int i = 0; i < 5; i++)
        check_int(logfile_write(&g, BW_LIT("ten bytes\n")), 10);
    settle(&f);
    settle(&g);
    logfile_list(path, &olds);
    logfile_list(second, &others);
    check_int(others.n, 4); /* the newer ones are all there */
    check_int(olds.n, 2);   /* 60 bytes are enough: 64 less a 16th */
    check_int(b.used, 60);
    check_int(logfile_drop_oldest(&f), 10);
    logfile_list_release(&olds);
    logfile_list(path, &olds);
    check_int(olds.n, 1);
    logfile_close(&f);
    logfile_close(&g);
    check(list_empty(&b.files) && b.used == 0);
    for (size_t i = 0; i < others.n; i++)
        unlink(others.p[i].path);
    unlink(second);
    logfile_list_release(&olds);
    logfile_list_release(&others);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rotates_by_size_and_keeps_a_number),
        TEST(rotates_daily),
        TEST(keeps_a_total),
        TEST(follows_its_name),
        TEST(a_pipe_does_not_hold_it),
        TEST(a_stream_is_cut_where_lines_end),
        TEST(a_stream_says_how_much_fits),
        TEST(many_files_share_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
