/* number_fuzz.c: every number is the one the C library reads, and integers are exact. */
#include <locale.h>

#include "core/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bw_str s = bw_str_of((const char *)data, size);
    struct number x;
    int64_t i, j;
    double r;
    size_t n = number_scan(s, &x);
    bw_must(n <= size);
    if (n == 0)
        return 0;
    char *z = malloc(n + 1);
    bw_must(z != NULL);
    memcpy(z, data, n);
    z[n] = '\0';
    double want = strtod(z, NULL);
    if (number_real(&x, bw_str_of(s.p, n), &r))
        bw_must(memcmp(&r, &want, sizeof r) == 0);
    else
        bw_must(want - want != 0); /* infinite */
    if (number_int(&x, &i))
        bw_must(bw_str_int(bw_str_of(s.p, n), &j) && i == j);
    free(z);
    return 0;
}
