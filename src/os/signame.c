/* signame.c: see signame.h. */
#include "os/signame.h"

#include <signal.h>
#include <stdio.h>

#include "core/near.h"

static bw_str without_sig(bw_str text)
{
    if (text.n > 3 && bw_str_ieq(bw_str_of(text.p, 3), BW_LIT("SIG")))
        return bw_str_of(text.p + 3, text.n - 3);
    return text;
}

bool signame_find(bw_str text, int *signal, struct bw_err *e)
{
    bw_str name = without_sig(text);
    struct near n;
    char hint[96];
    int64_t number;
    if (bw_str_int(text, &number)) {
        *signal = (int)number;
        return (number > 0 && number < NSIG) ||
               bw_fail(e, BW_BAD, "signals have numbers from 1 to %d", NSIG - 1);
    }
    near_init(&n, name);
    for (int s = 1; s < NSIG; s++) {
        const char *is = sigabbrev_np(s);
        if (!is)
            continue;
        if (bw_str_ieq(bw_cstr(is), name)) {
            *signal = s;
            return true;
        }
        near_offer(&n, bw_cstr(is));
    }
    if (text.n > 40)
        text.n = 40;
    return bw_fail(e, BW_BAD, "there is no signal '%.*s'%s", BW_FMT(text), near_hint(&n, hint));
}

const char *signame_of(int signal, char out[24])
{
    const char *name = sigabbrev_np(signal);
    if (name)
        snprintf(out, 24, "SIG%s", name);
    else
        snprintf(out, 24, "signal %d", signal);
    return out;
}
