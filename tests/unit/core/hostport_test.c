/* hostport_test.c: places as people write them. */
#include "help/t.h"

#include "core/hostport.h"

static void good_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        unsigned port;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080},
        {"[::1]:80", "::1", 80},
        {"db.example.com:1", "db.example.com", 1},
        {"x:0", "x", 0},
        {"x:65535", "x", 65535},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hostport at;
        struct bw_err e;
        check_ok(hostport_parse(&at, cases[i].text, &e), &e);
        check_str(bw_cstr(at.host), cases[i].host);
        check_int(at.port, cases[i].port);
    }
}

static void bad_ones(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "names no port"},        {"127.0.0.1", "names no port"}, {"x:", "names no port"},
        {"x:65536", "names no port"}, {"x:-1", "names no port"},      {"x:8o", "names no port"},
        {":80", "names no host"},     {"::1:80", "brackets"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hostport at;
        struct bw_err e = {.code = BW_OK};
        check(!hostport_parse(&at, cases[i][0], &e));
        check(e.code == BW_BAD && strstr(e.text, cases[i][1]));
    }
    struct hostport at;
    struct bw_err e;
    char name[400];
    memset(name, 'a', sizeof name);
    memcpy(name + 300, ":80", 4);
    check(!hostport_parse(&at, name, &e) && strstr(e.text, "names no host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
