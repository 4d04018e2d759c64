/* The log: lines of both forms, rings, and that many threads' records arrive whole, in order, or
 * are counted as lost. */
#include "help/t.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/log_ring.h"

#define AT INT64_C(1795475058123456) /* 2026-11-23T23:04:18.123456Z */

/* ---- lines ---- */

#define FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {.key = NULL}})

static void check_line(bool json, bool colour, const struct log_record *rec, const char *want)
{
    struct bw_buf b;
    bw_buf_init(&b, 1 << 20);
    log_format(&b, json, colour, rec);
    check_str(bw_buf_str(&b), want);
    bw_buf_release(&b);
}

static void formats_text(void **state)
{
    (void)state;
    struct log_record rec = {LOG_LEVEL_INFO, AT, "http", "listening", NULL};
    check_line(false, false, &rec, "2026-11-23T23:04:18.123Z info  http: listening\n");
    rec.fields =
        FIELDS(LOG_CSTR("url", "http://x:8080/"), LOG_NUM("port", 8080), LOG_REAL("took", 0.25),
               LOG_BOOL("tls", false), LOG_CSTR("name", "a b"), LOG_CSTR("empty", ""),
               LOG_TEXT("none", (bw_str){0}), LOG_CSTR("eq", "a=b"), LOG_CSTR("q", "say \"hi\""));
    check_line(false, false, &rec,
               "2026-11-23T23:04:18.123Z info  http: listening url=http://x:8080/ port=8080 "
               "took=0.25 tls=false name=\"a b\" empty=\"\" none=null eq=\"a=b\" "
               "q=\"say \\\"hi\\\"\"\n");
    rec = (struct log_record){LOG_LEVEL_ERROR, 0, NULL, "x", NULL};
    check_line(false, false, &rec, "1970-01-01T00:00:00.000Z error x\n");
    check_line(false, true, &rec, "1970-01-01T00:00:00.000Z \033[31merror\033[0m x\n");
}

static void formats_json(void **state)
{
    (void)state;
    struct log_record rec = {LOG_LEVEL_WARN, AT, "db", "slow \"query\"", NULL};
    rec.fields = FIELDS(LOG_CSTR("sql", "a\nb"), LOG_NUM("rows", -1), LOG_REAL("s", 1.5),
                        LOG_BOOL("ok", true), LOG_TEXT("none", (bw_str){0}));
    check_line(true, true, &rec,
               "{\"ts\":\"2026-11-23T23:04:18.123Z\",\"level\":\"warn\",\"area\":\"db\","
               "\"msg\":\"slow \\\"query\\\"\",\"sql\":\"a\\nb\",\"rows\":-1,\"s\":1.5,"
               "\"ok\":true,\"none\":null}\n");
}

/* Nobody forges a line or steers the terminal. */
static void keeps_a_line_one_line(void **state)
{
    (void)state;
    struct log_record rec = {LOG_LEVEL_INFO, AT, "a\n", "m\033[0m\n", NULL};
    rec.fields = FIELDS(LOG_CSTR("v", "x\n2026-11-23 error forged"), LOG_CSTR("e", "\033[2J"),
                        LOG_CSTR("c1", "\xc2\x9b"
                                       "2J"),
                        LOG_CSTR("del", "\x7f"), LOG_CSTR("bad", "\xff"),
                        LOG_CSTR("fine", "gr\xc3\xbc\xc3\x9f"));
    check_line(false, false, &rec,
               "2026-11-23T23:04:18.123Z info  a\\n: m\\u001b[0m\\n "
               "v=\"x\\n2026-11-23 error forged\" e=\"\\u001b[2J\" c1=\"\\u009b2J\" "
               "del=\"\\u007f\" bad=\xef\xbf\xbd fine=gr\xc3\xbc\xc3\x9f\n");
}

/* ---- rings ---- */

