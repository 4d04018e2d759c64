/* blob_test.c: blobs by their URLs, over both kinds of stores. */
#include "help/shop.h"

#define PICTURE "/api/Article/1/picture"

static struct shop shop;

static const struct inprocess_answer *call(const char *method, const char *target,
                                           const char *headers, const char *body)
{
    return ask(&shop.server, method, target, headers, body);
}

static void check_field(const struct inprocess_answer *a, const char *name, const char *want)
{
    bw_str got = answer_field(a, name);
    if (!want)
        check(!got.p);
    else
        check_str(got, want);
}

static int begin(void **state)
{
    (void)state;
    shop_open(&shop, NULL);
    check_int(call("POST", "/api/Article", NULL, "{\"title\":\"a\"}")->status, 201);
    check_int(call("POST", "/api/Article", NULL, "{\"title\":\"b\"}")->status, 201);
    check_int(call("POST", "/api/Log", NULL, "{}")->status, 201);
    check_int(call("POST", "/api/Paper", NULL, "{\"scan\":\"AQI=\"}")->status, 201);
    return 0;
}

static int end(void **state)
{
    (void)state;
    shop_close(&shop);
    return 0;
}

static void life(void **state)
{
    (void)state;
    const struct inprocess_answer *a = call("GET", PICTURE, NULL, NULL);
    check_int(a->status, 404);
    check_has(a, "Article 1 has no picture");
    a = call("PUT", PICTURE, "Content-Type: image/png", "0123456789");
    check_int(a->status, 204);
    check_str(a->body, "");
    check_field(a, "etag", "\"v2\"");
    a = call("GET", PICTURE, NULL, NULL);
    check_int(a->status, 200);
    check_str(a->body, "0123456789");
    check_field(a, "content-type", "image/png");
    check_field(a, "etag", "\"v2\"");
    check_field(a, "accept-ranges", "bytes");
    check_field(a, "x-content-type-options", "nosniff");
    check_field(a, "content-security-policy", NULL);
    a = call("GET", PICTURE, "Accept: image/webp", NULL); /* the store's type is what there is */
    check_int(a->status, 200);
    a = call("HEAD", PICTURE, NULL, NULL);
    check_int(a->status, 200);
    check_field(a, "content-type", "image/png");
    a = call("GET", "/api/Article/1?select=picture", NULL, NULL);
    check_str(a->body, "{\"picture\":\"MDEyMzQ1Njc4OQ==\"}");
    a = call("PUT", PICTURE, NULL, "no type");
    check_int(a->status, 204);
    a = call("GET", PICTURE, NULL, NULL);
    check_field(a, "content-type", "application/octet-stream");
    check_field(a, "etag", "\"v3\"");
    check_int(call("DELETE", PICTURE, NULL, NULL)->status, 204);
    check_int(call("GET", PICTURE, NULL, NULL)->status, 404);
    a = call("DELETE", PICTURE, NULL, NULL);
    check_int(a->status, 404);
    check_has(a, "Article 1 has no picture");
    check_int(call("PUT", PICTURE, "Content-Type: text/plain", "")->status, 204);
    a = call("GET", PICTURE, NULL, NULL);
    check_int(a->status, 200);
    check_str(a->body, "");
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *headers;
        int status;
        const char *words;
    } cases[] = {
        {"GET", "/api/Article/9/picture", NULL, 404, "no Article 9"},
        {"DELETE", "/api/Article/9/picture", NULL, 404, "no Article 9"},
        {"PUT", "/api/Article/9/picture", NULL, 404, "no Article 9"},
        {"GET", "/api/Article/x/picture", NULL, 404, "an id is an integer from 1"},
        {"GET", "/api/Article/1/title", NULL, 404, "no such path"},
        {"GET", PICTURE "?x=1", NULL, 400, "unknown query parameter 'x'"},
        {"POST", PICTURE, NULL, 405, "POST is not allowed"},
        {"PUT", "/api/Article/1/stamp", NULL, 405, "PUT is not allowed"},
        {"DELETE", "/api/Article/1/stamp", NULL, 405, "DELETE is not allowed"},
        {"GET", "/api/Article/1/stamp", NULL, 404, "Article 1 has no stamp"},
        {"DELETE", "/api/Paper/1/scan", NULL, 422, "scan must not be null"},
        {"PUT", PICTURE, "Content-Type: png", 415, "no media type"},
        {"PUT", PICTURE, "Content-Type: image/", 415, "no media type"},
        {"PUT", PICTURE, "Content-Type: text/html, x/y", 415, "no media type"},
        {"PUT", PICTURE, "Content-Type: image/p\x01g", 415, "no media type"},
        {"PUT", PICTURE, "Content-Type: image/png; a=\"\xc3\xa4\"", 422, "content type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct inprocess_answer *a =
            call(cases[i].method, cases[i].target, cases[i].headers, "x");
        if (a->status != cases[i].status)
            fail_msg("%s %s: %d %.*s", cases[i].method, cases[i].target, a->status,
                     BW_FMT(a->body));
        check_has(a, cases[i].words);
    }
}

