#include "help/t.h"

#include "deploy/deploy.h"

static void words_are_filled(void **state)
{
    (void)state;
    static const char *const listen[] = {"127.0.0.1:80", "[::1]:81",     "name:82",
                                         "unix:/x",      "systemd:http", NULL};
    const struct deploy own = {.name = "n", .exec = "/b/prog", .listen = listen, .drain_s = 5},
                        ours = {.name = "n", .exec = "/b/burrow", .settings = "/e/s.json"};
    static const struct {
        bool ours;
        const char *text, *filled;
    } rows[] = {
        {0, "", ""},
        {0, "a@b @name @name@name@@none@", "a@b @name nname@@none@"},
        {0, "=@run@", "=/b/prog --run"},
        {0, "@drain@ @program@", "20 prog"},
        {0, "@health_json@", "[\"/usr/local/bin/prog\", \"--health\"]"},
        {0, "@health_test@", "[\"CMD\", \"/usr/local/bin/prog\", \"--health\"]"},
        {0, "@copy_settings@", ""},
        {0, "@addresses@",
         "ListenStream=127.0.0.1:80\nListenStream=[::1]:81\nListenStream=82\n"
         "ListenStream=/x\n"},
        {0, "@ports@", "      - \"127.0.0.1:80:8080\"\n"},
        {1, "=@run@", "=/b/burrow serve /e/s.json --run"},
        {1, "@run_json@", "[\"/usr/local/bin/burrow\", \"serve\", \"/etc/n/s.json\", \"--run\"]"},
        {1, "@copy_settings@", "COPY --chmod=0644 s.json /etc/n/s.json\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_buf b;
        bw_buf_init(&b, 4096);
        deploy_fill(rows[i].ours ? &ours : &own, rows[i].text, &b);
        check_str(bw_buf_str(&b), rows[i].filled);
        bw_buf_release(&b);
    }
}

static void lines_that_differ(void **state)
{
    (void)state;
    static const struct {
        const char *theirs, *mine, *said;
    } rows[] = {
        {"", "", ""},
        {"a\nb\n", "a\nb\n", ""},
        {"", "a\n", "@@ line 1 @@\n+a\n"},
        {"a\nb\nc\n", "a\nx\nc\n", "@@ line 2 @@\n-b\n+x\n"},
        {"a\nb\nc\nd\n", "b\nc\nd\ne\n", "@@ line 1 @@\n-a\n@@ line 5 @@\n+e\n"},
        {"a", "a\n", "@@ the end of the last line @@\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_buf b;
        bw_buf_init(&b, 4096);
        deploy_diff(bw_cstr(rows[i].theirs), bw_cstr(rows[i].mine), &b);
        check_str(bw_buf_str(&b), rows[i].said);
        bw_buf_release(&b);
    }
}

static void what_cannot_stand_in_a_unit(void **state)
{
    (void)state;
    const struct generator *unit = deploy_generators[0];
    static const struct {
        const char *name, *exec, *settings;
        bool ok;
    } rows[] = {
        {"a-b_c.1", "/b/x", "/s.json", true},
        {"", "/b", NULL, false},
        {"a/b", "/b", NULL, false},
        {"-a", "/b", NULL, false},
        {"a", "b", NULL, false},
        {"a", "/b%", NULL, false},
        {"a", "/b", "s.json", false},
        {"a", "", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bw_err e;
        struct deploy d = {
            .name = rows[i].name, .exec = rows[i].exec, .settings = rows[i].settings};
        check_int(deploy_check(unit, &d, &e), rows[i].ok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_filled),
                                       cmocka_unit_test(lines_that_differ),
                                       cmocka_unit_test(what_cannot_stand_in_a_unit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
