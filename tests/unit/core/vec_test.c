/* vec_test.c: the typed array. */
#include "help/t.h"

#include "core/vec.h"

static void pushes(void **state)
{
    (void)state;
    VEC(struct {
        int64_t a;
        char b;
    })
    v = {0};
    for (int i = 0; i < 1000; i++) {
        vec_push(&v)->a = i;
        v.p[v.n - 1].b = (char)i;
    }
    check_int(v.n, 1000);
    check(v.cap >= v.n);
    for (int i = 0; i < 1000; i++)
        check(v.p[i].a == i && v.p[i].b == (char)i);
    size_t cap = v.cap;
    vec_clear(&v);
    vec_push(&v)->a = 7;
    check(v.n == 1 && v.cap == cap && v.p[0].a == 7);
    vec_release(&v);
    check(v.p == NULL && v.n == 0 && v.cap == 0);
}

static void grows_to_the_need(void **state)
{
    (void)state;
    size_t cap = 0;
    char *p = vec_grown(NULL, &cap, 5000, 1);
    check(cap >= 5000);
    p[4999] = 1;
    p = vec_grown(p, &cap, cap + 1, 1);
    check(cap >= 10000 && p[4999] == 1);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes),
        cmocka_unit_test(grows_to_the_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
