/* cmocka.h: as much of cmocka as process_test.c uses, for Windows, where Debian has none. */
#ifndef TEST_CMOCKA_H
#define TEST_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*fn)(void **state);
};

#define cmocka_unit_test(f) \
    {                       \
        .name = #f, .fn = f \
    }
#define assert_true(cond)                                                                  \
    do {                                                                                   \
        if (!(cond)) {                                                                     \
            printf("%s:%d: not so: %s\n[  FAILED  ] 1 test(s), listed below:\n", __FILE__, \
                   __LINE__, #cond);                                                       \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)
#define cmocka_run_group_tests(tests, before, after) \
    run_tests((tests), sizeof(tests) / sizeof(tests)[0])

static int run_tests(const struct CMUnitTest *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("[ RUN      ] %s\n", t[i].name);
        fflush(stdout);
        t[i].fn(NULL);
    }
    printf("[  PASSED  ] %u test(s).\n", (unsigned)n);
    return 0;
}

#endif
