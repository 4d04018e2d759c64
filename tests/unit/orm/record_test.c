/* Faults: kept up to 32, joined into one error, cut at characters. */
#include "orm/fixture.h"

static void faults_become_one_error(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    check(faults_fail(&f, &x.e));
    fault_add(&f, BW_LIT("a"), "min", "a is %d", 1);
    fault_add(&f, BW_LIT("b"), "max", "b is %d", 2);
    check(faults_hold(&f, BW_LIT("b")) && !faults_hold(&f, BW_LIT("c")));
    check(!faults_fail(&f, &x.e));
    check_int(x.e.code, BW_INVALID);
    check_str(bw_cstr(x.e.field), "a");
    check_str(bw_cstr(x.e.text), "a is 1; b is 2");
    check(!faults_fail(&f, NULL));
    fixture_release(&x);
}

static void many_and_long_ones_are_bounded(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    struct faults f = {.arena = &x.arena};
    char name[300];
    memset(name, 'x', sizeof name);
    for (int i = 0; i < 40; i++)
        fault_add(&f, bw_str_of(name, sizeof name), "unknown", "%s %d",
                  "a sentence of forty characters or so, it is", i);
    check_int(f.n, 32);
    check(!faults_fail(&f, &x.e));
    check(strlen(x.e.text) > 400);
    check_int(strlen(x.e.field), sizeof x.e.field - 1);
    fixture_release(&x);
}

static void a_record_begins_empty(void **state)
{
    (void)state;
    struct fixture x;
    fixture_init(&x);
    struct record r;
    record_init(&r, x.article, &x.arena);
    check_int(r.id, 0);
    for (unsigned i = 0; i < x.article->n_columns; i++)
        check(r.v[i].kind == BW_NULL && !column_in(&r.has, i));
    fixture_release(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_become_one_error),
        cmocka_unit_test(many_and_long_ones_are_bounded),
        cmocka_unit_test(a_record_begins_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
