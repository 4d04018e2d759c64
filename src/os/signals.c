/* signals.c: process-wide choices about signals; see signals.h. */
#include "os/signals.h"

#include <signal.h>
#include <stddef.h>

void signals_ignore_pipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}
