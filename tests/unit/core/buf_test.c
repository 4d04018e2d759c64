/* buf_test.c: growth, the maximum, numbers. */
#include "help/t.h"

#include <inttypes.h>

static void grows(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 100000);
    check(b.p == NULL);
    check_str(bw_buf_str(&b), "");
    assert_string_equal(bw_buf_cstr(&b), "");
    bw_buf_put(&b, bw_cstr(NULL));
    bw_buf_add(&b, "", 0);
    check(b.p == NULL);
    for (int i = 0; i < 50000; i++)
        bw_buf_char(&b, (char)('a' + i % 26));
    check(bw_buf_ok(&b));
    check_int(b.n, 50000);
    for (int i = 0; i < 50000; i++)
        check(b.p[i] == 'a' + i % 26);
    check(b.cap <= b.max);
    check_int(strlen(bw_buf_cstr(&b)), 50000);
    bw_buf_clear(&b);
    check(b.n == 0 && b.p != NULL);
    bw_buf_release(&b);
    check(b.p == NULL && b.max == 100000);
    bw_buf_put(&b, BW_LIT("again"));
    check_str(bw_buf_str(&b), "again");
    bw_buf_release(&b);
}

/* Whatever the maximum: exactly that many bytes go in, one more does not and ends it. */
static void stops_at_the_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 1100; max += 1 + max / 7) {
        struct bw_buf b;
        bw_buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            bw_buf_char(&b, 'x');
        check(bw_buf_ok(&b));
        check_int(b.n, max);
        check_int(strlen(bw_buf_cstr(&b)), max);
        check(bw_buf_room(&b, 0) != NULL || max == 0 || b.n == max);
        bw_buf_clear(&b);
        for (size_t i = 0; i < max; i++)
            bw_buf_char(&b, 'y');
        bw_buf_char(&b, 'z');
        check(!bw_buf_ok(&b));
        check_int(b.n, max);
        bw_buf_put(&b, BW_LIT("more"));
        bw_buf_int(&b, 5);
        bw_buf_printf(&b, "%d", 5);
        check(bw_buf_room(&b, 1) == NULL);
        check_int(b.n, max);
        bw_buf_clear(&b);
        check(bw_buf_ok(&b));
        bw_buf_release(&b);
    }
}

static void nothing_is_added_once_over(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 10);
    bw_buf_put(&b, BW_LIT("12345"));
    bw_buf_put(&b, BW_LIT("678901"));
    check(!bw_buf_ok(&b));
    bw_buf_put(&b, BW_LIT("6")); /* would fit, yet the text would have a hole */
    check_str(bw_buf_str(&b), "12345");
    bw_buf_grow(&b, SIZE_MAX);
    bw_buf_clear(&b);
    bw_buf_grow(&b, SIZE_MAX);
    check(!bw_buf_ok(&b));
    bw_buf_release(&b);
}

static void room_and_drop(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 5000);
    char *p = bw_buf_room(&b, 3000);
    check(p != NULL);
    memset(p, 'q', 3000);
    b.n += 3000;
    bw_buf_put(&b, BW_LIT("tail"));
    bw_buf_drop(&b, 2999);
    check_str(bw_buf_str(&b), "qtail");
    bw_buf_drop(&b, 0);
    bw_buf_drop(&b, 5);
    check_int(b.n, 0);
    check(bw_buf_room(&b, 5000) != NULL);
    check(bw_buf_room(&b, 5001) == NULL);
    bw_buf_release(&b);
}

static void formats(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 1000);
    bw_buf_printf(&b, "%s", "");
    bw_buf_printf(&b, "%s=%d;", "a", 1);
    bw_buf_printf(&b, "%300d", 2);
    check(bw_buf_ok(&b));
    check_int(b.n, 304);
    bw_buf_printf(&b, "%*d", 696, 3);
    check(bw_buf_ok(&b) && b.n == 1000 && b.p[999] == '3');
    bw_buf_printf(&b, "%s", "");
    check(bw_buf_ok(&b));
    bw_buf_printf(&b, "x");
    check(!bw_buf_ok(&b) && b.n == 1000);
    bw_buf_release(&b);
}

static void integers(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, 64);
    int64_t edge[] = {0, 1, 9, 10, 99, 100, 101, 999, 1000, 9999, 10000, INT64_MAX, INT64_MIN};
    int64_t power = 1;
    for (int i = 0; i < 200; i++) {
        int64_t v = i < 13 ? edge[i] : power - 1 + i % 3;
        if (i >= 13 && i % 3 == 2)
            power = power > INT64_MAX / 10 ? 1 : power * 10;
        for (int minus = 0; minus < 2; minus++, v = v == INT64_MIN ? v : -v) {
            char want[32];
            snprintf(want, sizeof want, "%" PRId64, v);
            bw_buf_clear(&b);
            bw_buf_int(&b, v);
            check_str(bw_buf_str(&b), want);
        }
    }
    bw_buf_release(&b);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
/* The sanitizers' allocators abort where malloc gives NULL. */
static void memory_is_out(void **state)
{
    (void)state;
    struct bw_buf b;
    bw_buf_init(&b, SIZE_MAX / 4);
    bw_buf_put(&b, BW_LIT("kept"));
    check(bw_buf_room(&b, SIZE_MAX / 8) == NULL);
    check(!bw_buf_ok(&b));
    check_str(bw_buf_str(&b), "kept");
    bw_buf_clear(&b);
    bw_buf_put(&b, BW_LIT("fine again"));
    check_str(bw_buf_str(&b), "fine again");
    bw_buf_release(&b);
}
#define OUT_OF_MEMORY cmocka_unit_test(memory_is_out),
#else
#define OUT_OF_MEMORY
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows),
                                       cmocka_unit_test(stops_at_the_maximum),
                                       cmocka_unit_test(nothing_is_added_once_over),
                                       cmocka_unit_test(room_and_drop),
                                       cmocka_unit_test(formats),
                                       cmocka_unit_test(integers),
                                       OUT_OF_MEMORY};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
