/* time_fuzz.c: a time that was read is written as text that reads back as the same time. */
#include "core/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_str s = bw_str_of((const char *)data, size);
    bw_time t, again;
    if (bw_time_parse(s, &t)) {
        struct bw_buf b;
        bw_buf_init(&b, 64);
        bw_time_write(&b, t);
        bw_must(bw_time_parse(bw_buf_str(&b), &again) && again == t);
        bw_buf_release(&b);
    }
    if (clock_parse_http_date(s, &t)) {
        char out[30];
        clock_http_date(out, t);
        bw_must(clock_parse_http_date(bw_cstr(out), &again) && again == t);
    }
    return 0;
}
