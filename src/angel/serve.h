/* serve.h: a brain's process from its settings to its end: loop, hands, brain and control API put
 * together. */
#ifndef ANGEL_SERVE_H
#define ANGEL_SERVE_H

#include <burrow/err.h>

struct angel_serve {
    const char *settings;     /* file or folder */
    const char *state;        /* --state; NULL = as the settings say */
    int socket;               /* to the keeper; -1: the services are children of this process */
    void (*ready)(void *arg); /* the control API answers, services are being started; may be NULL */
    /* Settings were read again: how it went, a sentence; may be NULL. */
    void (*reloaded)(void *arg, bool ok, const char *said);
    void *arg;
};

/* *Blocks* until all services have been stopped in order, or the keeper says to leave them: *status
 * is the exit status. False: it could not begin. */
bool angel_serve(const struct angel_serve *o, int *status, struct bw_err *e);

#endif
