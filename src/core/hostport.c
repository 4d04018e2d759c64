/* hostport.c: see hostport.h. */
#include "core/hostport.h"

#include <string.h>

#include <burrow/str.h>

bool hostport_parse(struct hostport *out, const char *text, struct bw_err *e)
{
    const char *colon = strrchr(text, ':');
    bw_str name = bw_str_of(text, colon ? (size_t)(colon - text) : 0);
    int64_t port = 0;
    if (!colon || !bw_str_int(bw_cstr(colon + 1), &port) || port < 0 || port > 65535)
        return bw_fail(e, BW_BAD, "'%.200s' names no port; write it as in 127.0.0.1:8080", text);
    bool bracketed = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';
    if (bracketed)
        name = bw_str_of(name.p + 1, name.n - 2);
    else if (bw_str_find(name, ':') < name.n)
        return bw_fail(e, BW_BAD, "'%.200s': put an IPv6 address into brackets, as in [::1]:8080",
                       text);
    if (name.n == 0 || name.n >= sizeof out->host)
        return bw_fail(e, BW_BAD, "'%.200s' names no host; write it as in 127.0.0.1:8080", text);
    memcpy(out->host, name.p, name.n);
    out->host[name.n] = 0;
    out->port = (unsigned)port;
    return true;
}
