/* base64_test.c: RFC 4648, both alphabets, and what is refused. */
#include "help/t.h"

#include "core/hash.h"

static struct bw_buf b;

static bw_str fresh(void (*write)(struct bw_buf *, bw_str), bw_str bytes)
{
    bw_buf_clear(&b);
    write(&b, bytes);
    return bw_buf_str(&b);
}

static void vectors(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_str(fresh(base64_write, bw_cstr(cases[i][0])), cases[i][1]);
        check_str(fresh(base64url_write, bw_cstr(cases[i][0])), cases[i][2]);
        bw_buf_clear(&b);
        check(base64_parse(bw_cstr(cases[i][1]), &b));
        check_str(bw_buf_str(&b), cases[i][0]);
        bw_buf_clear(&b);
        check(base64url_parse(bw_cstr(cases[i][2]), &b));
        check_str(bw_buf_str(&b), cases[i][0]);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "Z",    "Zg",       "Zg=",     "Zg===", "=",      "==",
        "====", "Zh==",     "Zm9=",    "Zm-v",  "Zm9v\n", "Zm 9",
        "Z===", "Zg==Zg==", "Zm9vYg=", "=m9v",  "Zm=v",   "\xff\xff\xff\xff"};
    static const char *const url[] = {"Z",    "Zg==",  "Zh",    "Zm9",         "Zm+v",
                                      "Zm/v", "Zm9vZ", "Zm9v=", "Zm9v\xc3\xa9"};
    bw_buf_clear(&b);
    bw_buf_put(&b, BW_LIT("kept"));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (base64_parse(bw_cstr(plain[i]), &b))
            fail_msg("\"%s\" taken", plain[i]);
    for (size_t i = 0; i < sizeof url / sizeof url[0]; i++)
        if (base64url_parse(bw_cstr(url[i]), &b))
            fail_msg("\"%s\" taken (url)", url[i]);
    check_str(bw_buf_str(&b), "kept");
}

static void all_bytes_survive(void **state)
{
    (void)state;
    char bytes[600];
    struct bw_buf text;
    bw_buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t n = 0; n < sizeof bytes; n++) {
        bw_str s = bw_str_of(bytes, n);
        bw_buf_clear(&text);
        base64_write(&text, s);
        bw_buf_clear(&b);
        check(base64_parse(bw_buf_str(&text), &b) && bw_str_eq(bw_buf_str(&b), s));
        bw_buf_clear(&text);
        base64url_write(&text, s);
        bw_buf_clear(&b);
        check(base64url_parse(bw_buf_str(&text), &b) && bw_str_eq(bw_buf_str(&b), s));
    }
    bw_buf_release(&text);
}

static void respects_the_maximum(void **state)
{
    (void)state;
    struct bw_buf small;
    bw_buf_init(&small, 4);
    base64_write(&small, BW_LIT("abc"));
    check(bw_buf_ok(&small));
    base64_write(&small, BW_LIT("a"));
    check(!bw_buf_ok(&small));
    bw_buf_clear(&small);
    check(base64_parse(BW_LIT("AAECAw=="), &small));
    check_int(small.n, 4);
    check(!base64_parse(BW_LIT("AAECAw=="), &small));
    bw_buf_clear(&small);
    hex_write(&small, BW_LIT("abc"));
    check(!bw_buf_ok(&small));
    bw_buf_release(&small);
}

static void hex(void **state)
{
    (void)state;
    unsigned char out[3];
    check_str(fresh(hex_write, bw_str_of("\x00\xab\xff", 3)), "00abff");
    check(hex_parse(BW_LIT("00aBFf"), out, 3));
    assert_memory_equal(out, "\x00\xab\xff", 3);
    check(!hex_parse(BW_LIT("00abf"), out, 3));
    check(!hex_parse(BW_LIT("00abf"), out, 2));
    check(!hex_parse(BW_LIT("00abff00"), out, 3));
    check(!hex_parse(BW_LIT("00abfg"), out, 3));
    check(!hex_parse(BW_LIT("0x00ab"), out, 3));
    check(hex_parse(BW_LIT(""), out, 0));
}

int main(void)
{
    bw_buf_init(&b, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(refused),
        cmocka_unit_test(all_bytes_survive),
        cmocka_unit_test(respects_the_maximum),
        cmocka_unit_test(hex),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_buf_release(&b);
    return failed;
}