static void lengths(void **state)
{
    (void)state;
    char body[1002];
    memset(body, 'x', sizeof body);
    body[1001] = 0;
    check_int(call("PUT", PICTURE, NULL, body)->status, 413);
    body[1000] = 0;
    check_int(call("PUT", PICTURE, NULL, body)->status, 204);
    check_int(call("GET", PICTURE, NULL, NULL)->body.n, 1000);
    check_int(call("PUT", "/api/Paper/1/scan", NULL, "")->status, 422); /* required */
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
        const char *body, *range;
    } cases[] = {
        {"Range: bytes=2-4", 206, "234", "bytes 2-4/10"},
        {"Range: bytes=7-", 206, "789", "bytes 7-9/10"},
        {"Range: bytes=-2", 206, "89", "bytes 8-9/10"},
        {"Range: bytes=0-99", 206, "0123456789", "bytes 0-9/10"},
        {"Range: bytes=10-", 416, NULL, "bytes */10"},
        {"Range: bytes=-0", 416, NULL, "bytes */10"},
        {"Range: bytes=0-1,3-4", 200, "0123456789", NULL},
        {"Range: lines=0-1", 200, "0123456789", NULL},
        {"Range: bytes=2-4\nIf-Range: \"v2\"", 206, "234", "bytes 2-4/10"},
        {"Range: bytes=2-4\nIf-Range: \"v1\"", 200, "0123456789", NULL},
        {"Range: bytes=2-4\nIf-Range: W/\"v2\"", 200, "0123456789", NULL},
        {"Range: bytes=2-4\nIf-Range: \"v2-gzip\"", 200, "0123456789", NULL},
        {"Range: bytes=2-4\nIf-Range: Mon, 23 Nov 2026 23:04:18 GMT", 200, "0123456789", NULL},
        {"Range: bytes=2-4\nIf-None-Match: \"v2\"", 304, "", NULL},
        {"Range: bytes=2-4\nIf-Match: \"v1\"", 412, NULL, NULL},
    };
    check_int(call("PUT", PICTURE, "Content-Type: text/plain", "0123456789")->status, 204);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct inprocess_answer *a = call("GET", PICTURE, cases[i].headers, NULL);
        check_int(a->status, cases[i].status);
        if (cases[i].body)
            check_str(a->body, cases[i].body);
        check_field(a, "content-range", cases[i].range);
    }
    const struct inprocess_answer *a = call("HEAD", PICTURE, "Range: bytes=2-4", NULL);
    check_int(a->status, 200);
}

