/* err_test.c: sentences, codes, cuts. */
#include "help/t.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/utf8.h"

static void fail_fills_everything(void **state)
{
    (void)state;
    struct bw_err e;
    memset(&e, 'x', sizeof e);
    check(!bw_fail(&e, BW_MISSING, "no table '%s'", "Bird"));
    check_int(e.code, BW_MISSING);
    check_int(e.sys, 0);
    assert_string_equal(e.field, "");
    assert_string_equal(e.text, "no table 'Bird'");
    check(!bw_fail(NULL, BW_BAD, "nobody asks"));
    check(!bw_fail_sys(NULL, EIO, "nobody asks"));
    check(!bw_because(NULL, "nobody asks"));
}

static void system_errors(void **state)
{
    (void)state;
    static const struct {
        int sys;
        enum bw_code code;
        int kept;
    } cases[] = {{ENOENT, BW_SYS, ENOENT},
                 {ENOSPC, BW_FULL, ENOSPC},
                 {EDQUOT, BW_FULL, EDQUOT},
                 {-ENOSPC, BW_FULL, ENOSPC}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bw_err e = {0};
        check(!bw_fail_sys(&e, cases[i].sys, "opening %s", "x.db"));
        check_int(e.code, cases[i].code);
        check_int(e.sys, cases[i].kept);
        check_says(&e, "opening x.db: ");
        check(strlen(e.text) > strlen("opening x.db: "));
    }
    struct bw_err e = {0};
    bw_fail_sys(&e, ENOENT, "opening x.db");
    assert_string_equal(e.text, "opening x.db: No such file or directory");
}

static void because_prepends(void **state)
{
    (void)state;
    struct bw_err e = {0};
    bw_fail(&e, BW_CONFLICT, "it is taken");
    strncpy(e.field, "name", sizeof e.field);
    check(!bw_because(&e, "adding %d", 7));
    assert_string_equal(e.text, "adding 7: it is taken");
    check_int(e.code, BW_CONFLICT);
    assert_string_equal(e.field, "name");
    bw_because(&e, "%s", "starting");
    assert_string_equal(e.text, "starting: adding 7: it is taken");
    bw_fail(&e, BW_BAD, "again: %s", e.text); /* an argument inside the error itself */
    assert_string_equal(e.text, "again: starting: adding 7: it is taken");
}

/* A cut at every place of a text of two, three and four byte characters leaves valid UTF-8. */
static void cuts_between_characters(void **state)
{
    (void)state;
    char piece[] = "é€😀", text[900] = "";
    for (size_t n = 0; n + sizeof piece < sizeof text; n += sizeof piece - 1)
        memcpy(text + n, piece, sizeof piece);
    for (int pad = 0; pad < 9; pad++) {
        struct bw_err e = {0};
        bw_fail(&e, BW_BAD, "%.*s%s", pad, "123456789", text);
        size_t n = strlen(e.text);
        check(n <= 511 && n >= 508);
        check(utf8_valid(bw_cstr(e.text)));
        bw_because(&e, "%.*s", pad, "123456789");
        check(strlen(e.text) <= 511);
        check(utf8_valid(bw_cstr(e.text)));
        bw_fail_sys(&e, EIO, "%.*s%s", pad, "123456789", text);
        check(strlen(e.text) <= 511);
        check(utf8_valid(bw_cstr(e.text)));
    }
}

static void foreign_bytes_become_marks(void **state)
{
    (void)state;
    struct bw_err e = {0};
    bw_fail(&e, BW_BAD, "no '%s'", "a\xff\xc3(\xe2\x82z€");
    assert_string_equal(e.text, "no 'a??"
                                "(??z€'");
}

static void codes(void **state)
{
    (void)state;
    check_int(bw_code_status(BW_OK), 200);
    check_int(bw_code_status(BW_FULL), 507);
    assert_string_equal(bw_code_title(BW_CHANGED), "Precondition failed");
    static const struct {
        int status;
        enum bw_code code;
    } cases[] = {{200, BW_OK},  {204, BW_OK},   {304, BW_OK},  {404, BW_MISSING},
                 {418, BW_BAD}, {499, BW_GONE}, {500, BW_SYS}, {503, BW_BUSY},
                 {599, BW_SYS}, {0, BW_SYS},    {700, BW_SYS}, {412, BW_CHANGED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_int(bw_code_of_status(cases[i].status), cases[i].code);
    for (int c = BW_OK; c <= BW_GONE; c++)
        check_int(bw_code_of_status(bw_code_status((enum bw_code)c)), c);
}

static _Noreturn void child(int out)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    signal(SIGABRT, SIG_DFL);
    dup2(out, STDERR_FILENO);
    bw_must(1 + 1 == 2);
    bw_must(1 + 1 == 3);
    _exit(0);
}

static void must_names_the_place(void **state)
{
    (void)state;
    int ends[2], status = 0;
    char text[512] = "";
    check(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0)
        child(ends[1]);
    close(ends[1]);
    check(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    check(waitpid(pid, &status, 0) == pid);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    check(strstr(text, "err_test.c:") && strstr(text, "1 + 1 == 3\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_everything),      cmocka_unit_test(system_errors),
        cmocka_unit_test(because_prepends),           cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(foreign_bytes_become_marks), cmocka_unit_test(codes),
        cmocka_unit_test(must_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
