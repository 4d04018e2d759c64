/* Notices: each kind of target, signed, kept on disk, tried again, not twice, and when all is well.
 */
#include "help/angel_hands.h"
#include "help/loops.h"
#include "help/t.h"
#include "help/tiny_http.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "angel/notice_int.h"
#include "core/clock.h"
#include "core/hash.h"
#include "net/wait.h"
#include "os/file.h"

static char folder[64];

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/notice-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
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

static const char *inside(const char *name)
{
    static char path[4][128];
    static unsigned at;
    char *p = path[at++ & 3];
    snprintf(p, 128, "%s/%s", folder, name);
    return p;
}

static struct {
    struct t_hands hands;
    struct notices *n;
    struct angel_conf conf;
} t;

static void begin(void)
{
    struct bw_err e;
    memset(&t, 0, sizeof t);
    t.conf.state = folder;
    t.conf.hmac_secret = "key";
    t_hands_open(&t.hands);
    t.n = notices_open(t.hands.helpers, &t.conf, &e);
    check_ok(t.n != NULL, &e);
}

static void end(void)
{
    notices_close(t.n);
    t_hands_close(&t.hands);
}

static void send_one(const char *target, const char *unit, const char *text, bool good)
{
    const char *targets[] = {target, NULL};
    notices_send(t.n, &(struct notice){.unit = unit,
                                       .kind = good ? "recovered" : "failed",
                                       .text = text,
                                       .targets = targets,
                                       .good = good});
}

/* The content of a file once it has so many lines. */
static bw_str await_lines(const char *path, unsigned lines, struct bw_arena *a)
{
    int64_t deadline = clock_mono() + 20 * CLOCK_SECOND;
    for (;;) {
        bw_str text = {.p = NULL};
        unsigned n = 0;
        bool ok = file_read(path, 1 << 20, a, &text, NULL);
        for (size_t i = 0; ok && i < text.n; i++)
            n += text.p[i] == '\n';
        if (n >= lines)
            return text;
        check(clock_mono() < deadline);
        wait_until(clock_mono() + CLOCK_MS);
    }
}

