/* The access log's forms, and that no client can leave its place in a line. */
#include "help/t.h"

#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "rest/access.h"

#define AT INT64_C(1795475058123456) /* 2026-11-23T23:04:18.123456Z */

static struct http_field fields[] = {
    {BW_LIT("User-Agent"), BW_LIT("a\"b\n\xc3\xbc")},
    {BW_LIT("X-Thing"), BW_LIT("t")},
};

/* What a request leaves in the log; "" for nothing. */
static void check_access(const struct access *a, int status, const char *want)
{
    char path[] = "/tmp/access-XXXXXX", text[4096];
    struct bw_buf body = {.n = 12};
    struct bw_err e;
    struct endpoint ep = {.path = "/api/:id"};
    struct http_req h = {.method_text = BW_LIT("GET"),
                         .path = BW_LIT("/api/1"),
                         .query = BW_LIT("token=secret"),
                         .peer = BW_LIT("10.0.0.1"),
                         .fields = fields,
                         .n_fields = 2};
    struct http_res rs = {.status = status, .body = &body};
    struct bw_req rq = {
        .http = &h, .res = &rs, .endpoint = &ep, .trace = {.rq = &h}, .name = "req-1"};
    int fd = mkstemp(path);
    clock_set(AT, 1);
    check_ok(log_start(&(struct log_opts){.level = LOG_LEVEL_INFO, .access = path}, &e), &e);
    access_log(a, &rq, 1234567);
    log_stop();
    clock_unset();
    ssize_t n = read(fd, text, sizeof text - 1);
    check(n >= 0);
    text[n] = 0;
    assert_string_equal(text, want);
    close(fd);
    unlink(path);
}

static void writes_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *format, *line;
    } rows[] = {
        {"common", "10.0.0.1 - - [23/Nov/2026:23:04:18 +0000] \"GET /api/1 HTTP/1.1\" 200 12\n"},
        {"combined", "10.0.0.1 - - [23/Nov/2026:23:04:18 +0000] \"GET /api/1 HTTP/1.1\" 200 12 "
                     "\"-\" \"a\\x22b\\x0a\\xc3\\xbc\"\n"},
        {"json", "{\"ts\":\"2026-11-23T23:04:18.123Z\",\"level\":\"info\",\"area\":\"access\","
                 "\"msg\":\"request\",\"peer\":\"10.0.0.1\",\"method\":\"GET\",\"path\":\"/api/1\","
                 "\"route\":\"/api/:id\",\"status\":200,\"bytes\":12,\"ms\":1.234,"
                 "\"request\":\"req-1\",\"trace\":\"\",\"user_agent\":\"a\\\"b\\n\xc3\xbc\"}\n"},
        {"$status|$ms|$header_x_thing|$header_y|$query|$name|$host.",
         "200|1.234|t|-|token=secret|req-1|-.\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct access a = {.sample = 1};
        struct bw_err e;
        check_ok(access_compile(&a, rows[i].format, &e), &e);
        check_access(&a, 200, rows[i].line);
    }
}

static void leaves_out(void **state)
{
    (void)state;
    struct access a = {.sample = 2};
    struct bw_err e;
    check_ok(access_compile(&a, "$status", &e), &e);
    check_access(&a, 200, "200\n");
    check_access(&a, 200, "");
    check_access(&a, 404, "404\n");
    check_access(&a, 200, "200\n");
    a.errors_only = true;
    check_access(&a, 200, "");
    check_access(&a, 200, "");
    check_access(&a, 500, "500\n");
}

/* Each byte, alone among plain ones, wherever it lies in a word of 8. */
static void escapes_what_is_not_plain(void **state)
{
    (void)state;
    struct access a = {.sample = 1};
    struct bw_err e;
    check_ok(access_compile(&a, "$header_x_thing", &e), &e);
    for (size_t at = 0; at < 9; at++)
        for (int first = 0; first < 256; first += 128) { /* a value has its maximum */
            char text[128 * 9];
            struct bw_buf want;
            bw_buf_init(&want, 16 * 1024);
            memset(text, 'a', sizeof text);
            for (int i = 0; i < 128; i++) {
                int c = first + i;
                text[9 * i + (int)at] = (char)c;
                bw_buf_printf(&want, "%.*s", (int)at, "aaaaaaaa");
                if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
                    bw_buf_char(&want, (char)c);
                else
                    bw_buf_printf(&want, "\\x%02x", (unsigned)c);
                bw_buf_printf(&want, "%.*s", 8 - (int)at, "aaaaaaaa");
            }
            bw_buf_char(&want, '\n');
            fields[1].value = bw_str_of(text, sizeof text);
            check_access(&a, 200, bw_buf_cstr(&want));
            bw_buf_release(&want);
        }
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    static char longest[20000];
    struct access a = {.sample = 1};
    struct bw_err e;
    struct bw_buf want;
    memset(longest, '\n', sizeof longest);
    fields[1].value = bw_str_of(longest, sizeof longest);
    check_ok(access_compile(&a, "$header_x_thing $header_x_thing $status", &e), &e);
    bw_buf_init(&want, 4096);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 64; j++)
            bw_buf_put(&want, BW_LIT("\\x0a"));
        bw_buf_char(&want, ' ');
    }
    bw_buf_put(&want, BW_LIT("200\n"));
    check_access(&a, 200, bw_buf_cstr(&want));
    bw_buf_release(&want);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    struct access a;
    struct bw_err e;
    check(!access_compile(&a, "$ip $status", &e));
    check_says(&e, "'$ip' is none of $peer");
    check(!access_compile(&a, "commun", &e));
    check_says(&e, "none of common, combined, json");
    check(!access_compile(&a, "$status\n", &e));
    check_says(&e, "one line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_form),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(escapes_what_is_not_plain),
        cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
