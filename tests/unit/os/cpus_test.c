#include "help/t.h"
#include <sched.h>
#include "os/cpus.h"

static void reads_quotas(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned want;
    } cases[] = {{"max 100000", 0},
                 {"100000 100000", 1},
                 {"150000 100000", 2},
                 {"400000 100000", 4},
                 {"50000 100000", 1},
                 {"1 100000", 1},
                 {"", 0},
                 {"100000", 0},
                 {"100000 0", 0},
                 {"0 100000", 0},
                 {"-5 100000", 0},
                 {"x", 0},
                 {"300000 200000 x", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_int(cpus_of_quota(cases[i].text), cases[i].want);
}

static void counts_within_affinity(void **state)
{
    (void)state;
    cpu_set_t all, first;
    check_int(sched_getaffinity(0, sizeof all, &all), 0);
    check(cpus_count() >= 1);
    check(cpus_count() <= (unsigned)CPU_COUNT(&all));
    CPU_ZERO(&first);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &first);
            break;
        }
    check_int(sched_setaffinity(0, sizeof first, &first), 0);
    check_int(cpus_count(), 1);
    check_int(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_quotas),
        cmocka_unit_test(counts_within_affinity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
