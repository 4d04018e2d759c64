#include "help/t.h"

#include "host/args.h"

static const struct arg known[] = {{"listen", "ADDR", "where"},
                                   {"check", NULL, "only look"},
                                   {"help", NULL, "this"},
                                   {NULL, NULL, NULL}};

static bool parse(struct args *a, struct bw_err *e, const char *const *words)
{
    char **argv = (char **)(uintptr_t)words;
    int argc = 0;
    while (argv[argc])
        argc++;
    return args_parse(a, known, argc, argv, e);
}

#define PARSE(a, e, ...) parse((a), (e), (const char *[]){"program", __VA_ARGS__, NULL})

static void switches_words_and_settings(void **state)
{
    (void)state;
    struct args a;
    struct bw_err e;
    check_ok(PARSE(&a, &e, "--listen", "one", "word", "--check", "--listen=two",
                   "--log.level=debug", "--", "--check"),
             &e);
    check_str(bw_cstr(args_value(&a, "listen", NULL)), "two");
    check(args_has(&a, "check") && !args_has(&a, "help"));
    check_int(a.words.n, 2);
    check_str(bw_cstr(a.words.p[1]), "--check");
    check_int(a.settings.n, 1);
    check_str(a.settings.p[0].value, "log.level=debug");
    args_release(&a);
}

static void slash_forms_are_switches_only_when_known(void **state)
{
    (void)state;
    struct args a;
    struct bw_err e;
    check_ok(PARSE(&a, &e, "/check", "/tmp/file.json", "/checks.json", "/srv", "/listen=one"), &e);
    check(args_has(&a, "check"));
    check_str(bw_cstr(args_value(&a, "listen", NULL)), "one");
    check_int(a.words.n, 3);
    args_release(&a);
}

static void wrong_use(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *says;
    } cases[] = {
        {"--chek", "did you mean '--check'"},
        {"/chek", "no switch '/chek', did you mean '/check'?"},
        {"--check=yes", "takes no value"},
        {"--listen", "--listen ADDR"},
        {"-x", "no switch '-x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct args a;
        struct bw_err e;
        check(!PARSE(&a, &e, cases[i].word));
        check_int(e.code, BW_BAD);
        check_says(&e, cases[i].says);
        args_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_words_and_settings),
        cmocka_unit_test(slash_forms_are_switches_only_when_known),
        cmocka_unit_test(wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
