/* top_draw_test.c: the view fits every terminal and says what there is. */
#include "help/t.h"

#include "cli/top_draw.c"

static struct top_route routes[30];
static struct top_loop loops[6];
static struct top_db db = {.name = BW_LIT("a-database-with-a-long-name.db"),
                           .writes = 12345.6,
                           .commits = 1e7,
                           .group = 3.5,
                           .queue = 2000,
                           .wal = 5e9,
                           .commit = {.p99 = 0.0123},
                           .flush = {.p99 = 12.5}};
static struct top t = {.where = "http://127.0.0.1:8080",
                       .app = {"blog", 4},
                       .version = {"1.0", 3},
                       .ready = true,
                       .up = 90061,
                       .span = 2,
                       .rate = 1234.5,
                       .time = {.p50 = 0.00012, .p99 = 0.0456},
                       .cpu = 0.5,
                       .resident = 3e7,
                       .fds = 20,
                       .max_fds = 1024};

static void fill(void)
{
    for (int i = 0; i < 30; i++)
        routes[i] =
            (struct top_route){.method = BW_LIT("DELETE"),
                               .route = BW_LIT("/api/Artikelübersicht/:id/\x1b[31m/and/so/on"),
                               .rate = 100,
                               .failed = i == 0 ? 5 : 0,
                               .in_flight = 1234,
                               .time = {.p50 = 0.5, .p99 = i == 1 ? 2 : 0.1}};
    for (int i = 0; i < 6; i++)
        loops[i] = (struct top_loop){.name = BW_LIT("0"), .turns = 99999, .stack = 65536};
    t.routes.p = routes;
    t.routes.n = 30;
    t.loops.p = loops;
    t.loops.n = 6;
    t.dbs.p = &db;
    t.dbs.n = 1;
}

static const char *draw(const struct top_screen *s, struct bw_buf *b)
{
    bw_buf_init(b, 1 << 20);
    top_draw(&t, s, b);
    return bw_buf_cstr(b);
}

static void fits_every_size(void **state)
{
    (void)state;
    fill();
    for (unsigned rows = 1; rows <= 60; rows += 3)
        for (unsigned columns = 1; columns <= 160; columns += 7) {
            struct bw_buf b;
            struct top_screen s = {
                .columns = columns, .rows = rows, .every = 2000000000, .keys = true};
            draw(&s, &b);
            bw_str rest = bw_buf_str(&b), line;
            unsigned n = 0;
            for (; bw_str_cut(&rest, '\n', &line); n++) {
                check(utf8_valid(line) && utf8_count(line) <= columns);
                check(memchr(line.p, '\033', line.n) == NULL);
            }
            check(n <= rows);
            bw_buf_release(&b);
        }
}

static void says_what_there_is(void **state)
{
    (void)state;
    fill();
    struct bw_buf b;
    struct top_screen s = {.columns = 80, .rows = 24, .every = 2000000000, .keys = true};
    const char *text = draw(&s, &b);
    static const char *const words[] = {
        "blog 1.0  ready  up 1d01h  in 2.0s  http://127.0.0.1:8080\n",
        "requests 1234/s  p50 120us  p99 45.6ms",
        "cpu 50%  memory 29MiB  descriptors 20 of 1024",
        "\n  and 2 quicker ones\n",
        "a-database-with    12346  1.00e+07   3.50  12.3ms  12.50s    2000    4.7GiB\n",
        "ROUTE (slowest first)",
        "\nDELETE /api/Artikelübersicht/:id/?[31m/and    100.0   500ms   100ms    5.00 1234\n",
        "\nq quit  p slowest  r busiest  e failures  n names  space now  +/- every 2s"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strstr(text, words[i]))
            fail_msg("no '%s' in\n%s", words[i], text);
    bw_buf_release(&b);
    /* Without a terminal: all routes, no keys. */
    text = draw(&(struct top_screen){.columns = 80}, &b);
    int n = 0;
    for (const char *p = text; (p = strstr(p, "DELETE ")); p++)
        n++;
    check_int(n, 30);
    check(!strstr(text, "q quit"));
    bw_buf_release(&b);
}

static void colours_and_trouble(void **state)
{
    (void)state;
    fill();
    struct bw_buf b;
    struct top_screen s = {
        .columns = 80, .rows = 24, .colour = true, .trouble = "gone", .keys = true};
    const char *text = draw(&s, &b);
    check(strstr(text, "\033[31mno newer answer: gone\033[0m\n") != NULL);
    check(strstr(text, "\033[31mDELETE ") && strstr(text, "\033[33mDELETE "));
    bw_buf_release(&b);
    t.ready = false;
    s.colour = false;
    text = draw(&s, &b);
    check(strstr(text, "NOT READY") != NULL);
    t.ready = true;
    bw_buf_release(&b);
}

static void an_idle_server(void **state)
{
    (void)state;
    struct top idle = {.where = "x", .since_start = true};
    struct bw_buf b;
    bw_buf_init(&b, 1 << 16);
    top_draw(&idle, &(struct top_screen){.columns = 80, .rows = 24}, &b);
    check(strstr(bw_buf_cstr(&b), "nothing was asked") && !strstr(bw_buf_cstr(&b), "WRITER"));
    check(strstr(bw_buf_cstr(&b), "p50 -  p99 -") && strstr(bw_buf_cstr(&b), "since its start"));
    bw_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_every_size), cmocka_unit_test(says_what_there_is),
        cmocka_unit_test(colours_and_trouble), cmocka_unit_test(an_idle_server)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
