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
                 {"9223372036854775807", INT64_MAX},
                 {"9223372036854775808", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_int(cgroup_memory_of(cases[i].text), cases[i].want);
}

static int64_t asked;

static int64_t count(const char *line)
{
    (void)line;
    return ++asked;
}

static void the_least_above_counts(void **state)
{
    (void)state;
    check_int(cgroup_least("no.such.file", count), 0);
    check_int(asked, 0);
    check(cgroup_memory() >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_limits),
                                       cmocka_unit_test(the_least_above_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
