/* What a pid file may hold. */
#include "host/pidfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pidfile_info i;
    if (pidfile_parse(bw_str_of((const char *)data, n), &i))
        bw_must(i.pid > 0 && strlen(i.url) < sizeof i.url && strlen(i.reload) < sizeof i.reload);
    return 0;
}
