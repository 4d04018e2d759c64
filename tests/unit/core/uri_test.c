/* uri_test.c: URLs taken apart, escapes, queries. */
#include "help/t.h"

#include "core/uri.h"

static void good_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *scheme, *host;
        unsigned port;
        const char *path, *query;
    } cases[] = {
        {"http://localhost", "http", "localhost", 80, "/", NULL},
        {"HTTP://Example.com:8080/", "http", "Example.com", 8080, "/", NULL},
        {"https://a.b-c_d/x/y?z=1&q=%20?", "https", "a.b-c_d", 443, "/x/y", "z=1&q=%20?"},
        {"ws://h?x", "ws", "h", 80, "/", "x"},
        {"wss://h:1/?", "wss", "h", 1, "/", ""},
        {"http://127.0.0.1:65535/a:b@c", "http", "127.0.0.1", 65535, "/a:b@c", NULL},
        {"http://[::1]:80/", "http", "::1", 80, "/", NULL},
        {"http://[2001:db8::a:B]", "http", "2001:db8::a:B", 80, "/", NULL},
        {"http://[::ffff:1.2.3.4]/", "http", "::ffff:1.2.3.4", 80, "/", NULL},
        {"http+unix://%2Frun%2fx.sock/path?q", "http+unix", "/run/x.sock", 0, "/path", "q"},
        {"http+unix://%2Frun%2Fx.sock", "http+unix", "/run/x.sock", 0, "/", NULL},
        {"http://h/%E2%82%AC", "http", "h", 80, "/%E2%82%AC", NULL},
    };
    struct bw_arena a;
    bw_arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uri u;
        struct bw_err e = {0};
        check_ok(uri_parse(&u, bw_cstr(cases[i].text), &a, &e), &e);
        check_str(u.scheme, cases[i].scheme);
        check_str(u.host, cases[i].host);
        check_int(u.port, cases[i].port);
        check_str(u.path, cases[i].path);
        check_str(u.query, cases[i].query ? cases[i].query : "");
        check((u.query.p == NULL) == (cases[i].query == NULL));
        check(u.is_unix == (u.port == 0));
    }
    bw_arena_release(&a);
}

static void bad_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "scheme"},
        {"localhost", "scheme"},
        {"localhost:8080", "scheme"},
        {"/path", "scheme"},
        {"http:/h", "scheme"},
        {"://h", "scheme"},
        {"htp://h", "did you mean 'http'?"},
        {"ftp://h", "'ftp'"},
        {"http://", "no host"},
        {"http:///x", "no host"},
        {"http://:80", "no host"},
        {"http://h:", "port"},
        {"http://h:0", "port"},
        {"http://h:65536", "port"},
        {"http://h:000080", "port"},
        {"http://h:-1", "port"},
        {"http://h:8o", "port"},
        {"http://h:80:80", "port"},
        {"http://ho st/", "character 3 of the URL's host"},
        {"http://h%41/", "character 2 of the URL's host"},
        {"http://h\xc3\xa9/", "character 2 of the URL's host"},
        {"http://1.2.3/", "IPv4"},
        {"http://1.2.3.256/", "IPv4"},
        {"http://1.2.3.04/", "IPv4"},
        {"http://1.2.3.4./", "IPv4"},
        {"http://2130706433/", "IPv4"},
        {"http://[::1", "IPv6"},
        {"http://[]", "IPv6"},
        {"http://[:]", "IPv6"},
        {"http://[:::]", "IPv6"},
        {"http://[1::2::3]", "IPv6"},
        {"http://[1:2:3:4:5:6:7]", "IPv6"},
        {"http://[1:2:3:4:5:6:7:8:9]", "IPv6"},
        {"http://[1:2:3:4:5:6:7::8]", "IPv6"},
        {"http://[12345::]", "IPv6"},
        {"http://[1:2:3:4:5:6:7:]", "IPv6"},
        {"http://[::1.2.3]", "IPv6"},
        {"http://[1:2:3:4:5:6:7:1.2.3.4]", "IPv6"},
        {"http://[fe80::1%25eth0]", "IPv6"},
        {"http://[g::]", "IPv6"},
        {"http://[::1]x", "brackets"},
        {"http://u@h/", "user"},
        {"http://u:geheim@h:x/", "user"},
        {"http://h/#top", "fragment"},
        {"http://h/a b", "character 3 of the URL's path"},
        {"http://h/a%2", "character 3 of the URL's path"},
        {"http://h/a%zz", "character 3 of the URL's path"},
        {"http://h/\x01", "character 2 of the URL's path"},
        {"http://h/\xc3\xa9", "character 2 of the URL's path"},
        {"http://h/a\\b", "character 3 of the URL's path"},
        {"http://h/?a=<", "character 3 of the URL's query"},
        {"http://h/?%", "character 1 of the URL's query"},
        {"http+unix:///run/x.sock", "does not begin with '/'"},
        {"http+unix://run%2Fx", "does not begin with '/'"},
        {"http+unix://%2Frun%00", "percent-encoded"},
        {"http+unix://%2Frun%2", "percent-encoded"},
        {"http+unix://%2Frun x", "percent-encoded"},
    };
    struct bw_arena a;
    bw_arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uri u = {.port = 77};
        struct bw_err e = {0};
        if (uri_parse(&u, bw_cstr(cases[i].text), &a, &e))
            fail_msg("\"%s\" taken", cases[i].text);
        check_int(e.code, BW_BAD);
        check_says(&e, cases[i].says);
        check(!strstr(e.text, "geheim"));
        check(u.port == 77);
        check(!uri_parse(&u, bw_cstr(cases[i].text), &a, NULL));
    }
    bw_arena_release(&a);
}

