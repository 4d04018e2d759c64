#include "help/t.h"

#include "os/symbols.h"

static int a_static_function(int n)
{
    return n * 3 + 1;
}

static void own_functions_have_names(void **state)
{
    (void)state;
    struct symbol s;
    int (*volatile fn)(int) = a_static_function;
    check_int(fn(1), 4); /* it is there, and not inlined away */
    check(symbols_find((uintptr_t)fn, &s));
    check_str(bw_cstr(s.name), "a_static_function");
    check_int(s.offset, 0);
    check(strstr(s.module, "symbols_test") != NULL);
    check(symbols_find((uintptr_t)fn + 1, &s));
    check_int(s.offset, 1);
}

static void libraries_too(void **state)
{
    (void)state;
    struct symbol s;
    check(symbols_find((uintptr_t)&getppid, &s));
    check(s.name && strstr(s.name, "getppid"));
    check(!strncmp(s.module, "libc.so", 7) || strstr(s.module, "asan") || strstr(s.module, "tsan"));
}

static void what_is_nowhere(void **state)
{
    (void)state;
    struct symbol s;
    int here;
    check(!symbols_find(16, &s) && !s.name);
    check(!symbols_find((uintptr_t)&here, &s) && !s.name); /* a stack */
    check_int(s.at, (uintptr_t)&here);
    check_str(bw_cstr(s.module), "");
}

static int load(void **state)
{
    (void)state;
    symbols_load();
    symbols_load(); /* again is fine */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_functions_have_names),
        cmocka_unit_test(libraries_too),
        cmocka_unit_test(what_is_nowhere),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
