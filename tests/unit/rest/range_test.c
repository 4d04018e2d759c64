#include "help/t.h"

#include "rest/range.h"

static const struct {
    const char *field;
    size_t size;
    enum range_answer answer;
    size_t first, last;
} cases[] = {
    {NULL, 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-0", 10, RANGE_PART, 0, 0},
    {"bytes=0-9", 10, RANGE_PART, 0, 9},
    {"bytes=2-5", 10, RANGE_PART, 2, 5},
    {"BYTES=2-5", 10, RANGE_PART, 2, 5},
    {" bytes=2-5 ", 10, RANGE_PART, 2, 5},
    {"bytes= 2-5", 10, RANGE_PART, 2, 5},
    {"bytes=007-8", 10, RANGE_PART, 7, 8},
    {"bytes=9-", 10, RANGE_PART, 9, 9},
    {"bytes=0-", 10, RANGE_PART, 0, 9},
    {"bytes=5-100", 10, RANGE_PART, 5, 9},
    {"bytes=5-99999999999999999999999", 10, RANGE_PART, 5, 9},
    {"bytes=-1", 10, RANGE_PART, 9, 9},
    {"bytes=-10", 10, RANGE_PART, 0, 9},
    {"bytes=-11", 10, RANGE_PART, 0, 9},
    {"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 9},
    /* behind the end */
    {"bytes=10-", 10, RANGE_NONE, 0, 0},
    {"bytes=10-12", 10, RANGE_NONE, 0, 0},
    {"bytes=99999999999999999999999-", 10, RANGE_NONE, 0, 0},
    {"bytes=-0", 10, RANGE_NONE, 0, 0},
    {"bytes=0-", 0, RANGE_NONE, 0, 0},
    {"bytes=0-5", 0, RANGE_NONE, 0, 0},
    {"bytes=-5", 0, RANGE_WHOLE, 0, 0},
    /* malformed, or not for us: as if it were not there */
    {"", 10, RANGE_WHOLE, 0, 0},
    {"bytes", 10, RANGE_WHOLE, 0, 0},
    {"bytes=", 10, RANGE_WHOLE, 0, 0},
    {"bytes=-", 10, RANGE_WHOLE, 0, 0},
    {"bytes=5", 10, RANGE_WHOLE, 0, 0},
    {"bytes=5-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=a-b", 10, RANGE_WHOLE, 0, 0},
    {"bytes=+1-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1-2-3", 10, RANGE_WHOLE, 0, 0},
    {"bytes=--2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1 - 2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0x1-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1-2;q=1", 10, RANGE_WHOLE, 0, 0},
    {"byte=1-2", 10, RANGE_WHOLE, 0, 0},
    {"items=1-2", 10, RANGE_WHOLE, 0, 0},
    {"=1-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-1,4-5", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-1, -1", 10, RANGE_WHOLE, 0, 0},
    {"bytes=,0-1", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-1,", 10, RANGE_WHOLE, 0, 0},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t first = 0, last = 0;
        enum range_answer got = range_read(bw_cstr(cases[i].field), cases[i].size, &first, &last);
        if (got != cases[i].answer || first != cases[i].first || last != cases[i].last)
            fail_msg("'%s' of %zu: answer %d, %zu-%zu", cases[i].field, cases[i].size, (int)got,
                     first, last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