static void bounds(void **state)
{
    (void)state;
    struct bw_arena a;
    struct uri u;
    struct bw_err e = {0};
    char text[9000];
    bw_arena_init(&a);
    memset(text, 'a', sizeof text);
    memcpy(text, "http://h/", 9);
    check(uri_parse(&u, bw_str_of(text, 8192), &a, &e));
    check(!uri_parse(&u, bw_str_of(text, 8193), &a, &e));
    check_says(&e, "longer than 8192");
    text[8] = 'a';
    check(uri_parse(&u, bw_str_of(text, 7 + 253), &a, &e));
    check(!uri_parse(&u, bw_str_of(text, 7 + 254), &a, &e));
    check_says(&e, "253");
    memcpy(text, "http+unix://%2F", 15);
    check(uri_parse(&u, bw_str_of(text, 15 + 106), &a, &e));
    check_int(u.host.n, 107);
    check(!uri_parse(&u, bw_str_of(text, 15 + 107), &a, &e));
    check_says(&e, "107");
    bw_arena_release(&a);
}

static void decodes(void **state)
{
    (void)state;
    struct bw_arena a;
    bw_arena_init(&a);
    bw_str plain = BW_LIT("a+b/c");
    check(uri_decode(&a, plain, false).p == plain.p);
    check_str(uri_decode(&a, plain, true), "a b/c");
    check_str(uri_decode(&a, BW_LIT("%41%2f%C3%a9"), false), "A/é");
    check_str(uri_decode(&a, BW_LIT("%2B+"), true), "+ ");
    check_str(uri_decode(&a, BW_LIT("%2541"), false), "%41"); /* once only */
    check(uri_decode(&a, bw_cstr(NULL), true).p != NULL);
    static const char *const bad[] = {"%",   "%4",  "a%4",   "%zz", "%4z",
                                      "%z4", "%00", "a%00b", "%+1", "% 1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (uri_decode(&a, bw_cstr(bad[i]), true).p)
            fail_msg("\"%s\" taken", bad[i]);
    bw_arena_release(&a);
}

static void encodes(void **state)
{
    (void)state;
    struct bw_arena a;
    struct bw_buf b;
    char all[255];
    bw_arena_init(&a);
    bw_buf_init(&b, 4096);
    uri_encode(&b, BW_LIT("a b/é~-._&="));
    check_str(bw_buf_str(&b), "a%20b%2F%C3%A9~-._%26%3D");
    bw_buf_clear(&b);
    uri_encode(&b, bw_cstr(NULL));
    check_int(b.n, 0);
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    uri_encode(&b, bw_str_of(all, sizeof all));
    check(bw_str_eq(uri_decode(&a, bw_buf_str(&b), true), bw_str_of(all, sizeof all)));
    bw_buf_release(&b);
    bw_arena_release(&a);
}

static void queries(void **state)
{
    (void)state;
    bw_str rest = BW_LIT("&a=1&&b=x=y&c&=d&e=&"), name, value;
    static const char *const want[][2] = {
        {"a", "1"}, {"b", "x=y"}, {"c", ""}, {"", "d"}, {"e", ""}};
    for (size_t i = 0; i < 5; i++) {
        check(uri_query_next(&rest, &name, &value));
        check_str(name, want[i][0]);
        check_str(value, want[i][1]);
        check(value.p != NULL);
    }
    check(!uri_query_next(&rest, &name, &value));
    rest = bw_cstr(NULL);
    check(!uri_query_next(&rest, &name, &value));
    rest = bw_cstr("");
    check(!uri_query_next(&rest, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls), cmocka_unit_test(bad_urls), cmocka_unit_test(bounds),
        cmocka_unit_test(decodes),   cmocka_unit_test(encodes),  cmocka_unit_test(queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