static void ring_keeps_records(void **state)
{
    (void)state;
    struct log_ring *r = log_ring_mine();
    struct log_field got[LOG_RING_FIELDS + 1];
    struct log_record in = {LOG_LEVEL_DEBUG, 5, "area", "message", NULL}, out;
    bw_time at;
    check(r && log_ring_mine() == r);
    check(!log_ring_front(r, &at));
    in.fields = FIELDS(LOG_CSTR("s", "text"), LOG_NUM("i", -7), LOG_REAL("r", 2.5),
                       LOG_BOOL("b", true), LOG_TEXT("n", (bw_str){0}), LOG_CSTR("e", ""));
    for (int i = 0; i < 5000; i++) { /* many times round */
        in.at = i;
        check(log_ring_put(r, &in));
        check(log_ring_front(r, &at) && at == i);
        log_ring_read(r, &out, got);
        check(out.level == LOG_LEVEL_DEBUG && out.at == i);
        assert_string_equal(out.area, "area");
        assert_string_equal(out.text, "message");
        check_str(got[0].s, "text");
        check(got[1].i == -7 && got[2].r == 2.5 && got[3].i == 1);
        check(!got[4].s.p && got[5].s.p && got[5].s.n == 0 && !got[6].key);
        log_ring_pop(r);
    }
    check(!log_ring_front(r, &at));
}

static void ring_refuses_when_full(void **state)
{
    (void)state;
    struct log_ring *r = log_ring_mine();
    struct log_field got[LOG_RING_FIELDS + 1];
    struct log_record in = {LOG_LEVEL_DEBUG, 0, "a", "a message of some length", NULL}, out;
    bw_time at;
    for (int round = 0; round < 5; round++) {
        int put = 0, taken = 0;
        for (in.at = 0; log_ring_put(r, &in); in.at++)
            put++;
        check(put > 1000);
        for (; log_ring_front(r, &at); taken++) {
            check(at == taken);
            log_ring_read(r, &out, got);
            assert_string_equal(out.text, in.text);
            log_ring_pop(r);
        }
        check_int(taken, put);
    }
}

static void ring_cuts_the_long(void **state)
{
    (void)state;
    static char text[3000], value[LIMIT_LOG_LINE * 2];
    struct log_ring *r = log_ring_mine();
    struct log_field got[LOG_RING_FIELDS + 1], many[40] = {{0}};
    struct log_record in = {LOG_LEVEL_INFO, 1, "a", text, NULL}, out;
    bw_time at;
    memset(text, 'x', sizeof text - 1);
    memset(value, 'y', sizeof value);
    in.fields = FIELDS(LOG_TEXT("v", bw_str_of(value, sizeof value)), LOG_CSTR("w", "lost"));
    check(log_ring_put(r, &in) && log_ring_front(r, &at));
    log_ring_read(r, &out, got);
    check_int(strlen(out.text), 1000);
    check(got[0].s.n < LIMIT_LOG_LINE && got[0].s.n > LIMIT_LOG_LINE - 1200);
    check(bw_str_ends(got[0].s, BW_LIT("y\xe2\x80\xa6")));
    check(!got[1].key);
    log_ring_pop(r);
    for (int i = 0; i < 39; i++)
        many[i] = LOG_NUM("k", i);
    in.fields = many;
    check(log_ring_put(r, &in) && log_ring_front(r, &at));
    log_ring_read(r, &out, got);
    check(got[LOG_RING_FIELDS - 1].i == LOG_RING_FIELDS - 1 && !got[LOG_RING_FIELDS].key);
    log_ring_pop(r);
}

/* And says when it is time to write: neither of an empty ring nor long after it was emptied. */
static void ring_keeps_lines(void **state)
{
    (void)state;
    static char text[3000];
    struct log_ring *r = log_ring_mine();
    struct log_field got[LOG_RING_FIELDS + 1];
    struct log_record out;
    bw_time at;
    memset(text, 'x', sizeof text);
    for (int round = 0; round < 3; round++) {
        size_t put = 0;
        check(!log_ring_is_filling(r));
        while (!log_ring_is_filling(r)) {
            check(log_ring_put_line(r, bw_str_of(text, put % sizeof text), (bw_time)put, "a"));
            put++;
        }
        check(put > 40);
        for (size_t i = 0; i < put; i++) {
            check(log_ring_front(r, &at) && at == (bw_time)i);
            log_ring_read(r, &out, got);
            check(!got[0].key && strlen(out.text) == i % sizeof text);
            log_ring_pop(r);
        }
        check(!log_ring_front(r, &at));
    }
}

