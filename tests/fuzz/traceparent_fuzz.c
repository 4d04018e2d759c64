/* traceparent_fuzz.c: what is read of traceparent is written back the same; tracestate. */
#include <burrow/burrow.h>

#include "core/traceparent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bw_str text = bw_str_of((const char *)data, n);
    struct traceparent t, again;
    char written[TRACEPARENT_TEXT + 1];
    if (traceparent_parse(&t, text)) {
        traceparent_write(&t, written);
        bw_must(strlen(written) == TRACEPARENT_TEXT);
        bw_must(memcmp(written + 2, text.p + 2, TRACEPARENT_TEXT - 2) == 0);
        bw_must(traceparent_parse(&again, bw_cstr(written)));
        bw_must(memcmp(&t, &again, sizeof t) == 0);
    }
    if (tracestate_valid(text))
        bw_must(memchr(text.p, '=', n) && !memchr(text.p, 0, n));
    return 0;
}
