/* Looking up users, and giving up root (in a child process; only as root). */
#include "help/t.h"
#include <sys/wait.h>
#include <unistd.h>
#include "os/user.h"

static void finds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned uid, gid;
        const char *name;
    } cases[] = {{"root", 0, 0, "root"},         {"0", 0, 0, "root"},
                 {"root:4", 0, 4, "root"},       {"0:daemon", 0, 1, "root"},
                 {"daemon", 1, 1, "daemon"},     {"4000000000", 4000000000u, 4000000000u, ""},
                 {"daemon:root", 1, 0, "daemon"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct user_ids u;
        struct bw_err e = {0};
        check_ok(user_find(cases[i].text, &u, &e), &e);
        check_int(u.uid, cases[i].uid);
        check_int(u.gid, cases[i].gid);
        assert_string_equal(u.name, cases[i].name);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {{"nobody-of-that-name", "there is no user 'nobody-of-that-name'"},
                 {"root:no-such-group", "there is no group 'no-such-group'"},
                 {"", "is not USER or USER:GROUP"},
                 {":adm", "is not USER or USER:GROUP"},
                 {"root:", "is not USER or USER:GROUP"},
                 {"4294967295", "there is no user"}, /* (uid_t)-1: "no change" to setuid */
                 {"-1", "there is no user"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct user_ids u;
        struct bw_err e = {0};
        check(!user_find(cases[i].text, &u, &e));
        check_says(&e, cases[i].says);
    }
}

/* 0 = as it should be. */
static int give_up_root(void)
{
    struct user_ids daemon_user, root;
    struct bw_err e = {0};
    gid_t groups[64];
    if (!user_find("daemon", &daemon_user, &e) || !user_find("root", &root, &e))
        return 1;
    if (!user_become(&daemon_user, &e))
        return 2;
    if (getuid() != 1 || geteuid() != 1 || getgid() != 1)
        return 3;
    int n = getgroups(64, groups);
    for (int i = 0; i < n; i++)
        if (groups[i] == 0)
            return 4;
    if (!user_become(&daemon_user, &e)) /* already */
        return 5;
    if (user_become(&root, &e) || e.code != BW_DENIED)
        return 6;
    return 0;
}

static void gives_up_root(void **state)
{
    (void)state;
    struct user_ids self = {.uid = getuid(), .gid = getgid()};
    check(user_become(&self, NULL));
    if (getuid() != 0)
        return;
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        _exit(give_up_root());
    int status;
    check(waitpid(pid, &status, 0) == pid);
    check(WIFEXITED(status));
    check_int(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(refuses),
        cmocka_unit_test(gives_up_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