static void *take_ring(void *arg)
{
    *(struct log_ring **)arg = log_ring_mine();
    return NULL;
}

static void ring_is_used_again(void **state)
{
    (void)state;
    struct log_ring *first = NULL, *second = NULL;
    bw_time at;
    pthread_t t;
    check_int(pthread_create(&t, NULL, take_ring, &first), 0);
    pthread_join(t, NULL);
    check(!log_ring_front(first, &at)); /* sees that its thread is gone */
    check_int(pthread_create(&t, NULL, take_ring, &second), 0);
    pthread_join(t, NULL);
    check(first && first == second && first != log_ring_mine());
}

/* ---- all of it ---- */

struct file {
    char path[40];
    char *text;
    size_t n;
};

static void file_make(struct file *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/log_test_XXXXXX");
    int fd = mkstemp(f->path);
    check(fd >= 0);
    close(fd);
    f->text = NULL;
}

static void file_read(struct file *f)
{
    FILE *in = fopen(f->path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    f->n = (size_t)ftell(in);
    rewind(in);
    free(f->text);
    f->text = malloc(f->n + 1);
    check_int(fread(f->text, 1, f->n, in), f->n);
    f->text[f->n] = 0;
    fclose(in);
}

static void file_drop(struct file *f)
{
    unlink(f->path);
    free(f->text);
}

#define THREADS 8
#define RECORDS 20000

static void *chatter(void *arg)
{
    for (int i = 0; i < RECORDS; i++)
        log_info("test", "record", LOG_NUM("thread", (intptr_t)arg), LOG_NUM("n", i));
    return NULL;
}

/* Adds what each line says; every thread's numbers only rise. */
static void count_lines(char *text, uint64_t *written, uint64_t *lost)
{
    int last[THREADS];
    memset(last, -1, sizeof last);
    *written = *lost = 0;
    for (char *line = text, *end; *line; line = end + 1) {
        unsigned long long n;
        int thread, number;
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = 0;
        if (sscanf(line + 25, "warn  log: records lost records=%llu", &n) == 1) {
            *lost += n;
            continue;
        }
        if (sscanf(line + 25, "info  test: record thread=%d n=%d", &thread, &number) != 2)
            fail_msg("a strange line: %s", line);
        check(thread >= 0 && thread < THREADS && number > last[thread]);
        last[thread] = number;
        ++*written;
    }
}

static void loses_nothing_uncounted(void **state)
{
    (void)state;
    struct file f;
    struct bw_err e;
    pthread_t t[THREADS];
    uint64_t written, lost, before = log_lost();
    file_make(&f);
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = f.path}, &e), &e);
    for (intptr_t i = 0; i < THREADS; i++)
        check_int(pthread_create(&t[i], NULL, chatter, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    log_stop();
    file_read(&f);
    count_lines(f.text, &written, &lost);
    check_int(written + lost, THREADS * RECORDS);
    check_int(lost, log_lost() - before);
    file_drop(&f);
}

static void *say_once(void *arg)
{
    log_info("test", "record", LOG_NUM("thread", 0), LOG_NUM("n", (intptr_t)arg));
    return NULL;
}

/* Each record finds the writer awake, napping or asleep; no one is left behind. */
/* Between two files while others log; every record is in one of them, or counted. Levels of areas
 * come and go meanwhile. */
static void changes_lose_nothing_uncounted(void **state)
{
    (void)state;
    struct file f[2];
    struct bw_err e;
    pthread_t t[THREADS];
    uint64_t written[2], lost[2], before = log_lost();
    for (int i = 0; i < 2; i++)
        file_make(&f[i]);
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = f[0].path}, &e), &e);
    for (intptr_t i = 0; i < THREADS; i++)
        check_int(pthread_create(&t[i], NULL, chatter, (void *)i), 0);
    for (int i = 1, ended = 0; ended < THREADS; i++) {
        check_ok(log_change(&(struct log_opts){.path = f[i % 2].path}, &e), &e);
        check(!log_change(&(struct log_opts){.path = "/no/such/folder/x"}, &e));
        log_set_areas((struct log_area[]){{"other", LOG_LEVEL_TRACE}, {i % 2 ? "x" : "y", i % 5}},
                      2);
        while (ended < THREADS && pthread_tryjoin_np(t[ended], NULL) == 0)
            ended++;
    }
    log_set_areas(NULL, 0);
    log_stop();
    for (int i = 0; i < 2; i++) {
        file_read(&f[i]);
        count_lines(f[i].text, &written[i], &lost[i]);
        file_drop(&f[i]);
    }
    check_int(written[0] + written[1] + lost[0] + lost[1], THREADS * RECORDS);
    check_int(lost[0] + lost[1], log_lost() - before);
}

