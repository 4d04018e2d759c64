/* Sizes and durations: what is read, what is refused, and that what is written reads back. */
#include "help/t.h"

#include "core/quantity.h"

struct row {
    const char *text;
    int64_t value; /* -1: refused */
};

static const struct row sizes[] = {
    {"0", 0},
    {"4096", 4096},
    {"64K", 65536},
    {"64k", 65536},
    {"64 KiB", 65536},
    {"64kib", 65536},
    {"16 MiB", 16777216},
    {"16M", 16777216},
    {"1G", INT64_C(1073741824)},
    {"2TiB", INT64_C(2199023255552)},
    {"1KB", 1000},
    {"1 MB", 1000000},
    {"1.5 GiB", INT64_C(1610612736)},
    {"0.5K", 512},
    {"1.0001B", 1},
    {"100B", 100},
    {" 1 K ", 1024},
    {"8191PiB", -1},
    {"8388607TiB", INT64_C(9223370937343148032)},
    {"8388608TiB", -1},
    {"9223372036854775807", -1}, /* more than 18 digits */
    {"999999999999999999", INT64_C(999999999999999999)},
    {"", -1},
    {"K", -1},
    {"-1", -1},
    {"+1", -1},
    {"1.", -1},
    {".5", -1},
    {"1.5.5", -1},
    {"1 K K", -1},
    {"1x", -1},
    {"1,5K", -1},
    {"0x10", -1},
    {"1e3", -1},
};

static const struct row durations[] = {
    {"0", 0},
    {"30", INT64_C(30000000000)},
    {"0.1", 100000000},
    {"250ms", 250000000},
    {"250 ms", 250000000},
    {"1.5s", 1500000000},
    {"5m", INT64_C(300000000000)},
    {"5min", INT64_C(300000000000)},
    {"2h", INT64_C(7200000000000)},
    {"1d", INT64_C(86400000000000)},
    {"10us", 10000},
    {"7ns", 7},
    {"0.5ns", 0},
    {"5M", -1}, /* minutes or months: not guessed */
    {"106751d", INT64_C(9223286400000000000)},
    {"106752d", -1},
    {"", -1},
    {"s", -1},
    {"1 sec", -1},
    {"-1s", -1},
    {"1h30m", -1},
};

static void check_rows(const struct row *rows, size_t n, bool (*parse)(bw_str, int64_t *))
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = -1;
        bool ok = parse(bw_cstr(rows[i].text), &v);
        if (ok != (rows[i].value >= 0) || v != rows[i].value)
            fail_msg("'%s' gave %lld", rows[i].text, (long long)v);
    }
}

static void reads_sizes(void **state)
{
    (void)state;
    check_rows(sizes, sizeof sizes / sizeof *sizes, quantity_parse_size);
}

static void reads_durations(void **state)
{
    (void)state;
    check_rows(durations, sizeof durations / sizeof *durations, quantity_parse_duration);
}

static void writes_the_largest_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *size, *duration;
    } rows[] = {
        {0, "0", "0"},
        {1, "1", "1ns"},
        {1024, "1 KiB", "1024ns"},
        {65536, "64 KiB", "65536ns"},
        {16777216, "16 MiB", "16777216ns"},
        {1500000000, "1500000000", "1500ms"},
        {INT64_C(7200000000000), "7031250000 KiB", "2h"},
        {INT64_C(5400000000000), "5273437500 KiB", "90min"},
        {INT64_C(1) << 40, "1 TiB", "1099511627776ns"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bw_buf b;
        int64_t back;
        bw_buf_init(&b, 100);
        quantity_write_size(&b, rows[i].v);
        check_str(bw_buf_str(&b), rows[i].size);
        check(quantity_parse_size(bw_buf_str(&b), &back) && back == rows[i].v);
        bw_buf_clear(&b);
        quantity_write_duration(&b, rows[i].v);
        check_str(bw_buf_str(&b), rows[i].duration);
        check(quantity_parse_duration(bw_buf_str(&b), &back) && back == rows[i].v);
        bw_buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sizes),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(writes_the_largest_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
