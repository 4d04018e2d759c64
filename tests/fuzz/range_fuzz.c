/* range_fuzz.c: whatever a Range field says, a part lies within the bytes there are. The first byte
 * is their number. */
#include "rest/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t n = data[0], first = SIZE_MAX, last = SIZE_MAX;
    bw_str field = bw_str_of((const char *)data + 1, size - 1);
    enum range_answer got = range_read(field, n, &first, &last);
    if (got == RANGE_PART)
        bw_must(first <= last && last < n);
    else
        bw_must(first == SIZE_MAX && last == SIZE_MAX);
    return 0;
}
