#include "help/t.h"

#include "host/pidfile.h"

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct pidfile p, q;
    struct pidfile_info i;
    struct bw_err e;
    char folder[] = "/tmp/burrow-pidfile-XXXXXX", path[128], said[128];
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/deep/er/blog.pid", folder);
    check_int(pidfile_look(path, &i, &e), PIDFILE_NONE);
    check_ok(pidfile_take(&p, path, "blog", &e), &e);
    snprintf(p.info.url, sizeof p.info.url, "http://127.0.0.1:1/");
    snprintf(p.info.state, sizeof p.info.state, "ready");
    snprintf(p.info.reload, sizeof p.info.reload, "it went wrong");
    p.info.reloads = 3;
    check_ok(pidfile_write(&p, &e), &e);
    check_int(pidfile_look(path, &i, &e), PIDFILE_RUNS);
    check_int(i.pid, getpid());
    check_int(i.reloads, 3);
    check_str(bw_cstr(i.name), "blog");
    check_str(bw_cstr(i.state), "ready");
    check_str(bw_cstr(i.url), "http://127.0.0.1:1/");
    check_str(bw_cstr(i.reload), "it went wrong");
    check(!i.reload_ok);
    snprintf(said, sizeof said, "blog (pid %ld) serves this already", (long)getpid());
    check(!pidfile_take(&q, path, "other", &e));
    check_int(e.code, BW_CONFLICT);
    check_says(&e, said);
    pidfile_release(&q); /* which it has not taken */
    check_int(pidfile_look(path, &i, &e), PIDFILE_RUNS);
    file_unlock(&p.lock); /* as a crash does */
    check_int(pidfile_look(path, &i, &e), PIDFILE_STALE);
    check_ok(pidfile_take(&q, path, "other", &e), &e);
    pidfile_release(&q);
    check_int(pidfile_look(path, &i, &e), PIDFILE_NONE);
}

static void what_is_none_of_ours(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n", "x\n", "-1\n", "0\n", "99999999999999\n", "12 x"};
    struct pidfile_info i;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        check(!pidfile_parse(bw_cstr(bad[k]), &i));
    check(pidfile_parse(BW_LIT("12"), &i) && i.pid == 12);
    check(pidfile_parse(BW_LIT("12\nnew thing\nname\nname \nreloads x\n"), &i) && !*i.name);
    check(pidfile_parse(BW_LIT("12\nnot-reloaded why\n"), &i) && !i.reload_ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read),
                                       cmocka_unit_test(what_is_none_of_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