static void writes_those_of_ended_threads(void **state)
{
    (void)state;
    struct file f;
    struct bw_err e;
    uint64_t written, lost;
    file_make(&f);
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = f.path}, &e), &e);
    for (intptr_t i = 0; i < 200; i++) {
        pthread_t t;
        check_int(pthread_create(&t, NULL, say_once, (void *)i), 0);
        pthread_join(t, NULL);
        if (i % 50 == 0) {
            log_flush();
            file_read(&f);
            count_lines(f.text, &written, &lost);
            check_int(written, i + 1);
        }
    }
    log_stop();
    file_read(&f);
    count_lines(f.text, &written, &lost);
    check_int(written, 200);
    check_int(lost, 0);
    file_drop(&f);
}

static void a_dump_tells_what_is_queued(void **state)
{
    (void)state;
    struct log_ring *r = log_ring_mine();
    struct log_record in = {LOG_LEVEL_INFO, AT, "area", "message", NULL};
    bw_time at;
    char text[32768];
    int ends[2];
    check(pipe2(ends, O_NONBLOCK) == 0);
    for (int i = 1; i <= 150; i++) {
        in.fields = FIELDS(LOG_NUM("i", i), LOG_REAL("ms", -0.0625), LOG_CSTR("s", "a\nb"));
        check(log_ring_put(r, &in));
    }
    log_dump(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    check(n > 0);
    text[n > 0 ? n : 0] = 0;
    /* The last hundred of a thread, oldest first, and the ring is as it was. */
    check(strstr(text, "i=50 ") == NULL);
    check(strstr(text, "queued: 1795475058.123 area: message i=51 ms=-0.062 s=a b\n") != NULL);
    check(strstr(text, "i=150 ms=-0.062 s=a b\n") != NULL);
    for (int i = 1; i <= 150; i++) {
        check(log_ring_front(r, &at));
        log_ring_pop(r);
    }
    check(!log_ring_front(r, &at));
    close(ends[0]);
    close(ends[1]);
}

static void obeys_the_level(void **state)
{
    (void)state;
    struct file f;
    struct bw_err e;
    file_make(&f);
    clock_set(AT, 1);
    check_ok(
        log_start(&(struct log_opts){.level = LOG_LEVEL_WARN, .json = true, .path = f.path}, &e),
        &e);
    check(!log_enabled(LOG_LEVEL_INFO) && log_enabled(LOG_LEVEL_WARN));
    log_info("test", "not this");
    log_warn("test", "this");
    log_set_level(LOG_LEVEL_TRACE);
    bw_fail(&e, BW_BAD, "broken");
    log_trace("test", "that", log_err(&e), log_err(NULL));
    log_stop();
    clock_unset();
    log_set_level(LOG_LEVEL_INFO);
    file_read(&f);
    assert_string_equal(
        f.text, "{\"ts\":\"2026-11-23T23:04:18.123Z\",\"level\":\"warn\",\"area\":\"test\","
                "\"msg\":\"this\"}\n"
                "{\"ts\":\"2026-11-23T23:04:18.123Z\",\"level\":\"trace\",\"area\":\"test\","
                "\"msg\":\"that\",\"error\":\"broken\",\"error\":null}\n");
    file_drop(&f);
}

static void appends_and_says_why_not(void **state)
{
    (void)state;
    struct file f;
    struct bw_err e;
    file_make(&f);
    clock_set(AT, 1);
    for (int i = 0; i < 2; i++) {
        check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = f.path}, &e), &e);
        log_info("test", "again", LOG_NUM("i", i));
        log_stop();
        log_stop(); /* harmless */
    }
    clock_unset();
    file_read(&f);
    assert_string_equal(f.text, "2026-11-23T23:04:18.123Z info  test: again i=0\n"
                                "2026-11-23T23:04:18.123Z info  test: again i=1\n");
    file_drop(&f);
    check(!log_start(&(struct log_opts){.path = "/nowhere/x.log"}, &e));
    check_says(&e, "opening the log file '/nowhere/x.log'");
}