static void conditions(void **state)
{
    (void)state;
    static const struct {
        const char *method, *headers;
        int status;
    } cases[] = {
        /* nothing there yet; version 1 */
        {"GET", "If-Match: *", 412},
        {"PUT", "If-Match: *", 412},
        {"PUT", "If-Match: \"v7\"", 412},
        {"PUT", "If-None-Match: *", 204}, /* 2 */
        {"PUT", "If-None-Match: *", 412},
        {"GET", "If-None-Match: *", 304},
        {"GET", "If-None-Match: \"v1\", W/\"v2\"", 304},
        {"GET", "If-None-Match: \"v2-gzip\"", 304},
        {"GET", "If-None-Match: \"v1\"", 200},
        {"HEAD", "If-None-Match: \"v2\"", 304},
        {"GET", "If-Match: \"v2\"", 200},
        {"GET", "If-Match: W/\"v2\"", 412},
        {"PUT", "If-Match: \"v1\"", 412},
        {"PUT", "If-Match: \"v2\"", 204},         /* 3 */
        {"PUT", "If-Match: \"v1\", \"v3\"", 204}, /* 4 */
        {"PUT", "If-None-Match: \"v4\"", 412},
        {"PUT", "If-None-Match: \"v3\"", 204}, /* 5 */
        {"DELETE", "If-Match: \"v4\"", 412},
        {"DELETE", "If-Match: \"v5\"", 204},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct inprocess_answer *a = call(cases[i].method, PICTURE, cases[i].headers, "x");
        if (a->status != cases[i].status)
            fail_msg("%zu: %s %s: %d %.*s", i, cases[i].method, cases[i].headers, a->status,
                     BW_FMT(a->body));
    }
}

/* A table without a version: the ETag is of the bytes. */
static void hashed(void **state)
{
    (void)state;
    const char *file = "/api/Log/1/file";
    char header[100];
    bw_str etag = answer_field(call("PUT", file, NULL, "abc"), "etag");
    check(etag.n > 10);
    check(bw_str_eq(answer_field(call("GET", file, NULL, NULL), "etag"), etag));
    snprintf(header, sizeof header, "If-None-Match: %.*s", BW_FMT(etag));
    check_int(call("GET", file, header, NULL)->status, 304);
    snprintf(header, sizeof header, "If-Match: %.*s", BW_FMT(etag));
    check_int(call("PUT", file, header, "abd")->status, 204);
    check_int(call("PUT", file, header, "abe")->status, 412);
    check_int(call("DELETE", file, header, NULL)->status, 412);
    check_str(call("GET", file, NULL, NULL)->body, "abd");
    check_int(call("DELETE", file, NULL, NULL)->status, 204);
    check_int(call("DELETE", file, "If-Match: *", NULL)->status, 412);
}

/* What could run scripts in our origin cannot. */
static void sandboxed(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool sandbox;
    } cases[] = {
        {"text/html", true},
        {"TEXT/HTML; charset=utf-8", true},
        {"image/svg+xml", true},
        {"application/xml", true},
        {"application/xhtml+xml", true},
        {"text/javascript", true},
        {"application/ecmascript", true},
        {"text/xsl", true},
        {"multipart/x-mixed-replace;boundary=x", true},
        {"image/png", false},
        {"text/plain; charset=utf-8", false},
        {"application/pdf", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[100];
        snprintf(header, sizeof header, "Content-Type: %s", cases[i].type);
        check_int(call("PUT", PICTURE, header, "<script>")->status, 204);
        const struct inprocess_answer *a = call("GET", PICTURE, "Range: bytes=0-3", NULL);
        check_int(a->status, 206);
        check_field(a, "content-type", cases[i].type);
        check_field(a, "content-security-policy", cases[i].sandbox ? "sandbox" : NULL);
    }
}

static int sqlite(void **state)
{
    (void)state;
    shop_kind = "sqlite";
    return 0;
}

static int memory(void **state)
{
    (void)state;
    shop_kind = "memory";
    return 0;
}

int main(void)
{
#define IN_SHOP(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        IN_SHOP(life),       IN_SHOP(refused), IN_SHOP(lengths),   IN_SHOP(ranges),
        IN_SHOP(conditions), IN_SHOP(hashed),  IN_SHOP(sandboxed),
    };
    int failed = cmocka_run_group_tests_name("sqlite", tests, sqlite, NULL);
    return failed + cmocka_run_group_tests_name("memory", tests, memory, NULL);
}