static unsigned kept(void)
{
    unsigned n = 0;
    DIR *d = opendir(inside("notices"));
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        n += x->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void await_kept(unsigned n)
{
    int64_t deadline = clock_mono() + 20 * CLOCK_SECOND;
    while (kept() != n) {
        check(clock_mono() < deadline);
        wait_until(clock_mono() + CLOCK_MS);
    }
}

static void targets_are_known_by_their_form(void **state)
{
    (void)state;
    const char *rest;
    int fd = open(inside("program"), O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    close(fd);
    check(notice_kind_of("https://x/", &rest) == &notice_http);
    check(notice_kind_of("admin@example.com", &rest) == &notice_mail);
    check(notice_kind_of("mailto:a@b", &rest) == &notice_mail && !strcmp(rest, "a@b"));
    check(notice_kind_of("/var/log/a@b.log", &rest) == &notice_file);
    check(notice_kind_of(inside("program"), &rest) == &notice_exec);
    check(notice_kind_of("exec:mail -s x", &rest) == &notice_exec && !strcmp(rest, "mail -s x"));
    check(notice_kind_of("syslog", &rest) == &notice_syslog);
    check(notice_kind_of("alerts.log", &rest) == &notice_file);
    check(notice_kind_of("file:/a@b", &rest) == &notice_file && !strcmp(rest, "/a@b"));
}

static void a_file_gets_lines_and_nothing_twice(struct loops *ls)
{
    struct bw_arena a;
    (void)ls;
    bw_arena_init(&a);
    begin();
    const char *log = inside("log/alerts.log");
    send_one(log, "api", "all is well", true); /* nothing was wrong */
    send_one(log, "api", "api (process 12) ended with exit code 3", false);
    send_one(log, "api", "api (process 345) ended with exit code 3", false); /* the same again */
    send_one(log, "api", "api (process 346) ended with exit code 4", false);
    send_one(log, "db", "api (process 12) ended with exit code 3", false);
    send_one(log, "api", "api runs again", true);
    send_one(log, "api", "api runs again", true);                           /* told */
    send_one(log, "api", "api (process 12) ended with exit code 3", false); /* anew */
    bw_str text = await_lines(log, 5, &a);
    await_kept(0);
    static const char *const want[] = {
        " failed api: api (process 12) ended with exit code 3\n",
        " failed api: api (process 346) ended with exit code 4\n",
        " failed db: api (process 12) ended with exit code 3\n",
        " recovered api: api runs again\n",
        " failed api: api (process 12) ended with exit code 3\n",
    };
    const char *at = text.p;
    for (int i = 0; i < 5; i++) {
        at = strstr(at, want[i]);
        check(at != NULL);
        at += strlen(want[i]);
    }
    check_int(*at, 0);
    end();
    bw_arena_release(&a);
}

static void the_same_is_counted_for_a_while(struct loops *ls)
{
    struct bw_arena a;
    (void)ls;
    bw_arena_init(&a);
    begin();
    send_one(inside("x.log"), "api", "gone", false);
    send_one(inside("x.log"), "api", "gone", false);
    send_one(inside("x.log"), "api", "gone", false);
    await_lines(inside("x.log"), 1, &a);
    await_kept(0);
    notices_pass(t.n, 301 * CLOCK_SECOND);
    send_one(inside("x.log"), "api", "gone", false);
    bw_str text = await_lines(inside("x.log"), 2, &a);
    check(strstr(text.p, "gone (and 2 more like this before)\n"));
    await_kept(0);
    end();
    bw_arena_release(&a);
}

/* One that is killed, or ends, leaves what it told to the next. */
static void what_was_told_outlives_us(struct loops *ls)
{
    struct bw_arena a;
    bw_arena_init(&a);
    (void)ls;
    const char *log = inside("alerts.log");
    begin();
    send_one(log, "api", "api (process 1) ended", false);
    send_one(log, "api", "api (process 2) ended", false);
    send_one(log, "db", "db is sick", false);
    await_lines(log, 2, &a);
    await_kept(0); /* else what was written and not yet struck out comes again, as it may */
    end();
    begin();
    check(notices_is_wrong(t.n, "api") && notices_is_wrong(t.n, "db") &&
          !notices_is_wrong(t.n, ""));
    send_one(log, "api", "api (process 3) ended", false); /* told already */
    send_one(log, "web", "web is well", true);            /* nobody was told otherwise */
    send_one(log, "db", "db has recovered", true);
    bw_str text = await_lines(log, 3, &a);
    check(memmem(text.p, text.n, "db has recovered", strlen("db has recovered")) != NULL);
    check(!notices_is_wrong(t.n, "db"));
    notices_pass(t.n, 301 * CLOCK_SECOND);
    send_one(log, "api", "api (process 4) ended", false);
    text = await_lines(log, 4, &a);
    check(memmem(text.p, text.n, "(process 4) ended (and 2 more like this before)",
                 strlen("(process 4) ended (and 2 more like this before)")) != NULL);
    end();
    begin();
    check(notices_is_wrong(t.n, "api") && !notices_is_wrong(t.n, "db"));
    end();
    bw_arena_release(&a);
}

static void a_post_is_signed(struct loops *ls)
{
    struct tiny_http s;
    char url[128], last[8192], want[128];
    unsigned char mac[HASH_SHA256_SIZE];
    struct bw_buf hex;
    (void)ls;
    begin();
    tiny_http_start(&s);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok", s.port);
    send_one(url, "api", "it \"failed\"", false);
    int64_t deadline = clock_mono() + 20 * CLOCK_SECOND;
    while (!atomic_load(&s.asked) && clock_mono() < deadline)
        wait_until(clock_mono() + CLOCK_MS);
    await_kept(0);
    tiny_http_last(&s, last);
    check(!strncmp(last, "POST /ok ", 9));
    char *body = strstr(last, "\r\n\r\n") + 4;
    check(strstr(body, "\"unit\":\"api\",\"kind\":\"failed\",\"text\":\"it \\\"failed\\\"\","
                       "\"good\":false}"));
    hash_hmac_sha256(mac, BW_LIT("key"), bw_cstr(body));
    bw_buf_init(&hex, 100);
    hex_write(&hex, bw_str_of((const char *)mac, sizeof mac));
    snprintf(want, sizeof want, "sha256=%s\r\n", bw_buf_cstr(&hex));
    check(strstr(last, want));
    bw_buf_release(&hex);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok?w=%%what%%&m=%%msg%%", s.port);
    send_one(url, "api", "50% & more", false);
    while (atomic_load(&s.asked) < 2 && clock_mono() < deadline)
        wait_until(clock_mono() + CLOCK_MS);
    await_kept(0);
    tiny_http_last(&s, last);
    check(!strncmp(last, "GET /ok?w=failed%20api&m=50%25%20%26%20more ", 44));
    tiny_http_stop(&s);
    end();
}

static void a_program_gets_words_not_a_shell(struct loops *ls)
{
    struct bw_arena a;
    char target[256], script[512];
    (void)ls;
    bw_arena_init(&a);
    begin();
    snprintf(script, sizeof script,
             "#!/bin/sh\nprintf '%%s|' \"$@\" \"$NOTICE_TEXT\" >%s/got; echo >>%s/got\n", folder,
             folder);
    int fd = open(inside("program"), O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    check(write(fd, script, strlen(script)) == (ssize_t)strlen(script));
    close(fd);
    send_one(inside("program"), "api", "$(touch x); `id`", false);
    bw_str text = await_lines(inside("got"), 1, &a);
    check_str(text, "failed|api|$(touch x); `id`|$(touch x); `id`|\n");
    await_kept(0);
    unlink(inside("got"));
    snprintf(target, sizeof target, "exec:%s 'a %%msg%% b'", inside("program"));
    send_one(target, "api", "two words", false);
    text = await_lines(inside("got"), 1, &a);
    check_str(text, "a two words b|two words|\n");
    await_kept(0);
    end();
    bw_arena_release(&a);
}

static void syslog_gets_a_datagram(struct loops *ls)
{
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    char target[160], got[512];
    (void)ls;
    begin();
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(u.sun_path, sizeof u.sun_path, "%s", inside("log"));
    check(bind(fd, (struct sockaddr *)&u, sizeof u) == 0);
    snprintf(target, sizeof target, "syslog:%s", u.sun_path);
    send_one(target, "api", "down", false);
    int64_t deadline = clock_mono() + 20 * CLOCK_SECOND;
    ssize_t n;
    while ((n = recv(fd, got, sizeof got - 1, 0)) < 0) {
        check(clock_mono() < deadline);
        wait_until(clock_mono() + CLOCK_MS);
    }
    got[n] = 0;
    check(!strncmp(got, "<27>burrow-angel[", 17) && strstr(got, "]: failed api: down"));
    await_kept(0);
    close(fd);
    end();
}

/* What cannot be sent is kept, in order, and goes out by whoever comes next. */
static void what_is_not_sent_outlives_us(struct loops *ls)
{
    struct bw_arena a;
    (void)ls;
    bw_arena_init(&a);
    begin();
    check(mkdir(inside("dir"), 0700) == 0);
    send_one(inside("dir"), "api", "first", false); /* a folder is no file */
    send_one(inside("dir"), "api", "second", false);
    send_one(inside("good.log"), "api", "meanwhile", false); /* others do not wait for it */
    await_lines(inside("good.log"), 1, &a);
    await_kept(1); /* the second waits in memory behind the first */
    notices_close(t.n);
    check_int(kept(), 2);
    check(rmdir(inside("dir")) == 0);
    struct bw_err e;
    t.n = notices_open(t.hands.helpers, &t.conf, &e);
    check_ok(t.n != NULL, &e);
    bw_str text = await_lines(inside("dir"), 2, &a);
    const char *first = strstr(text.p, "api: first\n");
    check(first && strstr(first, "api: second\n"));
    await_kept(0);
    end();
    bw_arena_release(&a);
}

static void a_test_says_how_it_went(struct loops *ls)
{
    struct bw_buf lines;
    struct bw_err e;
    (void)ls;
    begin();
    bw_buf_init(&lines, 1 << 16);
    const char *targets[] = {inside("t.log"), "a@b.example", NULL};
    check(!notices_test(t.n, targets, &lines, &e));
    check_says(&e, "set Smtp");
    check(strstr(bw_buf_cstr(&lines), "/t.log (file): sent\n"));
    check(strstr(bw_buf_cstr(&lines),
                 "a@b.example (mail): telling 'a@b.example': there is no server"));
    bw_buf_release(&lines);
    end();
}

#define ON_LOOP(name)                        \
    static void name##_on_loop(void **state) \
    {                                        \
        (void)state;                         \
        t_on_loops(1, name);                 \
    }
ON_LOOP(a_file_gets_lines_and_nothing_twice)
ON_LOOP(the_same_is_counted_for_a_while)
ON_LOOP(what_was_told_outlives_us)
ON_LOOP(a_post_is_signed)
ON_LOOP(a_program_gets_words_not_a_shell)
ON_LOOP(syslog_gets_a_datagram)
ON_LOOP(what_is_not_sent_outlives_us)
ON_LOOP(a_test_says_how_it_went)

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(targets_are_known_by_their_form),
        TEST(a_file_gets_lines_and_nothing_twice_on_loop),
        TEST(the_same_is_counted_for_a_while_on_loop),
        TEST(what_was_told_outlives_us_on_loop),
        TEST(a_post_is_signed_on_loop),
        TEST(a_program_gets_words_not_a_shell_on_loop),
        TEST(syslog_gets_a_datagram_on_loop),
        TEST(what_is_not_sent_outlives_us_on_loop),
        TEST(a_test_says_how_it_went_on_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