/* Standard error gone to a file while fn runs. */
static void with_stderr(struct file *f, void (*fn)(void))
{
    file_make(f);
    int saved = dup(STDERR_FILENO), fd = open(f->path, O_WRONLY | O_APPEND);
    check(saved >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    file_read(f);
}

static void talk(void)
{
    log_info("test", "without a writer");
    log_write(LOG_LEVEL_FATAL, "test", "the end", NULL);
}

static void writes_without_a_writer(void **state)
{
    (void)state;
    struct file f;
    clock_set(AT, 1);
    with_stderr(&f, talk);
    clock_unset();
    assert_string_equal(f.text, "2026-11-23T23:04:18.123Z info  test: without a writer\n"
                                "2026-11-23T23:04:18.123Z fatal test: the end\n");
    file_drop(&f);
}

/* A child has no writer thread: it writes its own records at once, and none of the parent's. */
static void survives_fork(void **state)
{
    (void)state;
    struct file f;
    struct bw_err e;
    uint64_t written, lost;
    file_make(&f);
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = f.path}, &e), &e);
    log_info("test", "record", LOG_NUM("thread", 0), LOG_NUM("n", 1));
    pid_t child = fork();
    if (child == 0) {
        log_info("test", "record", LOG_NUM("thread", 1), LOG_NUM("n", 2));
        log_stop();
        _exit(0);
    }
    int status;
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    log_info("test", "record", LOG_NUM("thread", 0), LOG_NUM("n", 3));
    log_stop();
    file_read(&f);
    count_lines(f.text, &written, &lost);
    check_int(written, 3);
    check_int(lost, 0);
    file_drop(&f);
}

static void counts_what_cannot_be_written(void **state)
{
    (void)state;
    struct bw_err e;
    uint64_t before = log_lost();
    if (access("/dev/full", W_OK) != 0)
        skip();
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .path = "/dev/full"}, &e), &e);
    for (int i = 0; i < 10; i++)
        log_info("test", "to nowhere");
    log_stop();
    check_int(log_lost() - before, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_text),
        cmocka_unit_test(formats_json),
        cmocka_unit_test(keeps_a_line_one_line),
        cmocka_unit_test(ring_keeps_records),
        cmocka_unit_test(ring_refuses_when_full),
        cmocka_unit_test(ring_cuts_the_long),
        cmocka_unit_test(ring_keeps_lines),
        cmocka_unit_test(ring_is_used_again),
        cmocka_unit_test(a_dump_tells_what_is_queued),
        cmocka_unit_test(writes_without_a_writer),
        cmocka_unit_test(loses_nothing_uncounted),
        cmocka_unit_test(changes_lose_nothing_uncounted),
        cmocka_unit_test(writes_those_of_ended_threads),
        cmocka_unit_test(obeys_the_level),
        cmocka_unit_test(appends_and_says_why_not),
        cmocka_unit_test(survives_fork),
        cmocka_unit_test(counts_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
