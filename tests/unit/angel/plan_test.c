/* What a change of settings means: each kind, which keys, and that nothing differs when only the
 * way it is written does. */
#include "angel/conf.h"
#include "help/t.h"

#include <unistd.h>

struct bed {
    struct angel_conf from, to;
    struct bw_arena a;
    struct plan plan;
};

static void plan(struct bed *b, const char *from, const char *to)
{
    struct bw_err e = {0};
    bw_arena_init(&b->a);
    check_ok(angel_conf_parse(&b->from, "from", bw_cstr(from), &e), &e);
    check_ok(angel_conf_parse(&b->to, "to", bw_cstr(to), &e), &e);
    plan_make(&b->from, &b->to, &b->a, &b->plan);
}

static void drop(struct bed *b)
{
    angel_conf_release(&b->from);
    angel_conf_release(&b->to);
    bw_arena_release(&b->a);
}

static void one(const char *from, const char *to, enum plan_kind kind, const char *keys)
{
    struct bed b;
    char text[2][400];
    snprintf(text[0], 400, "{\"Services\": [{\"Name\": \"a\", \"Run\": \"/a\"%s}]}", from);
    snprintf(text[1], 400, "{\"Services\": [{\"Name\": \"a\", \"Run\": \"/a\"%s}]}", to);
    plan(&b, text[0], text[1]);
    check_int(b.plan.n, 1);
    if (b.plan.p[0].kind != kind)
        print_message("%s → %s: %s\n", from, to, plan_names[b.plan.p[0].kind]);
    check_int(b.plan.p[0].kind, kind);
    assert_string_equal(b.plan.p[0].keys, keys);
    assert_string_equal(b.plan.p[0].unit, "a");
    drop(&b);
}

/* Digests are kept as what differs from those of a service before. */
static void services_unlike_each_other_and_in_another_order(void **state)
{
    (void)state;
    struct bed b;
    char text[2][2000];
    const char *a = "{\"Name\": \"a\", \"Run\": \"/a\"}";
    const char *like = "{\"Name\": \"b\", \"Run\": \"/a x\", \"Env\": {\"A\": %d}}";
    const char *unlike =
        "{\"Name\": \"c\", \"Run\": [\"/a\", \"x\"], \"Description\": \"%%agl.base%%\", \"Level\": "
        "4, "
        "\"Umask\": \"077\", \"Nice\": 5, \"Limits\": {\"NOFILE\": 9}, \"MemoryMax\": \"1G\", "
        "\"CpuMax\": 2, \"PidsMax\": 9, \"Replicas\": 2, \"StopSignal\": \"INT\", \"Restart\": "
        "\"never\", "
        "\"RetryStableSec\": 7, \"AbortExitCodes\": [3], \"SuccessExitCodes\": [4], \"Env\": "
        "{\"A\": 2}, "
        "\"RedirectLogFile\": \"c.log\", \"RedirectLogRotateFiles\": 4, \"StartWorkDir\": \"/\"}";
    char l[2][200], u[1000];
    snprintf(l[0], sizeof l[0], like, 1);
    snprintf(l[1], sizeof l[1], like, 2);
    snprintf(u, sizeof u, unlike, 0);
    snprintf(text[0], sizeof text[0], "{\"Services\": [%s, %s, %s]}", a, l[0], u);
    snprintf(text[1], sizeof text[1], "{\"Services\": [%s, %s, %s]}", u, l[1], a);
    plan(&b, text[0], text[1]);
    check_int(b.plan.n, 3);
    for (size_t i = 0; i < 3; i++) {
        bool changed = !strcmp(b.plan.p[i].unit, "b");
        check_int(b.plan.p[i].kind, changed ? PLAN_RESTART : PLAN_SAME);
        assert_string_equal(b.plan.p[i].keys, changed ? "Env" : "");
    }
    drop(&b);
}

