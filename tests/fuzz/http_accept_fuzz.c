/* http_accept_fuzz.c: lists with qualities, as Accept and Accept-Encoding. */
#include <burrow/burrow.h>

#include "net/compress.h"
#include "net/http.h"
#include "net/http_accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bw_str text = bw_str_of((const char *)data, n), rest = text, item;
    int quality;
    size_t items = 0;
    while (http_quality_next(&rest, &item, &quality)) {
        bw_must(quality >= 0 && quality <= 1000 && item.n > 0);
        items++;
    }
    bw_must(items <= n);
    bw_must(compress_choose(text) <= CODING_NONE);
    (void)http_accepts(text, "application/json");
    (void)compress_worth(text);
    return 0;
}
