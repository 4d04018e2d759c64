#include "help/t.h"

#include "host/host.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

static void caches_stay_within_the_memory(void **state)
{
    (void)state;
    static const struct {
        int64_t wanted;
        unsigned connections;
        int64_t memory, cache;
    } rows[] = {
        {16 * MIB, 9, 0, 16 * MIB},           {16 * MIB, 8, 1024 * MIB, 16 * MIB},
        {16 * MIB, 8, 256 * MIB, 8 * MIB},    {16 * MIB, 1000, 64 * MIB, 256 * KIB},
        {64 * KIB, 1000, 64 * MIB, 64 * KIB}, {16 * MIB, 0, 4 * MIB, 1 * MIB},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_int(host_cache(rows[i].wanted, rows[i].connections, rows[i].memory), rows[i].cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(caches_stay_within_the_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