static void tells_each_kind(void **state)
{
    (void)state;
    one("", "", PLAN_SAME, "");
    one(", \"RetryStableSec\": 60", ", \"retrystablesec\": \"1min\" /* the same */", PLAN_SAME, "");
    one(", \"Env\": {\"A\": 1}", ", \"Env\": [\"A=1\"]", PLAN_SAME, "");
    one("", ", \"Description\": \"x\", \"RetryStableSec\": 5", PLAN_LIVE,
        "Description, RetryStableSec");
    one("", ", \"Ready\": {\"Check\": \"tcp:127.0.0.1:1\"}", PLAN_LIVE, "Ready");
    one("", ", \"Env\": {\"A\": 1}", PLAN_RESTART, "Env");
    one("", ", \"MemoryMax\": \"1G\", \"Level\": 3", PLAN_RESTART, "MemoryMax, Level");
    one(", \"Replicas\": 3", ", \"Replicas\": 3, \"Umask\": \"077\"", PLAN_ROLLING, "Umask");
    one(", \"Replicas\": 3", ", \"Replicas\": 4", PLAN_LIVE, "Replicas");
    one(", \"Replicas\": 3, \"Rolling\": 0", ", \"Replicas\": 3, \"Rolling\": 0, \"Nice\": 1",
        PLAN_RESTART, "Nice");
    one(", \"Listen\": {\"h\": \"127.0.0.1:0\"}",
        ", \"Listen\": {\"h\": \"127.0.0.1:0\"}, "
        "\"Nice\": 1",
        PLAN_ROLLING, "Nice");
    one("", ", \"Disabled\": true", PLAN_STOP, "Disabled");
    one(", \"Level\": 0", ", \"Level\": 2", PLAN_START, "Level");
    one(", \"Disabled\": true", ", \"Disabled\": true, \"Nice\": 1", PLAN_SAME, "Nice");
}

static void tells_what_comes_and_goes(void **state)
{
    (void)state;
    struct bed b;
    plan(&b, "{\"Services\": [{\"Name\": \"old\"}, {\"Name\": \"Stays\"}]}",
         "{\"Services\": [{\"Name\": \"stays\"}, {\"Name\": \"new\"}]}");
    check_int(b.plan.n, 3);
    assert_string_equal(b.plan.p[0].unit, "new");
    check_int(b.plan.p[0].kind, PLAN_START);
    assert_string_equal(b.plan.p[1].unit, "stays");
    check_int(b.plan.p[1].kind, PLAN_RESTART); /* it is called differently now */
    assert_string_equal(b.plan.p[2].unit, "old");
    check_int(b.plan.p[2].kind, PLAN_STOP);
    drop(&b);
}

static void sees_what_is_filled_in(void **state)
{
    (void)state;
    struct bed b;
    plan(&b, "{\"LogPath\": \"/a\", \"Services\": [{\"Name\": \"x\"}]}",
         "{\"LogPath\": \"/b\", \"Services\": [{\"Name\": \"x\"}], \"GuardPercent\": 3}");
    check_int(b.plan.p[0].kind, PLAN_LIVE);
    assert_string_equal(b.plan.p[0].keys, "RedirectLogFile");
    assert_string_equal(b.plan.restart, "LogPath");
    assert_string_equal(b.plan.live, "GuardPercent");
    drop(&b);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    check(f != NULL);
    fputs(text, f);
    fclose(f);
}

static void sees_what_is_in_files(void **state)
{
    (void)state;
    struct bed b;
    struct bw_err e = {0};
    char path[] = "/tmp/plan_test_XXXXXX", text[300];
    check(mkstemp(path) >= 0);
    snprintf(text, sizeof text,
             "{\"HmacSecret\": \"@%s\", \"Services\": [{\"Name\": \"x\", "
             "\"EnvFiles\": \"%s\"}]}",
             path, path);
    bw_arena_init(&b.a);
    put(path, "A=1\n");
    check_ok(angel_conf_parse(&b.from, "from", bw_cstr(text), &e), &e);
    put(path, "A=2\n");
    check_ok(angel_conf_parse(&b.to, "to", bw_cstr(text), &e), &e);
    plan_make(&b.from, &b.to, &b.a, &b.plan);
    check_int(b.plan.p[0].kind, PLAN_RESTART);
    assert_string_equal(b.plan.p[0].keys, "EnvFiles");
    assert_string_equal(b.plan.live, "secrets");
    assert_string_equal(b.to.hmac_secret, "A=2");
    drop(&b);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_each_kind),
        cmocka_unit_test(services_unlike_each_other_and_in_another_order),
        cmocka_unit_test(tells_what_comes_and_goes),
        cmocka_unit_test(sees_what_is_filled_in),
        cmocka_unit_test(sees_what_is_in_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
