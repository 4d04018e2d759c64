#include "help/t.h"

#include "os/cgroup.h"

static void reads_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {{"max", 0},
                 {"536870912", 536870912},
                 {"0", 0},
                 {"", 0},
                 {"-1", 0},
                 {"12 x", 0},
                 {"1e9", 0},
                 {"1152921504606846976", INT64_C(1) << 60},
                 {"9223372036854771712", 0}, /* no limit, in v1 */
                 {"9223372036854775807", 0},
                 {"9223372036854775808", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_int(cgroup_memory_of(cases[i].text), cases[i].want);
}

static char asked[4096];

static int64_t note(const char *folder)
{
    size_t n = strlen(asked);
    snprintf(asked + n, sizeof asked - n, "%s\n", folder);
    return (int64_t)(sizeof asked - n); /* less and less */
}

static int64_t nothing(const char *folder)
{
    (void)folder;
    return 0;
}

static void it_walks_up_to_the_root(void **state)
{
    (void)state;
    asked[0] = 0;
    int64_t least = cgroup_least(NULL, note);
    size_t n = strlen(asked);
    check(n > 15 && !strcmp(asked + n - 15, "/sys/fs/cgroup\n"));
    check(least > 0 && least <= (int64_t)sizeof asked);
    asked[0] = 0;
    cgroup_least("no_such", note);
    check_str(bw_cstr(asked), "/sys/fs/cgroup/no_such\n");
    check_int(cgroup_least("memory", nothing), 0);
    check(cgroup_memory() >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_limits),
                                       cmocka_unit_test(it_walks_up_to_the_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
